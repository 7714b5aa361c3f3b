#include "services/redressctl/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <numeric>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "services/redressctl/output.h"

namespace redress::ctl {
namespace {

constexpr char kGlobalGroup[] = "Options of every command";

using Commands = std::map<const CLI::App*, const Command*>;

void AddArgument(Argument* argument, bool global, CLI::App* app) {
  if (argument->kind == Argument::Kind::kFlag) {
    // Const: a string that is not would be taken for where the flag's value goes.
    CLI::Option* flag = app->add_flag(argument->names, std::as_const(argument->help));
    flag->each([argument](const std::string& value) { argument->values.push_back(value); });
    if (global) flag->group(kGlobalGroup);
    return;
  }
  const auto take = [argument](const CLI::results_t& values) {
    argument->values = values;
    return true;
  };
  std::string help = argument->help;
  if (!argument->choices.empty()) {
    absl::StrAppend(&help, help.empty() ? "" : ": ", absl::StrJoin(argument->choices, ", "));
  }
  CLI::Option* option = app->add_option(argument->names, take, help);
  option->type_name(argument->positional ? "" : argument->value_name);
  if (argument->required) option->required();
  if (argument->many) {
    option->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    if (argument->positional) option->expected(1, CLI::detail::expected_max_vector_size)->allow_extra_args();
  }
  if (global) option->group(kGlobalGroup);
}

void AddCommand(const Command& command, bool root, CLI::App* app, Commands* commands) {
  (*commands)[app] = &command;
  for (const auto& argument : command.arguments()) AddArgument(argument.get(), root, app);
  // An empty one keeps it from having its parent's.
  app->footer(command.notes().empty() ? "" : absl::StrCat("\n", command.notes()));
  // What a command does not know is looked up in those above it: options of the root stand anywhere.
  if (!root) app->fallthrough();
  if (command.hidden()) app->group("");
  if (!command.children().empty() && command.run() == nullptr) app->require_subcommand(1);
  for (const auto& child : command.children()) {
    AddCommand(*child, false, app->add_subcommand(child->name(), child->summary()), commands);
  }
}

// The deepest command that was named.
const CLI::App& Chosen(const CLI::App& app) {
  const auto below = app.get_subcommands();
  return below.empty() ? app : Chosen(*below.front());
}

std::string PathOf(const CLI::App& app) {
  return app.get_parent() == nullptr ? app.get_name() : absl::StrCat(PathOf(*app.get_parent()), " ", app.get_name());
}

// A word where a command is wanted, and what was wanted there.
struct UnknownWord {
  std::string word;
  const Command* below;
};

// The first that no command has for its name.
std::optional<UnknownWord> FindUnknownWord(const Command& root, const std::vector<std::string>& words) {
  const Command* at = &root;
  for (size_t i = 0; i < words.size() && !at->children().empty(); ++i) {
    const std::string& word = words[i];
    if (absl::StartsWith(word, "-")) {
      const Argument* argument = at->FindOption(word);
      if (argument == nullptr) argument = root.FindOption(word);
      // Its value is the next word.
      if (argument != nullptr && argument->kind != Argument::Kind::kFlag) ++i;
      continue;
    }
    const Command* child = at->Find(word);
    // What runs by itself may have taken the word for something else.
    if (child == nullptr && at->run() != nullptr) return std::nullopt;
    if (child == nullptr) return UnknownWord{word, at};
    at = child;
  }
  return std::nullopt;
}

// How many letters to change, add or leave out to get from one to the other.
size_t Distance(absl::string_view a, absl::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i + 1);
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t changed = diagonal + (a[i] != b[j]);
      diagonal = row[j + 1];
      row[j + 1] = std::min({changed, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

// The command whose name is like the word: one that begins with it, or differs by a third of its letters at most.
const Command* Nearest(const Command& below, absl::string_view word) {
  const Command* nearest = nullptr;
  size_t least = std::max<size_t>(1, word.size() / 3) + 1;
  for (const auto& child : below.children()) {
    if (child->hidden()) continue;
    const bool begun = word.size() >= 2 && absl::StartsWith(child->name(), word);
    const size_t distance = begun ? 1 : Distance(word, child->name());
    if (distance < least) {
      least = distance;
      nearest = child.get();
    }
  }
  return nearest;
}

std::string DescribeUnknown(const UnknownWord& unknown, const std::string& path) {
  const Command* nearest = Nearest(*unknown.below, unknown.word);
  return absl::StrCat("no command of ", path, " is called \"", Printable(unknown.word), "\"",
                      nearest == nullptr ? "" : absl::StrCat("; did you mean \"", nearest->name(), "\"?"));
}

}  // namespace

ParsedLine ParseLine(Command* root, const std::vector<std::string>& words, std::ostream& out, std::ostream& err) {
  CLI::App app(root->summary(), root->name());
  Commands commands;
  AddCommand(*root, true, &app, &commands);
  try {
    // It takes them from the back.
    app.parse(std::vector<std::string>(words.rbegin(), words.rend()));
  } catch (const CLI::CallForHelp&) {
    out << app.help();
    return {nullptr, kExitOk};
  } catch (const CLI::ParseError& error) {
    const CLI::App& chosen = Chosen(app);
    const auto unknown = FindUnknownWord(*root, words);
    err << "error: " << (unknown.has_value() ? DescribeUnknown(*unknown, PathOf(chosen)) : error.what())
        << "\nTry: " << PathOf(chosen) << " --help\n";
    return {nullptr, kExitUsage};
  }
  return {commands.at(&Chosen(app)), kExitOk};
}

}  // namespace redress::ctl
