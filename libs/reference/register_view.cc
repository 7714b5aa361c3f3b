#include "libs/reference/register_view.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/runtime/rows.h"
#include "libs/status/errors.h"

namespace redress::reference {
namespace {

constexpr log::ShardId kRegister{log::Stream::kRegister, 0};

// In order of version: territories may be activated in another order than their numbers were given in.
template <typename Content>
void Append(const rows_v1::VersionRow& row, std::shared_ptr<const Content> content, History<Content>* history) {
  const auto later = std::find_if(history->begin(), history->end(),
                                  [&](const Versioned<Content>& one) { return one.version > row.version(); });
  history->insert(later, {row.version(), row.active_from(), std::move(content)});
}

}  // namespace

// The rows, with a look at each commit after it was made.
class RegisterView::Watched : public store::Database {
 public:
  Watched(RegisterView* view, std::shared_ptr<store::Database> rows) : view_(view), rows_(std::move(rows)) {}

  std::optional<std::string> Get(absl::string_view key) const override { return rows_->Get(key); }
  void Scan(absl::string_view from, absl::string_view to, Visitor visit) const override {
    rows_->Scan(from, to, visit);
  }
  void ScanBack(absl::string_view from, absl::string_view to, Visitor visit) const override {
    rows_->ScanBack(from, to, visit);
  }
  absl::Status Commit(const store::Writes& writes) override {
    const absl::Status committed = rows_->Commit(writes);
    if (committed.ok()) view_->Take(*rows_);
    return committed;
  }
  std::unique_ptr<store::Rows> Snapshot() const override { return rows_->Snapshot(); }
  absl::Status Health() const override { return rows_->Health(); }
  absl::Status Resume() override { return rows_->Resume(); }
  absl::Status Checkpoint(const std::string& dir) const override { return rows_->Checkpoint(dir); }
  uint64_t SizeBytes() const override { return rows_->SizeBytes(); }

 private:
  RegisterView* const view_;
  const std::shared_ptr<store::Database> rows_;
};

RegisterView::RegisterView(std::string tzdata_here)
    : tzdata_here_(std::move(tzdata_here)), current_(MakeSnapshot(Catalog())) {}

RegisterView::~RegisterView() = default;

std::shared_ptr<store::Database> RegisterView::Watch(std::shared_ptr<store::Database> rows) {
  Take(*rows);
  return std::make_shared<Watched>(this, std::move(rows));
}

std::shared_ptr<const Snapshot> RegisterView::Current() const {
  MutexLock lock(mutex_);
  return current_;
}

int64_t RegisterView::Version() const { return Current()->version(); }

runtime::ReferenceLook RegisterView::Look() const {
  std::shared_ptr<const Snapshot> now = Current();
  return {now, now->version(), now->complete()};
}

int64_t RegisterView::Position() const {
  MutexLock lock(mutex_);
  return position_;
}

absl::Status RegisterView::Usable() const {
  const auto now = Current();
  const std::string& adopted = now->tzdata_version();
  if (adopted.empty() || tzdata_here_.empty() || adopted == tzdata_here_) return absl::OkStatus();
  return MakeError(absl::StatusCode::kFailedPrecondition, "TZDATA_DIFFERS",
                   absl::StrCat("the register has adopted the zone rules of ", adopted, ", this machine has those of ",
                                tzdata_here_),
                   {{"adopted", adopted}, {"here", tzdata_here_}});
}

std::shared_ptr<void> RegisterView::OnChange(std::function<void()> wake) {
  return wakers_.Add(kRegister, std::move(wake));
}

void RegisterView::Take(const store::Rows& rows) {
  bool changed = false;
  {
    MutexLock lock(refreshing_);
    changed = Refresh(rows);
    // Every commit of the tail saves how far it has read; the snapshot is there before it is said to be.
    const int64_t next = runtime::LoadRuleState(rows, 0).next_offset;
    MutexLock now(mutex_);
    changed |= next > position_;
    position_ = std::max(position_, next);
  }
  if (changed) wakers_.Wake(kRegister);
}

bool RegisterView::Refresh(const store::Rows& rows) {
  const rows_v1::StateRow state = LoadState(rows);
  if (state.decisions() <= catalog_.version) return false;
  ScanVersions(rows, {}, [&](const VersionName& name, absl::FunctionRef<rows_v1::VersionRow()> row) {
    if (loaded_.insert(name).second) Load(rows, name, row());
    return true;
  });
  catalog_.version = state.decisions();
  catalog_.complete = state.complete() && !unusable_;
  catalog_.level = std::max<uint32_t>(1, state.level());
  catalog_.tzdata = state.tzdata_version();
  std::shared_ptr<const Snapshot> next = MakeSnapshot(catalog_);
  MutexLock lock(mutex_);
  current_ = std::move(next);
  return true;
}

void RegisterView::Load(const store::Rows& rows, const VersionName& name, const rows_v1::VersionRow& row) {
  switch (row.content_case()) {
    case rows_v1::VersionRow::kTerritory:
      return Append<TerritoryIndex>(row, std::make_shared<TerritoryIndex>(LoadTerritory(rows, row.version())),
                                    &catalog_.territories);
    case rows_v1::VersionRow::kOrganisation:
      return Append<OrganisationIndex>(row, std::make_shared<OrganisationIndex>(row.organisation()),
                                       &catalog_.organisations);
    case rows_v1::VersionRow::kRuleSet:
      return Append<register_v1::RuleSet>(row, std::make_shared<register_v1::RuleSet>(row.rule_set()),
                                          &catalog_.rule_sets);
    case rows_v1::VersionRow::kObligationPack:
      return Append<register_v1::ObligationPack>(
          row, std::make_shared<register_v1::ObligationPack>(row.obligation_pack()), &catalog_.packs[name.id]);
    case rows_v1::VersionRow::kPackRules:
      return Append<register_v1::PackRules>(row, std::make_shared<register_v1::PackRules>(row.pack_rules()),
                                            &catalog_.pack_rules);
    case rows_v1::VersionRow::kCalendar: {
      auto compiled = CompileCalendar(row.calendar());
      unusable_ |= !compiled.ok();
      if (compiled.ok()) Append<CompiledCalendar>(row, *std::move(compiled), &catalog_.calendars[name.id]);
      return;
    }
    case rows_v1::VersionRow::kTzdata:
    case rows_v1::VersionRow::CONTENT_NOT_SET: return;
  }
}

void FixedReference::Set(std::shared_ptr<const Snapshot> snapshot) {
  {
    MutexLock lock(mutex_);
    current_ = std::move(snapshot);
  }
  wakers_.Wake(kRegister);
}

runtime::ReferenceLook FixedReference::Look() const {
  std::shared_ptr<const Snapshot> now = Current();
  return {now, now->version(), now->complete()};
}

std::shared_ptr<const Snapshot> FixedReference::Current() const {
  MutexLock lock(mutex_);
  return current_;
}

std::shared_ptr<void> FixedReference::OnChange(std::function<void()> wake) {
  return wakers_.Add(kRegister, std::move(wake));
}

}  // namespace redress::reference
