// CSV as a RowSource: RFC 4180 with LF or CRLF line ends and an optional byte order mark. The first record is the
// header.
//
// Quoted fields may hold delimiters, doubled quotes and line ends. A quote inside an unquoted field is a character like
// any other. Empty lines are no rows.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "services/redressctl/import/buffered_bytes.h"
#include "services/redressctl/import/source.h"

namespace redress::importer {

class CsvSource : public RowSource {
 public:
  // Checks the whole file; see OpenSource.
  static absl::StatusOr<std::unique_ptr<RowSource>> Open(BufferedBytes bytes, char delimiter);

  absl::Status Select(const std::vector<Column>& columns) override;
  absl::StatusOr<bool> Next(Row* row) override;
  int64_t rows() const override { return rows_; }

 private:
  CsvSource(BufferedBytes bytes, char delimiter) : bytes_(std::move(bytes)), delimiter_(delimiter) {}

  // Reads one record into text_ and ends_; false at the end of the file.
  absl::StatusOr<bool> ReadRecord();
  absl::Status ReadQuoted();
  void ReadUnquoted();
  bool AtLineEnd();
  void SkipLineEnd();
  absl::Status ReadHeader();
  absl::string_view Field(size_t index) const;
  // The error of the record just read, if it has one.
  std::optional<RowError> FindError() const;

  BufferedBytes bytes_;
  const char delimiter_;
  std::vector<std::string> header_;
  std::vector<int> selected_;  // places in the record, -1 for a column the file lacks
  int64_t rows_ = 0;

  // The current record: fields one after the other, unquoted, and where each ends.
  std::string text_;
  std::vector<size_t> ends_;
  int64_t record_line_ = 0;
  int malformed_field_ = -1;
  int64_t malformed_line_ = 0;
};

}  // namespace redress::importer
