// Where a process keeps its projections on disk, and which of them is in use.
//
//   DIR/projections/intake-v1-000001/    version of the projection's shape, then a generation
//   DIR/projections/intake.current       text: "intake-v1-000001\n"; replaced by rename
//   DIR/checkpoints/intake/NAME/
//
// A directory of another version, or one that is not named in *.current, is deleted at start: projections are rebuilt
// from the log. That is also how one that was found damaged while running is got rid of: it loses its name.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "libs/admin/admin_service.h"
#include "libs/log/log.h"
#include "libs/store/store.h"

namespace rocksdb {
class Env;
}

namespace redress {

// Thread-safe as far as each stream is used by one thread at a time.
class ProjectionDirs : public admin::ProjectionStore {
 public:
  // `env`: what rows are written with, the machine's own when null; outlives it.
  explicit ProjectionDirs(std::string dir, rocksdb::Env* env = nullptr) : dir_(std::move(dir)), env_(env) {}

  // The one in use, or a new empty one (`*fresh` = true) when there is none of this version. One that is damaged is
  // thrown away and made anew, `*fresh` = true.
  absl::StatusOr<std::shared_ptr<store::Database>> OpenCurrent(log::Stream stream, int version, bool* fresh);
  // A new empty one in the place of the one in use, which nobody has open any more and which is deleted.
  absl::StatusOr<std::shared_ptr<store::Database>> OpenAnew(log::Stream stream);

  // The one in use cannot be relied on: the next start makes it anew, unless one that is rebuilt is adopted before.
  absl::Status MarkDamaged(log::Stream stream);

  absl::StatusOr<std::shared_ptr<store::Database>> CreateBeside(log::Stream stream) override;
  absl::Status Adopt(log::Stream stream) override;
  void Discard(log::Stream stream) override;
  std::string CheckpointDir(log::Stream stream, const std::string& id, std::string* relative) override;

 private:
  struct State {
    int version = 0;
    std::string current;
    std::string beside;
  };

  absl::StatusOr<std::shared_ptr<store::Database>> Open(const std::string& name) const;
  absl::Status SetCurrent(log::Stream stream, const std::string& name);
  void DeleteOthers(log::Stream stream, const std::string& keep) const;
  static std::string NameOf(log::Stream stream, int version, int generation);

  const std::string dir_;
  rocksdb::Env* const env_;
  std::map<log::Stream, State> states_;
};

}  // namespace redress
