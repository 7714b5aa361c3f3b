// The row shape: each row is a complaint of its own. See RowShape in mapping.proto.
#pragma once

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "services/redressctl/import/common_fields.h"
#include "services/redressctl/import/mapper.h"

namespace redress::importer {

class RowMapper : public Mapper {
 public:
  // `mapping` has passed CheckMapping.
  static absl::StatusOr<std::unique_ptr<Mapper>> Create(const ::redress::import::v1::Mapping& mapping,
                                                        std::unique_ptr<RowSource> source, Millis now);

  absl::StatusOr<std::optional<Result>> Next() override;
  int64_t rows() const override { return source_->rows(); }

 private:
  using Complaint = ::redress::intake::v1::ImportedComplaint;
  using Fact = ::redress::intake::v1::ImportedFact;
  // What a state or an end rule says.
  struct Ending {
    ::redress::import::v1::StateMeaning::Meaning meaning;
    ::redress::types::v1::Outcome outcome;
  };
  struct EndRule {
    int place;
    std::string contains;  // lower case
    Ending ending;
  };
  struct OtherTime {
    TimeColumn column;
    ::redress::import::v1::TimedFact fact;
  };
  // 128 bits of a reference; two that share them would be 1 in 10^24 for ten million rows.
  using ReferenceHash = std::pair<uint64_t, uint64_t>;

  RowMapper(const ::redress::import::v1::Mapping& mapping, absl::TimeZone zone, std::unique_ptr<RowSource> source,
            Millis now);

  Result Map(const Row& row);
  // Its hash, for Map to remember if the row is taken.
  ReferenceHash ReadReference(const Row& row, Result* result, Complaint* complaint) const;
  // The instant of receipt, or nothing: the row is refused.
  std::optional<ReadTime> ReadReceived(const Row& row, Result* result) const;
  Ending ReadState(const Row& row, Result* result) const;
  void ReadEnd(const Row& row, Millis received, Result* result, Complaint* complaint) const;
  void ReadDue(const Row& row, Millis received, Result* result, Complaint* complaint) const;
  void ReadOtherTimes(const Row& row, Millis received, Result* result, Complaint* complaint) const;
  void ReadInCharge(const Row& row, Millis received, Result* result, Complaint* complaint) const;
  void Add(::redress::import::v1::Oddity oddity, const Row& row, const std::string& column, std::string detail,
           Result* result) const;

  Blanks blanks_;
  ColumnList columns_;
  Treatments treatments_;
  Plausible plausible_;
  CommonFields common_;
  TextReader reference_;
  TextReader team_;
  TextReader handler_;
  TimeColumn received_;
  std::optional<TimeColumn> resolved_;
  std::optional<TimeColumn> due_;
  std::optional<TextReader> state_;
  absl::flat_hash_map<std::string, Ending> states_;
  std::vector<EndRule> end_rules_;
  std::vector<OtherTime> other_times_;
  std::vector<::redress::types::v1::FactKind> supplied_;

  std::unique_ptr<RowSource> source_;
  Row row_;
  absl::flat_hash_map<ReferenceHash, int64_t> lines_by_reference_;  // of rows that were taken
};

}  // namespace redress::importer
