#include "services/redressctl/fields.h"

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/text_format.h>
#include <google/protobuf/timestamp.pb.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "libs/service/requests.h"
#include "libs/status/errors.h"
#include "libs/status/macros.h"
#include "libs/status/utf8.h"
#include "redress/types/v1/position.pb.h"
#include "services/redressctl/json_input.h"
#include "services/redressctl/times.h"

namespace redress::ctl {
namespace {

namespace pb = ::google::protobuf;
using pb::FieldDescriptor;

absl::Status BadValue(absl::string_view message) {
  return MakeError(absl::StatusCode::kInvalidArgument, "BAD_VALUE", message);
}

std::string Quoted(absl::string_view text) {
  return absl::StrCat("\"", EscapeInvalidUtf8(absl::Utf8SafeCHexEscape(text)), "\"");
}

// "STATE_" for an enum State: what all its values begin with.
std::string PrefixOf(const pb::EnumDescriptor& type) {
  std::string prefix;
  for (const char c : type.name()) {
    if (absl::ascii_isupper(c) && !prefix.empty()) prefix += '_';
    prefix += absl::ascii_toupper(c);
  }
  prefix += '_';
  for (int i = 0; i < type.value_count(); ++i) {
    if (!absl::StartsWith(type.value(i)->name(), prefix)) return "";
  }
  return prefix;
}

absl::StatusOr<int> ParseEnum(const pb::EnumDescriptor& type, absl::string_view text) {
  const std::string wanted = absl::AsciiStrToUpper(absl::StrReplaceAll(text, {{"-", "_"}}));
  const std::string prefix = PrefixOf(type);
  for (int i = 0; i < type.value_count(); ++i) {
    const auto& value = *type.value(i);
    if (value.number() != 0 && (value.name() == wanted || value.name() == prefix + wanted)) return value.number();
  }
  return BadValue(absl::StrCat(Quoted(text), " is none of ", absl::StrJoin(ShortNames(type), ", ")));
}

absl::Status ParsePosition(absl::string_view text, pb::Message* into) {
  if (absl::StartsWith(text, "{")) return ReadJson(text, into);
  const std::vector<std::string> parts = absl::StrSplit(text, ':');
  types::v1::Position position;
  uint32_t shard;
  int64_t next;
  if (parts.size() != 4 || parts[0].size() != 32 || parts[1].empty() || !absl::SimpleAtoi(parts[2], &shard) ||
      !absl::SimpleAtoi(parts[3], &next) || next < 0 ||
      !std::all_of(parts[0].begin(), parts[0].end(), absl::ascii_isxdigit)) {
    return BadValue(absl::StrCat(Quoted(text), " is no position: it is written LOG_ID:STREAM:SHARD:NEXT"));
  }
  position.set_log_id(absl::HexStringToBytes(parts[0]));
  position.set_stream(parts[1]);
  position.set_shard(shard);
  position.set_next(next);
  into->CopyFrom(position);
  return absl::OkStatus();
}

absl::Status SetMessage(pb::Message* message, const FieldDescriptor& field, absl::string_view text,
                        calendar::Zone zone) {
  const auto& reflection = *message->GetReflection();
  const std::string& type = field.message_type()->full_name();
  if (type == "google.protobuf.Timestamp") {
    ASSIGN_OR_RETURN(const Millis at, ParseInstant(text, zone));
    auto* time = static_cast<pb::Timestamp*>(reflection.MutableMessage(message, &field));
    const Millis second = at >= 0 ? at / kSecond : (at - kSecond + 1) / kSecond;
    time->set_seconds(second);
    time->set_nanos(static_cast<int32_t>(at - second * kSecond) * 1000000);
    return absl::OkStatus();
  }
  if (type == "google.protobuf.Duration") {
    ASSIGN_OR_RETURN(const Millis duration, ParseDuration(text));
    auto* into = static_cast<pb::Duration*>(reflection.MutableMessage(message, &field));
    into->set_seconds(duration / kSecond);
    into->set_nanos(static_cast<int32_t>(duration % kSecond) * 1000000);
    return absl::OkStatus();
  }
  pb::Message* into =
      field.is_repeated() ? reflection.AddMessage(message, &field) : reflection.MutableMessage(message, &field);
  if (type == "redress.types.v1.Position") return ParsePosition(text, into);
  return ReadJson(text, into);
}

template <typename Number>
absl::StatusOr<Number> ParseNumber(absl::string_view text) {
  Number value;
  if (absl::SimpleAtoi(text, &value)) return value;
  return BadValue(absl::StrCat(Quoted(text), " is no whole number from ", std::numeric_limits<Number>::min(), " to ",
                               std::numeric_limits<Number>::max()));
}

absl::Status SetBool(pb::Message* message, const FieldDescriptor& field, absl::string_view text) {
  if (text != "true" && text != "false") return BadValue(absl::StrCat(Quoted(text), " is neither true nor false"));
  message->GetReflection()->SetBool(message, &field, text == "true");
  return absl::OkStatus();
}

absl::Status SetDouble(pb::Message* message, const FieldDescriptor& field, absl::string_view text) {
  double value;
  if (!absl::SimpleAtod(text, &value)) return BadValue(absl::StrCat(Quoted(text), " is no number"));
  message->GetReflection()->SetDouble(message, &field, value);
  return absl::OkStatus();
}

absl::Status SetString(pb::Message* message, const FieldDescriptor& field, absl::string_view text) {
  std::string value(text);
  if (field.type() == FieldDescriptor::TYPE_BYTES) {
    if (text.size() % 2 != 0 || !std::all_of(text.begin(), text.end(), absl::ascii_isxdigit)) {
      return BadValue(absl::StrCat(Quoted(text), " is no hex"));
    }
    value = absl::HexStringToBytes(text);
  } else if (FirstInvalidUtf8(text) != absl::string_view::npos) {
    return BadValue("is not UTF-8");
  }
  if (field.is_repeated()) {
    message->GetReflection()->AddString(message, &field, std::move(value));
  } else {
    message->GetReflection()->SetString(message, &field, std::move(value));
  }
  return absl::OkStatus();
}

absl::Status SetScalar(pb::Message* message, const FieldDescriptor& field, absl::string_view text) {
  const auto& reflection = *message->GetReflection();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_ENUM: {
      ASSIGN_OR_RETURN(const int number, ParseEnum(*field.enum_type(), text));
      if (field.is_repeated()) {
        reflection.AddEnumValue(message, &field, number);
      } else {
        reflection.SetEnumValue(message, &field, number);
      }
      return absl::OkStatus();
    }
    case FieldDescriptor::CPPTYPE_BOOL: return SetBool(message, field, text);
    case FieldDescriptor::CPPTYPE_DOUBLE: return SetDouble(message, field, text);
    case FieldDescriptor::CPPTYPE_INT32: {
      ASSIGN_OR_RETURN(const int32_t value, ParseNumber<int32_t>(text));
      reflection.SetInt32(message, &field, value);
      return absl::OkStatus();
    }
    case FieldDescriptor::CPPTYPE_UINT32: {
      ASSIGN_OR_RETURN(const uint32_t value, ParseNumber<uint32_t>(text));
      reflection.SetUInt32(message, &field, value);
      return absl::OkStatus();
    }
    case FieldDescriptor::CPPTYPE_INT64: {
      ASSIGN_OR_RETURN(const int64_t value, ParseNumber<int64_t>(text));
      reflection.SetInt64(message, &field, value);
      return absl::OkStatus();
    }
    default: return SetString(message, field, text);
  }
}

std::string FormatScalar(const pb::Message& message, const FieldDescriptor& field, std::optional<int> index,
                         calendar::Zone zone) {
  const auto& reflection = *message.GetReflection();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_ENUM:
      return ShortName(*field.enum_type(), index.has_value() ? reflection.GetRepeatedEnumValue(message, &field, *index)
                                                             : reflection.GetEnumValue(message, &field));
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return FormatMessage(index.has_value() ? reflection.GetRepeatedMessage(message, &field, *index)
                                             : reflection.GetMessage(message, &field),
                           zone);
    case FieldDescriptor::CPPTYPE_STRING: {
      std::string text = index.has_value() ? reflection.GetRepeatedString(message, &field, *index)
                                           : reflection.GetString(message, &field);
      return field.type() == FieldDescriptor::TYPE_BYTES ? absl::BytesToHexString(text) : text;
    }
    default: {
      std::string text;
      pb::TextFormat::PrintFieldValueToString(message, &field, index.value_or(-1), &text);
      return text;
    }
  }
}

