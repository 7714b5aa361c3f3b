#include "tests/fuzz/mutator.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "libs/ids/ids.h"
#include "libs/status/utf8.h"

namespace redress::fuzz {
namespace {

namespace pb = ::google::protobuf;
using pb::FieldDescriptor;

constexpr size_t kMostLines = 32;
// Around them programs err; the last ones are instants of the years in which seeds lie.
constexpr int64_t kNumbers[] = {0,
                                1,
                                -1,
                                2,
                                7,
                                60,
                                1000,
                                1440,
                                10080,
                                86'400'000,
                                std::numeric_limits<int32_t>::max(),
                                std::numeric_limits<int32_t>::min(),
                                std::numeric_limits<int64_t>::max(),
                                std::numeric_limits<int64_t>::min(),
                                -2'208'988'800'000,
                                7'258'118'400'000,
                                1'790'000'000,
                                1'790'000'000'000,
                                1'790'500'000'000};

class Mutator {
 public:
  Mutator(const Grammar& grammar, uint64_t seed, MutateBytes mutate_bytes)
      : grammar_(grammar), random_(seed), mutate_bytes_(mutate_bytes) {}

  void Change(std::vector<Line>* lines) {
    const size_t kind = lines->empty() ? 0 : Below(12);
    if (kind == 0 && lines->size() < kMostLines) return AddLine(lines);
    if (lines->empty()) return;
    Line& line = (*lines)[Below(lines->size())];
    if (kind == 1) {
      lines->erase(lines->begin() + static_cast<ptrdiff_t>(Below(lines->size())));
    } else if (kind == 2) {
      std::swap(line, (*lines)[Below(lines->size())]);
    } else if (kind == 3 && lines->size() < kMostLines) {
      lines->insert(lines->begin() + static_cast<ptrdiff_t>(Below(lines->size() + 1)), Copy(line));
    } else if (kind == 4) {
      ChangeWord(&line);
    } else {
      if (line.message == nullptr) return ChangeWord(&line);
      for (size_t times = 1 + Below(3); times > 0; --times) ChangeMessage(line.message.get(), 0);
    }
  }

 private:
  size_t Below(size_t bound) { return random_.Random64() % bound; }

  static Line Copy(const Line& line) {
    Line copy;
    copy.words = line.words;
    if (line.message != nullptr) {
      copy.message.reset(line.message->New());
      copy.message->CopyFrom(*line.message);
    }
    return copy;
  }

  void AddLine(std::vector<Line>* lines) {
    const std::vector<std::string> beginnings = grammar_.beginnings();
    Line line;
    line.words = absl::StrSplit(beginnings[Below(beginnings.size())], ' ', absl::SkipEmpty());
    if (const pb::Message* prototype = grammar_.prototype(line.words)) {
      line.message.reset(prototype->New());
      for (size_t times = Below(5); times > 0; --times) ChangeMessage(line.message.get(), 0);
    }
    lines->insert(lines->begin() + static_cast<ptrdiff_t>(Below(lines->size() + 1)), std::move(line));
  }

  // All but the first, which says what the line is.
  void ChangeWord(Line* line) {
    if (line->words.size() < 2) return;
    std::string& word = line->words[1 + Below(line->words.size() - 1)];
    word = Below(2) == 0 ? absl::StrCat(Number()) : Text(word);
    word.erase(std::remove_if(word.begin(), word.end(), [](char c) { return c == ' ' || c == '\n' || c == '{'; }),
               word.end());
    if (word.empty()) word = "0";
  }

  int64_t Number() {
    switch (Below(4)) {
      case 0: return static_cast<int64_t>(Below(16));
      case 1: return static_cast<int64_t>(random_.Random64() >> Below(64));
      default: return kNumbers[Below(std::size(kNumbers))];
    }
  }

  std::string Text(std::string text) {
    const size_t kind = Below(4);
    if (kind == 0) return "";
    if (kind < 3) {
      const std::vector<std::string> vocabulary = grammar_.vocabulary();
      return vocabulary[Below(vocabulary.size())];
    }
    const size_t size = text.size();
    text.resize(size + 64);
    text.resize(mutate_bytes_(reinterpret_cast<uint8_t*>(text.data()), size, text.size()));
    return text;
  }
  // A field of type string holds UTF-8, or the message cannot be read.
  std::string TextFor(const FieldDescriptor& field, std::string text) {
    text = Text(std::move(text));
    if (field.type() != FieldDescriptor::TYPE_STRING) return text;
    for (size_t bad; (bad = FirstInvalidUtf8(text)) != absl::string_view::npos;) text[bad] = '?';
    return text;
  }

