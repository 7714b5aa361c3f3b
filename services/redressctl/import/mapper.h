// Turns the rows of a source into complaints, as a mapping says. The same file, mapping and `now` give the same results
// in the same order.
//
//   row shape     one result a row, in file order, read as asked for
//   event shape   one result a case, in the order of their first lines; a row refused by itself is a result of its own,
//   at its line.
//                 The first call of Next reads the whole file: some 40 bytes a row are kept, and each case's codes.
//
// Every row of the source is in exactly one result.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/clock/clock.h"
#include "redress/import/v1/mapping.pb.h"
#include "redress/intake/v1/import.pb.h"
#include "services/redressctl/import/oddity.h"
#include "services/redressctl/import/source.h"

namespace redress::importer {

// More facts in one complaint are refused.
inline constexpr int kMaxFacts = 2000;

// What became of a row, or of a case's rows.
struct Result {
  // Absent when refused; then one of the issues at least refuses.
  std::optional<::redress::intake::v1::ImportedComplaint> complaint;
  // Everything odd, by line. Not empty with a complaint: the complaint is flagged.
  std::vector<Issue> issues;
  // Where its rows begin, ascending; never empty.
  std::vector<int64_t> lines;
  // Event shape: how many of these rows added no fact, by activity.
  std::map<std::string, int64_t> without_fact;

  int64_t first_line() const { return lines.front(); }
  int64_t rows() const { return static_cast<int64_t>(lines.size()); }
};

// Not thread-safe.
class Mapper {
 public:
  virtual ~Mapper() = default;

  // Binds the mapping to the source's columns. Times after `now` lie in the future. INVALID_ARGUMENT as CheckMapping
  // and RowSource::Select say.
  static absl::StatusOr<std::unique_ptr<Mapper>> Create(const ::redress::import::v1::Mapping& mapping,
                                                        std::unique_ptr<RowSource> source, Millis now);

  // Nothing after the last. Fails only when the file cannot be read any more, and then for good.
  virtual absl::StatusOr<std::optional<Result>> Next() = 0;

  // The source's, for progress.
  virtual int64_t rows() const = 0;
};

// OpenSource with what the mapping says of the file, and Create; errors name the file. `reading` as there: the file is
// read once here, and once more by Next.
absl::StatusOr<std::unique_ptr<Mapper>> OpenMapper(const ::redress::import::v1::Mapping& mapping,
                                                   const std::string& path, Millis now, ReadingSoFar reading = nullptr);

}  // namespace redress::importer
