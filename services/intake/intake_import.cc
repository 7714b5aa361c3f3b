// Old complaints: rows of a stream of messages, each row answered; what is no answer to a row ends the stream.
//
// A handler's name becomes a staff id that is the same for ever: a hash under the key store's staff key, which does not
// rotate. The names themselves are sealed with the complaint.
#include <algorithm>
#include <map>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/calendar/zone.h"
#include "libs/ids/ids.h"
#include "libs/status/errors.h"
#include "libs/status/macros.h"
#include "services/intake/complaint.h"
#include "services/intake/converters.h"
#include "services/intake/intake_checks.h"
#include "services/intake/intake_errors.h"
#include "services/intake/intake_projection.h"
#include "services/intake/intake_service.h"

namespace redress::intake {
namespace {

using runtime::v1::Receipt;
using service::Violations;

std::string StaffId(const Key& staff_key, absl::string_view system, absl::string_view name) {
  const std::string hash =
      LookupHash(staff_key.secret, LookupKind::kStaffName, absl::StrCat(system, absl::string_view("\0", 1), name));
  return absl::StrCat("staff-", absl::BytesToHexString(hash));
}

bool NamesHandlers(const v1::ImportedComplaint& row) {
  return std::any_of(row.facts().begin(), row.facts().end(), [](const auto& fact) { return !fact.handler().empty(); });
}

void CheckFact(const std::string& field, const v1::ImportedFact& fact, Millis now, Violations* violations) {
  CheckEnum(field + ".kind", fact.kind(), true, types::v1::FactKind_IsValid, violations);
  CheckEnum(field + ".precision", fact.precision(), false, types::v1::Precision_IsValid, violations);
  CheckEnum(field + ".outcome", fact.outcome(), false, types::v1::Outcome_IsValid, violations);
  if (fact.stage() > 2) violations->Add(field + ".stage", "must be 1 or 2");
  CheckCode(field + ".team", fact.team(), false, violations);
  service::CheckText(field + ".handler", fact.handler(), kMaxShortText, false, violations);
  CheckVisible(field + ".reference", fact.reference(), kMaxReference, false, violations);
  CheckReason(field + ".result", fact.result(), false, violations);
  CheckVisible(field + ".line", fact.line(), kMaxCode, false, violations);
  CheckVisible(field + ".evidence", fact.evidence(), kMaxReference, false, violations);
  if (fact.until() < service::kEarliest || fact.until() > service::kLatest) {
    violations->Add(field + ".until", "must lie between the years 1900 and 2200");
  }
  if (fact.occurred_at() < service::kEarliest || fact.occurred_at() > service::kLatest) {
    violations->Add(field + ".occurred_at", "must lie between the years 1900 and 2200");
  } else if (fact.occurred_at() > now + kMayBeAhead) {
    violations->Add(field + ".occurred_at", "lies in the future");
  }
}

void CheckFacts(const v1::ImportedComplaint& row, Millis now, Violations* violations) {
  if (row.facts_size() > kMaxImportedFacts) {
    violations->Add("facts", absl::StrCat("has ", row.facts_size(), "; at most ", kMaxImportedFacts, " fit"));
    return;
  }
  if (row.facts().empty() || row.facts(0).kind() != types::v1::FACT_KIND_RECEIVED) {
    violations->Add("facts[0]", "must be RECEIVED");
  }
  for (int i = 0; i < row.facts_size(); ++i) {
    const std::string field = absl::StrCat("facts[", i, "]");
    CheckFact(field, row.facts(i), now, violations);
    if (i == 0) continue;
    if (row.facts(i).kind() == types::v1::FACT_KIND_RECEIVED) violations->Add(field, "is a second RECEIVED");
    if (row.facts(i).occurred_at() < row.facts(i - 1).occurred_at()) {
      violations->Add(field + ".occurred_at", "is before that of the fact in front of it");
    }
  }
}

absl::Status CheckRow(const v1::ImportedComplaint& row, Millis now) {
  Violations violations;
  CheckVisible("system", row.system(), kMaxCode, true, &violations);
  CheckCode("reference", row.reference(), true, &violations);
  CheckEnum("kind", row.kind(), false, types::v1::ComplaintKind_IsValid, &violations);
  CheckEnum("channel", row.channel(), false, types::v1::Channel_IsValid, &violations);
  CheckEnum("urgency", row.urgency(), false, types::v1::Urgency_IsValid, &violations);
  CheckCode("category", row.category(), false, &violations);
  CheckCode("residence", row.residence(), false, &violations);
  CheckCode("agency", row.agency(), false, &violations);
  CheckCode("office", row.office(), false, &violations);
  if (!row.zone().empty() && !calendar::ZoneFor(row.zone()).ok()) {
    violations.Add("zone", "is no zone of the IANA database");
  }
  CheckFacts(row, now, &violations);
  if (row.has_due_at() && (row.due_at() < service::kEarliest || row.due_at() > service::kLatest)) {
    violations.Add("due_at", "must lie between the years 1900 and 2200");
  }
  service::CheckText("description", row.description(), kMaxText, false, &violations);
  for (const std::string& flag : row.flags()) CheckReason("flags", flag, true, &violations);
  for (const int kind : row.supplied_facts()) {
    CheckEnum("supplied_facts", kind, true, types::v1::FactKind_IsValid, &violations);
  }
  return violations.ToStatus();
}

// What a row says in codes and times.
void FillImport(const v1::ImportedComplaint& row, const reference::Snapshot& reference,
                const std::optional<Key>& staff_key, events::v1::ComplaintImported* imported) {
  imported->mutable_source()->set_system(row.system());
  imported->mutable_source()->set_reference(row.reference());
  imported->set_kind(row.kind() == 0 ? types::v1::COMPLAINT_KIND_COMPLAINT : row.kind());
  imported->set_category(row.category());
  imported->set_channel(row.channel());
  imported->set_urgency(row.urgency() == 0 ? types::v1::URGENCY_ROUTINE : row.urgency());
  auto* placement = imported->mutable_placement();
  placement->set_residence(row.residence());
  placement->set_agency(row.agency());
  placement->set_office(row.office());
  placement->set_zone(row.zone());
  for (const v1::ImportedFact& given : row.facts()) {
    types::v1::Fact* fact = imported->add_facts();
    fact->set_kind(given.kind());
    fact->set_occurred_at(given.occurred_at());
    fact->set_precision(given.precision());
    fact->set_stage(given.stage());
    fact->set_outcome(given.outcome());
    fact->set_team(given.team());
    if (!given.handler().empty()) fact->set_agent(StaffId(*staff_key, row.system(), given.handler()));
    fact->set_reference(given.reference());
    fact->set_result(given.result());
    fact->set_until(given.until());
    fact->set_line(given.line());
    fact->set_evidence(given.evidence());
  }
  imported->set_due_at(row.due_at());
  imported->set_reopen_window_ms(reference.ReopenWindow(row.category(), row.facts(0).occurred_at()));
  *imported->mutable_flags() = row.flags();
  *imported->mutable_supplied_facts() = row.supplied_facts();
}

}  // namespace

std::optional<IntakeService::Target> IntakeService::FindImported(const store::Rows& rows,
                                                                 const v1::ImportedComplaint& row) const {
  for (uint32_t shard = 0; shard < shard_count(); ++shard) {
    const auto ids = FindReference(rows, static_cast<uint16_t>(shard), row.system(), row.reference());
    if (!ids.empty()) return Locate("complaints", ids.front());
  }
  return std::nullopt;
}

absl::Status IntakeService::SealImport(const v1::ImportedComplaint& row, const rows::v1::Complaint& known,
                                       const std::string& name, const std::optional<Key>& staff_key,
                                       events::v1::ComplaintImported* imported) const {
  std::map<std::string, std::string> names;
  for (const v1::ImportedFact& fact : row.facts()) {
    if (!fact.handler().empty()) names[StaffId(*staff_key, row.system(), fact.handler())] = fact.handler();
  }
  const auto key = known.state() == 0 ? keys_->TakeKey(KeyKind::kText) : keys_->Find(known.text_key());
  if (!key.ok()) {
    if (known.state() == 0 || ReasonOf(key.status()) != "KEY_DESTROYED") return key.status();
    // Of a known one whose texts are forgotten only facts are taken; the decider sees whether its key is another now.
    imported->set_text_key(known.text_key());
    return absl::OkStatus();
  }
  imported->set_text_key(key->id);
  if (!row.description().empty()) {
    *imported->mutable_description() = sealer_.Seal(*key, name, field::kDescription, row.description()).proto();
  }
  if (!names.empty()) {
    const std::string lines = absl::StrJoin(names, "\n", absl::PairFormatter("="));
    *imported->mutable_handler_names() = sealer_.Seal(*key, name, field::kHandlerNames, lines).proto();
  }
  return absl::OkStatus();
}

absl::StatusOr<IntakeService::PreparedImport> IntakeService::PrepareImport(const CallContext& call,
                                                                           const v1::ImportedComplaint& row) const {
  RETURN_IF_ERROR(CheckRow(row, runtime_->clock().Now()));
  if (!call.caller->Sees(row.agency())) return AgencyOutOfScope();
  PreparedImport prepared;
  commands::v1::Command command;
  *command.mutable_scope() = service::ScopeOf<commands::v1::Scope>(*call.caller);
  auto* imported = command.mutable_import_complaint()->mutable_complaint();
  std::optional<Key> staff_key;
  if (NamesHandlers(row)) {
    ASSIGN_OR_RETURN(staff_key, keys_->StaffKey());
  }
  FillImport(row, *runtime_->reference()->Current(), staff_key, imported);
  // What is kept is kept from now on, by what holds now.
  imported->set_retention_ms(runtime_->reference()->Current()->Retention(row.category(), runtime_->clock().Now()));

  const auto rows = Rows();
  std::optional<Target> target = FindImported(*rows, row);
  rows::v1::Complaint known;
  if (target.has_value()) {
    prepared.known = true;
    known = LoadComplaint(*rows, target->shard, target->id);
    if (!call.caller->Sees(known.placement().agency())) return ReferenceKnown("");
    prepared.particulars_changed = known.imported() && known.particulars_hash() != ParticularsHash(*imported);
    prepared.same = known.imported() && known.fact_count() == imported->facts_size() &&
                    known.content_hash() == ImportHash(*imported, imported->facts_size());
  } else {
    const uint16_t placement =
        PlacementOf(row.residence().empty() ? absl::StrCat(row.system(), absl::string_view("\0", 1), row.reference())
                                            : row.residence());
    const Millis at = std::max<Millis>(row.facts(0).occurred_at(), 0);
    target = Locate("complaints", MakeId(at, placement, ImportedIdBits(row.system(), row.reference())));
  }
  prepared.order = service::CallerOrder(call, "");
  prepared.order.set_aggregate(target->name);
  if (prepared.same) return prepared;

  RETURN_IF_ERROR(SealImport(row, known, target->name, staff_key, imported));
  prepared.order.set_order_class(runtime::v1::ORDER_CLASS_BULK);
  prepared.order.set_stream(std::string(log::StreamName(log::Stream::kIntake)));
  prepared.order.set_shard(target->shard);
  prepared.order.set_command(command.SerializeAsString());
  return prepared;
}

// One stream; lives as long as it or any of its rows is under way. Thread-safe: one message at a time is worked on.
class ImportStream : public std::enable_shared_from_this<ImportStream> {
 public:
  using Stream = rpc::BidiStream<v1::ImportComplaintsRequest, v1::ImportComplaintsResponse>;
  ImportStream(IntakeService* service, CallContext call, Stream stream)
      : service_(service), call_(std::move(call)), stream_(std::move(stream)) {}

