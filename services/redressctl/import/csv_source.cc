#include "services/redressctl/import/csv_source.h"

#include <algorithm>

#include "absl/memory/memory.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/status/errors.h"
#include "libs/status/macros.h"
#include "libs/status/utf8.h"

namespace redress::importer {
namespace {

namespace v1 = ::redress::import::v1;

absl::Status Broken(absl::string_view reason, int64_t line, absl::string_view message) {
  return MakeError(absl::StatusCode::kInvalidArgument, reason, absl::StrCat("line ", line, ": ", message),
                   {{"line", absl::StrCat(line)}});
}

}  // namespace

absl::StatusOr<std::unique_ptr<RowSource>> CsvSource::Open(BufferedBytes bytes, char delimiter) {
  auto source = absl::WrapUnique(new CsvSource(std::move(bytes), delimiter));
  RETURN_IF_ERROR(source->ReadHeader());
  for (;;) {
    ASSIGN_OR_RETURN(const bool more, source->ReadRecord());
    if (!more) break;
    ++source->rows_;
  }
  RETURN_IF_ERROR(source->bytes_.Rewind());
  return std::unique_ptr<RowSource>(std::move(source));
}

absl::Status CsvSource::ReadHeader() {
  if (absl::StartsWith(bytes_.Ahead(3), "\xEF\xBB\xBF")) bytes_.Skip(3);
  ASSIGN_OR_RETURN(const bool any, ReadRecord());
  if (!any)
    return MakeError(absl::StatusCode::kInvalidArgument, "NO_HEADER", "the file is empty: a CSV has a header line");
  if (FirstInvalidUtf8(text_) != absl::string_view::npos) {
    return Broken("NOT_UTF8", record_line_, "the header is not UTF-8");
  }
  if (malformed_field_ >= 0)
    return Broken("UNCLOSED_QUOTE", malformed_line_, "text after a closing quote in the header");
  header_.clear();
  for (size_t i = 0; i < ends_.size(); ++i) header_.emplace_back(absl::StripAsciiWhitespace(Field(i)));
  return absl::OkStatus();
}

absl::Status CsvSource::Select(const std::vector<Column>& columns) {
  std::vector<FieldViolation> missing;
  selected_.clear();
  for (const Column& column : columns) {
    const auto found = std::find(header_.begin(), header_.end(), column.name);
    if (found == header_.end() && !column.optional) {
      missing.push_back({column.name, "is not in the header"});
    } else if (found != header_.end() && std::find(found + 1, header_.end(), column.name) != header_.end()) {
      missing.push_back({column.name, "stands in the header more than once"});
    }
    selected_.push_back(found == header_.end() ? -1 : static_cast<int>(found - header_.begin()));
  }
  if (!missing.empty()) return NoSuchColumn(missing);
  RETURN_IF_ERROR(bytes_.Rewind());
  return ReadHeader();
}

absl::StatusOr<bool> CsvSource::Next(Row* row) {
  ASSIGN_OR_RETURN(const bool more, ReadRecord());
  if (!more) return false;
  row->line = record_line_;
  row->error = FindError();
  row->values.assign(selected_.size(), {});
  if (row->error.has_value()) return true;
  for (size_t i = 0; i < selected_.size(); ++i) {
    if (selected_[i] >= 0) row->values[i] = Field(selected_[i]);
  }
  return true;
}

std::optional<RowError> CsvSource::FindError() const {
  const auto name = [this](size_t field) {
    return field < header_.size() ? header_[field] : absl::StrCat("field ", field + 1);
  };
  if (malformed_field_ >= 0) {
    return RowError{v1::ODDITY_MALFORMED_QUOTE, malformed_line_, name(malformed_field_),
                    "text after the closing quote"};
  }
  if (ends_.size() != header_.size()) {
    return RowError{v1::ODDITY_WRONG_FIELD_COUNT, record_line_, "",
                    absl::StrCat(ends_.size(), " fields, the header has ", header_.size())};
  }
  // Field by field: two halves of a character in neighbouring fields make no character.
  for (size_t field = 0; field < ends_.size(); ++field) {
    const size_t bad = FirstInvalidUtf8(Field(field));
    if (bad == absl::string_view::npos) continue;
    const int64_t breaks = std::count(text_.data(), Field(field).data() + bad, '\n');
    return RowError{v1::ODDITY_INVALID_UTF8, record_line_ + breaks, name(field), "not UTF-8"};
  }
  return std::nullopt;
}

absl::string_view CsvSource::Field(size_t index) const {
  const size_t begin = index == 0 ? 0 : ends_[index - 1];
  return absl::string_view(text_).substr(begin, ends_[index] - begin);
}

bool CsvSource::AtLineEnd() {
  const absl::string_view ahead = bytes_.Ahead(2);
  return !ahead.empty() && (ahead[0] == '\n' || absl::StartsWith(ahead, "\r\n"));
}

void CsvSource::SkipLineEnd() {
  bytes_.Skip(bytes_.Ahead(2)[0] == '\r' ? 2 : 1);
  bytes_.AddLines(1);
}

absl::StatusOr<bool> CsvSource::ReadRecord() {
  text_.clear();
  ends_.clear();
  malformed_field_ = -1;
  while (AtLineEnd()) SkipLineEnd();
  RETURN_IF_ERROR(bytes_.status());
  if (bytes_.AtEnd()) return false;
  record_line_ = bytes_.line();
  for (;;) {
    if (absl::StartsWith(bytes_.Ahead(), "\"")) RETURN_IF_ERROR(ReadQuoted());
    ReadUnquoted();
    RETURN_IF_ERROR(bytes_.status());
    ends_.push_back(text_.size());
    if (text_.size() > kMaxRowBytes) return Broken("ROW_TOO_LONG", record_line_, "the row is longer than 16 MiB");
    if (bytes_.AtEnd()) return true;
    if (AtLineEnd()) {
      SkipLineEnd();
      return true;
    }
    bytes_.Skip(1);  // the delimiter
  }
}

// Reads from an opening quote to behind the closing one. What follows up to the delimiter should be nothing.
absl::Status CsvSource::ReadQuoted() {
  const int64_t opened = bytes_.line();
  bytes_.Skip(1);
  for (;;) {
    const absl::string_view ahead = bytes_.Ahead();
    RETURN_IF_ERROR(bytes_.status());
    if (ahead.empty()) return Broken("UNCLOSED_QUOTE", opened, "the quote opened here is never closed");
    if (text_.size() > kMaxRowBytes) {
      return Broken("UNCLOSED_QUOTE", opened, "the quote opened here is not closed within 16 MiB");
    }
    const size_t quote = std::min(ahead.find('"'), ahead.size());
    text_.append(ahead.data(), quote);
    bytes_.AddLines(std::count(ahead.begin(), ahead.begin() + quote, '\n'));
    bytes_.Skip(quote);
    if (quote == ahead.size()) continue;
    if (absl::StartsWith(bytes_.Ahead(2), "\"\"")) {
      text_.push_back('"');
      bytes_.Skip(2);
      continue;
    }
    bytes_.Skip(1);
    break;
  }
  if (bytes_.AtEnd() || AtLineEnd() || bytes_.Ahead()[0] == delimiter_) return bytes_.status();
  // Over several lines it is most likely the opening quote of another field that closed this one: nothing after it can
  // be trusted.
  if (bytes_.line() != opened) {
    return Broken("UNCLOSED_QUOTE", opened,
                  absl::StrCat("the quote opened here is not closed; the next one, in line ", bytes_.line(),
                               ", has text behind it"));
  }
  if (malformed_field_ < 0) {
    malformed_field_ = static_cast<int>(ends_.size());
    malformed_line_ = opened;
  }
  return absl::OkStatus();
}

void CsvSource::ReadUnquoted() {
  for (;;) {
    const absl::string_view ahead = bytes_.Ahead(2);
    if (ahead.empty() || text_.size() > kMaxRowBytes) return;
    const size_t stop =
        std::find_if(ahead.begin(), ahead.end(), [this](char c) { return c == delimiter_ || c == '\n' || c == '\r'; }) -
        ahead.begin();
    text_.append(ahead.data(), stop);
    bytes_.Skip(stop);
    if (stop == ahead.size()) continue;
    if (bytes_.Ahead()[0] != '\r' || AtLineEnd()) return;
    text_.push_back('\r');  // alone it ends no line
    bytes_.Skip(1);
  }
}

}  // namespace redress::importer
