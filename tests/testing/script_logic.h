// Another service's stream, whose records are what a test says: an order's command is the log::v1::Body to record.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "libs/runtime/logic.h"

namespace redress::testing {

class ScriptLogic : public runtime::Logic {
 public:
  explicit ScriptLogic(log::Stream stream) : stream_(stream) {}
  log::Stream stream() const override { return stream_; }
  int projection_version() const override { return 1; }
  std::vector<log::ShardId> Follows(uint16_t, uint32_t) const override { return {}; }
  absl::StatusOr<std::vector<runtime::NewEvent>> Decide(const store::Rows&, const runtime::v1::Order& order,
                                                        const runtime::DecideContext&) const override {
    log::v1::Body body;
    body.ParseFromString(order.command());
    std::vector<runtime::NewEvent> events;
    for (const auto& event : body.events()) events.push_back({event.aggregate(), event.payload()});
    return events;
  }
  bool Knows(log::Stream, const log::v1::Event&) const override { return true; }
  void Apply(const runtime::ApplyContext&, const log::v1::Event&, store::View*) const override {}
  std::string ResultOf(const runtime::ApplyContext&, const store::Rows&) const override { return ""; }
  absl::StatusOr<std::vector<runtime::v1::Order>> React(const runtime::Input&,
                                                        const runtime::ReactContext&) const override {
    return std::vector<runtime::v1::Order>();
  }
  void Fire(const runtime::Timer&, const runtime::ReactContext&,
            std::function<void(std::optional<runtime::v1::Order>)> done) override {
    done(std::nullopt);
  }

 private:
  const log::Stream stream_;
};

}  // namespace redress::testing
