#include "libs/status/textproto.h"

#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/text_format.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "libs/status/errors.h"

namespace redress {
namespace {

class FaultCollector : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int line, google::protobuf::io::ColumnNumber column, const std::string& message) override {
    absl::StrAppend(&faults_, faults_.empty() ? "" : "; ", "line ", line + 1, ", column ", column + 1, ": ", message);
  }
  const std::string& faults() const { return faults_; }

 private:
  std::string faults_;
};

}  // namespace

absl::Status ParseTextproto(absl::string_view text, absl::string_view reason, google::protobuf::Message* into) {
  FaultCollector faults;
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&faults);
  if (parser.ParseFromString(std::string(text), into)) return absl::OkStatus();
  return MakeError(absl::StatusCode::kInvalidArgument, reason,
                   faults.faults().empty() ? "is not UTF-8" : faults.faults());
}

}  // namespace redress
