// Rows of a file, whatever it is made of: the values of chosen columns, and the line each row begins in.
//
//   OpenSource reads the file through once, so that a file whose structure is broken is refused before anything is done
//   with it. Select names the columns that rows shall carry. Next gives the rows in file order.
//
// A row can be unusable while the file is sound: then it says why, and the next one follows. Not thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "libs/status/errors.h"
#include "redress/import/v1/mapping.pb.h"
#include "services/redressctl/import/buffered_bytes.h"

namespace redress::importer {

// No row is longer: one that is has lost its closing quote or brace.
inline constexpr size_t kMaxRowBytes = 16 << 20;

struct Column {
  // A CSV header name or a JSON path.
  std::string name;
  // The file may lack it.
  bool optional = false;
};

// Why a row cannot be used.
struct RowError {
  ::redress::import::v1::Oddity oddity = ::redress::import::v1::ODDITY_UNSPECIFIED;
  int64_t line = 0;
  // Empty when it concerns the row as a whole.
  std::string column;
  std::string detail;
};

struct Row {
  // Where the row begins; lines count from 1.
  int64_t line = 0;
  // One for each selected column, as written; empty when missing. Valid until the source moves.
  std::vector<absl::string_view> values;
  // When set, the values mean nothing.
  std::optional<RowError> error;
};

class RowSource {
 public:
  virtual ~RowSource() = default;

  // Chooses the columns, and goes to the first row. INVALID_ARGUMENT (NO_SUCH_COLUMN) lists every column that the file
  // lacks, in a field violation each: a name that is not in a CSV's header, or stands there twice; a path that none of
  // the first 1,000 objects has.
  virtual absl::Status Select(const std::vector<Column>& columns) = 0;

  // Reads the next row; false after the last. Fails only when the file cannot be read.
  virtual absl::StatusOr<bool> Next(Row* row) = 0;

  // Rows in the file, unusable ones included.
  virtual int64_t rows() const = 0;
};

// `error` with the file's name in front; and that its content is no gzip, where its name says so: then that is what is
// wrong, whatever else was found.
absl::Status InFile(const absl::Status& error, const std::string& path);

// INVALID_ARGUMENT (NO_SUCH_COLUMN) with a field violation for each.
absl::Status NoSuchColumn(const std::vector<FieldViolation>& missing);

// Opens and checks a file; see ByteReader for what it may be. `format` is what the mapping says, UNSPECIFIED for "as it
// looks": INVALID_ARGUMENT (WRONG_FORMAT) when the file looks otherwise. INVALID_ARGUMENT names the line, with reasons
// UNCLOSED_QUOTE, UNCLOSED_OBJECT, NOT_OBJECTS, NO_HEADER, NOT_UTF8 (UTF-16, or a header that is not UTF-8),
// ROW_TOO_LONG, BROKEN_GZIP. `reading` is told of this and of every later reading, from the thread that reads.
absl::StatusOr<std::unique_ptr<RowSource>> OpenSource(const std::string& path,
                                                      ::redress::import::v1::Format format = {}, char delimiter = ',',
                                                      ReadingSoFar reading = nullptr);

}  // namespace redress::importer
