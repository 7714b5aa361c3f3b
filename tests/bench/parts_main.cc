// redress-bench-parts: the pieces that every command goes through, each by itself (Google Benchmark). Of no bound: they
// tell which piece a change made dearer.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "libs/clock/fake_clock.h"
#include "libs/ids/ids.h"
#include "libs/log/acceptance.h"
#include "libs/log/log.h"
#include "libs/privacy/in_memory_key_store.h"
#include "libs/privacy/sealer.h"
#include "libs/runtime/queues.h"
#include "libs/service/request_fingerprint.h"
#include "libs/store/memory/memory_database.h"
#include "redress/log/v1/record.pb.h"
#include "tests/bench/requests.h"

namespace redress::bench {
namespace {

// A body as long as that of a complaint that was received.
constexpr size_t kBody = 600;

// A term of decisions as a shard of the log holds it.
std::vector<std::string> Term(int decisions) {
  log::LogInfo info;
  info.log_id = std::string(16, 'L');
  info.installation = "landlord";
  info.shard_count = 1;
  const log::ShardId shard{log::Stream::kIntake, 0};
  std::vector<std::string> records = {log::EncodeGenesis(info, shard, 1, 1)};
  log::v1::Record claim;
  claim.set_rule_version(log::kRuleVersion);
  claim.set_kind(log::v1::KIND_CLAIM);
  records.push_back(claim.SerializeAsString());
  std::string chain;
  {
    log::RuleState state;
    log::v1::Record genesis;
    genesis.ParseFromString(records[0]);
    log::Accept(0, genesis, &state).IgnoreError();
    log::Accept(1, claim, &state).IgnoreError();
    chain = state.chain;
  }
  for (int seq = 1; seq <= decisions; ++seq) {
    log::v1::Record record;
    record.set_rule_version(log::kRuleVersion);
    record.set_kind(log::v1::KIND_DECISION);
    record.set_fence(1);
    record.set_seq(seq);
    log::v1::Body body;
    body.set_recorded_at(seq);
    auto* event = body.add_events();
    event->set_aggregate("complaints/01HZZZZZZZZZZZZZZZZZZZZZZZ");
    event->set_version(1);
    event->set_payload(std::string(kBody, 'b'));
    record.set_body(body.SerializeAsString());
    chain = log::NextChain(chain, record.body());
    record.set_chain(chain);
    records.push_back(record.SerializeAsString());
  }
  return records;
}

void AcceptRecord(benchmark::State& state) {
  const std::vector<std::string> term = Term(256);
  log::RuleState rule;
  size_t at = 0;
  for (auto _ : state) {
    if (at == term.size()) {
      at = 0;
      rule = log::RuleState();
    }
    log::v1::Record record;
    const auto offset = static_cast<int64_t>(at);
    if (!log::ParseRecord("intake/0", offset, term[at], &record).ok()) state.SkipWithError("a record is unreadable");
    const auto verdict = log::Accept(offset, record, &rule);
    if (!verdict.ok() || log::IsVoid(*verdict)) state.SkipWithError("a record is void");
    ++at;
  }
}
BENCHMARK(AcceptRecord);

void SealText(benchmark::State& state) {
  SeededIdSource dice(1);
  FakeClock clock;
  InMemoryKeyStore keys(&dice, &clock);
  const auto key = keys.TakeKey(KeyKind::kText);
  const Sealer sealer("landlord", &dice);
  const std::string text(static_cast<size_t>(state.range(0)), 't');
  for (auto _ : state) benchmark::DoNotOptimize(sealer.Seal(*key, "complaints/x", "description", text));
}
BENCHMARK(SealText)->Arg(16)->Arg(128)->Arg(4096);

void FingerprintRequest(benchmark::State& state) {
  intake::v1::SubmitComplaintRequest request;
  request.ParseFromString(Submits("bench").Submit(1));
  for (auto _ : state) benchmark::DoNotOptimize(service::FingerprintOf(request));
}
BENCHMARK(FingerprintRequest);

void ParseSubmit(benchmark::State& state) {
  const std::string bytes = Submits("bench").Submit(1);
  for (auto _ : state) {
    intake::v1::SubmitComplaintRequest request;
    benchmark::DoNotOptimize(request.ParseFromString(bytes));
  }
}
BENCHMARK(ParseSubmit);

void PutAndGetInView(benchmark::State& state) {
  const store::MemoryDatabase database;
  for (auto _ : state) {
    store::View view(&database);
    for (int i = 0; i < 64; ++i) view.Put(std::string(40, static_cast<char>('a' + i % 26)), std::string(300, 'v'));
    benchmark::DoNotOptimize(view.Get(std::string(40, 'c')));
  }
  state.SetItemsProcessed(state.iterations() * 64);
}
BENCHMARK(PutAndGetInView);

void QueueBatch(benchmark::State& state) {
  FakeClock clock;
  for (auto _ : state) {
    runtime::Queues queues(&clock);
    for (int i = 0; i < 64; ++i) queues.PushOrder({});
    auto fill = queues.Begin();
    runtime::Item item;
    while (queues.Take(&fill, &item)) benchmark::DoNotOptimize(item);
  }
  state.SetItemsProcessed(state.iterations() * 64);
}
BENCHMARK(QueueBatch);

}  // namespace
}  // namespace redress::bench

BENCHMARK_MAIN();
