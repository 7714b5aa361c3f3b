// The program but for its process: the whole tree of commands, and one run of it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "services/redressctl/command.h"
#include "services/redressctl/exit_codes.h"
#include "services/redressctl/session.h"

namespace redress::ctl {

inline constexpr absl::string_view kVersion = REDRESS_VERSION;

// All commands, options of every command not among them.
std::unique_ptr<Command> MakeCommands();

// Parses the words after the program's name, runs the command they name, and says how it ended.
ExitCode RunProgram(const std::vector<std::string>& words, const Environment& environment);

}  // namespace redress::ctl