  void Start() {
    stream_.OnCancel([self = weak_from_this()] {
      const auto stream = self.lock();
      if (stream == nullptr) return;
      MutexLock lock(stream->mutex_);
      stream->gone_ = true;
    });
    ReadNext();
  }

 private:
  void ReadNext() {
    stream_.Read([self = shared_from_this()](std::optional<v1::ImportComplaintsRequest> request) {
      self->OnMessage(std::move(request));
    });
  }

  void OnMessage(std::optional<v1::ImportComplaintsRequest> request) {
    if (!request.has_value()) return stream_.Finish(absl::OkStatus());
    if (request->complaints_size() > kMaxImportRows) {
      return stream_.Finish(BadArgument("TOO_MANY_ROWS", absl::StrCat("complaints: has ", request->complaints_size(),
                                                                      "; at most ", kMaxImportRows, " fit")));
    }
    {
      MutexLock lock(mutex_);
      request_ = *std::move(request);
      response_.Clear();
      left_.clear();
      for (int i = 0; i < request_.complaints_size(); ++i) {
        response_.add_rows();
        left_.push_back(i);
      }
    }
    RunPass();
  }

  // Begins all rows that are left, but for those whose reference another row of this pass has: that one must be seen
  // first.
  void RunPass() {
    std::vector<int> now;
    {
      MutexLock lock(mutex_);
      absl::flat_hash_set<std::string> references;
      std::vector<int> later;
      for (const int row : left_) {
        const auto& complaint = request_.complaints(row);
        const std::string name = absl::StrCat(complaint.system(), absl::string_view("\0", 1), complaint.reference());
        (references.insert(name).second ? now : later).push_back(row);
      }
      left_ = std::move(later);
      under_way_ = now.size() + 1;  // this loop, too
    }
    for (const int row : now) Import(row);
    EndOne();
  }

