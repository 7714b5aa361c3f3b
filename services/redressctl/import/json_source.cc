#include "services/redressctl/import/json_source.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "libs/status/errors.h"
#include "libs/status/macros.h"
#include "libs/status/utf8.h"

namespace redress::importer {

namespace v1 = ::redress::import::v1;

// Array elements are steps named "[0]", "[1]" …: a key of that spelling cannot be told from them, and none is.
struct PathTree {
  std::map<std::string, PathTree, std::less<>> steps;
  int column = -1;
};

namespace {

constexpr int kRowsThatShowColumns = 1000;

absl::Status Broken(absl::string_view reason, int64_t line, absl::string_view message) {
  return MakeError(absl::StatusCode::kInvalidArgument, reason, absl::StrCat("line ", line, ": ", message),
                   {{"line", absl::StrCat(line)}});
}

void AddPath(absl::string_view path, int column, PathTree* tree) {
  for (absl::string_view key : absl::StrSplit(path, '.')) {
    std::vector<std::string> steps = {std::string(key.substr(0, key.find('[')))};
    for (size_t at = key.find('['); at != absl::string_view::npos; at = key.find('[', at + 1)) {
      steps.emplace_back(key.substr(at, key.find(']', at) - at + 1));
    }
    for (const std::string& step : steps) tree = &tree->steps[step];
  }
  tree->column = column;
}

// Walks one object together with the tree of wanted paths. Called by the parser, which stops when a call returns false.
class Picker {
 public:
  Picker(const PathTree* root, std::vector<std::string>* values, std::vector<bool>* present)
      : values_(*values), present_(*present), not_values_(values->size()), here_(root) {}

  bool null() { return Value(""); }
  bool boolean(bool value) { return Value(value ? "true" : "false"); }
  bool number_integer(int64_t value) { return Value(absl::StrCat(value)); }
  bool number_unsigned(uint64_t value) { return Value(absl::StrCat(value)); }
  bool number_float(double, const std::string& text) { return Value(text); }
  bool string(std::string& text) { return Value(std::move(text)); }
  bool binary(std::vector<uint8_t>&) { return true; }
  bool start_object(size_t) { return Open(false); }
  bool start_array(size_t) { return Open(true); }
  bool end_object() { return Close(); }
  bool end_array() { return Close(); }
  bool key(std::string& key) {
    if (levels_.size() == 1) top_key_ = key;
    Level& level = levels_.back();
    here_ = level.tree == nullptr ? nullptr : Find(*level.tree, key);
    // Should the key stand there twice, nothing of the first counts.
    if (here_ != nullptr) Forget(*here_);
    return true;
  }
  bool parse_error(size_t position, const std::string&, const nlohmann::detail::exception&) {
    position_ = position;
    return false;
  }

  // Of the first path that leads to no scalar; -1 if there is none.
  int not_a_value() const {
    const auto found = std::find(not_values_.begin(), not_values_.end(), true);
    return found == not_values_.end() ? -1 : static_cast<int>(found - not_values_.begin());
  }
  // Where the parser gave up: bytes from the start.
  size_t position() const { return position_; }
  // The key of the outermost object that was being read.
  const std::string& top_key() const { return top_key_; }

 private:
  struct Level {
    const PathTree* tree;
    bool array;
    int index;
  };

