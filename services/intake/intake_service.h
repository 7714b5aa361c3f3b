// Intake's handlers: permission, parse, seal, execute, render. No gRPC type; intake_rpc.h offers them to a transport.
//
//   request ─▶ permission ─▶ every bad field at once ─▶ seal under the complaint's keys ─▶ order ─▶ runtime ─▶ render
//
// Thread-safe. `done` is called once, inside the call or later on a strand of the runtime. Requests and contexts are
// valid only during the call. Errors are those of intake_service.proto.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "libs/privacy/key_store.h"
#include "libs/privacy/sealer.h"
#include "libs/reference/snapshot.h"
#include "libs/rpc/call_context.h"
#include "libs/rpc/service.h"
#include "libs/rpc/stream.h"
#include "libs/runtime/service_runtime.h"
#include "libs/service/mutate.h"
#include "libs/service/requests.h"
#include "libs/status/mutex.h"
#include "redress/intake/commands/v1/commands.pb.h"
#include "redress/intake/events/v1/events.pb.h"
#include "redress/intake/rows/v1/rows.pb.h"
#include "redress/intake/v1/intake_service.pb.h"
#include "redress/runtime/v1/rows.pb.h"
#include "redress/types/v1/position.pb.h"
#include "services/intake/intake_errors.h"
#include "services/intake/intake_lookups.h"
#include "services/intake/intake_tries.h"
#include "services/intake/limits.h"

namespace redress::intake {

// All outlive the service.
struct IntakeOptions {
  runtime::ServiceRuntime* runtime = nullptr;
  KeyStore* keys = nullptr;
  ReadAudit* audit = nullptr;
  // The one that the logic was made with.
  const Lookups* lookups = nullptr;
  IdSource* ids = nullptr;
  // Waits before streams try again what was refused for overload.
  Executor* executor = nullptr;
  // Whether all shards have been read once; empty: as the runtime says.
  std::function<bool()> ready;
};

// A Submit that was parsed and sealed: what is executed, as often as needed.
struct PreparedSubmit {
  runtime::v1::Order order;
  service::Fingerprint fingerprint;
  std::string tracking_code;
};
// What became of a Submit.
struct SubmitOutcome {
  v1::SubmitComplaintResponse response;
  bool known = false;
};

class IntakeService {
 public:
  explicit IntakeService(IntakeOptions options);

  // intake_submit.cc
  void SubmitComplaint(const CallContext& call, const v1::SubmitComplaintRequest& request,
                       rpc::Done<v1::SubmitComplaintResponse> done);

  // intake_verbs.cc: one a command of a complaint's life. Defined there for each pair of messages of the proto.
  template <typename Request, typename Response>
  void Change(const CallContext& call, const Request& request, rpc::Done<Response> done);

  // intake_reads.cc
  void GetComplaint(const CallContext& call, const v1::GetComplaintRequest& request,
                    rpc::Done<v1::GetComplaintResponse> done);
  void ListComplaints(const CallContext& call, const v1::ListComplaintsRequest& request,
                      rpc::Done<v1::ListComplaintsResponse> done);
  void ListComplaintHistory(const CallContext& call, const v1::ListComplaintHistoryRequest& request,
                            rpc::Done<v1::ListComplaintHistoryResponse> done);
  void GetAttachmentKey(const CallContext& call, const v1::GetAttachmentKeyRequest& request,
                        rpc::Done<v1::GetAttachmentKeyResponse> done);
  void LookUpTrackingCode(const CallContext& call, const v1::LookUpTrackingCodeRequest& request,
                          rpc::Done<v1::LookUpTrackingCodeResponse> done);

  // intake_people.cc
  void GetPerson(const CallContext& call, const v1::GetPersonRequest& request, rpc::Done<v1::GetPersonResponse> done);
  void FindPeople(const CallContext& call, const v1::FindPeopleRequest& request,
                  rpc::Done<v1::FindPeopleResponse> done);
  void ErasePerson(const CallContext& call, const v1::ErasePersonRequest& request,
                   rpc::Done<v1::ErasePersonResponse> done);

