#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "libs/service/positions.h"
#include "libs/status/errors.h"
#include "libs/status/macros.h"
#include "services/intake/converters.h"
#include "services/intake/intake_checks.h"
#include "services/intake/intake_errors.h"
#include "services/intake/intake_projection.h"
#include "services/intake/intake_service.h"

namespace redress::intake {

using service::Violations;

// What was asked, kept while rows are waited for.
struct IntakeService::Export {
  CallContext call;
  Target person;
  Reader reader;
  service::PageQuestion question;
  int page_size = 0;
  // Where the page goes on: entries of this complaint after this version. Empty: from the beginning.
  std::string complaint;
  int64_t after = 0;
};

void IntakeService::ExportPerson(const CallContext& call, const v1::ExportPersonRequest& request,
                                 rpc::Done<v1::ExportPersonResponse> done) {
  const auto check = [&]() -> absl::StatusOr<Export> {
    RETURN_IF_ERROR(call.caller->Require(Permission::kErasePersons));
    Violations violations;
    RETURN_IF_ERROR(CheckPersonalRead(call, true, request.purpose(), &violations));
    Export asked{.call = call, .reader = {call.caller->id(), request.purpose()}};
    const auto id = service::ParseName("name", "people", request.name());
    violations.Merge(id.status());
    asked.question = service::QuestionOf(request, "export", runtime_->info().log_id, kProjectionVersion);
    const auto page = service::ReadPage(request.page_size(), request.page_token(), asked.question);
    // A token that no server wrote is the answer alone.
    if (!page.ok() && ViolationsOf(page.status()).empty()) return page.status();
    violations.Merge(page.status());
    RETURN_IF_ERROR(violations.ToStatus());
    asked.page_size = page->size;
    const std::pair<std::string, std::string> place = absl::StrSplit(page->last_key, absl::MaxSplits(' ', 1));
    asked.complaint = place.first;
    (void)absl::SimpleAtoi(place.second, &asked.after);  // empty on the first page
    const auto target = Locate("people", *id);
    if (!target.has_value()) return PersonNotFound("such person");
    asked.person = *target;
    return asked;
  };
  auto asked = check();
  if (!asked.ok()) return done(asked.status());
  runtime_->Read(service::PositionOf(request),
                 [this, asked = *std::move(asked), done = std::move(done)](absl::StatusOr<RowsPtr> rows) {
                   if (!rows.ok()) return done(rows.status());
                   done(RenderExport(**rows, asked));
                 });
}

absl::StatusOr<v1::ExportPersonResponse> IntakeService::RenderExport(const store::Rows& rows,
                                                                     const Export& asked) const {
  v1::ExportPersonResponse response;
  // Also says that there is none, or none for this caller.
  ASSIGN_OR_RETURN(v1::Person person, RenderPerson(rows, asked.person, asked.call, asked.reader.purpose));
  if (asked.complaint.empty()) *response.mutable_person() = std::move(person);
  std::vector<Target> targets;
  for (uint32_t i = 0; i < shard_count(); ++i) {
    const auto shard = static_cast<uint16_t>(i);
    ScanComplaintsOf(rows, shard, asked.person.name, [&](absl::string_view id) {
      if (asked.call.caller->Sees(LoadComplaint(rows, shard, id).placement().agency())) {
        targets.push_back({absl::StrCat(kComplaintPrefix, id), std::string(id), shard});
      } else {
        response.set_partial(true);
      }
      return true;
    });
  }
  // Ids sort by the time of receipt.
  std::sort(targets.begin(), targets.end(), [](const Target& a, const Target& b) { return a.id < b.id; });
  int left = asked.page_size;
  size_t bytes = response.ByteSizeLong();
  for (const Target& target : targets) {
    if (target.id < asked.complaint) continue;
    const int64_t after = target.id == asked.complaint ? asked.after : 0;
    std::string rest = absl::StrCat(target.id, " ", after);
    if (left > 0 && bytes < kMaxPageBytes) {
      ASSIGN_OR_RETURN(rest, ExportComplaint(rows, target, after, asked, &left, &bytes, &response));
    }
    if (rest.empty()) continue;
    response.set_next_page_token(service::WritePageToken(asked.question, rest));
    break;
  }
  *response.mutable_positions() = service::PositionsIn(*runtime_, rows);
  return response;
}

absl::StatusOr<std::string> IntakeService::ExportComplaint(const store::Rows& rows, const Target& target, int64_t after,
                                                           const Export& asked, int* left, size_t* bytes,
                                                           v1::ExportPersonResponse* response) const {
  const rows::v1::Complaint row = LoadComplaint(rows, target.shard, target.id);
  v1::ExportedComplaint* exported = response->add_complaints();
  *exported->mutable_complaint() = ToApi(target.name, row);
  *exported->mutable_complaint()->mutable_legal_holds() = ToApi(row.legal_holds());
  RETURN_IF_ERROR(
      OpenComplaint(target.name, row, asked.reader, exported->mutable_complaint()->mutable_personal_data()));
  *bytes += exported->ByteSizeLong();
  std::string rest;
  absl::Status opened;
  ScanHistory(rows, target.shard, target.id, after, [&](int64_t version, const rows::v1::HistoryEntry& entry) {
    if (*left <= 0 || *bytes >= kMaxPageBytes) {
      rest = absl::StrCat(target.id, " ", version - 1);
      return false;
    }
    v1::HistoryEntry* shown = exported->add_entries();
    *shown = ToApi(version, entry);
    if (!row.texts_erased()) opened = OpenEntry(target.name, entry, asked.reader, shown);
    --*left;
    *bytes += shown->ByteSizeLong();
    return opened.ok();
  });
  RETURN_IF_ERROR(opened);
  return rest;
}

}  // namespace redress::intake