  static const PathTree* Find(const PathTree& tree, absl::string_view step) {
    const auto found = tree.steps.find(std::string_view(step.data(), step.size()));
    return found == tree.steps.end() ? nullptr : &found->second;
  }
  // What the tree says of the value that begins now.
  const PathTree* Take() {
    if (levels_.empty() || !levels_.back().array) return here_;
    Level& level = levels_.back();
    const int index = level.index++;
    return level.tree == nullptr ? nullptr : Find(*level.tree, absl::StrCat("[", index, "]"));
  }
  void Forget(const PathTree& tree) {
    if (tree.column >= 0) {
      values_[tree.column].clear();
      not_values_[tree.column] = false;
    }
    for (const auto& [step, below] : tree.steps) Forget(below);
  }
  bool Value(std::string text) {
    const PathTree* tree = Take();
    if (tree == nullptr || tree->column < 0) return true;
    present_[tree->column] = true;
    values_[tree->column] = std::move(text);
    return true;
  }
  bool Open(bool array) {
    const PathTree* tree = Take();
    if (tree != nullptr && tree->column >= 0) {
      present_[tree->column] = true;
      not_values_[tree->column] = true;
    }
    levels_.push_back({tree, array, 0});
    return true;
  }
  bool Close() {
    levels_.pop_back();
    return true;
  }

