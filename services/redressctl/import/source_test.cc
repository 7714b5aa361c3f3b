#include "services/redressctl/import/source.h"

#include <gmock/gmock.h>

#include "services/redressctl/import/test_support.h"

namespace redress::importer {
namespace {

namespace v1 = ::redress::import::v1;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

// Rows as "line|value|value", or "line!oddity@line:column".
std::vector<std::string> Rows(RowSource* source) {
  std::vector<std::string> texts;
  for (Row row;;) {
    const auto more = source->Next(&row);
    EXPECT_TRUE(more.ok()) << more.status();
    if (!more.ok()) return texts;
    if (!*more) {
      // Whoever collects batches asks again behind a short last one.
      const auto again = source->Next(&row);
      EXPECT_TRUE(again.ok()) << again.status();
      EXPECT_FALSE(again.value_or(false));
      return texts;
    }
    std::string text = absl::StrCat(row.line);
    if (row.error.has_value()) {
      absl::StrAppend(&text, "!", NameOf(row.error->oddity), "@", row.error->line, ":", row.error->column);
    } else {
      for (const absl::string_view value : row.values) absl::StrAppend(&text, "|", value);
    }
    texts.push_back(text);
  }
}

std::vector<std::string> Read(const std::string& data, const std::vector<Column>& columns, char delimiter = ',') {
  const TestFile file(data);
  auto source = OpenSource(file.path(), v1::FORMAT_UNSPECIFIED, delimiter);
  EXPECT_TRUE(source.ok()) << source.status();
  if (!source.ok()) return {};
  const absl::Status selected = (*source)->Select(columns);
  EXPECT_TRUE(selected.ok()) << selected;
  const std::vector<std::string> rows = Rows(source->get());
  EXPECT_EQ((*source)->rows(), static_cast<int64_t>(rows.size()));
  return rows;
}

absl::Status Fault(const std::string& data, v1::Format format = v1::FORMAT_UNSPECIFIED) {
  const TestFile file(data);
  return OpenSource(file.path(), format).status();
}

TEST(CsvTest, QuotedFieldsHoldDelimitersQuotesAndLines) {
  EXPECT_THAT(Read("a,b,c\r\n\"1,1\",\"say \"\"hi\"\"\",\"two\nlines\"\r\n2,,x\n", {{"a"}, {"b"}, {"c"}}),
              ElementsAre("2|1,1|say \"hi\"|two\nlines", "4|2||x"));
}

TEST(CsvTest, ColumnsComeAsSelected) { EXPECT_THAT(Read("a,b,c\n1,2,3", {{"c"}, {"a"}}), ElementsAre("2|3|1")); }

TEST(CsvTest, ByteOrderMarkIsSkipped) { EXPECT_THAT(Read("\xEF\xBB\xBF\"a\",b\n1,2\n", {{"a"}}), ElementsAre("2|1")); }

TEST(CsvTest, EmptyLinesAreNoRows) {
  EXPECT_THAT(Read("\na,b\n\r\n1,2\n\n\n3,4\n\n", {{"b"}}), ElementsAre("4|2", "7|4"));
}

TEST(CsvTest, OtherDelimiters) { EXPECT_THAT(Read("a;b\n1,5;2\n", {{"a"}, {"b"}}, ';'), ElementsAre("2|1,5|2")); }

TEST(CsvTest, QuoteInsideAnUnquotedFieldIsACharacter) {
  EXPECT_THAT(Read("a,b\n5\" pipe,x\n", {{"a"}}), ElementsAre("2|5\" pipe"));
}

TEST(CsvTest, LoneCarriageReturnIsACharacter) { EXPECT_THAT(Read("a,b\n1\r1,2\r\n", {{"a"}}), ElementsAre("2|1\r1")); }

TEST(CsvTest, WrongFieldCountRefusesTheRowAlone) {
  EXPECT_THAT(Read("a,b\n1\n1,2,3\n1,2\n", {{"a"}}),
              ElementsAre("2!wrong_field_count@2:", "3!wrong_field_count@3:", "4|1"));
}

TEST(CsvTest, TextAfterAClosingQuoteRefusesTheRowAlone) {
  EXPECT_THAT(Read("a,b\n1,\"x\"y\n3,4\n", {{"a"}}), ElementsAre("2!malformed_quote@2:b", "3|3"));
}

TEST(CsvTest, InvalidUtf8IsNamedByLineAndColumn) {
  EXPECT_THAT(Read("a,b\n1,\"x\n\xFF\"\n\xC3,\xA9\n3,\xC3\xA9\n", {{"b"}}),
              ElementsAre("2!invalid_utf8@3:b", "4!invalid_utf8@4:a", "5|\xC3\xA9"));
}

TEST(CsvTest, MissingClosingQuoteNamesTheLineItOpenedIn) {
  const absl::Status to_the_end = Fault("a,b\n1,2\n3,\"never\nclosed\n5,6\n");
  EXPECT_EQ(ReasonOf(to_the_end), "UNCLOSED_QUOTE");
  EXPECT_THAT(to_the_end.message(), HasSubstr("line 3: the quote opened here is never closed"));
  const absl::Status until_the_next = Fault("a,b\n1,2\n3,\"never\n5,\"six\"\n");
  EXPECT_EQ(ReasonOf(until_the_next), "UNCLOSED_QUOTE");
  EXPECT_THAT(until_the_next.message(),
              HasSubstr("line 3: the quote opened here is not closed; the next one, in line 4"));
}

TEST(CsvTest, MissingColumnsAreListedTogether) {
  const TestFile file("a,b,a\n");
  auto source = OpenSource(file.path());
  ASSERT_TRUE(source.ok());
  const absl::Status status = (*source)->Select({{"x"}, {"b"}, {"y z"}, {"a"}, {"w", true}});
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ReasonOf(status), "NO_SUCH_COLUMN");
  std::vector<std::string> fields;
  for (const auto& violation : ViolationsOf(status)) fields.push_back(violation.field);
  EXPECT_THAT(fields, ElementsAre("x", "y z", "a"));
}

TEST(CsvTest, AnOptionalColumnMayBeAbsent) { EXPECT_THAT(Read("a\n1\n", {{"a"}, {"w", true}}), ElementsAre("2|1|")); }

TEST(CsvTest, WithoutAHeaderIsRefused) {
  EXPECT_EQ(ReasonOf(Fault("")), "NO_HEADER");
  EXPECT_EQ(ReasonOf(Fault("a,\xFF\n")), "NOT_UTF8");
  EXPECT_EQ(ReasonOf(Fault("\xFF\xFE"
                           "a\0,\0")),
            "NOT_UTF8");
}

TEST(CsvTest, ARowLongerThanTheLimitIsRefused) {
  EXPECT_EQ(ReasonOf(Fault(absl::StrCat("a,b\n1,", std::string(kMaxRowBytes + 1, 'x'), "\n"))), "ROW_TOO_LONG");
  EXPECT_EQ(ReasonOf(Fault(absl::StrCat("a,b\n1,\"", std::string(kMaxRowBytes + 1000000, 'x'), "\"\n"))),
            "UNCLOSED_QUOTE");
}

TEST(CsvTest, RowsAcrossTheBuffersEdgeAreWhole) {
  // Every alignment of quotes and line ends to the edge of a 256 KiB buffer.
  for (int shift = 0; shift < 24; ++shift) {
    std::string data = "a,b\r\n";
    data += std::string((256 << 10) - 12 - data.size() - shift, 'x');
    data += ",\"q\"\"q\r\n\"\r\n1,2\r\n";
    EXPECT_THAT(Read(data, {{"b"}}), ElementsAre("2|q\"q\r\n", "4|2")) << shift;
  }
}

TEST(JsonTest, ArraysAndLinesReadAlike) {
  const std::vector<std::string> want = {"2|1|x", "3|2|"};
  EXPECT_EQ(Read("[\n{\"a\":1,\"b\":\"x\"},\n{\"a\":2,\"b\":null}]\n", {{"a"}, {"b"}}), want);
  EXPECT_EQ(Read("\n{\"a\":1,\"b\":\"x\"}\n{\"a\":2}\n", {{"a"}, {"b"}}), want);
}

TEST(JsonTest, PathsLeadIntoObjectsAndArrays) {
  EXPECT_THAT(Read(R"([{"l":{"c":[-73.50,40,[true]],"":"e"},"n":12345678901234567890123,"c":"no"}])",
                   {{"l.c[0]"}, {"l.c[2][0]"}, {"n"}, {"l.c[1]"}}),
              ElementsAre("1|-73.50|true|12345678901234567890123|40"));
}

TEST(JsonTest, OfAKeyThatStandsTwiceTheLastCounts) {
  EXPECT_THAT(
      Read(R"([{"a":1,"a":2,"l":{"x":3},"l":{"y":4}},{"a":{},"a":5},{"a":6,"a":[]}])", {{"a"}, {"l.x"}, {"l.y"}}),
      ElementsAre("1|2||4", "1|5||", "1!not_a_value@1:a"));
}

TEST(JsonTest, BracesInStringsAreText) {
  EXPECT_THAT(Read("{\"a\":\"}{\\\"}\\\\\"}\n{\"a\":\"\\u00e9\\n\"}", {{"a"}}),
              ElementsAre("1|}{\"}\\", "2|\xC3\xA9\n"));
}

TEST(JsonTest, AnObjectThatIsNoJsonRefusesTheRowAlone) {
  EXPECT_THAT(Read("[{\"a\":1,\n\"b\":006},{\"a\":2}, {\"a\" 3}]", {{"a"}}),
              ElementsAre("1!invalid_json@2:b", "2|2", "2!invalid_json@2:a"));
  EXPECT_THAT(Read("{\"a\":1}\n{\"a\":1e999}\n", {{"a"}}), ElementsAre("1|1", "2!invalid_json@2:a"));
}

TEST(JsonTest, InvalidUtf8IsNamedByLineAndKey) {
  EXPECT_THAT(Read("{\"a\":1}\n{\"b\":2,\n\"a\":\"\xC3\"}", {{"a"}}), ElementsAre("1|1", "2!invalid_utf8@3:a"));
}

TEST(JsonTest, APathToAnObjectRefusesTheRow) {
  EXPECT_THAT(Read("{\"a\":1}{\"a\":{\"b\":2}}{\"a\":[]}", {{"a"}}),
              ElementsAre("1|1", "1!not_a_value@1:a", "1!not_a_value@1:a"));
}

TEST(JsonTest, BrokenStructureNamesTheLine) {
  EXPECT_EQ(ReasonOf(Fault("[{\"a\":1},\n{\"a\":2}\n")), "UNCLOSED_OBJECT");
  const absl::Status open = Fault("{\"a\":1}\n{\"a\":\"2}\n{\"a\":3}\n");
  EXPECT_EQ(ReasonOf(open), "UNCLOSED_OBJECT");
  EXPECT_THAT(open.message(), HasSubstr("line 2: the object opened here is never closed"));
  for (const char* data : {"[1]", "[{},]", "[{} {}]", "[,{}]", "[{}] x", "{} x", "[null]", "{}]"}) {
    EXPECT_EQ(ReasonOf(Fault(data)), "NOT_OBJECTS") << data;
  }
}

TEST(JsonTest, PathsThatNoObjectHasAreListedTogether) {
  const TestFile file("[{\"a\":null},{\"a\":1}]");
  auto source = OpenSource(file.path());
  ASSERT_TRUE(source.ok());
  const absl::Status status = (*source)->Select({{"a"}, {"b.c"}, {"d[1]"}, {"e", true}});
  EXPECT_EQ(ReasonOf(status), "NO_SUCH_COLUMN");
  ASSERT_EQ(ViolationsOf(status).size(), 2u);
  EXPECT_EQ(ViolationsOf(status)[1].field, "d[1]");
}

TEST(JsonTest, EmptyIsEmpty) { EXPECT_THAT(Read(" [ ]\n", {{"a"}}), ElementsAre()); }

TEST(JsonTest, DeepNestingIsJustJson) {
  const std::string deep = std::string(100000, '[') + std::string(100000, ']');
  EXPECT_THAT(Read("{\"a\":1,\"b\":" + deep + "}", {{"a"}}), ElementsAre("1|1"));
}

TEST(SourceTest, GzipIsKnownByContent) {
  EXPECT_THAT(Read(TestFile::Zip("a,b\n1,2\n"), {{"b"}}), ElementsAre("2|2"));
  EXPECT_THAT(Read(TestFile::Zip("[{\"b\":2}]"), {{"b"}}), ElementsAre("1|2"));
}

TEST(SourceTest, CutOffOrDamagedGzipIsRefused) {
  std::string text = "a,b\n";
  for (int64_t i = 0; i < 100000; ++i) absl::StrAppend(&text, i, ",", i * i % 977, "\n");
  const std::string packed = TestFile::Zip(text);
  EXPECT_EQ(ReasonOf(Fault(packed.substr(0, packed.size() / 2))), "BROKEN_GZIP");
  std::string damaged = packed;
  damaged[packed.size() - 6] ^= 1;  // in the checksum
  EXPECT_EQ(ReasonOf(Fault(damaged)), "BROKEN_GZIP");
}

TEST(SourceTest, WhatIsNoFileIsRefused) {
  EXPECT_EQ(OpenSource("/nonexistent/file").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(ReasonOf(OpenSource("/tmp").status()), "NOT_A_FILE");
}

TEST(SourceTest, WhatIsNamedGzipAndIsNoneIsToldSo) {
  const redress::testing::TempDir dir;
  const auto write = [&](const std::string& name, const std::string& bytes) {
    std::ofstream(dir / name, std::ios::binary) << bytes;
    return dir / name;
  };
  const std::string plain = write("plain.csv.gz", "a,b\n1,2\n");
  // Known by its content: it can be read all the same.
  EXPECT_TRUE(OpenSource(plain).ok());
  EXPECT_THAT(OpenSource(plain, v1::FORMAT_JSON).status().message(),
              HasSubstr("plain.csv.gz (named .gz, but its content is no gzip)"));
  EXPECT_THAT(OpenSource(write("noise.GZ", "\x01\xFF\xFE")).status().message(), HasSubstr("is no gzip"));
  EXPECT_THAT(OpenSource(write("plain.csv", "\x01\xFF\xFE")).status().message(), Not(HasSubstr("gzip")));
  const std::string packed = write("packed.csv.gz", TestFile::Zip("a,b\n"));
  EXPECT_THAT(OpenSource(packed, v1::FORMAT_JSON).status().message(), Not(HasSubstr("gzip")));
}

TEST(SourceTest, AnotherFormatThanTheMappingsIsRefused) {
  EXPECT_EQ(ReasonOf(Fault("a,b\n", v1::FORMAT_JSON)), "WRONG_FORMAT");
  EXPECT_EQ(ReasonOf(Fault(" [{}]", v1::FORMAT_CSV)), "WRONG_FORMAT");
}

}  // namespace
}  // namespace redress::importer
