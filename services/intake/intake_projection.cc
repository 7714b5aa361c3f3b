// Tables of intake (store.h: key = shard table rest); ids are 26 symbols, sort by the time of receipt, and name their
// shard:
//
//   01 complaint       raw(id)                                     → Complaint
//   02 reference       str(system) str(reference) raw(id)          → ""
//   03 of person       str(person id) raw(id)                      → ""
//   04 person          raw(person id)                              → Person
//   10 by agency       str(agency in charge) raw(id)               → ""            read models from here on
//   11 by residence    str(residence) raw(id)                      → ""
//   12 open            raw(id)                                     → ""
//   13 open by agency  str(agency in charge) raw(id)               → ""
//   14 history         raw(id) i64(version)                        → HistoryEntry
//   15 legal hold      str(matter) raw("complaints/" id, "people/" id)  → ""
//   C0 … C3            look-ups (intake_lookups.cc)
//
// e.g. complaint 01HX… of agency A1 in shard 3, table 10: 00 03 10 41 31 00 30 31 48 58 …
#include "services/intake/intake_projection.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "libs/runtime/rows.h"
#include "libs/store/keys.h"
#include "services/intake/complaint.h"
#include "services/intake/intake_texts.h"
#include "services/intake/person.h"

namespace redress::intake {
namespace {

using runtime::ApplyContext;
using store::Key;

constexpr store::Table<rows::v1::Complaint> kComplaints(kComplaintTable);
constexpr uint8_t kReferences = 0x02;
constexpr uint8_t kOfPerson = 0x03;
constexpr store::Table<rows::v1::Person> kPeople(0x04);
constexpr store::KeySet kByAgency(kByAgencyTable);
constexpr store::KeySet kByResidence(kByResidenceTable);
constexpr store::KeySet kOpen(kOpenTable);
constexpr store::KeySet kOpenByAgency(kOpenByAgencyTable);
constexpr store::ReadModel<rows::v1::HistoryEntry> kHistory(0x14);
constexpr store::KeySet kHolds(kHoldTable);

std::string Rest(Key key) { return key.bytes().substr(3); }
std::string Under(absl::string_view what, absl::string_view id) { return Rest(Key(0, 0).Str(what).Raw(id)); }

// Moves an index row when the field it is made of, or whether there is one, has changed.
void Move(const store::KeySet& index, uint16_t shard, const std::string& before, const std::string& after,
          store::View* rows) {
  if (before == after) return;
  if (!before.empty()) index.Delete(*rows, shard, before);
  if (!after.empty()) index.Put(*rows, shard, after);
}

struct IndexRows {
  std::string by_agency;
  std::string by_residence;
  std::string open;
  std::string open_by_agency;
};
IndexRows IndexRowsOf(const Complaint& row, absl::string_view id) {
  if (row.state() == rows::v1::STATE_UNSPECIFIED) return {};
  IndexRows index;
  index.by_agency = Under(row.placement().agency(), id);
  index.by_residence = Under(row.placement().residence(), id);
  if (IsOpen(row.state())) {
    index.open = std::string(id);
    index.open_by_agency = index.by_agency;
  }
  return index;
}

void UpdateIndexes(uint16_t shard, absl::string_view id, const Complaint& before, const Complaint& after,
                   store::View* rows) {
  if (rows->speculative()) return;
  const IndexRows old_rows = IndexRowsOf(before, id);
  const IndexRows new_rows = IndexRowsOf(after, id);
  Move(kByAgency, shard, old_rows.by_agency, new_rows.by_agency, rows);
  Move(kByResidence, shard, old_rows.by_residence, new_rows.by_residence, rows);
  Move(kOpen, shard, old_rows.open, new_rows.open, rows);
  Move(kOpenByAgency, shard, old_rows.open_by_agency, new_rows.open_by_agency, rows);
}

void UpdateTimers(const ApplyContext& context, const log::v1::Event& event, const Event& payload,
                  const Complaint& before, const Complaint& after, store::View* rows) {
  const std::string& aggregate = event.aggregate();
  if (after.state() == rows::v1::STATE_RESOLVED) {
    if (before.state() != after.state() || before.window_ends_at() != after.window_ends_at()) {
      runtime::SetTimer(rows, context.shard, aggregate, kCloseTimer, after.window_ends_at());
    }
  } else if (before.state() == rows::v1::STATE_RESOLVED) {
    runtime::CancelTimer(rows, context.shard, aggregate, kCloseTimer);
  }
  // While a hold stands there is none; one that has come due meanwhile fires when the last is lifted.
  const Millis expired = before.legal_holds().empty() ? ExpiresAt(before) : 0;
  const Millis expires = after.legal_holds().empty() ? ExpiresAt(after) : 0;
  if (expires == 0 && expired != 0) runtime::CancelTimer(rows, context.shard, aggregate, kRetentionTimer);
  if (expires != 0 && expires != expired) {
    runtime::SetTimer(rows, context.shard, aggregate, kRetentionTimer, expires);
  }
  const bool gives_up_keys = payload.has_person_texts_erased() || payload.has_texts_expired();
  if (!gives_up_keys && !payload.has_text_redacted() && !payload.has_keys_destroyed()) return;
  // Also after KeysDestroyed: other keys may have been given up since the work row was looked at.
  if (KeysToDestroy(after).empty()) {
    runtime::CancelTimer(rows, context.shard, aggregate, kDestroyKeysTimer);
  } else {
    runtime::SetTimer(rows, context.shard, aggregate, kDestroyKeysTimer, context.recorded_at());
  }
}

// The next page of an erasure is due while texts of the person are left in this shard.
void UpdateErasure(const ApplyContext& context, const std::string& person, store::View* rows) {
  bool left = false;
  ScanComplaintsOf(*rows, context.shard, person, [&](absl::string_view id) {
    const Complaint complaint = LoadComplaint(*rows, context.shard, id);
    left = !complaint.texts_erased() && complaint.legal_holds().empty();
    return !left;
  });
  if (left) {
    runtime::SetTimer(rows, context.shard, person, kEraseTextsTimer, context.recorded_at());
  } else {
    runtime::CancelTimer(rows, context.shard, person, kEraseTextsTimer);
  }
}

void UpdateHolds(uint16_t shard, const std::string& aggregate, const Event& payload, store::View* rows) {
  if (payload.has_legal_hold_set()) {
    kHolds.Put(*rows, shard, Under(payload.legal_hold_set().matter(), aggregate));
  } else if (payload.has_legal_hold_lifted()) {
    kHolds.Delete(*rows, shard, Under(payload.legal_hold_lifted().matter(), aggregate));
  }
}

void AddBirthRows(uint16_t shard, absl::string_view id, const Complaint& row, store::View* rows) {
  if (row.has_external_reference()) {
    const auto& reference = row.external_reference();
    rows->Put(Key(shard, kReferences).Str(reference.system()).Str(reference.reference()).Raw(id).Take(), "");
  }
  if (!row.person().empty()) rows->Put(Key(shard, kOfPerson).Str(PersonIdOf(row.person())).Raw(id).Take(), "");
}

// What an owner can be found by, while it is remembered.
std::vector<LookupText> LookupTextsOf(const Complaint& row) {
  if (row.texts_erased() || !row.has_tracking_code()) return {};
  return {{LookupKind::kTrackingCode, row.tracking_code(), field::kTrackingCode}};
}
std::vector<LookupText> LookupTextsOf(const rows::v1::Person& row) {
  if (row.erased_at() != 0) return {};
  std::vector<LookupText> texts;
  if (row.has_phone()) texts.push_back({LookupKind::kPhone, row.phone(), field::kPhone});
  if (row.has_email()) texts.push_back({LookupKind::kMail, row.email(), field::kEmail});
  if (row.has_dwelling()) texts.push_back({LookupKind::kDwelling, row.dwelling(), field::kDwelling});
  return texts;
}

// History shows texts in their places; the event that sealed them anew is kept without them.
void ReplaceInHistory(uint16_t shard, absl::string_view id, events::v1::TextRedacted* redacted, store::View* rows) {
  for (const events::v1::ResealedText& text : redacted->texts()) {
    const std::string rest = Rest(Key(0, 0).Raw(id).I64(text.place().version()));
    auto entry = kHistory.Get(*rows, shard, rest);
    if (!entry.has_value()) continue;
    ReplaceText(text.place().field(), text.text(), entry->mutable_event());
    kHistory.Put(*rows, shard, rest, *entry);
  }
  redacted->clear_texts();
  redacted->clear_attachment_keys();
}

void ApplyToComplaint(const ApplyContext& context, const log::v1::Event& event, const Event& payload,
                      const Lookups* lookups, store::View* rows) {
  const absl::string_view id = ComplaintIdOf(event.aggregate());
  const Complaint before = LoadComplaint(*rows, context.shard, id);
  Complaint after = before;
  Apply(payload, context.recorded_at(), event.version(), &after);
  kComplaints.Put(*rows, context.shard, id, after);
  if (before.state() == rows::v1::STATE_UNSPECIFIED) AddBirthRows(context.shard, id, after, rows);
  UpdateIndexes(context.shard, id, before, after, rows);
  UpdateHolds(context.shard, event.aggregate(), payload, rows);
  UpdateTimers(context, event, payload, before, after, rows);
  if (payload.has_person_texts_erased()) UpdateErasure(context, after.person(), rows);
  if (rows->speculative()) return;

  rows::v1::HistoryEntry entry;
  entry.set_recorded_at(context.recorded_at());
  entry.set_actor(context.body->actor());
  *entry.mutable_event() = payload;
  if (payload.has_text_redacted()) {
    ReplaceInHistory(context.shard, id, entry.mutable_event()->mutable_text_redacted(), rows);
  }
  kHistory.Put(*rows, context.shard, Rest(Key(0, 0).Raw(id).I64(event.version())), entry);
  if (lookups == nullptr) return;
  if (payload.has_complaint_received()) {
    lookups->Add(context.shard, event.aggregate(), LookupTextsOf(after), rows);
  } else if (payload.has_text_redacted()) {
    // When rows are folded anew the first box cannot be opened any more, and this one is the first that can.
    lookups->Remove(context.shard, event.aggregate(), rows);
    lookups->Add(context.shard, event.aggregate(), LookupTextsOf(after), rows);
  } else if (payload.has_person_texts_erased() || payload.has_texts_expired()) {
    lookups->Remove(context.shard, event.aggregate(), rows);
  }
}

void ApplyToPerson(const ApplyContext& context, const log::v1::Event& event, const Event& payload,
                   const Lookups* lookups, store::View* rows) {
  const absl::string_view id = PersonIdOf(event.aggregate());
  const std::string& aggregate = event.aggregate();
  rows::v1::Person person = LoadPerson(*rows, context.shard, id).value_or(rows::v1::Person());
  ApplyPersonEvent(payload, context.recorded_at(), &person);
  kPeople.Put(*rows, context.shard, id, person);
  UpdateHolds(context.shard, aggregate, payload, rows);
  if (payload.has_person_erasure_requested()) {
    runtime::SetTimer(rows, context.shard, aggregate, kEraseTimer, context.recorded_at() + kErasureRetry);
  } else if (payload.has_person_erased()) {
    runtime::CancelTimer(rows, context.shard, aggregate, kEraseTimer);
    runtime::CancelTimer(rows, context.shard, aggregate, kForgetTimer);
    runtime::SetTimer(rows, context.shard, aggregate, kDestroyKeysTimer, context.recorded_at());
  } else if (payload.has_keys_destroyed()) {
    runtime::CancelTimer(rows, context.shard, aggregate, kDestroyKeysTimer);
  } else if (payload.has_person_kept() && payload.person_kept().kept().empty()) {
    // No text of theirs will expire any more: the end of what is open is found by looking.
    runtime::SetTimer(rows, context.shard, aggregate, kForgetTimer, context.recorded_at() + kForgetDelay);
  } else if (payload.has_person_kept()) {
    runtime::CancelTimer(rows, context.shard, aggregate, kForgetTimer);
  } else if (person.expiry_due() && person.legal_holds().empty()) {
    if (payload.has_person_expiry_due() || payload.has_legal_hold_lifted()) {
      runtime::SetTimer(rows, context.shard, aggregate, kForgetTimer, context.recorded_at() + kForgetDelay);
    }
  }
  if (lookups == nullptr || rows->speculative()) return;
  if (payload.has_person_registered()) lookups->Add(context.shard, aggregate, LookupTextsOf(person), rows);
  if (payload.has_person_erased()) lookups->Remove(context.shard, aggregate, rows);
}

}  // namespace

absl::string_view ComplaintIdOf(absl::string_view aggregate) {
  return absl::ConsumePrefix(&aggregate, kComplaintPrefix) ? aggregate : absl::string_view();
}

absl::string_view PersonIdOf(absl::string_view aggregate) {
  return absl::ConsumePrefix(&aggregate, kPersonPrefix) ? aggregate : absl::string_view();
}

rows::v1::Complaint LoadComplaint(const store::Rows& rows, uint16_t shard, absl::string_view id) {
  return kComplaints.Get(rows, shard, id).value_or(rows::v1::Complaint());
}

std::optional<rows::v1::Person> LoadPerson(const store::Rows& rows, uint16_t shard, absl::string_view id) {
  return kPeople.Get(rows, shard, id);
}

void ScanComplaintsOf(const store::Rows& rows, uint16_t shard, absl::string_view person,
                      absl::FunctionRef<bool(absl::string_view id)> visit) {
  const std::string from = Key(shard, kOfPerson).Str(PersonIdOf(person)).Take();
  rows.Scan(from, store::After(from),
            [&](absl::string_view key, absl::string_view) { return visit(key.substr(from.size())); });
}

std::vector<std::string> FindReference(const store::Rows& rows, uint16_t shard, absl::string_view system,
                                       absl::string_view reference) {
  std::vector<std::string> ids;
  const std::string from = Key(shard, kReferences).Str(system).Str(reference).Take();
  rows.Scan(from, store::After(from), [&](absl::string_view key, absl::string_view) {
    ids.emplace_back(key.substr(from.size()));
    return true;
  });
  return ids;
}

void ScanHistory(const store::Rows& rows, uint16_t shard, absl::string_view id, int64_t after,
                 absl::FunctionRef<bool(int64_t version, const rows::v1::HistoryEntry&)> visit) {
  const std::string of = kHistory.KeyIn(shard).Raw(id).Take();
  const std::string from = kHistory.KeyIn(shard).Raw(id).I64(after + 1).Take();
  rows.Scan(from, store::After(of), [&](absl::string_view key, absl::string_view value) {
    rows::v1::HistoryEntry entry;
    entry.ParseFromArray(value.data(), static_cast<int>(value.size()));
    return visit(store::KeyReader(key.substr(of.size())).I64(), entry);
  });
}

void ApplyToRows(const ApplyContext& context, const log::v1::Event& event, const Lookups* lookups, store::View* rows) {
  Event payload;
  if (!payload.ParseFromString(event.payload())) return;
  if (absl::StartsWith(event.aggregate(), kComplaintPrefix)) {
    ApplyToComplaint(context, event, payload, lookups, rows);
  } else if (absl::StartsWith(event.aggregate(), kPersonPrefix)) {
    ApplyToPerson(context, event, payload, lookups, rows);
  }
  if (lookups == nullptr || rows->speculative()) return;
  lookups->RetryPending(
      context.shard, [&](absl::string_view owner) { return LookupTextsOf(*rows, context.shard, owner); }, rows);
}

std::vector<LookupText> LookupTextsOf(const store::Rows& rows, uint16_t shard, absl::string_view owner) {
  if (absl::StartsWith(owner, kComplaintPrefix)) return LookupTextsOf(LoadComplaint(rows, shard, ComplaintIdOf(owner)));
  return LookupTextsOf(LoadPerson(rows, shard, PersonIdOf(owner)).value_or(rows::v1::Person()));
}

rows::v1::Result ResultOf(const ApplyContext& context, const store::Rows& rows) {
  rows::v1::Result result;
  const log::v1::Event& first = context.body->events(0);
  Event payload;
  payload.ParseFromString(first.payload());
  result.set_person_erased(payload.has_person_erased());
  *result.mutable_open_complaints() = payload.person_erasure_requested().open_complaints();
  const absl::string_view id = ComplaintIdOf(first.aggregate());
  if (payload.has_legal_hold_set() || payload.has_legal_hold_lifted()) {
    if (id.empty()) {
      *result.mutable_legal_holds() =
          LoadPerson(rows, context.shard, PersonIdOf(first.aggregate())).value_or(rows::v1::Person()).legal_holds();
    } else {
      *result.mutable_legal_holds() = LoadComplaint(rows, context.shard, id).legal_holds();
    }
    return result;
  }
  if (id.empty()) return result;
  Complaint* complaint = result.mutable_complaint();
  *complaint = LoadComplaint(rows, context.shard, id);
  complaint->clear_description();
  complaint->clear_dwelling();
  complaint->clear_access_note();
  complaint->clear_handler_names();
  complaint->clear_former_text_keys();
  complaint->clear_resealing_keys();
  complaint->clear_attachment_keys();
  complaint->clear_legal_holds();
  if (!payload.has_complaint_received()) complaint->clear_tracking_code();
  return result;
}

}  // namespace redress::intake