  void ChangeMessage(pb::Message* message, int depth) {
    const pb::Descriptor& type = *message->GetDescriptor();
    if (type.field_count() == 0) return;
    std::vector<const FieldDescriptor*> set;
    message->GetReflection()->ListFields(*message, &set);
    // Rather what is there than what is not.
    const FieldDescriptor& field = !set.empty() && Below(3) != 0
                                       ? *set[Below(set.size())]
                                       : *type.field(static_cast<int>(Below(type.field_count())));
    if (field.is_repeated()) return ChangeRepeated(message, field, depth);
    const pb::Reflection& reflection = *message->GetReflection();
    if (Below(8) == 0) return reflection.ClearField(message, &field);
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      pb::Message* inner = reflection.MutableMessage(message, &field);
      if (depth < 8) ChangeMessage(inner, depth + 1);
      return;
    }
    ChangeScalar(message, field);
  }

  void ChangeScalar(pb::Message* message, const FieldDescriptor& field) {
    const pb::Reflection& reflection = *message->GetReflection();
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_INT32: return reflection.SetInt32(message, &field, static_cast<int32_t>(Number()));
      case FieldDescriptor::CPPTYPE_INT64: return reflection.SetInt64(message, &field, Number());
      case FieldDescriptor::CPPTYPE_UINT32:
        return reflection.SetUInt32(message, &field, static_cast<uint32_t>(Number()));
      case FieldDescriptor::CPPTYPE_UINT64:
        return reflection.SetUInt64(message, &field, static_cast<uint64_t>(Number()));
      case FieldDescriptor::CPPTYPE_DOUBLE:
        return reflection.SetDouble(message, &field, static_cast<double>(Number()) / 7);
      case FieldDescriptor::CPPTYPE_FLOAT:
        return reflection.SetFloat(message, &field, static_cast<float>(Number()) / 7);
      case FieldDescriptor::CPPTYPE_BOOL: return reflection.SetBool(message, &field, Below(2) == 0);
      case FieldDescriptor::CPPTYPE_ENUM: return reflection.SetEnumValue(message, &field, EnumNumber(field));
      case FieldDescriptor::CPPTYPE_STRING:
        return reflection.SetString(message, &field, TextFor(field, reflection.GetString(*message, &field)));
      case FieldDescriptor::CPPTYPE_MESSAGE: return;
    }
  }

  int EnumNumber(const FieldDescriptor& field) {
    const pb::EnumDescriptor& type = *field.enum_type();
    if (Below(16) == 0) return 99;
    return type.value(static_cast<int>(Below(type.value_count())))->number();
  }

  void ChangeRepeated(pb::Message* message, const FieldDescriptor& field, int depth) {
    const pb::Reflection& reflection = *message->GetReflection();
    const int size = reflection.FieldSize(*message, &field);
    const size_t kind = size == 0 ? 0 : Below(5);
    const int at = size == 0 ? 0 : static_cast<int>(Below(size));
    if (kind == 0) return Add(message, field, depth);
    if (kind == 1) {
      reflection.SwapElements(message, &field, at, size - 1);
      return reflection.RemoveLast(message, &field);
    }
    if (kind == 2) return reflection.SwapElements(message, &field, at, static_cast<int>(Below(size)));
    if (field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) return Add(message, field, depth);
    pb::Message* one = reflection.MutableRepeatedMessage(message, &field, at);
    if (kind == 3 && size < 64) {
      pb::Message* more = reflection.AddMessage(message, &field);
      return more->CopyFrom(reflection.GetRepeatedMessage(*message, &field, at));
    }
    if (depth < 8) ChangeMessage(one, depth + 1);
  }

  void Add(pb::Message* message, const FieldDescriptor& field, int depth) {
    const pb::Reflection& reflection = *message->GetReflection();
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_MESSAGE: {
        pb::Message* added = reflection.AddMessage(message, &field);
        if (depth < 8) ChangeMessage(added, depth + 1);
        return;
      }
      case FieldDescriptor::CPPTYPE_STRING: return reflection.AddString(message, &field, TextFor(field, ""));
      case FieldDescriptor::CPPTYPE_ENUM: return reflection.AddEnumValue(message, &field, EnumNumber(field));
      case FieldDescriptor::CPPTYPE_INT32: return reflection.AddInt32(message, &field, static_cast<int32_t>(Number()));
      case FieldDescriptor::CPPTYPE_UINT32:
        return reflection.AddUInt32(message, &field, static_cast<uint32_t>(Number()));
      case FieldDescriptor::CPPTYPE_INT64: return reflection.AddInt64(message, &field, Number());
      default: return;
    }
  }

  const Grammar& grammar_;
  SeededIdSource random_;
  const MutateBytes mutate_bytes_;
};

}  // namespace

std::string Mutate(const Grammar& grammar, absl::string_view bytes, uint64_t seed, MutateBytes mutate_bytes) {
  std::vector<Line> lines = ReadLines(bytes, grammar.prototype, kMostLines);
  Mutator(grammar, seed, mutate_bytes).Change(&lines);
  std::string text;
  for (const Line& line : lines) absl::StrAppend(&text, WriteLine(line), "\n");
  return text;
}

}  // namespace redress::fuzz