  std::vector<std::string>& values_;
  std::vector<bool>& present_;
  std::vector<bool> not_values_;
  const PathTree* here_;
  std::vector<Level> levels_;
  size_t position_ = 0;
  std::string top_key_;
};

}  // namespace

JsonSource::JsonSource(BufferedBytes bytes) : bytes_(std::move(bytes)), paths_(std::make_unique<PathTree>()) {}
JsonSource::~JsonSource() = default;

absl::StatusOr<std::unique_ptr<RowSource>> JsonSource::Open(BufferedBytes bytes) {
  auto source = absl::WrapUnique(new JsonSource(std::move(bytes)));
  RETURN_IF_ERROR(source->Restart());
  for (;;) {
    ASSIGN_OR_RETURN(const bool more, source->ReadObject());
    if (!more) break;
    ++source->rows_;
  }
  RETURN_IF_ERROR(source->Restart());
  return std::unique_ptr<RowSource>(std::move(source));
}

absl::Status JsonSource::Restart() {
  RETURN_IF_ERROR(bytes_.Rewind());
  if (absl::StartsWith(bytes_.Ahead(3), "\xEF\xBB\xBF")) bytes_.Skip(3);
  SkipWhiteSpace();
  first_ = true;
  ended_ = false;
  array_ = absl::StartsWith(bytes_.Ahead(), "[");
  array_line_ = bytes_.line();
  if (array_) bytes_.Skip(1);
  return bytes_.status();
}

void JsonSource::SkipWhiteSpace() {
  for (;;) {
    const absl::string_view ahead = bytes_.Ahead();
    const size_t stop = std::min(ahead.find_first_not_of(" \t\r\n"), ahead.size());
    bytes_.AddLines(std::count(ahead.begin(), ahead.begin() + stop, '\n'));
    bytes_.Skip(stop);
    if (ahead.empty() || stop < ahead.size()) return;
  }
}

absl::StatusOr<bool> JsonSource::SkipToObject() {
  if (ended_) return false;
  SkipWhiteSpace();
  if (array_ && !first_ && absl::StartsWith(bytes_.Ahead(), ",")) {
    bytes_.Skip(1);
    SkipWhiteSpace();
  } else if (array_ && absl::StartsWith(bytes_.Ahead(), "]")) {
    bytes_.Skip(1);
    SkipWhiteSpace();
    if (!bytes_.AtEnd()) return Broken("NOT_OBJECTS", bytes_.line(), "text after the end of the array");
    ended_ = true;
    return false;
  } else if (array_ && !first_ && absl::StartsWith(bytes_.Ahead(), "{")) {
    return Broken("NOT_OBJECTS", bytes_.line(), "no comma between two objects of the array");
  }
  RETURN_IF_ERROR(bytes_.status());
  if (bytes_.AtEnd()) {
    if (array_) return Broken("UNCLOSED_OBJECT", array_line_, "the array opened here is never closed");
    return false;
  }
  if (bytes_.Ahead()[0] != '{') return Broken("NOT_OBJECTS", bytes_.line(), "something else than an object");
  return true;
}

absl::StatusOr<bool> JsonSource::ReadObject() {
  text_.clear();
  ASSIGN_OR_RETURN(const bool more, SkipToObject());
  if (!more) return false;
  first_ = false;
  object_line_ = bytes_.line();
  int depth = 0;
  bool quoted = false;
  bool escaped = false;
  for (;;) {
    const absl::string_view ahead = bytes_.Ahead();
    RETURN_IF_ERROR(bytes_.status());
    if (ahead.empty()) return Broken("UNCLOSED_OBJECT", object_line_, "the object opened here is never closed");
    size_t i = 0;
    bool done = false;
    while (i < ahead.size() && !done) {
      const char c = ahead[i++];
      if (c == '\n') bytes_.AddLines(1);
      if (quoted) {
        if (escaped) {
          escaped = false;
        } else if (c == '\\') {
          escaped = true;
        } else if (c == '"') {
          quoted = false;
        }
      } else if (c == '"') {
        quoted = true;
      } else if (c == '{') {
        ++depth;
      } else if (c == '}') {
        done = --depth == 0;
      }
    }
    text_.append(ahead.data(), i);
    bytes_.Skip(i);
    if (text_.size() > kMaxRowBytes) {
      return Broken("ROW_TOO_LONG", object_line_, "the object opened here is not closed within 16 MiB");
    }
    if (done) return true;
  }
}

std::optional<RowError> JsonSource::Parse() {
  const auto line_of = [this](size_t position) {
    return object_line_ + std::count(text_.begin(), text_.begin() + std::min(position, text_.size()), '\n');
  };
  Picker picker(paths_.get(), &values_, &present_);
  if (!nlohmann::json::sax_parse(text_, &picker)) {
    const size_t bad = FirstInvalidUtf8(text_);
    const bool utf8 = bad == absl::string_view::npos || bad > picker.position();
    return RowError{utf8 ? v1::ODDITY_INVALID_JSON : v1::ODDITY_INVALID_UTF8, line_of(picker.position()),
                    picker.top_key(),
                    utf8 ? absl::StrCat("not JSON, at byte ", picker.position(), " of the object") : "not UTF-8"};
  }
  if (picker.not_a_value() < 0) return std::nullopt;
  return RowError{v1::ODDITY_NOT_A_VALUE, object_line_, names_[picker.not_a_value()], "an object or array"};
}

absl::Status JsonSource::Select(const std::vector<Column>& columns) {
  paths_ = std::make_unique<PathTree>();
  names_.clear();
  for (const Column& column : columns) {
    AddPath(column.name, static_cast<int>(names_.size()), paths_.get());
    names_.push_back(column.name);
  }
  RETURN_IF_ERROR(Restart());
  present_.assign(columns.size(), false);
  values_.assign(columns.size(), "");
  int seen = 0;
  for (int i = 0; i < kRowsThatShowColumns; ++i) {
    ASSIGN_OR_RETURN(const bool more, ReadObject());
    if (!more) break;
    // An object that is not JSON shows nothing: it will be a refused row.
    const std::optional<RowError> error = Parse();
    seen += !error.has_value() || error->oddity == v1::ODDITY_NOT_A_VALUE;
  }
  std::vector<FieldViolation> missing;
  for (size_t i = 0; seen > 0 && i < columns.size(); ++i) {
    if (present_[i] || columns[i].optional) continue;
    missing.push_back({columns[i].name, absl::StrCat("is in none of ", seen, seen == 1 ? " object" : " objects")});
  }
  if (!missing.empty()) return NoSuchColumn(missing);
  return Restart();
}

absl::StatusOr<bool> JsonSource::Next(Row* row) {
  ASSIGN_OR_RETURN(const bool more, ReadObject());
  if (!more) return false;
  for (std::string& value : values_) value.clear();
  row->line = object_line_;
  row->error = Parse();
  row->values.assign(values_.begin(), values_.end());
  return true;
}

}  // namespace redress::importer
