// Tickets of call-centre software: a stream of Submits, each answered on its own; what is no answer to a ticket ends the
// stream, once those beside it have theirs.
//
//   read ─▶ decide (at most kMaxUndecidedTickets not yet answered) ─▶ queue ─▶ write, one at a time
//             └──────────────── not reading on is what holds a fast sender ◀──────────────┘
#include <deque>
#include <utility>

#include "libs/service/requests.h"
#include "services/intake/converters.h"
#include "services/intake/intake_errors.h"
#include "services/intake/intake_service.h"
#include "services/intake/limits.h"

namespace redress::intake {

// One stream; lives as long as it or any of its tickets is under way. Thread-safe.
class PushStream : public std::enable_shared_from_this<PushStream> {
 public:
  using Stream = rpc::BidiStream<v1::PushTicketsRequest, v1::PushTicketsResponse>;
  PushStream(IntakeService* service, CallContext call, Stream stream)
      : service_(service), call_(std::move(call)), stream_(std::move(stream)) {}

  void Start() {
    stream_.OnCancel([self = weak_from_this()] {
      const auto stream = self.lock();
      if (stream == nullptr) return;
      MutexLock lock(stream->mutex_);
      stream->gone_ = true;
    });
    ReadNext();
  }

 private:
  void ReadNext() {
    {
      MutexLock lock(mutex_);
      if (gone_ || !failed_.ok() || reading_ || ended_ || unanswered_ >= kMaxUndecidedTickets) return;
      reading_ = true;
    }
    stream_.Read([self = shared_from_this()](std::optional<v1::PushTicketsRequest> ticket) {
      self->OnTicket(std::move(ticket));
    });
  }

  void OnTicket(std::optional<v1::PushTicketsRequest> ticket) {
    {
      MutexLock lock(mutex_);
      reading_ = false;
      // Read too late to be decided: it will be sent again.
      if (!failed_.ok()) return;
      if (ticket.has_value()) {
        ++unanswered_;
      } else {
        ended_ = true;
      }
    }
    if (!ticket.has_value()) return FinishIfDone();
    Submit(*std::move(ticket));
    ReadNext();
  }

  void Submit(v1::PushTicketsRequest ticket) {
    service::Violations violations;
    service::CheckRequestId(ticket.reference(), &violations);
    const bool referred = violations.empty();
    if (!ticket.has_complaint()) violations.Add("complaint", "is missing");
    if (!ticket.complaint().request_id().empty()) {
      violations.Add("complaint.request_id", "is not given: the ticket's reference is it");
    }
    v1::PushTicketsResponse answer;
    // What is not even ASCII cannot be said back.
    if (referred) answer.set_reference(ticket.reference());
    if (!violations.empty()) return Answer(std::move(answer), violations.ToStatus());
    ticket.mutable_complaint()->set_request_id(ticket.reference());
    service_->SubmitInTurn(
        call_, ticket.complaint(), /*patient=*/true, [self = shared_from_this()] { return self->gone(); },
        [self = shared_from_this(), answer](absl::StatusOr<SubmitOutcome> outcome) mutable {
          if (outcome.ok()) {
            answer.set_answer(outcome->known ? v1::PushTicketsResponse::ANSWER_ALREADY_KNOWN
                                             : v1::PushTicketsResponse::ANSWER_ACCEPTED);
            answer.set_complaint(outcome->response.complaint().name());
            answer.set_tracking_code(outcome->response.tracking_code());
            *answer.mutable_position() = outcome->response.position();
          }
          self->Answer(std::move(answer), outcome.status());
        });
  }

  void Answer(v1::PushTicketsResponse answer, const absl::Status& outcome) {
    const absl::Status status = service_->Vouched(outcome);
    if (SaysNothingOfTheRow(status)) return Fail(status);
    if (!status.ok()) {
      answer.set_answer(v1::PushTicketsResponse::ANSWER_REFUSED);
      AddRefusals(status, answer.mutable_refusals());
    }
    {
      MutexLock lock(mutex_);
      answers_.push_back(std::move(answer));
    }
    WriteNext();
  }

  // Those beside it still get what they were told; what has to wait is not waited for.
  void Fail(const absl::Status& status) {
    {
      MutexLock lock(mutex_);
      failed_.Update(status);
      --unanswered_;
    }
    FinishIfDone();
  }

  void WriteNext() {
    v1::PushTicketsResponse answer;
    {
      MutexLock lock(mutex_);
      if (gone_ || writing_ || answers_.empty()) return;
      writing_ = true;
      answer = std::move(answers_.front());
      answers_.pop_front();
    }
    stream_.Write(answer, [self = shared_from_this()](bool ok) {
      {
        MutexLock lock(self->mutex_);
        self->writing_ = false;
        --self->unanswered_;
        if (!ok) self->gone_ = true;
      }
      self->WriteNext();
      self->ReadNext();
      self->FinishIfDone();
    });
  }

  void FinishIfDone() {
    absl::Status failed;
    {
      MutexLock lock(mutex_);
      failed = failed_;
      if (gone_ || finished_ || (!ended_ && failed.ok()) || unanswered_ > 0) return;
      finished_ = true;
    }
    stream_.Finish(failed);
  }

  // Nobody waits for what has to wait.
  bool gone() {
    MutexLock lock(mutex_);
    return gone_ || !failed_.ok();
  }

  IntakeService* const service_;
  const CallContext call_;
  const Stream stream_;
  Mutex mutex_;
  bool gone_ ABSL_GUARDED_BY(mutex_) = false;
  bool reading_ ABSL_GUARDED_BY(mutex_) = false;
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status failed_ ABSL_GUARDED_BY(mutex_);  // what the stream ends with
  int unanswered_ ABSL_GUARDED_BY(mutex_) = 0;
  std::deque<v1::PushTicketsResponse> answers_ ABSL_GUARDED_BY(mutex_);
};

void IntakeService::PushTickets(const CallContext& call,
                                rpc::BidiStream<v1::PushTicketsRequest, v1::PushTicketsResponse> stream) {
  const absl::Status allowed = call.caller->Require(Permission::kSubmit);
  if (!allowed.ok()) return stream.Finish(allowed);
  std::make_shared<PushStream>(this, call, std::move(stream))->Start();
}

}  // namespace redress::intake
