// cursor  := check content
// content := a serialised redress.public.v1.Cursor: a shard states its rule state, never a bare offset
// check   := first 8 bytes of BLAKE2b-128("cursor" content): tells a cursor that was cut or mixed up from one that
//            was written here
#include "libs/subscribe/event_stream.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "libs/ids/ids.h"
#include "libs/service/requests.h"
#include "libs/status/errors.h"
#include "libs/status/macros.h"
#include "libs/subscribe/public_events.h"

namespace redress::subscribe {
namespace {

using public_v1::SubscribeRequest;
using public_v1::SubscribeResponse;

constexpr size_t kCheckBytes = 8;
constexpr int kEntriesPerRead = 256;
constexpr Millis kRetryLog = 100;

absl::Status Malformed() {
  return MakeError(absl::StatusCode::kInvalidArgument, "CURSOR_MALFORMED",
                   "cursor: was not written by this service; begin again without one");
}

// One subscriber. Lives as long as something is on its way for it; all its work on the executor.
class Subscription : public std::enable_shared_from_this<Subscription> {
 public:
  Subscription(log::Log* log, Executor* executor, SubscribeRequest request, std::vector<log::ShardId> shards,
               std::vector<Place> places, rpc::Writer<SubscribeResponse> writer)
      : log_(log),
        executor_(executor),
        shards_(std::move(shards)),
        places_(std::move(places)),
        follow_(request.follow()),
        says_where_(request.from_now() && request.cursor().empty()),
        types_(request.types().begin(), request.types().end()),
        complaints_(request.complaints().begin(), request.complaints().end()),
        writer_(std::move(writer)) {}

  void Start() {
    for (size_t i = 0; i < shards_.size(); ++i) {
      readers_.push_back(log_->Tail(shards_[i], places_[i].state.next_offset));
    }
    ends_.assign(shards_.size(), -1);
    if (says_where_) return Send(SubscribeResponse(), [this] { Go(); });
    Go();
  }

  void Cancel() {
    cancelled_ = true;
    Release();
  }

 private:
  void Go() {
    if (cancelled_) return;
    if (!follow_) return AskEnds(0);
    for (const log::ShardId& shard : shards_) {
      wakes_.push_back(log_->OnAppend(shard, [weak = weak_from_this(), executor = executor_] {
        executor->Post([weak] {
          if (auto live = weak.lock()) live->Wake();
        });
      }));
    }
    Run();
  }

  void Post(std::function<void()> work) {
    executor_->Post([self = shared_from_this(), work = std::move(work)] { work(); });
  }

  // Where "the end" is, for a subscriber that stops there.
  void AskEnds(size_t index) {
    if (index == shards_.size()) return Run();
    log_->EndOf(shards_[index], [this, self = shared_from_this(), index](absl::StatusOr<int64_t> end) {
      Post([this, index, end] {
        if (end.ok()) {
          ends_[index] = *end;
          return AskEnds(index + 1);
        }
        executor_->PostAfter(kRetryLog, [this, self = shared_from_this(), index] { AskEnds(index); });
      });
    });
  }

  void Wake() {
    if (waiting_) {
      waiting_ = false;
      Run();
    }
  }

  bool AtEnd() const {
    for (size_t i = 0; i < shards_.size(); ++i) {
      if (places_[i].state.next_offset < ends_[i]) return false;
    }
    return true;
  }

  void Run() {
    if (cancelled_) return;
    // The end is where it was when it was asked for: whoever stops there is not kept by what comes meanwhile.
    if (!follow_ && AtEnd()) return End(absl::OkStatus());
    SubscribeResponse response;
    const int64_t before = steps_;
    const absl::Status filled = Fill(&response);
    if (!filled.ok() && !absl::IsUnavailable(filled)) return End(filled);
    if (steps_ == before) {
      waiting_ = true;
      if (absl::IsUnavailable(filled) || !follow_) {
        executor_->PostAfter(kRetryLog, [self = shared_from_this()] { self->Wake(); });
      }
      return;
    }
    Send(std::move(response), [this] { Run(); });
  }

  // With the cursor after it; `next` once it was handed over.
  void Send(SubscribeResponse response, std::function<void()> next) {
    response.set_cursor(WriteCursor(log_->info(), shards_, places_));
    writer_.Write(response, [this, self = shared_from_this(), next = std::move(next)](bool ok) {
      if (ok) {
        Post(next);
      } else {
        Post([this] { Cancel(); });
      }
    });
  }

