// Keeps what is committed in memory and hands it on in large pieces: rows that change often reach the database below
// once in a while instead of each time. For a process that has its rows to itself and can afford to lose them, as the
// simulated landlord's.
//
//   Commit ─▶ layer: writes over the database ─▶ (many rows, or Flush) ─▶ one Commit below, a new layer
//                 ▲ a snapshot holds on to its layer; the next commit finds it so and begins a new one
#pragma once

#include <memory>
#include <string>

#include "libs/store/gaps.h"
#include "libs/store/store.h"

namespace redress::store {

// Used by one thread, unlike other databases. What was not flushed is lost with the process, not with the object: its end
// flushes too, but nobody hears if that fails. Whoever needs to know flushes first.
class BufferedDatabase : public Database {
 public:
  // Hands on by itself when `max_rows` are waiting.
  explicit BufferedDatabase(std::shared_ptr<Database> below, size_t max_rows = 50'000);
  ~BufferedDatabase() override;
  std::optional<std::string> Get(absl::string_view key) const override;
  void Scan(absl::string_view from, absl::string_view to, Visitor visit) const override;
  void ScanBack(absl::string_view from, absl::string_view to, Visitor visit) const override;
  // The error of what was handed on before it, if that fails; then nothing is committed.
  absl::Status Commit(const Writes& writes) override;
  absl::Status CommitOwn(Writes writes) override;
  // Hands everything on. After an error it is all still here.
  absl::Status Flush();
  std::unique_ptr<Rows> Snapshot() const override;
  absl::Status Health() const override;
  absl::Status Resume() override;
  absl::Status Checkpoint(const std::string& dir) const override;
  uint64_t SizeBytes() const override;

 private:
  class Layer;
  class LayerRows;

  const std::shared_ptr<Database> below_;
  const size_t max_rows_;
  std::shared_ptr<Layer> layer_;
  mutable Gaps gaps_;
};

}  // namespace redress::store
