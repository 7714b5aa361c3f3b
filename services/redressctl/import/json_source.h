// JSON as a RowSource: an array of objects, or objects one after the other with white space between (NDJSON).
//
// A path is keys with dots and indices in brackets: "location.coordinates[0]"; keys may hold anything but those.
// Numbers and booleans are their text. Of a key that stands twice in one object the last counts.
//
// The file is split into objects by their braces, so that one object that is not JSON is one refused row; what stands
// between objects must be sound.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "services/redressctl/import/buffered_bytes.h"
#include "services/redressctl/import/source.h"

namespace redress::importer {

// The steps of paths, as a tree: which values of an object are wanted.
struct PathTree;

class JsonSource : public RowSource {
 public:
  // Checks the whole file; see OpenSource.
  static absl::StatusOr<std::unique_ptr<RowSource>> Open(BufferedBytes bytes);
  ~JsonSource() override;

  absl::Status Select(const std::vector<Column>& columns) override;
  absl::StatusOr<bool> Next(Row* row) override;
  int64_t rows() const override { return rows_; }

 private:
  explicit JsonSource(BufferedBytes bytes);

  absl::Status Restart();
  // Reads the text of the next object into text_; false after the last.
  absl::StatusOr<bool> ReadObject();
  // Passes over white space, and over what may stand between two objects. False at the proper end.
  absl::StatusOr<bool> SkipToObject();
  void SkipWhiteSpace();
  // Fills values_ from text_; present_ tells which paths were there, null included.
  std::optional<RowError> Parse();

  BufferedBytes bytes_;
  bool array_ = false;
  bool first_ = true;
  bool ended_ = false;  // behind the array: whoever asks again is told again
  int64_t array_line_ = 0;
  int64_t rows_ = 0;

  std::unique_ptr<PathTree> paths_;
  std::string text_;
  int64_t object_line_ = 0;
  std::vector<std::string> names_;  // of the selected columns
  std::vector<std::string> values_;
  std::vector<bool> present_;
};

}  // namespace redress::importer
