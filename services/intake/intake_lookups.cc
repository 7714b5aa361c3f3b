// Tables (outside digests: what they hold depends on which keys live):
//
//   C0 look-up      raw(hash, 16 bytes) raw(owner)   → ""
//   C1 look-ups of  raw(owner)                       → LookupKeys: rests of its C0 rows
//
// e.g. the phone number of people/01 in shard 3: 00 03 C0 <16 bytes> 70 65 6F 70 6C 65 2F 30 31
#include "services/intake/intake_lookups.h"

#include "libs/ids/ids.h"
#include "libs/status/macros.h"
#include "libs/store/table.h"
#include "redress/intake/rows/v1/rows.pb.h"

namespace redress::intake {
namespace {

constexpr uint8_t kLookups = 0xC0;
constexpr store::Table<rows::v1::LookupKeys> kLookupsOf(0xC1);

// A projection that hashes tells nobody anything: there is no reader to note.
class NobodyReads : public ReadAudit {
 public:
  absl::Status Record(const ReadEntry&) override { return absl::OkStatus(); }
};
ReadAudit* Nobody() {
  static NobodyReads nobody;
  return &nobody;
}

}  // namespace

Lookups::Lookups(std::string installation, std::string country_prefix, KeyStore* keys)
    : country_prefix_(std::move(country_prefix)), keys_(keys), opener_(std::move(installation), keys, Nobody()) {}

absl::StatusOr<std::string> Lookups::Open(const types::v1::Sealed& sealed, absl::string_view owner,
                                          absl::string_view field) const {
  return opener_.Open(sealed, owner, field, {"service/intake", "look_up"});
}

void Lookups::AddComplaint(uint16_t shard, absl::string_view owner, const events::v1::ComplaintReceived& event,
                           store::View* rows) const {
  if (rows->speculative() || !event.has_tracking_code()) return;
  const auto code = Open(event.tracking_code(), owner, field::kTrackingCode);
  if (!code.ok()) return;
  const auto symbols = ParseTrackingCode(*code);
  if (symbols.ok()) Add(shard, owner, LookupKind::kTrackingCode, *symbols, rows);
}

void Lookups::AddPerson(uint16_t shard, absl::string_view owner, const events::v1::PersonRegistered& event,
                        store::View* rows) const {
  if (rows->speculative()) return;
  if (event.has_phone()) {
    const auto phone = Open(event.phone(), owner, field::kPhone);
    const auto normalised = phone.ok() ? NormalisePhone(*phone, country_prefix_) : phone;
    if (normalised.ok()) Add(shard, owner, LookupKind::kPhone, *normalised, rows);
  }
  if (event.has_email()) {
    const auto email = Open(event.email(), owner, field::kEmail);
    const auto normalised = email.ok() ? NormaliseMail(*email) : email;
    if (normalised.ok()) Add(shard, owner, LookupKind::kMail, *normalised, rows);
  }
}

void Lookups::Add(uint16_t shard, absl::string_view owner, LookupKind kind, absl::string_view normalised,
                  store::View* rows) const {
  const auto living = keys_->IndexKeys();
  if (!living.ok() || living->empty()) return;
  const std::string rest =
      store::Key(0, 0).Raw(LookupHash(living->front().secret, kind, normalised)).Raw(owner).bytes().substr(3);
  rows->Put(store::Key(shard, kLookups).Raw(rest).Take(), "");
  rows::v1::LookupKeys of = kLookupsOf.Get(*rows, shard, owner).value_or(rows::v1::LookupKeys());
  of.add_keys(rest);
  kLookupsOf.Put(*rows, shard, owner, of);
}

void Lookups::Remove(uint16_t shard, absl::string_view owner, store::View* rows) const {
  if (rows->speculative()) return;
  const auto of = kLookupsOf.Get(*rows, shard, owner);
  if (!of.has_value()) return;
  for (const std::string& rest : of->keys()) rows->Delete(store::Key(shard, kLookups).Raw(rest).Take());
  kLookupsOf.Delete(*rows, shard, owner);
}

absl::StatusOr<std::vector<std::string>> Lookups::Find(const store::Rows& rows, uint32_t shard_count, LookupKind kind,
                                                       absl::string_view normalised) const {
  ASSIGN_OR_RETURN(const std::vector<Key> living, keys_->IndexKeys());
  std::vector<std::string> owners;
  for (const Key& key : living) {
    const std::string hash = LookupHash(key.secret, kind, normalised);
    for (uint32_t shard = 0; shard < shard_count; ++shard) {
      const std::string from = store::Key(static_cast<uint16_t>(shard), kLookups).Raw(hash).Take();
      rows.Scan(from, store::After(from), [&](absl::string_view found, absl::string_view) {
        owners.emplace_back(found.substr(from.size()));
        return true;
      });
    }
  }
  return owners;
}

absl::StatusOr<std::vector<std::string>> Lookups::FindTrackingCode(const store::Rows& rows, uint32_t shard_count,
                                                                   absl::string_view code) const {
  ASSIGN_OR_RETURN(const std::string symbols, ParseTrackingCode(code));
  return Find(rows, shard_count, LookupKind::kTrackingCode, symbols);
}

absl::StatusOr<std::vector<std::string>> Lookups::FindPhone(const store::Rows& rows, uint32_t shard_count,
                                                            absl::string_view phone) const {
  ASSIGN_OR_RETURN(const std::string normalised, NormalisePhone(phone, country_prefix_));
  return Find(rows, shard_count, LookupKind::kPhone, normalised);
}

absl::StatusOr<std::vector<std::string>> Lookups::FindEmail(const store::Rows& rows, uint32_t shard_count,
                                                            absl::string_view email) const {
  ASSIGN_OR_RETURN(const std::string normalised, NormaliseMail(email));
  return Find(rows, shard_count, LookupKind::kMail, normalised);
}

}  // namespace redress::intake
