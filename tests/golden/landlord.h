// One instance of everything in one thread, called in text format: what the journey is lived with.
#pragma once

#include <google/protobuf/message.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "libs/auth/authenticator.h"
#include "libs/clock/fake_clock.h"
#include "libs/ids/ids.h"
#include "libs/log/simulated/simulated_log.h"
#include "libs/privacy/in_memory_key_rows.h"
#include "libs/privacy/made_ahead_key_store.h"
#include "libs/privacy/read_audit.h"
#include "services/standalone/node.h"
#include "tests/golden/recording.h"

namespace redress::golden {

// Rows, keys and ports of a Node over `log`, all in memory.
struct Instance {
  Instance(log::Log* log, FakeClock* clock, FakeExecutor* executor, IdSource* ids, bool own);

  InMemoryKeyRows key_rows;
  MadeAheadKeyStore keys;
  InMemoryReadAudit audit;
  std::unique_ptr<Node> node;
};

// The first thing that goes wrong is kept; what follows has no effect.
class Landlord {
 public:
  static constexpr uint32_t kShards = 2;

  explicit Landlord(Millis begins);

  // Calls "intake.SubmitComplaint" with a request in text format, a request id of its own added where there is a field
  // for one, and lets some seconds pass; the answer, empty after an error.
  std::unique_ptr<google::protobuf::Message> Call(absl::string_view method, const std::string& request);
  // The same for a stream of one request.
  std::unique_ptr<google::protobuf::Message> Stream(absl::string_view method, const std::string& request);
  void Pass(Millis time) { executor_.RunFor(time); }
  Millis now() const { return clock_.Now(); }
  void Expect(bool good, absl::string_view what);

  const absl::Status& status() const { return status_; }
  Recording Record();

 private:
  struct Method;
  void SetUp();
  std::unique_ptr<google::protobuf::Message> Request(const google::protobuf::Descriptor& type, const std::string& text);
  const rpc::Method* Find(absl::string_view method);
  CallContext Context() const;
  void Await(const bool& done, absl::string_view what);

  FakeClock clock_;
  FakeExecutor executor_;
  SeededIdSource ids_;
  log::SimulatedLog log_;
  std::unique_ptr<log::SimulatedConnection> connection_;
  std::unique_ptr<Instance> instance_;
  NoAuth authenticator_;
  int requests_ = 0;
  absl::Status status_;
};

// The text of a field by its path, "complaint.name", "interventions.0.name"; "" where it is not there.
std::string Field(const google::protobuf::Message* message, absl::string_view path);

}  // namespace redress::golden
