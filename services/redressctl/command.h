// The tree of commands as data: what the parser (command_line.h), the completion and the tests read.
//
//   Command* group = root->Add("complaint", "Complaints");
//   Command* get = group->Add("get", "Shows a complaint");
//   Argument* name = get->Positional("NAME", "…");
//   get->SetRun([name](Session& session) { … name->value() … });
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace redress::ctl {

class Session;

// An option, a flag or a positional, and what was given for it.
struct Argument {
  enum class Kind { kText, kFile, kFlag };

  // "--channel", "--output,-o", or a positional's "NAME".
  std::string names;
  // What stands for the value in help: "WHEN".
  std::string value_name;
  std::string help;
  Kind kind = Kind::kText;
  bool positional = false;
  bool required = false;
  // Options may be given again and again, the last positional takes the rest.
  bool many = false;
  // For completion and help; others are not refused by the parser.
  std::vector<std::string> choices;

  // As given, in order.
  std::vector<std::string> values;

  bool given() const { return !values.empty(); }
  // "" when it was not given.
  std::string value() const { return values.empty() ? "" : values.front(); }
  // A flag that is set.
  bool set() const { return given() && values.front() != "false"; }

  Argument* Required() { return required = true, this; }
  Argument* Many() { return many = true, this; }
  Argument* File() { return kind = Kind::kFile, this; }
  Argument* OneOf(std::vector<std::string> names_of_choices) { return choices = std::move(names_of_choices), this; }
};

// Pointers to commands and arguments stay valid as long as the root does.
class Command {
 public:
  using Run = std::function<absl::Status(Session&)>;

  Command(std::string name, std::string summary) : name_(std::move(name)), summary_(std::move(summary)) {}
  Command(const Command&) = delete;
  Command& operator=(const Command&) = delete;

  // A command below this one.
  Command* Add(std::string name, std::string summary);

  // One more argument of this command, valid as long as it is. `names`: "-o,--output".
  Argument* Option(std::string names, std::string value_name, std::string help);
  Argument* Flag(std::string names, std::string help);
  Argument* Positional(std::string name, std::string help);

  // A command has others below it, or runs, or both.
  void SetRun(Run run) { run_ = std::move(run); }
  // Below the options in help.
  void SetNotes(std::string notes) { notes_ = std::move(notes); }
  // Not listed.
  void Hide() { hidden_ = true; }

  const std::string& name() const { return name_; }
  const std::string& summary() const { return summary_; }
  const std::string& notes() const { return notes_; }
  bool hidden() const { return hidden_; }
  const Run& run() const { return run_; }
  const std::vector<std::unique_ptr<Command>>& children() const { return children_; }
  const std::vector<std::unique_ptr<Argument>>& arguments() const { return arguments_; }
  // Null if there is none.
  const Command* Find(absl::string_view name) const;
  // By one of its names, as in "-o". Null if this command, which alone is asked, has no such option or flag.
  const Argument* FindOption(absl::string_view name) const;

 private:
  Argument* AddArgument(Argument argument);

  const std::string name_;
  const std::string summary_;
  std::string notes_;
  bool hidden_ = false;
  Run run_;
  std::vector<std::unique_ptr<Command>> children_;
  std::vector<std::unique_ptr<Argument>> arguments_;
};

}  // namespace redress::ctl
