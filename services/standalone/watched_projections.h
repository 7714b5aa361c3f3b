// Projections of which the register's are watched: also one that is rebuilt, so that the register view goes on from it.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "libs/admin/admin_service.h"
#include "libs/reference/register_view.h"

namespace redress {

// As the store given; the arguments outlive it.
class WatchedProjections : public admin::ProjectionStore {
 public:
  WatchedProjections(admin::ProjectionStore* projections, reference::RegisterView* view)
      : projections_(projections), view_(view) {}

  absl::StatusOr<std::shared_ptr<store::Database>> CreateBeside(log::Stream stream) override {
    auto made = projections_->CreateBeside(stream);
    if (!made.ok() || stream != log::Stream::kRegister) return made;
    return view_->Watch(*std::move(made));
  }
  absl::Status Adopt(log::Stream stream) override { return projections_->Adopt(stream); }
  void Discard(log::Stream stream) override { projections_->Discard(stream); }
  std::string CheckpointDir(log::Stream stream, const std::string& id, std::string* relative) override {
    return projections_->CheckpointDir(stream, id, relative);
  }

 private:
  admin::ProjectionStore* const projections_;
  reference::RegisterView* const view_;
};

}  // namespace redress
