#include "tests/fuzz/target.h"

#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/text_format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace redress::fuzz {
namespace {

namespace pb = ::google::protobuf;

std::vector<const Target*>& Registered() {
  static auto* const targets = new std::vector<const Target*>();
  return *targets;
}

// Most mutations are no text format: saying so each time would be most of the work.
class Silent : public pb::io::ErrorCollector {
 public:
  void AddError(int, pb::io::ColumnNumber, const std::string&) override {}
};

}  // namespace

Target::Target(const char* name_of, void (*run_of)(absl::string_view), Grammar grammar_of)
    : name(name_of), run(run_of), grammar(grammar_of) {
  auto& targets = Registered();
  targets.insert(
      std::upper_bound(targets.begin(), targets.end(), this,
                       [](const Target* a, const Target* b) { return absl::string_view(a->name) < b->name; }),
      this);
}

const std::vector<const Target*>& Targets() { return Registered(); }

void Check(bool holds, absl::string_view what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", std::string(what).c_str());
  std::abort();
}

std::vector<Line> ReadLines(absl::string_view bytes, Prototype prototype_of, size_t most) {
  std::vector<Line> lines;
  for (absl::string_view text : absl::StrSplit(bytes, '\n')) {
    if (lines.size() == most) break;
    const size_t brace = std::min(text.find('{'), text.size());
    Line line;
    line.words = absl::StrSplit(text.substr(0, brace), ' ', absl::SkipEmpty());
    if (line.words.empty()) continue;
    const pb::Message* prototype = prototype_of(line.words);
    absl::string_view body = text.substr(brace);
    if (prototype != nullptr && absl::ConsumePrefix(&body, "{") && absl::ConsumeSuffix(&body, "}")) {
      line.message.reset(prototype->New());
      pb::TextFormat::Parser parser;
      Silent silent;
      parser.RecordErrorsTo(&silent);
      parser.SetRecursionLimit(32);
      if (!parser.ParseFromString(std::string(body), line.message.get())) line.message = nullptr;
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

std::string WriteLine(const Line& line) {
  std::string text = absl::StrJoin(line.words, " ");
  if (line.message == nullptr) return text;
  pb::TextFormat::Printer printer;
  printer.SetSingleLineMode(true);
  std::string body;
  printer.PrintToString(*line.message, &body);
  absl::StripTrailingAsciiWhitespace(&body);
  return absl::StrCat(text, " {", body, "}");
}

}  // namespace redress::fuzz