// "key=value key=value", by key.
std::string FormatMap(const pb::Message& holder, const FieldDescriptor& field, calendar::Zone zone) {
  std::vector<std::string> entries;
  for (int i = 0; i < holder.GetReflection()->FieldSize(holder, &field); ++i) {
    const pb::Message& entry = holder.GetReflection()->GetRepeatedMessage(holder, &field, i);
    entries.push_back(absl::StrCat(FormatField(entry, "key", zone), "=", FormatField(entry, "value", zone)));
  }
  std::sort(entries.begin(), entries.end());
  return absl::StrJoin(entries, " ");
}

// The message that holds the last field of the path; the default one where a message on the way is not set.
const pb::Message& HolderOf(const pb::Message& message, absl::string_view* path) {
  const size_t dot = path->find('.');
  if (dot == absl::string_view::npos) return message;
  const FieldDescriptor& field = FieldAt(*message.GetDescriptor(), path->substr(0, dot));
  path->remove_prefix(dot + 1);
  return HolderOf(message.GetReflection()->GetMessage(message, &field), path);
}

}  // namespace

const FieldDescriptor* FindField(const pb::Descriptor& type, absl::string_view path) {
  const size_t dot = path.find('.');
  const FieldDescriptor* field = type.FindFieldByName(std::string(path.substr(0, dot)));
  if (field == nullptr || dot == absl::string_view::npos) return field;
  return field->message_type() == nullptr ? nullptr : FindField(*field->message_type(), path.substr(dot + 1));
}

