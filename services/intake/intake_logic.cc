#include "services/intake/intake_logic.h"

#include <iterator>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/ids/ids.h"
#include "libs/runtime/knows.h"
#include "libs/status/errors.h"
#include "libs/status/macros.h"
#include "redress/intake/events/v1/events.pb.h"
#include "redress/routing/events/v1/events.pb.h"
#include "redress/scheduling/events/v1/events.pb.h"
#include "redress/sla/events/v1/events.pb.h"
#include "services/intake/complaint.h"
#include "services/intake/intake_errors.h"
#include "services/intake/intake_policy.h"
#include "services/intake/intake_projection.h"
#include "services/intake/person.h"

namespace redress::intake {
namespace {

using runtime::DecideContext;
using runtime::NewEvent;
using runtime::v1::Order;

// Events of one record.
constexpr int kErasurePage = 64;
constexpr Millis kKeyStoreRetry = 10 * kSecond;
// Owners whose keys go in one write of the key store.
constexpr size_t kDestroyedAtOnce = 256;
constexpr Millis kReadyRetry = kSecond;

NewEvent ToNew(std::string aggregate, const Event& event) { return {std::move(aggregate), event.SerializeAsString()}; }
std::vector<NewEvent> ToNew(const std::string& aggregate, const std::vector<Event>& events) {
  std::vector<NewEvent> all;
  for (const Event& event : events) all.push_back(ToNew(aggregate, event));
  return all;
}

// Checks the person that a new complaint names, and registers one not known before.
absl::StatusOr<std::vector<NewEvent>> WithPerson(const store::Rows& rows, const commands::v1::SubmitComplaint& command,
                                                 const DecideContext& context, std::vector<NewEvent> events) {
  const std::string& person = command.complaint().person();
  if (command.has_new_person()) {
    Event event;
    *event.mutable_person_registered() = command.new_person();
    events.push_back(ToNew(person, event));
  } else if (!person.empty()) {
    // Known here, if this is their shard; else the handler has looked, and their shard looks again.
    const auto known = LoadPerson(rows, context.shard, PersonIdOf(person));
    if (known.has_value() && known->erased_at() != 0) return PersonErasedError(person);
  }
  return events;
}

// Decided here, too: what the handler has looked at may lack those that are under way.
absl::Status CheckReferenceIsNew(const store::Rows& rows, const Command& command, uint16_t shard) {
  const events::v1::ExternalReference& reference = command.has_submit_complaint()
                                                       ? command.submit_complaint().complaint().external_reference()
                                                       : command.import_complaint().complaint().source();
  if (reference.system().empty()) return absl::OkStatus();
  const auto known = FindReference(rows, shard, reference.system(), reference.reference());
  if (known.empty()) return absl::OkStatus();
  const bool sees = InScope(LoadComplaint(rows, shard, known.front()), command);
  return ReferenceKnown(sees ? absl::StrCat(kComplaintPrefix, known.front()) : "");
}

absl::StatusOr<std::vector<NewEvent>> DecideOnComplaint(const store::Rows& rows, const Order& order,
                                                        const Command& command, const DecideContext& context) {
  const std::string& name = order.aggregate();
  const Complaint state = LoadComplaint(rows, context.shard, ComplaintIdOf(name));
  if (state.state() == rows::v1::STATE_UNSPECIFIED &&
      (command.has_submit_complaint() || command.has_import_complaint())) {
    RETURN_IF_ERROR(CheckReferenceIsNew(rows, command, context.shard));
  }
  ASSIGN_OR_RETURN(const std::vector<Event> events, Decide(state, command, {name, context.now}));
  std::vector<NewEvent> all = ToNew(name, events);
  if (!command.has_submit_complaint()) return all;
  return WithPerson(rows, command.submit_complaint(), context, std::move(all));
}

// A page of somebody's complaints in this shard; a timer brings the next.
std::vector<NewEvent> EraseTextsPage(const store::Rows& rows, const std::string& person, const DecideContext& context) {
  Command erase;
  erase.mutable_erase_texts()->set_person(person);
  std::vector<NewEvent> page;
  ScanComplaintsOf(rows, context.shard, person, [&](absl::string_view id) {
    const std::string name = absl::StrCat(kComplaintPrefix, id);
    const auto events = Decide(LoadComplaint(rows, context.shard, id), erase, {name, context.now});
    if (events.ok() && !events->empty()) page.push_back(ToNew(name, events->front()));
    return page.size() < kErasurePage;
  });
  return page;
}

absl::StatusOr<std::vector<NewEvent>> DecideOnPerson(const store::Rows& rows, const Order& order,
                                                     const Command& command, const DecideContext& context) {
  const std::string& name = order.aggregate();
  const PersonState state = LoadPerson(rows, context.shard, PersonIdOf(name));
  if (command.has_erase_person()) {
    const InTheWay here = InTheWayOfErasing(rows, name, context.shard, context.shard + 1, std::nullopt);
    ASSIGN_OR_RETURN(const auto events, DecideErasePerson(state, name, command.erase_person(), here.open, here.held));
    return ToNew(name, events);
  }
  if (command.has_set_legal_hold() || command.has_lift_legal_hold()) {
    ASSIGN_OR_RETURN(const auto events, DecideHoldPerson(state, name, command));
    return ToNew(name, events);
  }
  if (command.has_note_texts_expired()) {
    return ToNew(name, DecideNoteTextsExpired(state, command.note_texts_expired().complaint()));
  }
  if (command.has_expire_person()) {
    const InTheWay here = InTheWayOfErasing(rows, name, context.shard, context.shard + 1, std::nullopt);
    return ToNew(name, DecideExpirePerson(state, name, command.expire_person(), here.kept, here.bare));
  }
  if (command.has_note_complaint_of_person()) {
    return ToNew(name, DecideNoteComplaint(state, command.note_complaint_of_person()));
  }
  Event destroyed;
  *destroyed.mutable_keys_destroyed()->mutable_key_ids() = command.note_person_key_destroyed().key_ids();
  return std::vector<NewEvent>{ToNew(name, destroyed)};
}

Order TimerOrder(uint16_t shard, const std::string& aggregate, const Command& command) {
  Order order;
  order.set_stream(std::string(log::StreamName(log::Stream::kIntake)));
  order.set_shard(shard);
  order.set_aggregate(aggregate);
  order.set_command(command.SerializeAsString());
  return order;
}

}  // namespace

InTheWay InTheWayOfErasing(const store::Rows& rows, absl::string_view person, uint32_t first, uint32_t last,
                           std::optional<uint32_t> but) {
  InTheWay in_the_way;
  for (uint32_t shard = first; shard < last; ++shard) {
    if (but == shard) continue;
    ScanComplaintsOf(rows, static_cast<uint16_t>(shard), person, [&](absl::string_view id) {
      const Complaint complaint = LoadComplaint(rows, static_cast<uint16_t>(shard), id);
      if (IsOpen(complaint.state())) in_the_way.open.push_back(absl::StrCat(kComplaintPrefix, id));
      if (IsOpen(complaint.state()) && complaint.texts_erased()) {
        in_the_way.bare.push_back(absl::StrCat(kComplaintPrefix, id));
      }
      if (!complaint.texts_erased()) in_the_way.kept.push_back(absl::StrCat(kComplaintPrefix, id));
      if (!complaint.legal_holds().empty()) in_the_way.held.push_back(absl::StrCat(kComplaintPrefix, id));
      return true;
    });
  }
  return in_the_way;
}

bool IsHeld(const store::Rows& rows, absl::string_view person, uint32_t shard_count) {
  const absl::string_view id = PersonIdOf(person);
  const auto parts = ParseId(id);
  if (!parts.ok()) return false;
  const auto row = LoadPerson(rows, static_cast<uint16_t>(ShardOf(parts->placement, shard_count)), id);
  return row.has_value() && !row->legal_holds().empty();
}

int IntakeLogic::projection_version() const { return kProjectionVersion; }

std::vector<log::ShardId> IntakeLogic::Follows(uint16_t shard, uint32_t shard_count) const {
  return FollowedByIntake(shard, shard_count);
}

absl::StatusOr<std::vector<NewEvent>> IntakeLogic::Decide(const store::Rows& rows, const Order& order,
                                                          const DecideContext& context) const {
  Command command;
  if (!command.ParseFromString(order.command())) return absl::InternalError("a command that cannot be read");
  switch (command.kind_case()) {
    case Command::kErasePerson:
    case Command::kNoteComplaintOfPerson:
    case Command::kNoteTextsExpired:
    case Command::kExpirePerson:
    case Command::kNotePersonKeyDestroyed: return DecideOnPerson(rows, order, command, context);
    case Command::kSetLegalHold:
    case Command::kLiftLegalHold:
      return absl::StartsWith(order.aggregate(), kPersonPrefix) ? DecideOnPerson(rows, order, command, context)
                                                                : DecideOnComplaint(rows, order, command, context);
    case Command::kEraseTextsOfPerson: return EraseTextsPage(rows, command.erase_texts_of_person().person(), context);
    case Command::KIND_NOT_SET: return absl::InternalError("a command of a later build");
    default: return DecideOnComplaint(rows, order, command, context);
  }
}

bool IntakeLogic::Knows(log::Stream stream, const log::v1::Event& event) const {
  switch (stream) {
    case log::Stream::kIntake: return runtime::KnowsAs<redress::intake::events::v1::Event>(event);
    case log::Stream::kRouting: return runtime::KnowsAs<redress::routing::events::v1::Event>(event);
    case log::Stream::kScheduling: return runtime::KnowsAs<redress::scheduling::events::v1::Event>(event);
    case log::Stream::kSla: return runtime::KnowsAs<redress::sla::events::v1::Event>(event);
    default: return false;
  }
}

void IntakeLogic::Apply(const runtime::ApplyContext& context, const log::v1::Event& event, store::View* rows) const {
  ApplyToRows(context, event, lookups_, rows);
}

std::string IntakeLogic::ResultOf(const runtime::ApplyContext& context, const store::Rows& rows) const {
  return intake::ResultOf(context, rows).SerializeAsString();
}

absl::StatusOr<std::vector<Order>> IntakeLogic::React(const runtime::Input& input,
                                                      const runtime::ReactContext& context) const {
  return ReactToInput(input, context);
}

bool IntakeLogic::Tend(uint16_t shard, store::View* rows) const {
  return lookups_->Rotate(
      shard, [&](absl::string_view owner) { return LookupTextsOf(*rows, shard, owner); }, rows);
}

void IntakeLogic::Fire(const runtime::Timer& timer, const runtime::ReactContext& context, FireDone done) {
  Command command;
  const bool erases = timer.name == kEraseTimer || timer.name == kRetentionTimer || timer.name == kForgetTimer;
  if (erases && in_grace_ && in_grace_()) return done(std::nullopt);
  if (timer.name == kDestroyKeysTimer) return DestroyKeys(timer.aggregate, context.shard, std::move(done));
  if (timer.name == kEraseTimer) {
    return EraseAgain(timer.aggregate, context.shard, context.shard_count, std::move(done));
  }
  if (timer.name == kRetentionTimer) {
    return ExpireTexts(timer.aggregate, context.shard, context.shard_count, std::move(done));
  }
  if (timer.name == kForgetTimer) {
    return ExpirePerson(timer.aggregate, context.shard, context.shard_count, std::move(done));
  }
  if (timer.name == kCloseTimer) {
    command.mutable_close_complaint();
  } else if (timer.name == kEraseTextsTimer) {
    command.mutable_erase_texts_of_person()->set_person(timer.aggregate);
  } else {
    return done(std::nullopt);
  }
  done(TimerOrder(context.shard, timer.aggregate, command));
}

void IntakeLogic::ExpireTexts(const std::string& complaint, uint16_t shard, uint32_t shard_count, FireDone done) {
  // Whether the person is held can be told once their shard has been read.
  if (!ready_()) {
    retry_->PostAfter(kReadyRetry, [this, complaint, shard, shard_count, done = std::move(done)]() mutable {
      ExpireTexts(complaint, shard, shard_count, std::move(done));
    });
    return;
  }
  const auto rows = rows_();
  const std::string person = LoadComplaint(*rows, shard, ComplaintIdOf(complaint)).person();
  if (IsHeld(*rows, person, shard_count)) return done(std::nullopt);
  Command command;
  command.mutable_expire_texts();
  done(TimerOrder(shard, complaint, command));
}

void IntakeLogic::ExpirePerson(const std::string& person, uint16_t shard, uint32_t shard_count, FireDone done) {
  if (!ready_()) {
    retry_->PostAfter(kReadyRetry, [this, person, shard, shard_count, done = std::move(done)]() mutable {
      ExpirePerson(person, shard, shard_count, std::move(done));
    });
    return;
  }
  const auto rows = rows_();
  const InTheWay elsewhere = InTheWayOfErasing(*rows, person, 0, shard_count, shard);
  Command command;
  auto* expire = command.mutable_expire_person();
  expire->mutable_kept_elsewhere()->Assign(elsewhere.kept.begin(), elsewhere.kept.end());
  expire->mutable_open_elsewhere()->Assign(elsewhere.bare.begin(), elsewhere.bare.end());
  done(TimerOrder(shard, person, command));
}

void IntakeLogic::EraseAgain(const std::string& person, uint16_t shard, uint32_t shard_count, FireDone done) {
  if (!ready_()) {
    retry_->PostAfter(kReadyRetry, [this, person, shard, shard_count, done = std::move(done)]() mutable {
      EraseAgain(person, shard, shard_count, std::move(done));
    });
    return;
  }
  const auto rows = rows_();
  Command command;
  auto* erase = command.mutable_erase_person();
  erase->set_until_closed(true);
  erase->set_again(true);
  const auto row = LoadPerson(*rows, shard, PersonIdOf(person));
  if (row.has_value()) erase->set_reason(row->erasure_reason());
  const InTheWay elsewhere = InTheWayOfErasing(*rows, person, 0, shard_count, shard);
  erase->mutable_open_elsewhere()->Assign(elsewhere.open.begin(), elsewhere.open.end());
  erase->mutable_held_elsewhere()->Assign(elsewhere.held.begin(), elsewhere.held.end());
  done(TimerOrder(shard, person, command));
}

void IntakeLogic::DestroyKeys(const std::string& aggregate, uint16_t shard, FireDone done) {
  {
    MutexLock lock(mutex_);
    doomed_.push_back({aggregate, shard, std::move(done)});
    if (destroying_) return;
    destroying_ = true;
  }
  retry_->Post([this] { DestroySome(); });
}

void IntakeLogic::DestroySome() {
  std::vector<Doomed> some;
  {
    MutexLock lock(mutex_);
    while (!doomed_.empty() && some.size() < kDestroyedAtOnce) {
      some.push_back(std::move(doomed_.front()));
      doomed_.pop_front();
    }
    if (some.empty()) {
      destroying_ = false;
      return;
    }
  }
  const auto rows = rows_();
  std::vector<std::vector<std::string>> keys(some.size());
  std::vector<std::string> all;
  for (size_t i = 0; i < some.size(); ++i) {
    if (absl::StartsWith(some[i].aggregate, kPersonPrefix)) {
      const auto person = LoadPerson(*rows, some[i].shard, PersonIdOf(some[i].aggregate));
      if (person.has_value() && !person->person_key().empty()) keys[i].push_back(person->person_key());
    } else {
      keys[i] = KeysToDestroy(LoadComplaint(*rows, some[i].shard, ComplaintIdOf(some[i].aggregate)));
    }
    all.insert(all.end(), keys[i].begin(), keys[i].end());
  }
  const auto destroy = [this](const std::vector<std::string>& ids) {
    return ids.empty() ? absl::OkStatus() : keys_->DestroyAll(ids);
  };
  const absl::Status destroyed = destroy(all);
  std::vector<Doomed> left;
  for (size_t i = 0; i < some.size(); ++i) {
    // One that is no key's id keeps nobody else's.
    if (!(absl::IsInvalidArgument(destroyed) ? destroy(keys[i]) : destroyed).ok()) {
      left.push_back(std::move(some[i]));
      continue;
    }
    Command command;
    auto* ids = absl::StartsWith(some[i].aggregate, kPersonPrefix)
                    ? command.mutable_note_person_key_destroyed()->mutable_key_ids()
                    : command.mutable_note_keys_destroyed()->mutable_key_ids();
    ids->Assign(keys[i].begin(), keys[i].end());
    some[i].done(TimerOrder(some[i].shard, some[i].aggregate, command));
  }
  if (left.empty()) return retry_->Post([this] { DestroySome(); });
  MutexLock lock(mutex_);
  doomed_.insert(doomed_.end(), std::make_move_iterator(left.begin()), std::make_move_iterator(left.end()));
  retry_->PostAfter(kKeyStoreRetry, [this] { DestroySome(); });
}

}  // namespace redress::intake
