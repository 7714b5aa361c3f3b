#include "services/redressctl/message_file.h"

#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/text_format.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/status/errors.h"
#include "libs/status/macros.h"
#include "services/redressctl/exit_codes.h"
#include "services/redressctl/json_input.h"
#include "services/redressctl/session.h"

namespace redress::ctl {
namespace {

// All faults, in the order they stand in the text.
class Faults : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int line, google::protobuf::io::ColumnNumber column, const std::string& message) override {
    absl::StrAppend(&text_, text_.empty() ? "" : "; ", "line ", line + 1, ", column ", column + 1, ": ", message);
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

}  // namespace

absl::Status LoadMessage(const std::string& path, std::istream& in, google::protobuf::Message* into) {
  ASSIGN_OR_RETURN(const std::string text, ReadText(path, in));
  if (absl::EndsWith(path, ".json")) return Usage(Annotate(ReadJson(text, into), path));
  Faults faults;
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&faults);
  if (parser.ParseFromString(text, into)) return absl::OkStatus();
  return Usage(MakeError(absl::StatusCode::kInvalidArgument, "BAD_FILE",
                         absl::StrCat(path, ": ", faults.text().empty() ? "is not UTF-8" : faults.text())));
}

}  // namespace redress::ctl
