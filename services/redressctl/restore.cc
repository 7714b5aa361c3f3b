#include "services/redressctl/restore.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "libs/backup/manifest.h"
#include "libs/clock/fake_clock.h"
#include "libs/log/embedded/embedded_log.h"
#include "libs/log/log_copy.h"
#include "libs/privacy/erasure_list.h"
#include "libs/privacy/folder.h"
#include "libs/privacy/made_ahead_key_store.h"
#include "libs/privacy/rocksdb/rocksdb_key_rows.h"
#include "libs/runtime/fold.h"
#include "libs/status/errors.h"
#include "libs/status/macros.h"
#include "redress/intake/events/v1/events.pb.h"

namespace redress::ctl {
namespace {

namespace fs = std::filesystem;

constexpr size_t kDestroyAtOnce = 1000;

absl::Status Failed(absl::string_view what) {
  return MakeError(absl::StatusCode::kUnavailable, "RESTORE_FAILED", what);
}
absl::Status Failed(const std::string& what, const std::error_code& error) {
  return Failed(absl::StrCat(what, ": ", error.message()));
}

// Whole files: what is opened there is changed, and a backup is not.
absl::Status CopyTree(const std::string& from, const std::string& to) {
  std::error_code error;
  fs::copy(from, to, fs::copy_options::recursive, error);
  return error ? Failed(to, error) : absl::OkStatus();
}

// What the events of a log say about keys.
struct KeysOfLog {
  std::map<std::string, std::string> owners;  // key id → "people/…", "complaints/…"
  std::set<std::string> destroyed;
  std::map<std::string, std::set<std::string>> resealing;  // complaint → keys that redactions took for it

  void Note(const std::string& aggregate, const intake::events::v1::Event& event) {
    using Event = intake::events::v1::Event;
    switch (event.kind_case()) {
      case Event::kComplaintReceived: Bind(event.complaint_received().text_key(), aggregate); break;
      case Event::kComplaintImported: Bind(event.complaint_imported().text_key(), aggregate); break;
      case Event::kPersonRegistered: Bind(event.person_registered().person_key(), aggregate); break;
      case Event::kPersonErased: Destroy(event.person_erased().person_key()); break;
      case Event::kPersonTextsErased: DestroyTexts(event.person_texts_erased().text_key(), aggregate); break;
      case Event::kTextsExpired: DestroyTexts(event.texts_expired().text_key(), aggregate); break;
      case Event::kTextRedacted:
        Bind(event.text_redacted().text_key(), aggregate);
        resealing[aggregate].insert(event.text_redacted().text_key());
        for (const std::string& id : event.text_redacted().old_text_keys()) Destroy(id);
        break;
      case Event::kKeysDestroyed:
        for (const std::string& id : event.keys_destroyed().key_ids()) Destroy(id);
        break;
      default: break;  // binds none
    }
  }

 private:
  void Bind(const std::string& id, const std::string& aggregate) {
    if (!id.empty()) owners.emplace(id, aggregate);
  }
  void Destroy(const std::string& id) {
    if (!id.empty()) destroyed.insert(id);
  }
  // A redaction that did not come to its end has put some of them under another.
  void DestroyTexts(const std::string& id, const std::string& complaint) {
    Destroy(id);
    for (const std::string& other : resealing[complaint]) Destroy(other);
  }
};

class Restoring {
 public:
  explicit Restoring(const RestoreOptions& options)
      : options_(options), part_(options.dir + ".part"), clock_(options.clock->Now()), executor_(&clock_) {}

  absl::StatusOr<RestoreReport> Run() {
    ASSIGN_OR_RETURN(manifest_, backup::CheckBackup(options_.backup));
    std::vector<std::string> listed;
    if (!options_.erasures.empty()) {
      ASSIGN_OR_RETURN(listed, ErasureList::Read(options_.erasures));
    }
    std::error_code error;
    if (fs::exists(options_.dir, error) &&
        !(fs::is_directory(options_.dir, error) && fs::is_empty(options_.dir, error))) {
      return MakeError(absl::StatusCode::kFailedPrecondition, "RESTORE_TARGET",
                       absl::StrCat(options_.dir, " holds something already; nothing of it is overwritten"));
    }
    fs::remove_all(part_, error);
    if (!error) fs::create_directories(part_, error);
    if (error) return Failed(part_, error);
    absl::Status made = Make(listed);
    if (made.ok()) {
      const absl::Status moved = MoveDurably(part_, options_.dir);
      if (!moved.ok()) made = Failed(moved.message());
    }
    if (!made.ok()) {
      fs::remove_all(part_, error);
      return made;
    }
    return report_;
  }

 private:
  absl::Status Make(const std::vector<std::string>& listed) {
    report_.installation = manifest_.installation();
    report_.old_log_id = manifest_.log_id();
    report_.made_at = manifest_.created_at();
    report_.master_keys.assign(manifest_.master_key_ids().begin(), manifest_.master_key_ids().end());
    RETURN_IF_ERROR(CopyTree(options_.backup + "/keys", part_ + "/keys"));
    RETURN_IF_ERROR(CopyTree(options_.backup + "/keys.mark", part_ + "/keys.mark"));
    RETURN_IF_ERROR(CopyTree(options_.backup + "/audit.log", part_ + "/audit.log"));
    // A later restore of the same backup needs what this one was told.
    if (!options_.erasures.empty()) RETURN_IF_ERROR(CopyTree(options_.erasures, part_ + "/erasures.list"));
    RETURN_IF_ERROR(CopyTheLog());
    return ForgetAgain(listed);
  }

