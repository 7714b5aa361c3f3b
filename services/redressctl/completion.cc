#include "services/redressctl/completion.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "services/redressctl/exit_codes.h"
#include "services/redressctl/session.h"

namespace redress::ctl {
namespace {

constexpr char kBash[] = R"(# redressctl completion bash > /etc/bash_completion.d/redressctl
_redressctl() {
  local IFS=$'\n'
  COMPREPLY=($("${COMP_WORDS[0]}" complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _redressctl redressctl
)";

constexpr char kZsh[] = R"(#compdef redressctl
# redressctl completion zsh > "${fpath[1]}/_redressctl"
_redressctl() {
  local -a found
  found=("${(@f)$("${words[1]}" complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -n "${found[*]}" ]]; then compadd -- "${found[@]}"; else _files; fi
}
compdef _redressctl redressctl
)";

constexpr char kFish[] = R"(# redressctl completion fish > ~/.config/fish/completions/redressctl.fish
function __redressctl_complete
  set -l words (commandline -opc)
  $words[1] complete -- $words[2..-1] (commandline -ct) 2>/dev/null
end
complete -c redressctl -a '(__redressctl_complete)'
)";

// Null if neither has such an option.
const Argument* FindOption(const Command& command, const Command& root, absl::string_view name) {
  const Argument* own = command.FindOption(name);
  return own != nullptr ? own : root.FindOption(name);
}

std::vector<std::string> Candidates(const Command& command, const Command& root, size_t positionals,
                                    absl::string_view word) {
  std::vector<std::string> all;
  if (absl::StartsWith(word, "-")) {
    for (const Command* of : {&command, &root}) {
      for (const auto& argument : of->arguments()) {
        if (!argument->positional) all.push_back(std::vector<std::string>(absl::StrSplit(argument->names, ',')).back());
      }
    }
    all.push_back("--help");
    return all;
  }
  for (const auto& child : command.children()) {
    if (!child->hidden()) all.push_back(child->name());
  }
  for (const auto& argument : command.arguments()) {
    if (argument->positional && positionals-- == 0) return argument->choices;
  }
  return all;
}

}  // namespace

std::vector<std::string> Complete(const Command& root, const std::vector<std::string>& words) {
  const Command* command = &root;
  const Argument* waiting = nullptr;  // the option whose value comes next
  size_t positionals = 0;
  for (size_t i = 0; i + 1 < words.size(); ++i) {
    if (waiting != nullptr) {
      waiting = nullptr;
    } else if (absl::StartsWith(words[i], "-")) {
      waiting = FindOption(*command, root, words[i]);
      if (waiting != nullptr && waiting->kind == Argument::Kind::kFlag) waiting = nullptr;
    } else if (const Command* child = command->Find(words[i]); child != nullptr) {
      command = child;
    } else {
      ++positionals;
    }
  }
  const std::string word = words.empty() ? "" : words.back();
  // Of a list, what follows the last comma.
  const std::string before = waiting != nullptr && waiting->many ? word.substr(0, word.rfind(',') + 1) : "";
  std::vector<std::string> found;
  for (const std::string& choice :
       waiting != nullptr ? waiting->choices : Candidates(*command, root, positionals, word)) {
    if (absl::StartsWith(before + choice, word)) found.push_back(before + choice);
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

void AddCompletionCommands(Command* root) {
  Command* completion = root->Add("completion", "Prints the completion script of a shell");
  const std::pair<const char*, const char*> shells[] = {{"bash", kBash}, {"zsh", kZsh}, {"fish", kFish}};
  for (const auto& [shell, script] : shells) {
    completion->Add(shell, "Of this shell; its first lines say where it belongs")->SetRun([script](Session& session) {
      session.printer().Raw(script);
      return absl::OkStatus();
    });
  }
  Command* complete = root->Add("complete", "What a word can become, for completion scripts");
  complete->Hide();
  Argument* words = complete->Positional("WORDS", "What is typed so far")->Many();
  complete->SetRun([root, words](Session& session) {
    for (const std::string& found : Complete(*root, words->values)) session.printer().Line(found);
    return absl::OkStatus();
  });
}

}  // namespace redress::ctl