  void Import(int row) {
    // The message stays as it is until all of its rows are answered.
    auto prepared = service_->PrepareImport(call_, RowOf(row));
    if (MayTryAgain(prepared.status()) && !gone()) {
      return service_->TryAgainSoon([self = shared_from_this(), row] { self->Import(row); });
    }
    if (!prepared.ok()) return Answer(row, "", v1::ImportedRow::ANSWER_REFUSED, prepared.status());
    const std::string name = prepared->order.aggregate();
    if (prepared->particulars_changed) Flag(row, kParticularsChanged);
    if (prepared->same) return Answer(row, name, v1::ImportedRow::ANSWER_KNOWN, absl::OkStatus());
    service_->ExecutePatiently(
        std::move(prepared->order), [self = shared_from_this()] { return self->gone(); },
        [self = shared_from_this(), row, name, known = prepared->known](absl::StatusOr<Receipt> receipt) {
          // Another stream's was decided in between: it is found now, and perhaps extended. Or its key has become another,
          // and the handlers' names are sealed under that one.
          const std::string reason = ReasonOf(receipt.status());
          if (((!known && reason == "REFERENCE_KNOWN") || reason == "TEXTS_RESEALED") && !self->gone()) {
            return self->service_->TryAgainSoon([self, row] { self->Import(row); });
          }
          if (!receipt.ok()) return self->Answer(row, "", v1::ImportedRow::ANSWER_REFUSED, receipt.status());
          self->AddPosition(receipt->position());
          self->Answer(row, name,
                       !receipt->recorded() ? v1::ImportedRow::ANSWER_KNOWN
                       : known              ? v1::ImportedRow::ANSWER_EXTENDED
                                            : v1::ImportedRow::ANSWER_ACCEPTED,
                       absl::OkStatus());
        });
  }

