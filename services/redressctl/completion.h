// Completion of words in bash, zsh and fish: small scripts that ask the program itself.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "services/redressctl/command.h"

namespace redress::ctl {

// What the last of `words` (those after the program's name; the last may be empty) can become: commands, options of the
// command named and of the root, or values of the option before it. Sorted. Empty where a file or free text belongs.
std::vector<std::string> Complete(const Command& root, const std::vector<std::string>& words);

// `completion bash|zsh|fish`, and the hidden command that the scripts call.
void AddCompletionCommands(Command* root);

}  // namespace redress::ctl
