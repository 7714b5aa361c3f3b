// Folds the register stream into rows: the same in every process, whether it decides the register or only follows it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "libs/runtime/logic.h"

namespace redress::reference {

// Folds one register event. Total. A record counts as one decision however many events it holds.
void ApplyRegisterEvent(const runtime::ApplyContext& context, const log::v1::Event& event, store::View* rows);

// What a process runs to have the register's rows without deciding it. Every order is refused.
class RegisterFollower : public runtime::Logic {
 public:
  log::Stream stream() const override { return log::Stream::kRegister; }
  int projection_version() const override;
  std::vector<log::ShardId> Follows(uint16_t, uint32_t) const override { return {}; }
  absl::StatusOr<std::vector<runtime::NewEvent>> Decide(const store::Rows& rows, const runtime::v1::Order& order,
                                                        const runtime::DecideContext& context) const override;
  bool Knows(log::Stream stream, const log::v1::Event& event) const override;
  void Apply(const runtime::ApplyContext& context, const log::v1::Event& event, store::View* rows) const override;
  // A serialised redress.register.rows.v1.VersionKey: which version the record made. The same in every process, since
  // it is stored.
  std::string ResultOf(const runtime::ApplyContext& context, const store::Rows& rows) const override;
  absl::StatusOr<std::vector<runtime::v1::Order>> React(const runtime::Input& input,
                                                        const runtime::ReactContext& context) const override;
  void Fire(const runtime::Timer& timer, const runtime::ReactContext& context,
            std::function<void(std::optional<runtime::v1::Order>)> done) override;
};

}  // namespace redress::reference
