#include "services/redressctl/output.h"

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <cassert>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "libs/service/requests.h"
#include "libs/status/utf8.h"
#include "services/redressctl/fields.h"
#include "services/redressctl/times.h"

namespace redress::ctl {
namespace {

namespace pb = ::google::protobuf;

constexpr absl::string_view kGap = "  ";

std::string Spaces(size_t count) { return std::string(count, ' '); }

// Fields whose value has no line of its own: shown as a block.
bool IsBlock(const pb::FieldDescriptor& field) {
  return field.message_type() != nullptr && !field.is_repeated() &&
         field.message_type()->file()->package() != "google.protobuf" &&
         field.message_type()->full_name() != "redress.types.v1.Position";
}

void AppendFields(const pb::Message& message, size_t indent, calendar::Zone zone, std::string* text) {
  std::vector<const pb::FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  size_t width = 0;
  for (const auto* field : fields) {
    if (!IsBlock(*field)) width = std::max(width, field->name().size());
  }
  for (const auto* field : fields) {
    absl::StrAppend(text, Spaces(indent), field->name());
    if (IsBlock(*field)) {
      absl::StrAppend(text, "\n");
      AppendFields(message.GetReflection()->GetMessage(message, field), indent + 2, zone, text);
    } else if (field->is_repeated() && field->message_type() != nullptr && !field->is_map()) {
      const int size = message.GetReflection()->FieldSize(message, field);
      for (int i = 0; i < size; ++i) {
        const std::string value = FormatMessage(message.GetReflection()->GetRepeatedMessage(message, field, i), zone);
        absl::StrAppend(text, Spaces(i == 0 ? width - field->name().size() : indent + width), kGap, Printable(value),
                        "\n");
      }
    } else {
      absl::StrAppend(text, Spaces(width - field->name().size()), kGap,
                      Printable(FormatField(message, field->name(), zone)), "\n");
    }
  }
}

// A list is for a look: of a duration the two largest parts.
std::string FormatCell(const pb::Message& item, const std::string& path, calendar::Zone zone) {
  std::string text = FormatField(item, path, zone);
  const pb::Descriptor* type = FieldAt(*item.GetDescriptor(), path).message_type();
  if (text.empty() || type == nullptr || type->full_name() != "google.protobuf.Duration") return text;
  return FormatRoughly(service::MillisOf(static_cast<const pb::Duration&>(MessageAt(item, path))));
}

}  // namespace

std::string Printable(absl::string_view text) {
  std::string shown;
  while (!text.empty()) {
    const size_t bad = FirstInvalidUtf8(text);
    for (const char c : text.substr(0, bad)) {
      if (absl::ascii_iscntrl(static_cast<unsigned char>(c))) {
        absl::StrAppend(&shown, c == '\n'   ? "\\n"
                                : c == '\t' ? "\\t"
                                            : absl::StrFormat("\\x%02x", static_cast<unsigned char>(c)));
      } else {
        shown += c;
      }
    }
    if (bad == absl::string_view::npos) break;
    absl::StrAppend(&shown, absl::StrFormat("\\x%02x", static_cast<unsigned char>(text[bad])));
    text.remove_prefix(bad + 1);
  }
  return shown;
}

size_t WidthOf(absl::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

TextTable::TextTable(std::vector<std::string> headings, std::vector<Align> aligns) : aligns_(std::move(aligns)) {
  aligns_.resize(headings.size(), Align::kLeft);
  rows_.push_back(std::move(headings));
}

void TextTable::Add(std::vector<std::string> row) {
  assert(row.size() == aligns_.size());
  for (std::string& cell : row) cell = Printable(cell);
  rows_.push_back(std::move(row));
}

void TextTable::AddRule() { rows_.emplace_back(); }

std::string TextTable::Render() const {
  std::vector<size_t> widths(aligns_.size(), 0);
  for (const auto& row : rows_) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], WidthOf(row[i]));
  }
  std::string text;
  for (const auto& row : rows_) {
    std::string line;
    for (size_t i = 0; i < widths.size(); ++i) {
      if (i > 0) absl::StrAppend(&line, kGap);
      if (row.empty()) {
        line.append(widths[i], '-');
        continue;
      }
      const std::string padding = Spaces(widths[i] - WidthOf(row[i]));
      absl::StrAppend(&line, aligns_[i] == Align::kRight ? padding : "", row[i],
                      aligns_[i] == Align::kRight ? "" : padding);
    }
    absl::StripTrailingAsciiWhitespace(&line);
    absl::StrAppend(&text, line, "\n");
  }
  return text;
}

std::string ToJson(const pb::Message& message) {
  std::string text;
  const auto written = pb::util::MessageToJsonString(message, &text);
  assert(written.ok());
  (void)written;
  return text;
}

void Printer::Json(const pb::Message& message) { Line(ToJson(message)); }

void Printer::Line(absl::string_view text) { out_ << text << '\n'; }

void Printer::Raw(absl::string_view text) { out_ << text; }

void Printer::Fields(const pb::Message& message) {
  std::string text;
  AppendFields(message, 0, zone_, &text);
  Raw(text);
}

void Printer::List(const pb::Message& message, absl::string_view list, const std::vector<std::string>& paths) {
  std::vector<std::string> headings;
  std::vector<TextTable::Align> aligns;
  const pb::FieldDescriptor& field = FieldAt(*message.GetDescriptor(), list);
  for (const std::string& path : paths) {
    headings.push_back(path.substr(path.rfind('.') + 1));
    const auto type = FieldAt(*field.message_type(), path).cpp_type();
    const bool number = type != pb::FieldDescriptor::CPPTYPE_STRING && type != pb::FieldDescriptor::CPPTYPE_MESSAGE &&
                        type != pb::FieldDescriptor::CPPTYPE_ENUM && type != pb::FieldDescriptor::CPPTYPE_BOOL;
    aligns.push_back(number ? TextTable::Align::kRight : TextTable::Align::kLeft);
  }
  TextTable table(headings, aligns);
  for (int i = 0; i < message.GetReflection()->FieldSize(message, &field); ++i) {
    const pb::Message& item = message.GetReflection()->GetRepeatedMessage(message, &field, i);
    std::vector<std::string> row;
    for (const std::string& path : paths) row.push_back(FormatCell(item, path, zone_));
    table.Add(std::move(row));
  }
  Table(table);
}

std::string Printer::Format(const pb::Message& message, absl::string_view path) const {
  return FormatField(message, path, zone_);
}

bool Printer::Flush() {
  out_.flush();
  return out_.good();
}

}  // namespace redress::ctl
