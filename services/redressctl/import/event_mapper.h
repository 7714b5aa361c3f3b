// The event shape: rows are grouped by case, and each case becomes a complaint. See EventShape in mapping.proto.
//
// A row that is refused leaves its case flagged (INCOMPLETE_CASE); a row that is flagged for its time stays one of the
// case's rows but adds nothing. A case of which no row has a usable time is refused.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "services/redressctl/import/common_fields.h"
#include "services/redressctl/import/mapper.h"

namespace redress::importer {

// Texts as small numbers. 0 is the empty text.
class Interner {
 public:
  Interner() { Number(""); }
  uint32_t Number(absl::string_view text);
  const std::string& Text(uint32_t number) const { return texts_[number]; }

 private:
  absl::flat_hash_map<std::string, uint32_t> numbers_;
  std::deque<std::string> texts_;
};

class EventMapper : public Mapper {
 public:
  // `mapping` has passed CheckMapping.
  static absl::StatusOr<std::unique_ptr<Mapper>> Create(const ::redress::import::v1::Mapping& mapping,
                                                        std::unique_ptr<RowSource> source, Millis now);

  absl::StatusOr<std::optional<Result>> Next() override;
  int64_t rows() const override { return source_->rows(); }

 private:
  // One row; kNoTime sorts first.
  struct Event {
    Millis at;
    int64_t line;
    uint32_t case_number;
    uint32_t activity;
    uint32_t team;
    uint32_t handler;
  };
  struct Case {
    // What the earliest row says, and what is odd about that.
    ::redress::intake::v1::ImportedComplaint complaint;
    Millis earliest;
    std::vector<Issue> head_issues;
    // Odd things about single rows.
    std::vector<Issue> row_issues;
    int64_t first_line;
  };

  EventMapper(const ::redress::import::v1::Mapping& mapping, absl::TimeZone zone, std::unique_ptr<RowSource> source,
              Millis now);

  // Reads the whole file into events_, cases_ and refused_.
  absl::Status Load();
  void LoadRow(const Row& row);
  // The row's time, kNoTime if it is flagged for it; adds what is odd.
  Millis ReadAt(const Row& row, std::vector<Issue>* issues) const;
  uint32_t ReadName(const TextReader& reader, const Row& row, std::vector<Issue>* issues);
  // 0 for one that the server would not take.
  uint32_t ReadCode(const TextReader& reader, const Row& row, std::vector<Issue>* issues);
  // Adds an accepted row to its case.
  void Keep(const Row& row, Event event, const std::string& reference, std::vector<Issue> issues);
  Result Fold(size_t case_number);

  const ::redress::import::v1::Mapping mapping_;
  Blanks blanks_;
  ColumnList columns_;
  Treatments treatments_;
  Plausible plausible_;
  CommonFields common_;
  TextReader reference_;
  TextReader team_;
  TextReader handler_;
  TextReader activity_;
  TimeColumn time_;
  std::vector<::redress::types::v1::FactKind> supplied_;
  std::unique_ptr<RowSource> source_;

  bool loaded_ = false;
  absl::Status load_status_;
  Interner texts_;
  // By number of the activity's name.
  absl::flat_hash_map<uint32_t, const ::redress::import::v1::Activity*> activities_;
  absl::flat_hash_map<std::string, uint32_t> case_numbers_;
  std::deque<Case> cases_;
  std::vector<Event> events_;   // after Load: by case, time, line
  std::vector<size_t> begins_;  // where each case's events begin, and the end of all
  std::deque<Result> refused_;  // single rows, by line
  // References of refused rows, and their lines.
  std::vector<std::pair<std::string, int64_t>> incomplete_;
  size_t next_case_ = 0;
};

}  // namespace redress::importer