  // intake_export.cc
  void ExportPerson(const CallContext& call, const v1::ExportPersonRequest& request,
                    rpc::Done<v1::ExportPersonResponse> done);

  // intake_holds.cc: SetLegalHold, LiftLegalHold; those that stand.
  template <typename Request, typename Response>
  void Hold(const CallContext& call, const Request& request, rpc::Done<Response> done);
  void ListLegalHolds(const CallContext& call, const v1::ListLegalHoldsRequest& request,
                      rpc::Done<v1::ListLegalHoldsResponse> done);

  // intake_redact.cc
  void RedactText(const CallContext& call, const v1::RedactTextRequest& request,
                  rpc::Done<v1::RedactTextResponse> done);

  // intake_push.cc, intake_import.cc. A stream keeps what it needs; the service outlives its streams.
  void PushTickets(const CallContext& call, rpc::BidiStream<v1::PushTicketsRequest, v1::PushTicketsResponse> stream);
  void ImportComplaints(const CallContext& call,
                        rpc::BidiStream<v1::ImportComplaintsRequest, v1::ImportComplaintsResponse> stream);

 private:
  friend class PushStream;
  friend class ImportStream;
  friend class Redacting;
  using RowsPtr = std::shared_ptr<const store::Rows>;

  // Where a name's aggregate lives.
  struct Target {
    std::string name;
    std::string id;
    uint16_t shard = 0;
  };
  // Nothing for an id that names no shard: there can be no such aggregate.
  std::optional<Target> Locate(absl::string_view collection, absl::string_view id) const;
  std::shared_ptr<const store::Rows> Rows() const { return runtime_->database(); }
  uint32_t shard_count() const { return runtime_->shard_count(); }
  // What a request that was remembered is answered with.
  runtime::v1::Receipt ReceiptOf(uint16_t shard, const runtime::v1::RequestRow& row) const;
  // The caller sees one of the complaints of "people/<id>", or all; collects their names, newest first.
  bool SeesPerson(const store::Rows& rows, absl::string_view person, const Caller& caller,
                  std::vector<std::string>* complaints) const;

  // What can be said of a stream's row: `status`, unless what was read for it cannot be believed.
  absl::Status Vouched(const absl::Status& status) const {
    const absl::Status health = runtime_->Health();
    return health.ok() || SaysNothingOfTheRow(status) ? status : health;
  }
  // Once more in a while: what may be tried again.
  void TryAgainSoon(std::function<void()> again) const { executor_->PostAfter(kPatience, std::move(again)); }

  // intake_submit.cc
  // Submits one after the other for one (caller, request id), so that a retry sees what the first has done.
  void SubmitInTurn(const CallContext& call, const v1::SubmitComplaintRequest& request, bool patient,
                    std::function<bool()> gone, rpc::Done<SubmitOutcome> done);
  void SubmitNow(const CallContext& call, const v1::SubmitComplaintRequest& request, bool patient,
                 std::function<bool()> gone, rpc::Done<SubmitOutcome> answer);
  absl::StatusOr<std::optional<SubmitOutcome>> FindKnownSubmit(const CallContext& call,
                                                               const v1::SubmitComplaintRequest& request) const;
  // Wraps `done`: afterwards the next of the same turn begins.
  rpc::Done<SubmitOutcome> EndTurn(const std::string& turn, rpc::Done<SubmitOutcome> done);
  // As it is sealed now; empty once it is forgotten, though the key may exist a little longer.
  types::v1::Sealed TrackingCodeOf(const runtime::v1::Receipt& receipt, const rows::v1::Result& result) const;
  absl::StatusOr<SubmitOutcome> RenderSubmit(const std::string& caller, const runtime::v1::Receipt& receipt,
                                             const std::string& drawn_code) const;
  // intake_prepare.cc
  absl::StatusOr<PreparedSubmit> PrepareSubmit(const CallContext& call, const v1::SubmitComplaintRequest& request);
  // An error only when something could not be asked.
  absl::Status CheckNames(const store::Rows& rows, const Caller& caller, const v1::SubmitComplaintRequest& request,
                          service::Violations* violations) const;
  absl::StatusOr<Key> FindPersonKey(const store::Rows& rows, const Caller& caller, const std::string& name) const;
  absl::Status CheckReferenceIsNew(const store::Rows& rows, const Caller& caller,
                                   const v1::ExternalReference& reference) const;
  void SealPerson(const v1::NewPerson& person, const Key& key, const std::string& name,
                  events::v1::PersonRegistered* registered) const;
  absl::StatusOr<PreparedSubmit> SealSubmit(const CallContext& call, const v1::SubmitComplaintRequest& request,
                                            const reference::Snapshot& reference, Millis at,
                                            std::optional<Key> person_key);
  // Executes again and again what is refused for overload or for want of an owner, until `gone`.
  void ExecutePatiently(runtime::v1::Order order, std::function<bool()> gone, runtime::Done done);