  void Flag(int row, absl::string_view flag) {
    MutexLock lock(mutex_);
    response_.mutable_rows(row)->mutable_flags()->Clear();
    response_.mutable_rows(row)->add_flags(std::string(flag));
  }

  const v1::ImportedComplaint& RowOf(int row) {
    MutexLock lock(mutex_);
    return request_.complaints(row);
  }

  void Answer(int row, const std::string& complaint, v1::ImportedRow::Answer answer, const absl::Status& outcome) {
    const absl::Status status = service_->Vouched(outcome);
    {
      MutexLock lock(mutex_);
      // The first says most: those after it have only not waited any longer.
      if (SaysNothingOfTheRow(status)) failed_.Update(status);
      v1::ImportedRow* answered = response_.mutable_rows(row);
      answered->set_answer(answer);
      answered->set_complaint(complaint);
      if (!status.ok()) AddRefusals(status, answered->mutable_refusals());
      if (!status.ok()) answered->clear_flags();
    }
    EndOne();
  }

  void AddPosition(const types::v1::Position& position) {
    MutexLock lock(mutex_);
    for (types::v1::Position& known : *response_.mutable_positions()) {
      if (known.shard() != position.shard()) continue;
      if (known.next() < position.next()) known = position;
      return;
    }
    *response_.add_positions() = position;
  }

  void EndOne() {
    bool more = false;
    absl::Status failed;
    v1::ImportComplaintsResponse response;
    {
      MutexLock lock(mutex_);
      if (--under_way_ > 0) return;
      failed = failed_;
      more = !left_.empty();
      if (failed.ok() && !more) response = response_;
    }
    // The message stays without an answer: it has one for each row, and some row has none.
    if (!failed.ok()) return stream_.Finish(failed);
    if (more) return RunPass();
    stream_.Write(response, [self = shared_from_this()](bool ok) {
      if (ok) self->ReadNext();
    });
  }

  // Nobody waits for answers any more.
  bool gone() {
    MutexLock lock(mutex_);
    return gone_ || !failed_.ok();
  }

  IntakeService* const service_;
  const CallContext call_;
  const Stream stream_;
  Mutex mutex_;
  bool gone_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status failed_ ABSL_GUARDED_BY(mutex_);  // what the stream ends with
  v1::ImportComplaintsRequest request_ ABSL_GUARDED_BY(mutex_);
  v1::ImportComplaintsResponse response_ ABSL_GUARDED_BY(mutex_);
  std::vector<int> left_ ABSL_GUARDED_BY(mutex_);  // rows of the message not yet begun
  size_t under_way_ ABSL_GUARDED_BY(mutex_) = 0;
};

void IntakeService::ImportComplaints(
    const CallContext& call, rpc::BidiStream<v1::ImportComplaintsRequest, v1::ImportComplaintsResponse> stream) {
  const absl::Status allowed = call.caller->Require(Permission::kImport);
  if (!allowed.ok()) return stream.Finish(allowed);
  if (!runtime_->reference()->Current()->complete()) {
    return stream.Finish(RegisterNotReady());
  }
  std::make_shared<ImportStream>(this, call, std::move(stream))->Start();
}

}  // namespace redress::intake
