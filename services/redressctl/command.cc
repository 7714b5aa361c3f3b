#include "services/redressctl/command.h"

#include "absl/strings/str_split.h"

namespace redress::ctl {

Command* Command::Add(std::string name, std::string summary) {
  children_.push_back(std::make_unique<Command>(std::move(name), std::move(summary)));
  return children_.back().get();
}

Argument* Command::Option(std::string names, std::string value_name, std::string help) {
  Argument argument;
  argument.names = std::move(names);
  argument.value_name = std::move(value_name);
  argument.help = std::move(help);
  return AddArgument(std::move(argument));
}

Argument* Command::Flag(std::string names, std::string help) {
  Argument* flag = Option(std::move(names), "", std::move(help));
  flag->kind = Argument::Kind::kFlag;
  return flag;
}

Argument* Command::Positional(std::string name, std::string help) {
  Argument* argument = Option(std::move(name), "", std::move(help));
  argument->positional = true;
  return argument;
}

const Argument* Command::FindOption(absl::string_view name) const {
  for (const auto& argument : arguments_) {
    if (argument->positional) continue;
    for (const absl::string_view one : absl::StrSplit(argument->names, ',')) {
      if (one == name) return argument.get();
    }
  }
  return nullptr;
}

const Command* Command::Find(absl::string_view name) const {
  for (const auto& child : children_) {
    if (child->name() == name) return child.get();
  }
  return nullptr;
}

Argument* Command::AddArgument(Argument argument) {
  arguments_.push_back(std::make_unique<Argument>(std::move(argument)));
  return arguments_.back().get();
}

}  // namespace redress::ctl