  log::EmbeddedLogOptions LogOptions(const std::string& dir) {
    log::EmbeddedLogOptions options;
    options.dir = dir;
    options.clock = &clock_;
    options.executor = &executor_;
    options.ids = options_.ids;
    options.sync = false;
    options.shard_count = 0;
    return options;
  }

  absl::Status CopyTheLog() {
    const std::string beside = part_ + "/log.before";
    RETURN_IF_ERROR(CopyTree(options_.backup + "/log", beside));
    {
      ASSIGN_OR_RETURN(const auto from, log::EmbeddedLog::Open(LogOptions(beside)));
      uint32_t level = 1;
      ASSIGN_OR_RETURN(const log::LogSummary summary,
                       log::ReadWhole(from.get(), [this](log::ShardId shard, const log::v1::Body& body) {
                         return shard.stream == log::Stream::kIntake ? Note(shard, body) : absl::OkStatus();
                       }));
      RETURN_IF_ERROR(backup::CheckLog(manifest_, from->info(), summary));
      for (const auto& [id, shard] : summary) level = std::max(level, shard.genesis_level);
      log::EmbeddedLogOptions fresh = LogOptions(part_ + "/log");
      fresh.installation = from->info().installation;
      fresh.shard_count = from->info().shard_count;
      fresh.level = level;
      ASSIGN_OR_RETURN(const auto to, log::EmbeddedLog::Open(std::move(fresh)));
      log::CopyOptions copy;
      copy.from = from.get();
      copy.to = to.get();
      copy.ids = options_.ids;
      copy.owner = "restore";
      copy.now = options_.clock->Now();
      copy.drive = [this] { executor_.RunReady(); };
      ASSIGN_OR_RETURN(const log::LogSummary written, log::CopyLog(copy));
      for (const auto& [id, shard] : summary) {
        report_.decisions += shard.decisions;
        if (written.at(id).decisions == shard.decisions) continue;
        return absl::InternalError(
            absl::StrCat(log::ToString(id), " has ", written.at(id).decisions, " decisions, not ", shard.decisions));
      }
      RETURN_IF_ERROR(to->Sync());
      report_.new_log_id = log::Hex(to->info().log_id);
    }
    std::error_code error;
    fs::remove_all(beside, error);
    return error ? Failed(beside, error) : absl::OkStatus();
  }

  absl::Status Note(log::ShardId shard, const log::v1::Body& body) {
    for (const auto& stored : body.events()) {
      // The runtime's own events bind no keys.
      if (absl::StartsWith(stored.aggregate(), runtime::kInputsPrefix)) continue;
      intake::events::v1::Event event;
      if (!event.ParseFromString(stored.payload())) {
        return MakeError(absl::StatusCode::kDataLoss, "RECORD_UNREADABLE",
                         absl::StrCat(log::ToString(shard), ": an event of ", stored.aggregate(), " cannot be read"));
      }
      keys_.Note(stored.aggregate(), event);
    }
    return absl::OkStatus();
  }

  absl::Status ForgetAgain(const std::vector<std::string>& listed) {
    ASSIGN_OR_RETURN(const auto rows,
                     RocksDbKeyRows::Open({.path = part_ + "/keys", .installation = manifest_.installation()}));
    MadeAheadKeyStore store(rows.get(), options_.ids, options_.clock);
    // Every key that the log names is there: else the two do not belong together.
    for (const auto& [id, owner] : keys_.owners) {
      ASSIGN_OR_RETURN(const auto row, rows->Get(id));
      if (row.has_value()) continue;
      return MakeError(absl::StatusCode::kDataLoss, "KEY_LOST",
                       absl::StrCat("the backup has no key ", id, ", which its log names for ", owner));
    }
    std::set<std::string> gone = keys_.destroyed;
    std::set<std::string> since;
    for (const std::string& id : listed) {
      gone.insert(id);
      const auto owner = keys_.owners.find(id);
      if (owner != keys_.owners.end() && keys_.destroyed.count(id) == 0) since.insert(owner->second);
    }
    const std::vector<std::string> ids(gone.begin(), gone.end());
    for (const std::string& id : ids) {
      ASSIGN_OR_RETURN(const auto row, rows->Get(id));
      if (!row.has_value() || !row->destroyed) ++report_.destroyed;
    }
    for (size_t at = 0; at < ids.size(); at += kDestroyAtOnce) {
      RETURN_IF_ERROR(store.DestroyAll(absl::MakeConstSpan(ids).subspan(at, kDestroyAtOnce)));
    }
    report_.erased_since.assign(since.begin(), since.end());
    return absl::OkStatus();
  }

  const RestoreOptions& options_;
  const std::string part_;
  FakeClock clock_;  // nothing waits for time here
  FakeExecutor executor_;
  backup::v1::Manifest manifest_;
  KeysOfLog keys_;
  RestoreReport report_;
};

}  // namespace

absl::StatusOr<RestoreReport> Restore(const RestoreOptions& options) { return Restoring(options).Run(); }

}  // namespace redress::ctl
