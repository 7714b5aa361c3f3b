#include "services/redressctl/import/mapper.h"

#include <utility>

#include "libs/status/macros.h"
#include "services/redressctl/import/event_mapper.h"
#include "services/redressctl/import/mapping.h"
#include "services/redressctl/import/row_mapper.h"

namespace redress::importer {

namespace v1 = ::redress::import::v1;

absl::StatusOr<std::unique_ptr<Mapper>> Mapper::Create(const v1::Mapping& mapping, std::unique_ptr<RowSource> source,
                                                       Millis now) {
  RETURN_IF_ERROR(CheckMapping(mapping));
  if (mapping.has_row()) return RowMapper::Create(mapping, std::move(source), now);
  return EventMapper::Create(mapping, std::move(source), now);
}

absl::StatusOr<std::unique_ptr<Mapper>> OpenMapper(const v1::Mapping& mapping, const std::string& path, Millis now,
                                                   ReadingSoFar reading) {
  RETURN_IF_ERROR(CheckMapping(mapping));
  const char delimiter = mapping.delimiter().empty() ? ',' : mapping.delimiter()[0];
  ASSIGN_OR_RETURN(std::unique_ptr<RowSource> source,
                   OpenSource(path, mapping.format(), delimiter, std::move(reading)));
  absl::StatusOr<std::unique_ptr<Mapper>> mapper = Mapper::Create(mapping, std::move(source), now);
  if (!mapper.ok()) return InFile(mapper.status(), path);
  return mapper;
}

}  // namespace redress::importer
