// Each thing that can be asked for, in each state that it can meet: another few pairs for each seed, so that some seeds
// in a row meet them all. Left to chance, the rare ones would be met on one day and not on the next.
#include <iterator>

#include "tests/sim/commotion_calls.h"
#include "tests/sim/commotion_verbs.h"

namespace redress::sim {
namespace {

// How to get there from a complaint that was just received.
const std::vector<std::vector<int>> kWaysOfComplaints = {{}, {kAcknowledge}, {kStart}, {kResolve}, {kWithdraw}};
// … and from a visit that was just asked for.
const std::vector<std::vector<int>> kWaysOfVisits = {
    {}, {kHold}, {kBook}, {kBook, kBegin}, {kBook, kBegin, kComplete}, {kBook, kNoAccess}, {kCancel}};

constexpr int kComplaintPairs = 3;
constexpr int kVisitPairs = 3;

}  // namespace

void Commotion::Tour() {
  for (int i = 0; i < kComplaintPairs; ++i) {
    const auto pair = static_cast<int>((seed_ * kComplaintPairs + i) % (kWaysOfComplaints.size() * kComplaintVerbs));
    std::vector<int> verbs = kWaysOfComplaints[pair / kComplaintVerbs];
    verbs.push_back(pair % kComplaintVerbs);
    // Of a kind that nobody is sent for.
    Submit("noise", "", [this, verbs](const std::string& name) { InTurn(name, verbs); });
  }
  for (int i = 0; i < kVisitPairs; ++i) {
    const auto pair = static_cast<int>((seed_ * kVisitPairs + i) % (kWaysOfVisits.size() * kVisitVerbs));
    std::vector<int> verbs = kWaysOfVisits[pair / kVisitVerbs];
    verbs.push_back(pair % kVisitVerbs);
    auto race = std::make_shared<Race>();
    Submit("plumbing_leak", "", [this, race, verbs](const std::string& name) {
      race->runners.push_back({name, ""});
      LookForVisits(race, 20, [this, race, verbs] {
        sc::FindSlotsRequest find;
        find.set_name(race->runners[0].visit);
        Call<sc::FindSlotsRequest, sc::FindSlotsResponse>(
            absl::StrCat(kScheduling, "FindSlots"), find,
            [this, visit = race->runners[0].visit, verbs](const sc::FindSlotsResponse& response) {
              if (response.slots().empty()) return;
              VisitInTurn(visit, response.slots(dice_.Below(response.slots_size())), verbs);
            });
      });
    });
  }
}

void Commotion::InTurn(const std::string& complaint, std::vector<int> verbs) {
  if (verbs.empty()) return;
  const int first = verbs.front();
  verbs.erase(verbs.begin());
  Verb(complaint, first, [this, complaint, verbs] { InTurn(complaint, verbs); });
}

void Commotion::VisitInTurn(const std::string& visit, const sc::Slot& slot, std::vector<int> verbs) {
  if (verbs.empty()) return;
  const int first = verbs.front();
  verbs.erase(verbs.begin());
  VisitVerb(visit, slot, first, [this, visit, slot, verbs] { VisitInTurn(visit, slot, verbs); });
}

// What has been over for long: somebody asks for everything once more, and an import knows more of what it brought.
void Commotion::AskOfWhatIsOver() {
  for (const auto& [name, position] : complaints_) {
    in::GetComplaintRequest get;
    get.set_name(name);
    *get.mutable_position() = position;
    Call<in::GetComplaintRequest, in::GetComplaintResponse>(
        absl::StrCat(kIntake, "GetComplaint"), get, [this](const in::GetComplaintResponse& response) {
          // Of one that nothing is left of, handlers refuse what has a text before anybody decides it.
          const bool is_over = response.complaint().state() == in::COMPLAINT_STATE_CLOSED;
          if (!is_over || response.complaint().texts_erased() || asked_of_closed_++ > 0) return;
          for (int verb = 0; verb < kComplaintVerbs; ++verb) Verb(response.complaint().name(), verb);
        });
  }
  if (imported_) ImportRows(kAllReopened);
}

}  // namespace redress::sim
