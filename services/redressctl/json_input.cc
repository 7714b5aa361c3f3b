#include "services/redressctl/json_input.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/status/errors.h"
#include "libs/status/macros.h"

namespace redress::ctl {
namespace {

namespace pb = ::google::protobuf;
using nlohmann::json;

constexpr int kDeepest = 64;

absl::Status BadJson(absl::string_view message) {
  return MakeError(absl::StatusCode::kInvalidArgument, "BAD_JSON", message);
}

std::string At(absl::string_view text, size_t offset) {
  offset = std::min(offset, text.size());
  const absl::string_view before = text.substr(0, offset);
  const size_t newline = before.rfind('\n');
  return absl::StrCat("line ", std::count(before.begin(), before.end(), '\n') + 1, ", column ",
                      newline == absl::string_view::npos ? offset + 1 : offset - newline);
}

// Builds the tree, and notes keys that an object has twice: the tree keeps the last of them.
class Builder : public nlohmann::detail::json_sax_dom_parser<json> {
 public:
  using Base = nlohmann::detail::json_sax_dom_parser<json>;
  explicit Builder(json* root) : Base(*root, /*allow_exceptions_=*/false) {}

  bool start_object(std::size_t size) {
    keys_.emplace_back();
    return keys_.size() <= kDeepest && Base::start_object(size);
  }
  bool end_object() {
    keys_.pop_back();
    return Base::end_object();
  }
  bool start_array(std::size_t size) {
    keys_.emplace_back();
    return keys_.size() <= kDeepest && Base::start_array(size);
  }
  bool end_array() {
    keys_.pop_back();
    return Base::end_array();
  }
  bool key(std::string& name) {
    if (!keys_.back().insert(name).second) twice_.push_back({name, "given twice"});
    return Base::key(name);
  }
  bool parse_error(std::size_t position, const std::string&, const json::exception& error) {
    offset_ = position;
    error_ = error.what();
    return false;
  }

  bool too_deep() const { return keys_.size() > kDeepest; }
  size_t offset() const { return offset_; }
  // What follows the library's own account of the place.
  std::string error() const {
    const size_t colon = error_.find(": ");
    return colon == std::string::npos ? error_ : error_.substr(colon + 2);
  }
  const std::vector<FieldViolation>& twice() const { return twice_; }

 private:
  std::vector<std::set<std::string>> keys_;
  std::vector<FieldViolation> twice_;
  size_t offset_ = 0;
  std::string error_;
};

// Whether the message has a JSON form of its own, which protobuf checks.
bool IsWellKnown(const pb::Descriptor& type) { return absl::StartsWith(type.full_name(), "google.protobuf."); }

class Checker {
 public:
  void CheckMessage(const json& value, const pb::Descriptor& type, const std::string& path) {
    if (!value.is_object() || IsWellKnown(type)) return;
    for (const auto& [name, member] : value.items()) {
      const std::string here = path.empty() ? name : absl::StrCat(path, ".", name);
      const pb::FieldDescriptor* field = FindField(type, name);
      if (field == nullptr) {
        violations_.push_back({here, absl::StrCat("no field of ", type.full_name())});
      } else {
        CheckField(member, *field, here);
      }
    }
  }
  std::vector<FieldViolation>& violations() { return violations_; }

 private:
  static const pb::FieldDescriptor* FindField(const pb::Descriptor& type, const std::string& name) {
    for (int i = 0; i < type.field_count(); ++i) {
      if (type.field(i)->json_name() == name || type.field(i)->name() == name) return type.field(i);
    }
    return nullptr;
  }

  void CheckField(const json& value, const pb::FieldDescriptor& field, const std::string& path) {
    if (field.is_map()) {
      const pb::FieldDescriptor& of = *field.message_type()->map_value();
      if (!value.is_object()) return;
      for (const auto& [key, member] : value.items()) CheckValue(member, of, absl::StrCat(path, "[\"", key, "\"]"));
    } else if (field.is_repeated() && value.is_array()) {
      for (size_t i = 0; i < value.size(); ++i) CheckValue(value[i], field, absl::StrCat(path, "[", i, "]"));
    } else {
      CheckValue(value, field, path);
    }
  }

  void CheckValue(const json& value, const pb::FieldDescriptor& field, const std::string& path) {
    if (field.cpp_type() == pb::FieldDescriptor::CPPTYPE_MESSAGE) CheckMessage(value, *field.message_type(), path);
    if (field.cpp_type() != pb::FieldDescriptor::CPPTYPE_ENUM) return;
    const pb::EnumDescriptor& type = *field.enum_type();
    if (value.is_string() && type.FindValueByName(value.get<std::string>()) == nullptr) {
      std::vector<std::string> names;
      for (int i = 0; i < type.value_count(); ++i) names.push_back(type.value(i)->name());
      violations_.push_back({path, absl::StrCat("\"", value.get<std::string>(), "\" is none of ", type.full_name(),
                                                ": ", absl::StrJoin(names, ", "))});
    } else if (value.is_number() && !(value.is_number_integer() && IsNumberOf(value, type))) {
      violations_.push_back({path, absl::StrCat(value.dump(), " is no number of ", type.full_name())});
    }
  }
  static bool IsNumberOf(const json& value, const pb::EnumDescriptor& type) {
    for (int i = 0; i < type.value_count(); ++i) {
      if (value == type.value(i)->number()) return true;
    }
    return false;
  }

  std::vector<FieldViolation> violations_;
};

}  // namespace

absl::Status ReadJson(absl::string_view text, pb::Message* into) {
  json root;
  Builder builder(&root);
  if (!json::sax_parse(text.begin(), text.end(), &builder)) {
    if (builder.too_deep()) return BadJson("nested too deeply");
    // The library counts the byte it has read last.
    return BadJson(absl::StrCat(At(text, builder.offset() == 0 ? 0 : builder.offset() - 1), ": ", builder.error()));
  }
  if (!root.is_object()) return BadJson(absl::StrCat("an object was expected, not ", root.type_name()));
  Checker checker;
  checker.CheckMessage(root, *into->GetDescriptor(), "");
  for (const FieldViolation& twice : builder.twice()) checker.violations().push_back(twice);
  if (!checker.violations().empty()) return InvalidFields(checker.violations());
  into->Clear();
  const auto parsed = pb::util::JsonStringToMessage(std::string(text), into);
  if (parsed.ok()) return absl::OkStatus();
  into->Clear();
  return BadJson(absl::string_view(parsed.message().data(), parsed.message().size()));
}

}  // namespace redress::ctl