const FieldDescriptor& FieldAt(const pb::Descriptor& type, absl::string_view path) {
  const FieldDescriptor* field = FindField(type, path);
  if (field == nullptr) {
    std::fprintf(stderr, "%s has no field %s\n", type.full_name().c_str(), std::string(path).c_str());
    std::abort();
  }
  return *field;
}

const pb::Message& MessageAt(const pb::Message& message, absl::string_view path) {
  const pb::Message& holder = HolderOf(message, &path);
  return holder.GetReflection()->GetMessage(holder, &FieldAt(*holder.GetDescriptor(), path));
}

std::string ShortName(const pb::EnumDescriptor& type, int number) {
  const pb::EnumValueDescriptor* value = type.FindValueByNumber(number);
  if (value == nullptr) return absl::StrCat(number);
  return absl::AsciiStrToLower(absl::string_view(value->name()).substr(PrefixOf(type).size()));
}

std::vector<std::string> ShortNames(const pb::EnumDescriptor& type) {
  std::vector<std::string> names;
  for (int i = 0; i < type.value_count(); ++i) {
    if (type.value(i)->number() != 0) names.push_back(ShortName(type, type.value(i)->number()));
  }
  return names;
}

std::string FormatMessage(const pb::Message& message, calendar::Zone zone) {
  const std::string& type = message.GetDescriptor()->full_name();
  if (type == "google.protobuf.Timestamp") {
    return FormatInstant(service::MillisOf(static_cast<const pb::Timestamp&>(message)), zone);
  }
  if (type == "google.protobuf.Duration") {
    return FormatDuration(service::MillisOf(static_cast<const pb::Duration&>(message)));
  }
  if (type == "redress.types.v1.Position") {
    const auto& position = static_cast<const types::v1::Position&>(message);
    return absl::StrCat(absl::BytesToHexString(position.log_id()), ":", position.stream(), ":", position.shard(), ":",
                        position.next());
  }
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  return absl::StrJoin(fields, " ", [&](std::string* out, const FieldDescriptor* field) {
    absl::StrAppend(out, field->name(), "=", FormatField(message, field->name(), zone));
  });
}

absl::Status SetField(pb::Message* message, absl::string_view path, absl::string_view text, calendar::Zone zone) {
  const size_t dot = path.find('.');
  const FieldDescriptor& field = FieldAt(*message->GetDescriptor(), path.substr(0, dot));
  if (dot != absl::string_view::npos) {
    return SetField(message->GetReflection()->MutableMessage(message, &field), path.substr(dot + 1), text, zone);
  }
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) return SetMessage(message, field, text, zone);
  return SetScalar(message, field, text);
}

std::string FormatField(const pb::Message& message, absl::string_view path, calendar::Zone zone) {
  const pb::Message& holder = HolderOf(message, &path);
  const FieldDescriptor& field = FieldAt(*holder.GetDescriptor(), path);
  const auto& reflection = *holder.GetReflection();
  if (field.is_map()) return FormatMap(holder, field, zone);
  if (field.is_repeated()) {
    std::vector<std::string> parts;
    for (int i = 0; i < reflection.FieldSize(holder, &field); ++i) {
      parts.push_back(FormatScalar(holder, field, i, zone));
    }
    return absl::StrJoin(parts, ", ");
  }
  if (field.has_presence() && !reflection.HasField(holder, &field)) return "";
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM && !field.has_presence() &&
      reflection.GetEnumValue(holder, &field) == 0) {
    return "";
  }
  return FormatScalar(holder, field, std::nullopt, zone);
}

}  // namespace redress::ctl