  // intake_verbs.cc
  template <typename Response>
  void RenderChange(const Target& target, const runtime::v1::Receipt& receipt, rpc::Done<Response> done);
  // The key for a text of a complaint: the person's for a household's, if there is a person; else the complaint's.
  absl::StatusOr<Key> FindKeyOf(const Target& target, const rows::v1::Complaint& row, bool household) const;

  // intake_reads.cc
  // Opens into `into`, which stays empty when the key is gone.
  absl::Status Open(const types::v1::Sealed& sealed, absl::string_view owner, absl::string_view field,
                    const Reader& reader, std::string* into) const;
  absl::Status OpenComplaint(const std::string& name, const rows::v1::Complaint& row, const Reader& reader,
                             v1::PersonalData* into) const;
  // Opens every text of an entry of a complaint's history.
  absl::Status OpenEntry(const std::string& name, const rows::v1::HistoryEntry& entry, const Reader& reader,
                         v1::HistoryEntry* into) const;
  // Of what an attachment points at: derived from the text key, or from one before a redaction and kept since.
  absl::StatusOr<std::string> AttachmentKeyOf(const std::string& name, const rows::v1::Complaint& row,
                                              const std::string& uri, const Reader& reader) const;
  static absl::Status CheckPersonalRead(const CallContext& call, bool personal, absl::string_view purpose,
                                        service::Violations* violations);

  // intake_people.cc
  absl::StatusOr<v1::Person> RenderPerson(const store::Rows& rows, const Target& target, const CallContext& call,
                                          const std::string& purpose) const;

  // intake_export.cc
  struct Export;
  absl::StatusOr<v1::ExportPersonResponse> RenderExport(const store::Rows& rows, const Export& asked) const;
  // Adds a complaint's entries from after `after` on until the page is full; the token for the rest, "" when there is
  // none.
  absl::StatusOr<std::string> ExportComplaint(const store::Rows& rows, const Target& target, int64_t after,
                                              const Export& asked, int* left, size_t* bytes,
                                              v1::ExportPersonResponse* response) const;

  // intake_import.cc
  // An old complaint, checked and sealed.
  struct PreparedImport {
    runtime::v1::Order order;
    // It was there before, and if nothing is new, nothing is to be executed.
    bool known = false;
    bool same = false;
    // The known one was imported with other particulars.
    bool particulars_changed = false;
  };
  absl::StatusOr<PreparedImport> PrepareImport(const CallContext& call, const v1::ImportedComplaint& row) const;
  std::optional<Target> FindImported(const store::Rows& rows, const v1::ImportedComplaint& row) const;
  absl::Status SealImport(const v1::ImportedComplaint& row, const rows::v1::Complaint& known, const std::string& name,
                          const std::optional<Key>& staff_key, events::v1::ComplaintImported* imported) const;

  runtime::ServiceRuntime* const runtime_;
  KeyStore* const keys_;
  const Lookups* const lookups_;
  IdSource* const ids_;
  Executor* const executor_;
  const std::function<bool()> ready_;
  const Sealer sealer_;
  const Opener opener_;
  Tries tries_;

  Mutex mutex_;
  // Submits under way by caller and request id, and those that wait for them.
  absl::flat_hash_map<std::string, std::deque<std::function<void()>>> submitting_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace redress::intake
