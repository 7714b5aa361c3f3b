// Pages over the indexes of all shards, merged into one order.
#pragma once

#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "libs/auth/caller.h"
#include "libs/service/requests.h"
#include "libs/store/store.h"
#include "redress/scheduling/rows/v1/rows.pb.h"

namespace redress::scheduling {

// Which visits. The index is that of complaint, technician, agency and range, or queue: the first that is asked for;
// otherwise visits by id, which is by time.
struct VisitQuestion {
  std::string complaint;
  std::string technician;
  std::string agency;
  rows::v1::VisitState state = rows::v1::VISIT_STATE_UNSPECIFIED;
  bool has_range = false;
  Millis from = 0;  // windows that begin in [from, to)
  Millis to = 0;
};

struct Listed {
  std::string key;  // what the page goes on after
  uint16_t shard = 0;
  std::string id;
};

struct Listing {
  std::vector<Listed> entries;
  bool more = false;
};

// The page's entries of those the caller sees.
Listing ListVisits(const store::Rows& rows, uint32_t shard_count, const service::Page& page,
                   const VisitQuestion& question, const Caller& caller);
// The page's technicians that `accept` takes, by id.
Listing ListTechnicianIds(const store::Rows& rows, uint32_t shard_count, const service::Page& page,
                          absl::FunctionRef<bool(const rows::v1::TechnicianRow&)> accept);

}  // namespace redress::scheduling