  // A shard that cannot be read now keeps none of the others back: they have their turn, and its UNAVAILABLE is
  // answered when all have had theirs.
  absl::Status Fill(SubscribeResponse* response) {
    absl::Status unavailable;
    for (size_t turn = 0; turn < shards_.size(); ++turn) {
      const size_t i = next_;
      if (pending_.empty()) {
        entries_.clear();
        const absl::Status read = readers_[i]->Read(kEntriesPerRead, &entries_);
        if (!read.ok() && !absl::IsUnavailable(read)) return read;
        unavailable.Update(read);
        pending_.assign(std::make_move_iterator(entries_.begin()), std::make_move_iterator(entries_.end()));
        std::reverse(pending_.begin(), pending_.end());
      }
      while (!pending_.empty()) {
        ASSIGN_OR_RETURN(const bool whole, Take(i, pending_.back(), response));
        if (!whole) return absl::OkStatus();
        pending_.pop_back();
      }
      next_ = (next_ + 1) % shards_.size();
    }
    return unavailable;
  }

  // False when the message is full before the record's last event.
  absl::StatusOr<bool> Take(size_t i, const log::Entry& entry, SubscribeResponse* response) {
    log::v1::Record record;
    RETURN_IF_ERROR(log::ParseRecord(log::ToString(shards_[i]), entry.offset, entry.bytes, &record));
    log::RuleState after = places_[i].state;
    ASSIGN_OR_RETURN(const log::Verdict verdict, log::Accept(entry.offset, record, &after));
    if (verdict == log::Verdict::kAccepted && record.kind() == log::v1::KIND_DECISION) {
      log::v1::Body body;
      if (!body.ParseFromString(record.body())) {
        return MakeError(absl::StatusCode::kDataLoss, "RECORD_UNREADABLE",
                         absl::StrCat(log::ToString(shards_[i]), " offset ", entry.offset, ": cannot be read"));
      }
      std::vector<public_v1::PublicEvent> events = PublicEventsOf(shards_[i].stream, body);
      for (uint32_t& taken = places_[i].taken; taken < events.size(); ++taken, ++steps_) {
        if (!Wanted(events[taken])) continue;
        if (static_cast<size_t>(response->events_size()) >= kMaxEventsPerMessage) return false;
        *response->add_events() = std::move(events[taken]);
      }
    }
    places_[i] = {std::move(after), 0};
    ++steps_;
    return true;
  }

  bool Wanted(const public_v1::PublicEvent& event) const {
    return (types_.empty() || types_.contains(event.type())) &&
           (complaints_.empty() || complaints_.contains(event.complaint()));
  }

  void End(const absl::Status& status) {
    writer_.Finish(status);
    Release();
  }

  void Release() {
    cancelled_ = true;
    wakes_.clear();
    readers_.clear();
    pending_.clear();
  }

