// What became of the rows of an import: the counts that must add up, and the list of what was refused or flagged.
//
//   accepted (flagged, extended among them) + known + refused = rows
#pragma once

#include <cstdint>
#include <map>
#include <ostream>
#include <string>

#include "absl/status/status.h"
#include "redress/intake/v1/intake_service.pb.h"
#include "services/redressctl/import/mapper.h"

namespace redress::ctl {

// Not thread-safe.
class ImportTally {
 public:
  // The list is CSV with the heading "line,column,outcome,reason,detail": one line for each odd thing about a row, one
  // at least for each row refused. Null: no list. `report` outlives it.
  explicit ImportTally(std::ostream* report);

  // Refused by the mapping: it has no complaint.
  void Refused(const importer::Result& result);
  // Answered by the server.
  void Answered(const importer::Result& result, const intake::v1::ImportedRow& row);
  // Would have been sent.
  void WouldSend(const importer::Result& result);

  int64_t accepted() const { return accepted_; }
  // Of the accepted ones.
  int64_t flagged() const { return flagged_; }
  int64_t extended() const { return extended_; }
  int64_t known() const { return known_; }
  int64_t refused() const { return refused_; }
  int64_t rows() const { return accepted_ + known_ + refused_; }

  // For people: the sum, how often each oddity was met, and what event rows added no fact.
  std::string Render() const;
  // One JSON object with the same.
  std::string Json() const;

 private:
  void List(int64_t line, const std::string& column, const char* outcome, const std::string& reason,
            const std::string& detail);
  void Accepted(const importer::Result& result, const intake::v1::ImportedRow& row);
  // Lists what is odd by the mapping and by the server; returns how many rows have something.
  int64_t ListFlags(const importer::Result& result, const intake::v1::ImportedRow& row);
  void CountWithoutFact(const importer::Result& result);

  std::ostream* const report_;
  int64_t accepted_ = 0, flagged_ = 0, extended_ = 0, known_ = 0, refused_ = 0;
  // Rows by reason.
  std::map<std::string, int64_t> refusals_;
  std::map<std::string, int64_t> flags_;
  // Accepted event rows by activity.
  std::map<std::string, int64_t> without_fact_;
};

}  // namespace redress::ctl
