#include "services/standalone/register_orders.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/log/acceptance.h"
#include "redress/register/commands/v1/commands.pb.h"
#include "services/routing/routing_register_logic.h"

namespace redress {
namespace {

using register_::commands::v1::Command;

// Of one page, well below what a record holds.
constexpr size_t kPageBytes = 200 * 1024;

struct Sequence : std::enable_shared_from_this<Sequence> {
  runtime::ServiceRuntime* runtime = nullptr;
  std::vector<runtime::v1::Order> orders;
  size_t next = 0;
  std::function<void(absl::Status)> done;

  void Step() {
    if (next == orders.size()) return done(absl::OkStatus());
    runtime->Execute(orders[next], [self = shared_from_this()](absl::StatusOr<runtime::v1::Receipt> receipt) {
      if (!receipt.ok()) return self->done(receipt.status());
      ++self->next;
      self->Step();
    });
  }
};

runtime::v1::Order RepeatableOrder(const Command& command) {
  runtime::v1::Order order = routing::RegisterOrder(command);
  order.set_order_class(runtime::v1::ORDER_CLASS_CALLER);
  order.set_actor("setup");
  order.set_caller_scope("setup");
  // A hash of the command: entering it again changes nothing.
  order.set_request_id(log::Hex(log::NextChain("register", order.command())));
  return order;
}

}  // namespace

std::vector<runtime::v1::Order> TerritoryOrders(const register_::v1::Territory& territory, const std::string& upload) {
  std::vector<Command> pages;
  size_t bytes = kPageBytes;
  const auto page_for = [&](size_t size) {
    if (bytes + size > kPageBytes) {
      pages.emplace_back().mutable_add_territory_part()->set_upload(upload);
      pages.back().mutable_add_territory_part()->set_part(static_cast<int32_t>(pages.size()) - 1);
      bytes = 0;
    }
    bytes += size + 8;
    return pages.back().mutable_add_territory_part()->mutable_nodes();
  };
  for (const auto& node : territory.agencies()) *page_for(node.ByteSizeLong())->add_agencies() = node;
  for (const auto& node : territory.offices()) *page_for(node.ByteSizeLong())->add_offices() = node;
  for (const auto& node : territory.residences()) *page_for(node.ByteSizeLong())->add_residences() = node;
  for (const auto& node : territory.units()) *page_for(node.ByteSizeLong())->add_units() = node;
  std::vector<runtime::v1::Order> orders;
  for (const Command& page : pages) orders.push_back(RepeatableOrder(page));
  Command activate;
  activate.mutable_activate_territory()->set_upload(upload);
  activate.mutable_activate_territory()->set_parts(static_cast<int32_t>(pages.size()));
  orders.push_back(RepeatableOrder(activate));
  return orders;
}

void ExecuteInOrder(runtime::ServiceRuntime* register_runtime, std::vector<runtime::v1::Order> orders,
                    std::function<void(absl::Status)> done) {
  auto sequence = std::make_shared<Sequence>();
  sequence->runtime = register_runtime;
  sequence->orders = std::move(orders);
  sequence->done = std::move(done);
  sequence->Step();
}

}  // namespace redress
