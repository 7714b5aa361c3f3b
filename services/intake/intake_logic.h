// Intake as the runtime sees it: deciders, projection and policy put together.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "libs/clock/clock.h"
#include "libs/privacy/key_store.h"
#include "libs/runtime/logic.h"
#include "libs/status/mutex.h"
#include "services/intake/intake_lookups.h"

namespace redress::intake {

// How long after a log was made nothing is erased by itself, for retention or because somebody once asked for it: a backup
// lacks the legal holds that were set after it, and whoever restores it must be able to set them again.
inline constexpr Millis kGraceOfNewLog = kDay;

// Thread-safe once bound. What it is given outlives it.
class IntakeLogic : public runtime::Logic {
 public:
  // The rows of the whole projection as they are now.
  using RowsNow = std::function<std::shared_ptr<const store::Rows>()>;

  // `retry` waits when a key store cannot be asked.
  IntakeLogic(const Lookups* lookups, KeyStore* keys, Executor* retry)
      : lookups_(lookups), keys_(keys), retry_(retry) {}
  // Before the runtime starts: `ServiceRuntime::database` and `ServiceRuntime::Ready`. Until `ready`, whether somebody
  // has open complaints in other shards cannot be told, and nobody is erased.
  // `in_grace`: whether the log was made less than kGraceOfNewLog ago; empty: never.
  void Bind(RowsNow rows, std::function<bool()> ready, std::function<bool()> in_grace = nullptr) {
    rows_ = std::move(rows);
    ready_ = std::move(ready);
    in_grace_ = std::move(in_grace);
  }

  log::Stream stream() const override { return log::Stream::kIntake; }
  int projection_version() const override;
  std::vector<log::ShardId> Follows(uint16_t shard, uint32_t shard_count) const override;
  absl::StatusOr<std::vector<runtime::NewEvent>> Decide(const store::Rows& rows, const runtime::v1::Order& order,
                                                        const runtime::DecideContext& context) const override;
  bool Knows(log::Stream stream, const log::v1::Event& event) const override;
  void Apply(const runtime::ApplyContext& context, const log::v1::Event& event, store::View* rows) const override;
  std::string ResultOf(const runtime::ApplyContext& context, const store::Rows& rows) const override;
  absl::StatusOr<std::vector<runtime::v1::Order>> React(const runtime::Input& input,
                                                        const runtime::ReactContext& context) const override;
  bool Tend(uint16_t shard, store::View* rows) const override;
  void Fire(const runtime::Timer& timer, const runtime::ReactContext& context,
            std::function<void(std::optional<runtime::v1::Order>)> done) override;

 private:
  using FireDone = std::function<void(std::optional<runtime::v1::Order>)>;
  // Destroys the keys of an erased person, or those that a complaint has given up, and orders that it be noted; tries
  // until the store answers. Aside, and many in one write: it is synced, and thousands may be due at once.
  void DestroyKeys(const std::string& aggregate, uint16_t shard, FireDone done);
  void DestroySome();
  // Orders the end of a complaint's texts; not yet while their person is held.
  void ExpireTexts(const std::string& complaint, uint16_t shard, uint32_t shard_count, FireDone done);
  // Orders the end of a person whose texts have expired, as far as they have.
  void ExpirePerson(const std::string& person, uint16_t shard, uint32_t shard_count, FireDone done);
  // Orders an erasure that was put off once more; waits until the whole projection has been read.
  void EraseAgain(const std::string& person, uint16_t shard, uint32_t shard_count, FireDone done);

  const Lookups* const lookups_;
  KeyStore* const keys_;
  Executor* const retry_;
  RowsNow rows_;
  std::function<bool()> ready_;
  std::function<bool()> in_grace_;

  struct Doomed {
    std::string aggregate;
    uint16_t shard = 0;
    FireDone done;
  };
  Mutex mutex_;
  std::deque<Doomed> doomed_ ABSL_GUARDED_BY(mutex_);
  bool destroying_ ABSL_GUARDED_BY(mutex_) = false;  // a task for it is under way
};

// What stops an erasure of "people/<id>": names of their complaints.
struct InTheWay {
  std::vector<std::string> open;
  // Under a legal hold.
  std::vector<std::string> held;
  // With texts: what retention waits for.
  std::vector<std::string> kept;
  // Taken up again after their texts had expired.
  std::vector<std::string> bare;
};
// In the shards from `first` to `last`, `but` left out.
InTheWay InTheWayOfErasing(const store::Rows& rows, absl::string_view person, uint32_t first, uint32_t last,
                           std::optional<uint32_t> but);

// Whether a legal hold stands on "people/<id>", as far as the whole projection shows it.
bool IsHeld(const store::Rows& rows, absl::string_view person, uint32_t shard_count);

}  // namespace redress::intake
