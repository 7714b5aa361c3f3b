#include "libs/status/textproto.h"

#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/text_format.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "libs/status/errors.h"
#include "libs/status/utf8.h"

namespace redress {
namespace {

namespace pb = google::protobuf;

class FaultCollector : public pb::io::ErrorCollector {
 public:
  void AddError(int line, pb::io::ColumnNumber column, const std::string& message) override {
    absl::StrAppend(&faults_, faults_.empty() ? "" : "; ", "line ", line + 1, ", column ", column + 1, ": ", message);
  }
  const std::string& faults() const { return faults_; }

 private:
  std::string faults_;
};

// The parser takes any bytes for a text, given as they are or as \377.
void CheckTexts(const pb::Message& message, const pb::TextFormat::ParseInfoTree& places, FaultCollector* faults) {
  const pb::Reflection& read = *message.GetReflection();
  std::vector<const pb::FieldDescriptor*> fields;
  read.ListFields(message, &fields);
  for (const pb::FieldDescriptor* field : fields) {
    const int count = field->is_repeated() ? read.FieldSize(message, field) : 1;
    for (int i = 0; i < count; ++i) {
      const int index = field->is_repeated() ? i : -1;
      if (field->type() == pb::FieldDescriptor::TYPE_STRING) {
        const std::string text =
            index < 0 ? read.GetString(message, field) : read.GetRepeatedString(message, field, index);
        if (FirstInvalidUtf8(text) == absl::string_view::npos) continue;
        const pb::TextFormat::ParseLocation place = places.GetLocation(field, index);
        faults->AddError(place.line, place.column, absl::StrCat(field->name(), " is not UTF-8"));
      } else if (field->cpp_type() == pb::FieldDescriptor::CPPTYPE_MESSAGE) {
        const pb::TextFormat::ParseInfoTree* nested = places.GetTreeForNested(field, index);
        if (nested == nullptr) continue;
        CheckTexts(index < 0 ? read.GetMessage(message, field) : read.GetRepeatedMessage(message, field, index),
                   *nested, faults);
      }
    }
  }
}

}  // namespace

absl::Status ParseTextproto(absl::string_view text, absl::string_view reason, pb::Message* into) {
  FaultCollector faults;
  pb::TextFormat::ParseInfoTree places;
  pb::TextFormat::Parser parser;
  parser.RecordErrorsTo(&faults);
  parser.WriteLocationsTo(&places);
  if (parser.ParseFromString(std::string(text), into)) CheckTexts(*into, places, &faults);
  if (faults.faults().empty()) return absl::OkStatus();
  return MakeError(absl::StatusCode::kInvalidArgument, reason, faults.faults());
}

}  // namespace redress
