#include "services/redressctl/import/source.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "libs/status/macros.h"
#include "services/redressctl/import/csv_source.h"
#include "services/redressctl/import/json_source.h"

namespace redress::importer {
namespace {

namespace v1 = ::redress::import::v1;

v1::Format Look(absl::string_view start) {
  if (absl::ConsumePrefix(&start, "\xEF\xBB\xBF")) return Look(start);
  start = absl::StripLeadingAsciiWhitespace(start);
  return !start.empty() && (start[0] == '[' || start[0] == '{') ? v1::FORMAT_JSON : v1::FORMAT_CSV;
}

// Named so, and is none.
bool IsFalselyNamedGzip(const std::string& path) {
  auto reader = ByteReader::Open(path);
  char first;
  return absl::EndsWithIgnoreCase(path, ".gz") && reader.ok() && (*reader)->Read(&first, 1).ok() &&
         !(*reader)->packed();
}

}  // namespace

absl::Status InFile(const absl::Status& error, const std::string& path) {
  return Annotate(error,
                  IsFalselyNamedGzip(path) ? absl::StrCat(path, " (named .gz, but its content is no gzip)") : path);
}

absl::Status NoSuchColumn(const std::vector<FieldViolation>& missing) {
  const absl::Status fields = InvalidFields(missing);
  absl::Status status =
      MakeError(absl::StatusCode::kInvalidArgument, "NO_SUCH_COLUMN", "the mapping reads what no row of the file has");
  // The violations travel on; the reason is this error's own.
  fields.ForEachPayload([&](absl::string_view url, const absl::Cord& payload) {
    if (!status.GetPayload(url).has_value()) status.SetPayload(url, payload);
  });
  return status;
}

absl::StatusOr<std::unique_ptr<RowSource>> OpenSource(const std::string& path, v1::Format format, char delimiter,
                                                      ReadingSoFar reading) {
  ASSIGN_OR_RETURN(std::unique_ptr<ByteReader> reader, ByteReader::Open(path));
  BufferedBytes bytes(std::move(reader), std::move(reading));
  const absl::string_view start = bytes.Ahead(16);
  RETURN_IF_ERROR(bytes.status());
  if (absl::StartsWith(start, "\xFF\xFE") || absl::StartsWith(start, "\xFE\xFF")) {
    return InFile(MakeError(absl::StatusCode::kInvalidArgument, "NOT_UTF8", "is UTF-16: save it as UTF-8"), path);
  }
  const v1::Format found = Look(start);
  if (format != v1::FORMAT_UNSPECIFIED && format != found) {
    return InFile(
        MakeError(absl::StatusCode::kInvalidArgument, "WRONG_FORMAT",
                  found == v1::FORMAT_JSON
                      ? "begins with [ or {, as JSON does, but the mapping is for CSV, which begins with a header"
                      : "does not begin with [ or {, but the mapping is for JSON: an array or lines of objects"),
        path);
  }
  auto source =
      found == v1::FORMAT_JSON ? JsonSource::Open(std::move(bytes)) : CsvSource::Open(std::move(bytes), delimiter);
  if (!source.ok()) return InFile(source.status(), path);
  return source;
}

}  // namespace redress::importer
