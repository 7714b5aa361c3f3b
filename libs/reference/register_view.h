// The register as a process sees it: a Snapshot that grows with the register's rows.
//
//   register's Shard ──tail commits──▶ RegisterView::database() ──▶ rows, then a new Snapshot, then wake-ups
//
// A process runs the register's runtime (RegisterFollower, or routing's deciding logic) on database(); every commit
// passes through here, so the view is never behind its rows and never ahead of what was committed. Snapshots share what
// did not change.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>

#include "libs/log/wakers.h"
#include "libs/reference/catalog.h"
#include "libs/reference/register_rows.h"
#include "libs/runtime/environment.h"
#include "libs/status/mutex.h"
#include "libs/store/store.h"

namespace redress::reference {

// Thread-safe. Outlives whatever commits through it.
class RegisterView : public runtime::ReferenceSource {
 public:
  // `rows`: the projection of the register stream, with what it holds already. Outlives the view.
  explicit RegisterView(store::Database* rows);
  ~RegisterView() override;

  // What the register's runtime writes to; reads go through to the rows given.
  store::Database* database();

  std::shared_ptr<const Snapshot> Current() const override;
  int64_t Version() const override;
  // Wake-ups come on the thread that committed; they must not block.
  std::shared_ptr<void> OnChange(std::function<void()> wake) override;

 private:
  class Committed;

  void OnCommit(const store::Writes& writes);
  // True when there is something new.
  bool Refresh() ABSL_EXCLUSIVE_LOCKS_REQUIRED(refreshing_);
  void Load(const VersionName& name, const rows_v1::VersionRow& row) ABSL_EXCLUSIVE_LOCKS_REQUIRED(refreshing_);

  store::Database* const rows_;
  const std::unique_ptr<Committed> committed_;
  log::Wakers wakers_;
  // One refresh at a time; taken before mutex_.
  Mutex refreshing_;
  Catalog catalog_ ABSL_GUARDED_BY(refreshing_);
  std::set<VersionName> loaded_ ABSL_GUARDED_BY(refreshing_);
  // A calendar that was accepted cannot be compiled here: this machine lacks its zone.
  bool unusable_ ABSL_GUARDED_BY(refreshing_) = false;
  mutable Mutex mutex_;
  std::shared_ptr<const Snapshot> current_ ABSL_GUARDED_BY(mutex_);
};

// One Snapshot that tests set: what deciders and reactions see without a register. Thread-safe.
class FixedReference : public runtime::ReferenceSource {
 public:
  explicit FixedReference(std::shared_ptr<const Snapshot> snapshot) : current_(std::move(snapshot)) {}
  // The next snapshot; whoever listens is woken.
  void Set(std::shared_ptr<const Snapshot> snapshot);

  std::shared_ptr<const Snapshot> Current() const override;
  int64_t Version() const override { return Current()->version(); }
  std::shared_ptr<void> OnChange(std::function<void()> wake) override;

 private:
  log::Wakers wakers_;
  mutable Mutex mutex_;
  std::shared_ptr<const Snapshot> current_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace redress::reference
