// People who get in each other's way: what a landlord's ordinary days (LandlordRun) bring about too seldom.
//
//   races for one slot, two writers with one etag, people who ask to be forgotten, imports made twice, a register that
//   changes meanwhile, complaints that are amended, contested, re-opened, withdrawn, dispatched by hand, everything
//   that can be asked for in any state, a hundred callers at once
//
// The same seed gives the same calls. Everything happens on the executor.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "libs/clock/clock.h"
#include "libs/rpc/client.h"
#include "redress/scheduling/v1/intervention.pb.h"
#include "redress/types/v1/position.pb.h"
#include "services/redressctl/simulate/landlord_model.h"

namespace redress::sim {

class Commotion {
 public:
  // All outlive it.
  Commotion(const simulate::LandlordModel* model, rpc::Client* client, const Clock* clock, Executor* executor,
            uint64_t seed);

  // Lays everything out between now and the model's end.
  void Begin();
  // Reads every complaint it made, its assignment and its visits, from the last position it was told of; `failed` hears
  // of each that is not answered.
  void ReadAll(const std::function<void(const std::string& what)>& failed);

  // Once all is at rest: everything that can be asked of what has been over for long.
  void AskOfWhatIsOver();

  // Refusals by reason: SLOT_TAKEN, ETAG_MOVED …
  const std::map<std::string, int64_t>& reasons() const { return reasons_; }
  // "METHOD CODE message" → times: what nobody should be answered.
  const std::map<std::string, int64_t>& unexpected() const { return unexpected_; }

 private:
  struct Race;
  using Name = std::function<void(const std::string& complaint)>;

  void Forgotten(bool until_closed);
  void Held();
  void LeftInPart();
  void TwoWriters();
  void RaceForSlot();
  // `then` once each runner has a visit; never after `tries` tries.
  void LookForVisits(const std::shared_ptr<Race>& race, int tries, std::function<void()> then);
  void TakeOne(const std::shared_ptr<Race>& race);
  void AfterRace(const std::shared_ptr<Race>& race);
  void BackAndForth();
  void ByHand();
  void EndAtOnce();
  void Imports();
  // What the source says by now: more facts of some, which ended or were taken up again; of all.
  enum More { kNothingMore, kSomeMore, kAllReopened };
  void ImportRows(More more);
  void ChangeCalendar();
  void ChangeRules();
  void ChangeTerritory();
  void Absence();
  void EveryVerb();
  // `then` (if any) runs when it was not refused.
  void Verb(const std::string& complaint, int which, std::function<void()> then = nullptr);
  void EveryVisitVerb();
  void VisitVerb(const std::string& visit, const scheduling::v1::Slot& slot, int which,
                 std::function<void()> then = nullptr);
  // commotion_tour.cc
  void Tour();
  void InTurn(const std::string& complaint, std::vector<int> verbs);
  void VisitInTurn(const std::string& visit, const scheduling::v1::Slot& slot, std::vector<int> verbs);
  void Flood();
  void TakenOut();

  std::string SomeResidence();
  // Who is in charge of a complaint, and its visits, as of what was just written: both have to wait for it.
  void ReadBack(const std::string& complaint, const types::v1::Position& position);
  // Submits a complaint about `residence`, or some one.
  void Submit(const std::string& category, const std::string& person, const Name& then,
              const std::string& residence = "");
  // A call about a complaint or visit that sets nothing but its name; `then` (if any) runs when it was not refused.
  template <typename Request, typename Response>
  void Do(const std::string& method, const std::string& name, std::function<void(Request*)> fill = nullptr,
          std::function<void(const Response&)> then = nullptr);
  template <typename Request, typename Response>
  void Call(const std::string& method, Request request, std::function<void(const Response&)> then);
  void In(Millis delay, std::function<void()> work);
  std::string NextId(bool perhaps_nothing);

  const simulate::LandlordModel* model_;
  rpc::Client* client_;
  const Clock* clock_;
  Executor* executor_;
  simulate::Dice dice_;
  const uint64_t seed_;
  int64_t next_request_ = 0;
  int asked_of_closed_ = 0;
  bool imported_ = false;
  std::map<std::string, types::v1::Position> complaints_;  // where each was last heard of
  std::map<std::string, int64_t> reasons_;
  std::map<std::string, int64_t> unexpected_;
};

}  // namespace redress::sim
