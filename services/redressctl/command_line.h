// From words to a command of the tree with its arguments filled in.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "services/redressctl/command.h"
#include "services/redressctl/exit_codes.h"

namespace redress::ctl {

struct ParsedLine {
  // Null: nothing to run. Help was asked for and written to `out`, or the words are wrong, which `err` says.
  const Command* command = nullptr;
  ExitCode exit_code = kExitOk;
};

// `words` without the program's name. Fills the arguments of `root`, whose options hold for every command and may stand
// anywhere, and of the command that was named. To be called once for a tree.
ParsedLine ParseLine(Command* root, const std::vector<std::string>& words, std::ostream& out, std::ostream& err);

}  // namespace redress::ctl