  log::Log* log_;
  Executor* executor_;
  const std::vector<log::ShardId> shards_;
  std::vector<Place> places_;
  const bool follow_;
  const bool says_where_;
  const absl::flat_hash_set<std::string> types_;
  const absl::flat_hash_set<std::string> complaints_;
  rpc::Writer<SubscribeResponse> writer_;
  std::vector<std::unique_ptr<log::Reader>> readers_;
  std::vector<int64_t> ends_;
  std::vector<log::Entry> entries_;
  std::vector<log::Entry> pending_;  // of shard next_, in reverse
  std::vector<std::shared_ptr<void>> wakes_;
  size_t next_ = 0;
  int64_t steps_ = 0;  // records, and events of them, that were taken in
  bool waiting_ = false;
  bool cancelled_ = false;
};

absl::StatusOr<std::vector<log::ShardId>> ShardsOf(const SubscribeRequest& request, const log::LogInfo& info,
                                                   const std::vector<log::Stream>& served) {
  std::vector<log::Stream> streams = served;
  if (request.services_size() > 0) {
    streams.clear();
    for (int i = 0; i < request.services_size(); ++i) {
      const auto stream = log::ParseStream(request.services(i));
      if (!stream.ok() || std::find(served.begin(), served.end(), *stream) == served.end()) {
        return InvalidFields({{absl::StrCat("services[", i, "]"), "is no service whose events this server has"}});
      }
      if (std::find(streams.begin(), streams.end(), *stream) == streams.end()) streams.push_back(*stream);
    }
  }
  std::sort(streams.begin(), streams.end());
  std::vector<log::ShardId> shards;
  for (const log::Stream stream : streams) {
    for (uint32_t shard = 0; shard < info.ShardsOf(stream); ++shard) shards.push_back({stream, shard});
  }
  return shards;
}

// Filters that nothing can pass are mistakes, and would look like silence.
absl::Status CheckFilters(const SubscribeRequest& request) {
  service::Violations violations;
  const auto types = PublicTypes();
  for (int i = 0; i < request.types_size(); ++i) {
    if (std::find(types.begin(), types.end(), request.types(i)) == types.end()) {
      violations.Add(absl::StrCat("types[", i, "]"), "is no type of a public event");
    }
  }
  for (int i = 0; i < request.complaints_size(); ++i) {
    const std::string field = absl::StrCat("complaints[", i, "]");
    const auto id = service::ParseName(field, "complaints", request.complaints(i));
    if (!id.ok()) {
      violations.Merge(id.status());
    } else if (!ParseId(*id).ok()) {
      violations.Add(field, "holds no complaint id");
    }
  }
  return violations.ToStatus();
}

void Subscribe(log::Log* log, Executor* executor, const std::vector<log::Stream>& served,
               const EventStream::Present& present, const CallContext& call, const SubscribeRequest& request,
               const rpc::Writer<SubscribeResponse>& writer) {
  const absl::Status allowed = call.caller->Require(Permission::kSubscribe);
  if (!allowed.ok()) return writer.Finish(allowed);
  if (!call.caller->all_agencies()) {
    return writer.Finish(MakeError(absl::StatusCode::kPermissionDenied, "SCOPE_TOO_NARROW",
                                   "the stream holds the events of all agencies"));
  }
  const absl::Status filters = CheckFilters(request);
  if (!filters.ok()) return writer.Finish(filters);
  auto shards = ShardsOf(request, log->info(), served);
  if (!shards.ok()) return writer.Finish(shards.status());
  auto places = ReadCursor(request.cursor(), log->info(), *shards);
  if (!places.ok()) return writer.Finish(places.status());
  if (request.from_now() && request.cursor().empty()) {
    for (size_t i = 0; i < shards->size(); ++i) (*places)[i].state = present((*shards)[i]);
  }
  auto subscription =
      std::make_shared<Subscription>(log, executor, request, *std::move(shards), *std::move(places), writer);
  writer.OnCancel([executor, weak = std::weak_ptr<Subscription>(subscription)] {
    executor->Post([weak] {
      if (auto live = weak.lock()) live->Cancel();
    });
  });
  // A follower that waits is held by nothing but its stream: the transport releases it when the call ends.
  executor->Post([subscription, writer] {
    subscription->Start();
    writer.OnCancel([subscription] {});
  });
}

std::string Check(absl::string_view bytes) { return log::NextChain("cursor", bytes).substr(0, kCheckBytes); }

}  // namespace

EventStream::EventStream(log::Log* log, Executor* executor, std::vector<log::Stream> streams, Present present)
    : service_("redress.public.v1.EventStreamService") {
  service_.ServerStreaming<SubscribeRequest, SubscribeResponse>(
      "Subscribe",
      [log, executor, streams = std::move(streams), present = std::move(present)](
          const CallContext& call, const SubscribeRequest& request, const rpc::Writer<SubscribeResponse>& writer) {
        Subscribe(log, executor, streams, present, call, request, writer);
      });
}

absl::StatusOr<std::vector<Place>> ReadCursor(const std::string& cursor, const log::LogInfo& info,
                                              const std::vector<log::ShardId>& shards) {
  std::vector<Place> places(shards.size());
  if (cursor.empty()) return places;
  public_v1::Cursor content;
  if (cursor.size() <= kCheckBytes ||
      Check(absl::string_view(cursor).substr(kCheckBytes)) != cursor.substr(0, kCheckBytes) ||
      !content.ParseFromString(cursor.substr(kCheckBytes))) {
    return Malformed();
  }
  if (content.log_id() != info.log_id) {
    return MakeError(absl::StatusCode::kFailedPrecondition, "ANOTHER_LOG",
                     absl::StrCat("the cursor is of log ", log::Hex(content.log_id()), ", this is log ",
                                  log::Hex(info.log_id), ": begin again without a cursor"));
  }
  if (static_cast<size_t>(content.shards_size()) != shards.size()) {
    return InvalidFields({{"cursor", "was given for other services"}});
  }
  for (size_t i = 0; i < shards.size(); ++i) {
    const auto& shard = content.shards(static_cast<int>(i));
    log::v1::RuleState state;
    if (shard.service() != log::StreamName(shards[i].stream) || shard.shard() != shards[i].shard) {
      return InvalidFields({{"cursor", "was given for other services"}});
    }
    if (!state.ParseFromString(shard.state())) return Malformed();
    places[i] = {log::RuleState::FromProto(state), shard.taken()};
    // The hash is no secret: whoever makes a cursor up finds nothing behind it that this server would not do.
    const log::RuleState& read = places[i].state;
    if (!log::IsPossible(read) || (!read.log_id.empty() && read.log_id != info.log_id)) return Malformed();
  }
  return places;
}

std::string WriteCursor(const log::LogInfo& info, const std::vector<log::ShardId>& shards,
                        const std::vector<Place>& places) {
  public_v1::Cursor content;
  content.set_log_id(info.log_id);
  for (size_t i = 0; i < shards.size(); ++i) {
    auto* shard = content.add_shards();
    shard->set_service(std::string(log::StreamName(shards[i].stream)));
    shard->set_shard(shards[i].shard);
    shard->set_state(places[i].state.ToProto().SerializeAsString());
    shard->set_taken(places[i].taken);
  }
  const std::string bytes = content.SerializeAsString();
  return Check(bytes) + bytes;
}

}  // namespace redress::subscribe
