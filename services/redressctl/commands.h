// Every group of commands, each in a file of its own: commands_<group>.cc.
#pragma once

#include "services/redressctl/command.h"

namespace redress::ctl {

// complaint …, track, person …
void AddComplaintCommands(Command* root);
// push
void AddPushCommand(Command* root);
// import
void AddImportCommand(Command* root);
// visit …, technician …
void AddVisitCommands(Command* root);
// clock …
void AddClockCommands(Command* root);
// report …
void AddReportCommands(Command* root);
// events
void AddEventsCommand(Command* root);
// admin …, status
void AddAdminCommands(Command* root);
// backup, restore, master-key …
void AddBackupCommands(Command* root);
// register …
void AddRegisterCommands(Command* root);
// route …
void AddRouteCommands(Command* root);
// simulate, with its judge
void AddSimulateCommand(Command* root);
void AddJudgeCommand(Command* simulate);

}  // namespace redress::ctl
