// Whatever can be asked for, in whatever state; and more at once than may wait.
#include "tests/sim/commotion_verbs.h"

#include <numeric>

#include "tests/sim/commotion_calls.h"
#include "tests/sim/network.h"

namespace redress::sim {
namespace {

constexpr int kAtOnce = 60;

// 0 … count - 1, in some order.
std::vector<int> Shuffled(int count, simulate::Dice* dice) {
  std::vector<int> order(count);
  std::iota(order.begin(), order.end(), 0);
  for (int i = count - 1; i > 0; --i) std::swap(order[i], order[dice->Below(i + 1)]);
  return order;
}

}  // namespace

// Each of them once or twice, in some order: most are refused.
void Commotion::EveryVerb() {
  Submit(dice_.Chance(0.5) ? "noise" : "plumbing_leak", dice_.Chance(0.5) ? "new" : "",
         [this](const std::string& name) {
           Millis at = 0;
           for (int round = 0; round < 2; ++round) {
             for (const int which : Shuffled(kComplaintVerbs, &dice_)) {
               // Not always: it is for good.
               if (which == kWithdraw && dice_.Chance(0.5)) continue;
               at += static_cast<Millis>(dice_.Exponential(static_cast<double>(8 * kMinute)));
               In(at, [this, name, which] { Verb(name, which); });
             }
           }
         });
}

void Commotion::Verb(const std::string& complaint, int which, std::function<void()> then) {
  const auto done = [then = std::move(then)](const auto&) {
    if (then) then();
  };
  const auto method = [](const char* name) { return absl::StrCat(kIntake, name); };
  switch (which) {
    case kAcknowledge:
      return Do<in::AcknowledgeComplaintRequest, in::AcknowledgeComplaintResponse>(method("AcknowledgeComplaint"),
                                                                                   complaint, nullptr, done);
    case kStart:
      return Do<in::StartComplaintRequest, in::StartComplaintResponse>(method("StartComplaint"), complaint, nullptr,
                                                                       done);
    case kAnswer:
      return Do<in::AnswerComplaintRequest, in::AnswerComplaintResponse>(
          method("AnswerComplaint"), complaint, [](auto* request) { request->set_text("Oui."); }, done);
    case kResolve:
      return Do<in::ResolveComplaintRequest, in::ResolveComplaintResponse>(
          method("ResolveComplaint"), complaint, [](auto* request) { request->set_outcome(types::v1::OUTCOME_FIXED); },
          done);
    case kConfirm:
      return Do<in::ConfirmComplaintRequest, in::ConfirmComplaintResponse>(method("ConfirmComplaint"), complaint,
                                                                           nullptr, done);
    case kContest:
      return Do<in::ContestComplaintRequest, in::ContestComplaintResponse>(
          method("ContestComplaint"), complaint, [](auto* request) { request->set_text("Non."); }, done);
    case kReopen:
      return Do<in::ReopenComplaintRequest, in::ReopenComplaintResponse>(method("ReopenComplaint"), complaint, nullptr,
                                                                         done);
    case kWithdraw:
      return Do<in::WithdrawComplaintRequest, in::WithdrawComplaintResponse>(
          method("WithdrawComplaint"), complaint, [](auto* request) { request->set_reason("resident"); }, done);
    case kAmend:
      return Do<in::AmendComplaintRequest, in::AmendComplaintResponse>(
          method("AmendComplaint"), complaint,
          [this](auto* request) { request->set_category(dice_.Chance(0.5) ? "heating" : "cleanliness"); }, done);
    case kAddMessage:
      return Do<in::AddMessageRequest, in::AddMessageResponse>(
          method("AddMessage"), complaint,
          [](auto* request) {
            request->set_from_resident(true);
            request->set_channel(types::v1::CHANNEL_PHONE);
            request->set_text("Alors?");
          },
          done);
    case kAddNote:
      return Do<in::AddNoteRequest, in::AddNoteResponse>(
          method("AddNote"), complaint, [](auto* request) { request->set_text("Rien."); }, done);
    case kAddAttachment:
      return Do<in::AddAttachmentRequest, in::AddAttachmentResponse>(
          method("AddAttachment"), complaint,
          [](auto* request) {
            request->mutable_attachment()->set_uri("store:2");
            request->mutable_attachment()->set_sha256(std::string(32, 'i'));
            request->mutable_attachment()->set_size_bytes(8);
            request->mutable_attachment()->set_media_type("image/png");
          },
          done);
    case kRecordFact:
      return Do<in::RecordFactRequest, in::RecordFactResponse>(
          method("RecordFact"), complaint,
          [](auto* request) { request->set_kind(types::v1::FACT_KIND_RESIDENT_ASKED); }, done);
    case kRedact:
      return Do<in::RedactTextRequest, in::RedactTextResponse>(
          method("RedactText"), complaint,
          [](auto* request) {
            request->set_reason("neighbour");
            auto* redaction = request->add_redactions();
            redaction->set_version(1);
            redaction->set_field(in::Redaction::FIELD_DESCRIPTION);
            redaction->set_kept_text("Quelqu'un.");
          },
          done);
    case kSetHold:
      return Do<in::SetLegalHoldRequest, in::SetLegalHoldResponse>(
          method("SetLegalHold"), complaint,
          [](auto* request) {
            request->set_matter("case-1");
            request->set_reason("dispute");
          },
          done);
    case kLiftHold:
      return Do<in::LiftLegalHoldRequest, in::LiftLegalHoldResponse>(
          method("LiftLegalHold"), complaint,
          [](auto* request) {
            request->set_matter("case-1");
            request->set_reason("settled");
          },
          done);
    default:
      return Do<rt::AssignComplaintRequest, rt::AssignComplaintResponse>(
          absl::StrCat(kRouting, "AssignComplaint"), complaint,
          [this](auto* request) {
            const auto& offices = model_->territory().offices();
            request->set_team(absl::StrCat("team-", offices[dice_.Below(offices.size())].code()));
            request->set_priority(1 + dice_.Below(5));
            request->set_reason("known");
          },
          done);
  }
}

void Commotion::EveryVisitVerb() {
  auto race = std::make_shared<Race>();
  Submit("plumbing_leak", "", [this, race](const std::string& name) {
    race->runners.push_back({name, ""});
    In(5 * kMinute, [this, race] {
      LookForVisits(race, 20, [this, race] {
        const std::string visit = race->runners[0].visit;
        sc::FindSlotsRequest find;
        find.set_name(visit);
        Call<sc::FindSlotsRequest, sc::FindSlotsResponse>(
            absl::StrCat(kScheduling, "FindSlots"), find, [this, visit](const sc::FindSlotsResponse& response) {
              if (response.slots().empty()) return;
              const sc::Slot slot = response.slots(0);
              Millis at = 0;
              for (int round = 0; round < 2; ++round) {
                for (const int which : Shuffled(kVisitVerbs, &dice_)) {
                  at += static_cast<Millis>(dice_.Exponential(static_cast<double>(10 * kMinute)));
                  In(at, [this, visit, slot, which] { VisitVerb(visit, slot, which); });
                }
              }
            });
      });
    });
  });
}

void Commotion::VisitVerb(const std::string& visit, const sc::Slot& slot, int which, std::function<void()> then) {
  const auto done = [then = std::move(then)](const auto&) {
    if (then) then();
  };
  const auto method = [](const char* name) { return absl::StrCat(kScheduling, name); };
  switch (which) {
    case kHold:
      return Do<sc::HoldSlotRequest, sc::HoldSlotResponse>(
          method("HoldSlot"), visit, [slot](auto* request) { *request->mutable_slot() = slot; }, done);
    case kRelease:
      return Do<sc::ReleaseHoldRequest, sc::ReleaseHoldResponse>(method("ReleaseHold"), visit, nullptr, done);
    case kBook:
      return Do<sc::BookVisitRequest, sc::BookVisitResponse>(
          method("BookVisit"), visit, [slot](auto* request) { *request->mutable_slot() = slot; }, done);
    case kMove:
      return Do<sc::MoveVisitRequest, sc::MoveVisitResponse>(
          method("MoveVisit"), visit,
          [slot](auto* request) {
            *request->mutable_slot() = slot;
            request->set_resident_consented(true);
          },
          done);
    case kBegin: return Do<sc::StartVisitRequest, sc::StartVisitResponse>(method("StartVisit"), visit, nullptr, done);
    case kComplete:
      return Do<sc::CompleteVisitRequest, sc::CompleteVisitResponse>(
          method("CompleteVisit"), visit, [](auto* request) { request->set_result(sc::VISIT_RESULT_FIXED); }, done);
    case kNoAccess:
      return Do<sc::ReportNoAccessRequest, sc::ReportNoAccessResponse>(
          method("ReportNoAccess"), visit, [](auto* request) { request->set_evidence("card-left"); }, done);
    default:
      return Do<sc::CancelVisitRequest, sc::CancelVisitResponse>(
          method("CancelVisit"), visit, [](auto* request) { request->set_reason("resident"); }, done);
  }
}

// All of one shard: those who are put off come again.
void Commotion::Flood() {
  Submit("noise", "", [this](const std::string& name) {
    In(kMinute, [this, name] {
      for (int i = 0; i < kAtOnce; ++i) Verb(name, kAddNote);
    });
  });
}

}  // namespace redress::sim
