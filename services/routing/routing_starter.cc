#include "services/routing/routing_starter.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/log/acceptance.h"
#include "libs/reference/history.h"
#include "libs/status/errors.h"
#include "redress/register/commands/v1/commands.pb.h"
#include "services/routing/routing_register_logic.h"

namespace redress::routing {
namespace {

constexpr char kActor[] = "service/starter-set";

// Orders sent one after another.
struct Sending {
  runtime::ServiceRuntime* runtime;
  std::vector<runtime::v1::Order> orders;
  std::function<void(absl::Status)> done;
  size_t next = 0;
};

void SendNext(std::shared_ptr<Sending> sending) {
  if (sending->next == sending->orders.size()) return sending->done(absl::OkStatus());
  runtime::v1::Order order = sending->orders[sending->next++];
  sending->runtime->Execute(order, [sending, order](absl::StatusOr<runtime::v1::Receipt> receipt) {
    if (receipt.ok()) return SendNext(sending);
    sending->done(Annotate(receipt.status(), absl::StrCat("starter set, ", order.aggregate())));
  });
}

}  // namespace

std::vector<runtime::v1::Order> StarterOrders(const reference::StarterSet& set, const std::string& tzdata_version) {
  std::vector<RegisterCommand> commands;
  commands.emplace_back().mutable_adopt_tzdata()->set_version(tzdata_version);
  for (const auto& calendar : set.calendars) *commands.emplace_back().mutable_set_calendar() = calendar;
  *commands.emplace_back().mutable_set_organisation() = set.organisation;
  *commands.emplace_back().mutable_set_rule_set() = set.rules;
  for (const auto& pack : set.packs) *commands.emplace_back().mutable_set_obligation_pack() = pack;
  *commands.emplace_back().mutable_set_pack_rules() = set.pack_rules;
  commands.emplace_back().mutable_complete_starter_set();
  std::vector<runtime::v1::Order> orders;
  for (RegisterCommand& command : commands) {
    command.set_active_from(reference::kAlways);
    command.set_starter(true);
    runtime::v1::Order order = RegisterOrder(command);
    order.set_order_class(runtime::v1::ORDER_CLASS_CALLER);
    order.set_actor(kActor);
    order.set_caller_scope(kActor);
    order.set_request_id(absl::StrCat("starter-", log::Hex(log::NextChain("register", order.command()))));
    orders.push_back(std::move(order));
  }
  return orders;
}

void EnterStarterSet(runtime::ServiceRuntime* register_runtime, const reference::StarterSet& set,
                     const std::string& tzdata_version, std::function<void(absl::Status)> done) {
  auto sending = std::make_shared<Sending>();
  sending->runtime = register_runtime;
  sending->orders = StarterOrders(set, tzdata_version);
  sending->done = std::move(done);
  SendNext(std::move(sending));
}

}  // namespace redress::routing
