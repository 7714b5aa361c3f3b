#include "libs/privacy/made_ahead_key_store.h"

#include <sodium.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "libs/status/errors.h"
#include "libs/status/macros.h"

namespace redress {
namespace {

// The staff key's id is no secret and always this one, so that there cannot be two.
constexpr absl::string_view kStaffKeyId = "redress-staff-key-0001";

std::string MonthOf(Millis at) { return absl::FormatTime("%E4Y-%m", absl::FromUnixMillis(at), absl::UTCTimeZone()); }

void Wipe(std::vector<KeyRow>* rows) {
  for (KeyRow& row : *rows) sodium_memzero(row.secret.data(), row.secret.size());
}

absl::StatusOr<Key> KeyOf(KeyRow* row) {
  if (!row->wrapped_by.empty()) {
    return MakeError(absl::StatusCode::kFailedPrecondition, "KEY_WRAPPED",
                     absl::StrCat("key ", row->id, " is wrapped by master key ", row->wrapped_by,
                                  ", which this process was not given"));
  }
  if (row->secret.size() != kSecretBytes) {
    return MakeError(absl::StatusCode::kDataLoss, "KEY_ROW_UNREADABLE",
                     absl::StrCat("key ", row->id, ": its secret has the wrong length"));
  }
  std::array<uint8_t, kSecretBytes> bytes;
  std::memcpy(bytes.data(), row->secret.data(), bytes.size());
  Key key{row->id, row->kind, SecretKey(bytes)};
  sodium_memzero(bytes.data(), bytes.size());
  sodium_memzero(row->secret.data(), row->secret.size());
  return key;
}

}  // namespace

MadeAheadKeyStore::MadeAheadKeyStore(KeyRows* rows, IdSource* random, const Clock* clock, int batch)
    : rows_(rows), clock_(clock), batch_(std::max(batch, 1)), random_(random) {}

std::vector<KeyRow> MadeAheadKeyStore::MakeRows(KeyKind kind, int count, const std::string& month) {
  std::vector<KeyRow> rows(count);
  for (KeyRow& row : rows) {
    row.id = MakeKeyId(*random_);
    row.kind = kind;
    row.made_at = clock_->Now();
    row.month = month;
    const SecretKey secret = MakeSecretKey(*random_);
    row.secret.assign(reinterpret_cast<const char*>(secret.data()), kSecretBytes);
  }
  return rows;
}

absl::Status MadeAheadKeyStore::MakeBatch(KeyKind kind) {
  std::vector<KeyRow> rows = MakeRows(kind, batch_, "");
  if (absl::Status status = rows_->Put(rows); !status.ok()) {
    // They may have become durable all the same: such rows are left, as untaken ones of a restart are.
    Wipe(&rows);
    return status;
  }
  MutexLock lock(mutex_);
  for (KeyRow& row : rows) {
    ASSIGN_OR_RETURN(Key key, KeyOf(&row));
    pools_[static_cast<size_t>(kind)].push_back(std::move(key));
  }
  return absl::OkStatus();
}

absl::StatusOr<Key> MadeAheadKeyStore::TakeKey(KeyKind kind) {
  if (kind != KeyKind::kPerson && kind != KeyKind::kText) {
    return InvalidFields({{"kind", "must be person or text: index keys are made by month, the staff key once"}});
  }
  const auto take = [&]() -> std::optional<Key> {
    MutexLock lock(mutex_);
    auto& pool = pools_[static_cast<size_t>(kind)];
    if (pool.empty()) return std::nullopt;
    Key key = std::move(pool.front());
    pool.pop_front();
    return key;
  };
  if (std::optional<Key> key = take()) return *std::move(key);
  MutexLock writing(writing_);
  // Whoever waited for the lock may find that the other has made a batch; and others may take all of ours before we
  // look.
  while (true) {
    if (std::optional<Key> key = take()) return *std::move(key);
    RETURN_IF_ERROR(MakeBatch(kind));
  }
}

absl::Status MadeAheadKeyStore::Replenish() {
  MutexLock writing(writing_);
  for (const KeyKind kind : {KeyKind::kPerson, KeyKind::kText}) {
    size_t left;
    {
      MutexLock lock(mutex_);
      left = pools_[static_cast<size_t>(kind)].size();
    }
    if (2 * left < static_cast<size_t>(batch_)) RETURN_IF_ERROR(MakeBatch(kind));
  }
  return absl::OkStatus();
}

absl::StatusOr<Key> MadeAheadKeyStore::Find(absl::string_view key_id) {
  std::optional<KeyRow> row;
  if (IsKeyId(key_id)) {
    ASSIGN_OR_RETURN(row, rows_->Get(key_id));
  }
  if (!row.has_value()) {
    return MakeError(absl::StatusCode::kDataLoss, "KEY_LOST",
                     absl::StrCat("the key store has no key ", IsKeyId(key_id) ? key_id : "of this id",
                                  ", and did not destroy it: it was lost, or this is another's key store"));
  }
  if (row->destroyed) {
    return MakeError(absl::StatusCode::kNotFound, "KEY_DESTROYED", absl::StrCat("key ", key_id, " was destroyed"));
  }
  return KeyOf(&*row);
}

absl::Status MadeAheadKeyStore::DestroyAll(absl::Span<const std::string> key_ids) {
  for (const std::string& id : key_ids) {
    if (!IsKeyId(id)) return InvalidFields({{"key_id", "must have 22 symbols of URL-safe base64"}});
    if (id == kStaffKeyId) return InvalidFields({{"key_id", "is the staff key's, which is nobody's to forget"}});
  }
  MutexLock writing(writing_);
  std::vector<KeyRow> destroyed;
  for (const std::string& id : key_ids) {
    ASSIGN_OR_RETURN(std::optional<KeyRow> row, rows_->Get(id));
    // Lost before it was to be destroyed: from now on that is what happened to it.
    if (!row.has_value()) row = KeyRow{.id = id, .kind = KeyKind::kText, .made_at = clock_->Now()};
    if (row->destroyed) continue;
    sodium_memzero(row->secret.data(), row->secret.size());
    row->secret.clear();
    row->destroyed = true;
    destroyed.push_back(*std::move(row));
  }
  return destroyed.empty() ? absl::OkStatus() : rows_->Put(destroyed);
}

absl::StatusOr<std::vector<Key>> MadeAheadKeyStore::IndexKeys() {
  const Millis now = clock_->Now();
  const uint64_t changes = rows_->IndexChanges();
  {
    MutexLock lock(mutex_);
    if (index_.changes == changes && index_.from <= now && now < index_.until) return index_.keys;
  }
  ASSIGN_OR_RETURN(std::vector<Key> keys, ReadIndexKeys(MonthOf(now)));
  const absl::CivilMonth month(absl::ToCivilSecond(absl::FromUnixMillis(now), absl::UTCTimeZone()));
  MutexLock lock(mutex_);
  index_ = {changes, absl::ToUnixMillis(absl::FromCivil(month + 1, absl::UTCTimeZone())),
            absl::ToUnixMillis(absl::FromCivil(month, absl::UTCTimeZone())), keys};
  return keys;
}

absl::StatusOr<std::vector<Key>> MadeAheadKeyStore::ReadIndexKeys(const std::string& month) {
  const auto has_month = [&](const std::vector<KeyRow>& rows) {
    return std::any_of(rows.begin(), rows.end(), [&](const KeyRow& row) { return row.month == month; });
  };
  ASSIGN_OR_RETURN(std::vector<KeyRow> rows, rows_->IndexRows());
  if (!has_month(rows)) {
    MutexLock writing(writing_);
    ASSIGN_OR_RETURN(rows, rows_->IndexRows());
    if (!has_month(rows)) {
      std::vector<KeyRow> made = MakeRows(KeyKind::kIndex, 1, month);
      RETURN_IF_ERROR(rows_->Put(made));
      rows.push_back(std::move(made.front()));
    }
  }
  // Newest first, and this month's before a later one, which a clock that stepped back leaves behind.
  std::stable_sort(rows.begin(), rows.end(), [&](const KeyRow& a, const KeyRow& b) {
    return std::make_pair(a.month == month, absl::string_view(a.month)) >
           std::make_pair(b.month == month, absl::string_view(b.month));
  });
  std::vector<Key> keys;
  for (KeyRow& row : rows) {
    ASSIGN_OR_RETURN(Key key, KeyOf(&row));
    keys.push_back(std::move(key));
  }
  return keys;
}

absl::Status MadeAheadKeyStore::RetireIndexKeys() {
  const Millis now = clock_->Now();
  const std::string month = MonthOf(now);
  ASSIGN_OR_RETURN(std::vector<KeyRow> rows, rows_->IndexRows());
  std::vector<std::string> over;
  // Oldest month first.
  for (const KeyRow& row : rows) {
    const auto next =
        std::find_if(rows.begin(), rows.end(), [&](const KeyRow& other) { return other.month > row.month; });
    // This month's is in use, whatever a clock that stepped back has left behind it.
    if (row.month < month && next != rows.end() && next->made_at + kIndexKeyOutlives <= now) over.push_back(row.id);
  }
  Wipe(&rows);
  return over.empty() ? absl::OkStatus() : DestroyAll(over);
}

absl::StatusOr<Key> MadeAheadKeyStore::StaffKey() {
  ASSIGN_OR_RETURN(std::optional<KeyRow> row, rows_->Get(kStaffKeyId));
  if (!row.has_value()) {
    MutexLock writing(writing_);
    ASSIGN_OR_RETURN(row, rows_->Get(kStaffKeyId));
    if (!row.has_value()) {
      std::vector<KeyRow> made = MakeRows(KeyKind::kStaff, 1, "");
      made.front().id = std::string(kStaffKeyId);
      const absl::Status put = rows_->Put(made);
      if (!put.ok()) Wipe(&made);
      RETURN_IF_ERROR(put);
      row = std::move(made.front());
    }
  }
  return KeyOf(&*row);
}

}  // namespace redress
