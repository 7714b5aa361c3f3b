// The register as a process sees it: a Snapshot that grows with the register's rows.
//
//   register's Shard ──tail commits──▶ Watch(rows) ──▶ rows, then a new Snapshot, then wake-ups
//
// A process runs the register's runtime (RegisterFollower, or routing's deciding logic) on Watch(its projection); every
// commit passes through here, so the view is never behind its rows and never ahead of what was committed. Snapshots
// share what did not change.
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
  // `tzdata_here` is the version of this machine's zone rules; empty when it is not known.
  explicit RegisterView(std::string tzdata_here = "");
  ~RegisterView() override;

  // Takes in what `rows`, a projection of the register stream, holds already, and returns the same database with an eye
  // on its commits. A projection that is rebuilt beside the one in use is watched too: the view takes from whichever
  // knows more and never runs back.
  std::shared_ptr<store::Database> Watch(std::shared_ptr<store::Database> rows);

  std::shared_ptr<const Snapshot> Current() const override;
  int64_t Version() const override;
  runtime::ReferenceLook Look() const override;
  int64_t Position() const override;
  absl::Status Usable() const override;
  // Wake-ups come on the thread that committed; they must not block.
  std::shared_ptr<void> OnChange(std::function<void()> wake) override;

 private:
  class Watched;

  void Take(const store::Rows& rows);
  // True when there is something new.
  bool Refresh(const store::Rows& rows) ABSL_EXCLUSIVE_LOCKS_REQUIRED(refreshing_);
  void Load(const store::Rows& rows, const VersionName& name, const rows_v1::VersionRow& row)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(refreshing_);

  const std::string tzdata_here_;
  log::Wakers wakers_;
  // One refresh at a time; taken before mutex_.
  Mutex refreshing_;
  Catalog catalog_ ABSL_GUARDED_BY(refreshing_);
  std::set<VersionName> loaded_ ABSL_GUARDED_BY(refreshing_);
  // A calendar that was accepted cannot be compiled here: this machine lacks its zone.
  bool unusable_ ABSL_GUARDED_BY(refreshing_) = false;
  mutable Mutex mutex_;
  std::shared_ptr<const Snapshot> current_ ABSL_GUARDED_BY(mutex_);
  int64_t position_ ABSL_GUARDED_BY(mutex_) = 0;
};

// One Snapshot that tests set: what deciders and reactions see without a register. Thread-safe.
class FixedReference : public runtime::ReferenceSource {
 public:
  explicit FixedReference(std::shared_ptr<const Snapshot> snapshot) : current_(std::move(snapshot)) {}
  // The next snapshot; whoever listens is woken.
  void Set(std::shared_ptr<const Snapshot> snapshot);

  std::shared_ptr<const Snapshot> Current() const override;
  int64_t Version() const override { return Current()->version(); }
  runtime::ReferenceLook Look() const override;
  std::shared_ptr<void> OnChange(std::function<void()> wake) override;

 private:
  log::Wakers wakers_;
  mutable Mutex mutex_;
  std::shared_ptr<const Snapshot> current_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace redress::reference
