// Inside of Commotion: what can be asked for, by number.
#pragma once

namespace redress::sim {

// Of a complaint.
enum ComplaintVerb {
  kAcknowledge,
  kStart,
  kAnswer,
  kResolve,
  kConfirm,
  kContest,
  kReopen,
  kWithdraw,
  kAmend,
  kAddMessage,
  kAddNote,
  kAddAttachment,
  kRecordFact,
  kRedact,
  kSetHold,
  kLiftHold,
  kAssign,
  kComplaintVerbs
};

// Of a visit.
enum VisitVerb { kHold, kRelease, kBook, kMove, kBegin, kComplete, kNoAccess, kCancel, kVisitVerbs };

}  // namespace redress::sim
