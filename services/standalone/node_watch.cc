#include "services/standalone/node_watch.h"

#include <algorithm>

#include "libs/status/errors.h"

namespace redress {

void NodeWatch::Step() {
  for (const log::Stream stream : log::kAllStreams) LookAtStream(stream);
  const auto serve = [this](const std::string& service, bool serving) {
    const auto [known, first] = serving_.emplace(service, false);
    if (known->second == serving) return;
    known->second = serving;
    options_.set_serving(service, serving);
  };
  for (const rpc::Service* service : options_.node->services()) {
    serve(service->full_name(), options_.node->Readiness(*service).ok());
  }
  const bool ready = options_.node->Ready();
  serve("", ready);
  if (ready != ready_.exchange(ready)) options_.logger->Info(ready ? "ready" : "not_ready");
}

void NodeWatch::LookAtStream(log::Stream stream) {
  const runtime::ServiceRuntime* runtime = options_.node->runtime(stream);
  if (runtime == nullptr) return;
  if (!absl::IsDataLoss(runtime->database()->Health())) {
    // Rebuilt rows can be damaged like those before them.
    damaged_.erase(stream);
  } else if (damaged_.insert(stream).second) {
    options_.logger->Error("projection_damaged", {{"service", log::StreamName(stream)}});
    options_.damaged(stream);
  }
  const absl::Status readiness = options_.node->Readiness(stream);
  const std::string reason = ReasonOf(readiness);
  const auto [said, first] = reasons_.emplace(stream, "CATCHING_UP");
  if (said->second == reason) return;
  // The register's, and the same for all: said of the first.
  const bool of_all = reason == "STARTER_SET_MISSING" &&
                      std::any_of(reasons_.begin(), reasons_.end(), [&](const auto& r) { return r.second == reason; });
  said->second = reason;
  if (of_all) return;
  const LogFields fields = {{"service", log::StreamName(stream)}, {"reason", reason}, {"message", readiness.message()}};
  if (readiness.ok()) {
    options_.logger->Info("service_ready", {{"service", log::StreamName(stream)}});
  } else if (reason == "SHARD_STOPPED" || reason == "TZDATA_DIFFERS") {
    options_.logger->Error("service_not_ready", fields);
  } else {
    options_.logger->Info("service_not_ready", fields);
  }
}

}  // namespace redress
