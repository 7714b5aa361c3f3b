#include "libs/store/buffered_database.h"

#include <utility>

#include "libs/status/macros.h"

namespace redress::store {

// Writes over rows that do not change as long as somebody looks at them through it.
class BufferedDatabase::Layer {
 public:
  explicit Layer(const Database* below) : base_(below), view_(&base_) {}

  View& view() { return view_; }
  // From now on over `rows`, an instant of the same.
  void Freeze(std::unique_ptr<Rows> rows) { base_.Freeze(std::move(rows)); }

 private:
  class Base : public Rows {
   public:
    explicit Base(const Rows* rows) : rows_(rows) {}
    void Freeze(std::unique_ptr<Rows> rows) {
      frozen_ = std::move(rows);
      rows_ = frozen_.get();
    }
    std::optional<std::string> Get(absl::string_view key) const override { return rows_->Get(key); }
    void Scan(absl::string_view from, absl::string_view to, Visitor visit) const override {
      rows_->Scan(from, to, visit);
    }
    void ScanBack(absl::string_view from, absl::string_view to, Visitor visit) const override {
      rows_->ScanBack(from, to, visit);
    }

   private:
    const Rows* rows_;
    std::unique_ptr<Rows> frozen_;
  };

  Base base_;
  View view_;
};

class BufferedDatabase::LayerRows : public Rows {
 public:
  explicit LayerRows(std::shared_ptr<Layer> layer) : layer_(std::move(layer)) {}
  std::optional<std::string> Get(absl::string_view key) const override { return layer_->view().Get(key); }
  void Scan(absl::string_view from, absl::string_view to, Visitor visit) const override {
    layer_->view().Scan(from, to, visit);
  }
  void ScanBack(absl::string_view from, absl::string_view to, Visitor visit) const override {
    layer_->view().ScanBack(from, to, visit);
  }

 private:
  const std::shared_ptr<Layer> layer_;
};

BufferedDatabase::BufferedDatabase(std::shared_ptr<Database> below, size_t max_rows)
    : below_(std::move(below)), max_rows_(max_rows), layer_(std::make_shared<Layer>(below_.get())) {}

BufferedDatabase::~BufferedDatabase() { Flush().IgnoreError(); }

std::optional<std::string> BufferedDatabase::Get(absl::string_view key) const { return layer_->view().Get(key); }

void BufferedDatabase::Scan(absl::string_view from, absl::string_view to, Visitor visit) const {
  const uint64_t mark = gaps_.mark();
  const std::string begin = gaps_.Begin(from);
  if (!to.empty() && begin >= to) return;
  const Writes& writes = layer_->view().writes();
  const auto learn = [&](absl::string_view first) {
    uint64_t deleted = 0;
    for (auto at = writes.lower_bound(begin); at != writes.end() && at->first < first && deleted < kManyDeleted; ++at) {
      deleted += !at->second.has_value();
    }
    if (deleted >= kManyDeleted) gaps_.Learn(from, first, mark);
  };
  bool any = false;
  layer_->view().Scan(begin, to, [&](absl::string_view key, absl::string_view value) {
    if (!std::exchange(any, true)) learn(key);
    return visit(key, value);
  });
  if (!any && !to.empty()) learn(to);
}

void BufferedDatabase::ScanBack(absl::string_view from, absl::string_view to, Visitor visit) const {
  layer_->view().ScanBack(from, to, visit);
}

absl::Status BufferedDatabase::Commit(const Writes& writes) { return CommitOwn(writes); }

absl::Status BufferedDatabase::CommitOwn(Writes writes) {
  if (layer_.use_count() > 1 || layer_->view().writes().size() >= max_rows_) RETURN_IF_ERROR(Flush());
  gaps_.Writing(writes);
  layer_->view().Absorb(std::move(writes));
  gaps_.Written();
  return absl::OkStatus();
}

absl::Status BufferedDatabase::Flush() {
  const bool watched = layer_.use_count() > 1;
  std::unique_ptr<Rows> before = watched ? below_->Snapshot() : nullptr;
  RETURN_IF_ERROR(below_->Commit(layer_->view().writes()));
  if (watched) {
    layer_->Freeze(std::move(before));
    layer_ = std::make_shared<Layer>(below_.get());
  } else {
    layer_->view().Clear();
  }
  return absl::OkStatus();
}

std::unique_ptr<Rows> BufferedDatabase::Snapshot() const { return std::make_unique<LayerRows>(layer_); }

absl::Status BufferedDatabase::Health() const { return below_->Health(); }

absl::Status BufferedDatabase::Resume() { return below_->Resume(); }

absl::Status BufferedDatabase::Checkpoint(const std::string&) const {
  return absl::UnimplementedError("what is buffered has no files; flush, and use the database below");
}

uint64_t BufferedDatabase::SizeBytes() const { return below_->SizeBytes(); }

}  // namespace redress::store
