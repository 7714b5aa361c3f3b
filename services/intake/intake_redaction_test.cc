// Words that are taken out of what was written are nowhere any more, and all else is as it was.
#include "absl/strings/match.h"
#include "services/intake/intake_fixture.h"
#include "services/intake/intake_texts.h"
#include "tests/testing/seeds.h"

namespace redress::intake {
namespace {

using namespace ::redress::intake::testing;  // NOLINT
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class IntakeRedactionTest : public IntakeTest {
 protected:
  // A complaint of somebody, with every kind of text: versions 1 to 5 of its history.
  void Settle() {
    auto request = SubmitRequest("first");
    request.set_description("hums");
    request.set_dwelling("B 4");
    request.set_access_note("ring at Plantagenet's");
    request.mutable_new_person()->set_full_name("Eleanor");
    auto* attachment = request.add_attachments();
    attachment->set_uri("store/1");
    attachment->set_sha256(std::string(32, 'h'));
    const auto response = Submit(request);
    ASSERT_TRUE(response.ok()) << response.status();
    name_ = response->complaint().name();
    code_ = response->tracking_code();
    ASSERT_TRUE(Change(kAmend, name_, [](auto* amend) { amend->set_description("Plantagenet hammers"); }).ok());
    ASSERT_TRUE(Change(kAddMessage, name_, [](auto* message) {
                  message->set_channel(types::v1::CHANNEL_PHONE);
                  message->set_text("Plantagenet again");
                }).ok());
    ASSERT_TRUE(Note("n1", "nobody was there").ok());
    ASSERT_TRUE(Change(kAnswer, name_, [](auto* answer) { answer->set_text("we come"); }).ok());
    old_key_ = RowOf(name_).text_key();
  }
  absl::StatusOr<v1::AddNoteResponse> Note(const std::string& request_id, const std::string& text) {
    return Change(kAddNote, name_, [&](auto* note) {
      note->set_request_id(request_id);
      note->set_text(text);
    });
  }
  using Field = v1::Redaction::Field;
  struct Word {
    int64_t version;
    Field field;
    std::string kept;
  };
  v1::RedactTextRequest Request(const std::vector<Word>& words) {
    v1::RedactTextRequest request;
    request.set_request_id(NextId());
    request.set_name(name_);
    request.set_reason("neighbour");
    for (const Word& word : words) {
      auto* redaction = request.add_redactions();
      redaction->set_version(word.version);
      redaction->set_field(word.field);
      redaction->set_kept_text(word.kept);
    }
    return request;
  }
  absl::StatusOr<v1::RedactTextResponse> Redact(const v1::RedactTextRequest& request,
                                                const CallContext& call = Everybody()) {
    const auto response = Ask(&IntakeService::RedactText, request, call);
    executor_.RunFor(5 * kSecond);
    return response;
  }
  // All three that name the neighbour.
  std::vector<Word> Neighbour() {
    return {{1, v1::Redaction::FIELD_ACCESS_NOTE, ""},
            {2, v1::Redaction::FIELD_DESCRIPTION, "somebody hammers"},
            {3, v1::Redaction::FIELD_UNSPECIFIED, "again"}};
  }
  v1::ListComplaintHistoryResponse History() {
    v1::ListComplaintHistoryRequest request;
    request.set_name(name_);
    request.set_page_size(1000);
    request.set_personal_data(true);
    request.set_purpose("test");
    const auto response = Ask(&IntakeService::ListComplaintHistory, request);
    EXPECT_TRUE(response.ok()) << response.status();
    return response.ok() ? *response : v1::ListComplaintHistoryResponse();
  }
  absl::StatusOr<std::string> AttachmentKey(const std::string& uri) {
    v1::GetAttachmentKeyRequest request;
    request.set_name(name_);
    request.set_uri(uri);
    request.set_purpose("store");
    const auto response = Ask(&IntakeService::GetAttachmentKey, request);
    if (!response.ok()) return response.status();
    return response->key();
  }
  // Its person, once it is withdrawn.
  void Erase() {
    ASSERT_TRUE(Change(kWithdraw, name_).ok());
    v1::ErasePersonRequest erase;
    erase.set_request_id(NextId());
    erase.set_name(Get(name_).person());
    erase.set_reason("asked");
    ASSERT_TRUE(Ask(&IntakeService::ErasePerson, erase).ok());
    executor_.RunFor(5 * kSecond);
  }
  // As if the instance had gone after the first of two records; the key of that one.
  std::string StopHalfWay() {
    commands::v1::Command command;
    auto* page = command.mutable_redact_text()->mutable_redaction();
    const Key key = *keys_.TakeKey(KeyKind::kText);
    page->set_text_key(key.id);
    page->set_more(true);
    auto* text = page->add_texts();
    text->mutable_place()->set_version(4);
    text->mutable_place()->set_field(std::string(field::kNote));
    *text->mutable_text() = Sealer(kInstallation, &ids_).Seal(key, name_, field::kNote, "nobody was there").proto();
    runtime::v1::Order order;
    order.set_stream("intake");
    order.set_shard(ShardOfName(name_));
    order.set_aggregate(name_);
    order.set_command(command.SerializeAsString());
    order.set_order_class(runtime::v1::ORDER_CLASS_CALLER);
    main_->runtime->Execute(order, [](auto receipt) { EXPECT_TRUE(receipt.ok()) << receipt.status(); });
    executor_.RunFor(kSecond);
    EXPECT_THAT(RowOf(name_).resealing_keys(), Contains(key.id));
    EXPECT_NE(RowOf(name_).text_key(), key.id);
    return key.id;
  }
  bool KeyIsGone(const std::string& key) { return ReasonOf(keys_.Find(key).status()) == "KEY_DESTROYED"; }
  // All that whoever has the disks, the log and every key that is left can read of the complaint.
  std::string EveryWord() {
    std::string words;
    Opener opener(kInstallation, &keys_, &audit_);
    const auto open = [&](absl::string_view field, const types::v1::Sealed& text) {
      const auto plain = opener.Open(text, name_, field, {"thief", "disks"});
      if (plain.ok()) absl::StrAppend(&words, *plain, "\n");
    };
    for (const log::Entry& entry : log_->Entries({log::Stream::kIntake, ShardOfName(name_)})) {
      log::v1::Record record;
      log::v1::Body body;
      record.ParseFromString(entry.bytes);
      if (record.kind() != log::v1::KIND_DECISION || !body.ParseFromString(record.body())) continue;
      for (const auto& stored : body.events()) {
        events::v1::Event event;
        event.ParseFromString(stored.payload());
        VisitTexts(event, open);
        for (const auto& text : event.text_redacted().texts()) open(text.place().field(), text.text());
      }
    }
    return words;
  }

  std::string name_;
  std::string code_;
  std::string old_key_;
};

TEST_F(IntakeRedactionTest, WhatIsTakenOutIsNowhereAndTheRestStays) {
  Settle();
  ASSERT_THAT(EveryWord(), HasSubstr("Plantagenet"));
  const v1::Complaint before = Get(name_);
  const auto redacted = Redact(Request(Neighbour()));
  ASSERT_TRUE(redacted.ok()) << redacted.status();
  EXPECT_GT(redacted->position().next(), 0);
  EXPECT_NE(redacted->complaint().etag(), before.etag());

  EXPECT_TRUE(KeyIsGone(old_key_));
  EXPECT_NE(RowOf(name_).text_key(), old_key_);
  EXPECT_THAT(RowOf(name_).former_text_keys(), IsEmpty());
  EXPECT_FALSE(RowOf(name_).keys_destroyed());
  EXPECT_THAT(EveryByte(), Not(HasSubstr("Plantagenet")));
  EXPECT_THAT(EveryWord(), Not(HasSubstr("Plantagenet")));
  for (const char* kept : {"hums", "somebody hammers", "again", "nobody was there", "we come"}) {
    EXPECT_THAT(EveryWord(), HasSubstr(kept));
  }
  const v1::PersonalData now = Get(name_, true).personal_data();
  EXPECT_EQ(now.description(), "somebody hammers");
  EXPECT_EQ(now.access_note(), "");
  EXPECT_EQ(now.dwelling(), "B 4");
  EXPECT_EQ(now.tracking_code(), code_);

  const auto entries = History().entries();
  ASSERT_EQ(entries.size(), 7);
  EXPECT_EQ(entries[0].personal_data().description(), "hums");
  EXPECT_EQ(entries[0].personal_data().access_note(), "");
  EXPECT_EQ(entries[1].personal_data().description(), "somebody hammers");
  EXPECT_EQ(entries[2].text(), "again");
  EXPECT_EQ(entries[3].text(), "nobody was there");
  EXPECT_EQ(entries[4].text(), "we come");
  EXPECT_EQ(entries[5].event(), "TextRedacted");
  EXPECT_EQ(entries[5].reason(), "neighbour");
  EXPECT_EQ(entries[5].details().at("redacted"), "1 access_note, 2 description, 3 message");
  EXPECT_EQ(entries[6].event(), "KeysDestroyed");

  // Nothing but words has moved.
  v1::Complaint after = Get(name_);
  after.set_etag(before.etag());
  EXPECT_EQ(after.SerializeAsString(), before.SerializeAsString());
  v1::LookUpTrackingCodeRequest track;
  track.set_tracking_code(code_);
  EXPECT_EQ(Ask(&IntakeService::LookUpTrackingCode, track)->state(), v1::COMPLAINT_STATE_RECEIVED);
  EXPECT_THAT(audit_.lines(), Contains("staff-1 redact_text " + name_ + " note"));
}

TEST_F(IntakeRedactionTest, ItGoesOnUnderTheNewKeyAndCanBeRedactedAgain) {
  Settle();
  ASSERT_TRUE(Redact(Request(Neighbour())).ok());
  const std::string second = RowOf(name_).text_key();
  const auto noted = Note("n2", "Plantagenet once more");
  ASSERT_TRUE(noted.ok()) << noted.status();
  ASSERT_TRUE(Redact(Request({{8, v1::Redaction::FIELD_TEXT, ""}})).ok());
  EXPECT_TRUE(KeyIsGone(second));
  EXPECT_THAT(EveryWord(), Not(HasSubstr("Plantagenet")));
  EXPECT_THAT(EveryWord(), HasSubstr("we come"));
  EXPECT_EQ(History().entries(7).text(), "");
  // And erased in the end.
  Erase();
  EXPECT_TRUE(KeyIsGone(RowOf(name_).text_key()));
  EXPECT_TRUE(RowOf(name_).keys_destroyed());
  EXPECT_EQ(EveryWord(), "");
  EXPECT_EQ(ReasonOf(Redact(Request({{3, v1::Redaction::FIELD_TEXT, ""}})).status()), "TEXTS_ERASED");
}

TEST_F(IntakeRedactionTest, AttachmentsStayReadable) {
  Settle();
  const std::string recorded = *AttachmentKey("store/1");
  const std::string unrecorded = *AttachmentKey("store/2");
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(Redact(Request({{3, v1::Redaction::FIELD_TEXT, absl::StrCat("again ", i)}})).ok());
    EXPECT_EQ(*AttachmentKey("store/1"), recorded) << i;
    EXPECT_THAT(EveryByte(), Not(HasSubstr(recorded)));
  }
  // As its comment says.
  EXPECT_NE(*AttachmentKey("store/2"), unrecorded);
  EXPECT_EQ(*AttachmentKey("store/2"), *AttachmentKey("store/2"));
}

TEST_F(IntakeRedactionTest, ARetryIsAnsweredAsBeforeAndAnotherContentRefused) {
  Settle();
  auto request = Request(Neighbour());
  const auto first = Redact(request);
  ASSERT_TRUE(first.ok()) << first.status();
  const std::string key = RowOf(name_).text_key();
  const auto again = Redact(request);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->SerializeAsString(), first->SerializeAsString());
  EXPECT_EQ(RowOf(name_).text_key(), key);
  request.mutable_redactions(2)->set_kept_text("otherwise");
  EXPECT_EQ(ReasonOf(Redact(request).status()), "REQUEST_ID_REUSED");
  // What was asked before the old key went is not compared any more.
  EXPECT_TRUE(Note("n1", "nobody was there").ok());
  EXPECT_TRUE(Note("n1", "somebody else's words").ok());
  auto submit = SubmitRequest("first");
  const auto submitted = Submit(submit);
  ASSERT_TRUE(submitted.ok()) << submitted.status();
  EXPECT_EQ(submitted->tracking_code(), code_);
}

TEST_F(IntakeRedactionTest, OnlyWhatIsThereCanBeTakenOut) {
  Settle();
  const auto reason = [&](const std::vector<Word>& words) { return ReasonOf(Redact(Request(words)).status()); };
  EXPECT_EQ(reason({{9, v1::Redaction::FIELD_TEXT, ""}}), "TEXT_NOT_FOUND");
  EXPECT_EQ(reason({{1, v1::Redaction::FIELD_TEXT, ""}}), "TEXT_NOT_FOUND");
  EXPECT_EQ(reason({{3, v1::Redaction::FIELD_TEXT, ""}, {3, v1::Redaction::FIELD_DESCRIPTION, ""}}), "TEXT_NOT_FOUND");
  EXPECT_EQ(reason({{1, v1::Redaction::FIELD_DWELLING, ""}}), "TEXT_NOT_FOUND") << "it is the person's";
  EXPECT_EQ(reason({{1, v1::Redaction::FIELD_HANDLER_NAMES, ""}}), "TEXT_NOT_FOUND");
  EXPECT_EQ(reason({}), "INVALID_FIELDS");
  EXPECT_EQ(reason({{0, v1::Redaction::FIELD_TEXT, ""}}), "INVALID_FIELDS");
  EXPECT_EQ(reason({{3, v1::Redaction::FIELD_TEXT, ""}, {3, v1::Redaction::FIELD_UNSPECIFIED, "x"}}), "INVALID_FIELDS");
  EXPECT_EQ(reason({{1, v1::Redaction::FIELD_ACCESS_NOTE, std::string(kMaxShortText + 1, 'x')}}), "INVALID_FIELDS");
  EXPECT_EQ(reason(std::vector<Word>(kMaxRedactions + 1, {3, v1::Redaction::FIELD_TEXT, ""})), "INVALID_FIELDS");
  auto elsewhere = Request(Neighbour());
  elsewhere.set_name("complaints/" + std::string(26, '0'));
  EXPECT_EQ(ReasonOf(Redact(elsewhere).status()), "COMPLAINT_NOT_FOUND");
  auto stale = Request(Neighbour());
  stale.set_etag(service::FormatEtag(1));
  EXPECT_EQ(ReasonOf(Redact(stale).status()), "ETAG_MOVED");
  EXPECT_EQ(RowOf(name_).text_key(), old_key_);
  EXPECT_FALSE(KeyIsGone(old_key_));
  stale.set_request_id(NextId());
  stale.set_etag(Get(name_).etag());
  EXPECT_TRUE(Redact(stale).ok());
}

TEST_F(IntakeRedactionTest, BothPermissionsAndTheScopeAreNeeded) {
  Settle();
  for (const Permission one : {Permission::kErasePersons, Permission::kReadPersonalData}) {
    EXPECT_EQ(ReasonOf(Redact(Request(Neighbour()), Only(one)).status()), "PERMISSION_MISSING");
  }
  EXPECT_EQ(ReasonOf(Redact(Request(Neighbour()), OfAgency("elsewhere")).status()), "COMPLAINT_NOT_FOUND");
  EXPECT_TRUE(Redact(Request(Neighbour()), OfAgency(RowOf(name_).placement().agency())).ok());
}

TEST_F(IntakeRedactionTest, AComplaintThatMovesMeanwhileIsReadAgain) {
  Settle();
  // Ordered, but a note that was ordered before it is decided first.
  std::optional<absl::StatusOr<v1::RedactTextResponse>> answer;
  v1::AddNoteRequest note;
  note.set_request_id("n2");
  note.set_name(name_);
  note.set_text("came in between");
  main_->service->Change<v1::AddNoteRequest, v1::AddNoteResponse>(Everybody(), note,
                                                                  [](auto response) { EXPECT_TRUE(response.ok()); });
  main_->service->RedactText(Everybody(), Request(Neighbour()), [&](auto response) { answer = std::move(response); });
  executor_.RunFor(5 * kSecond);
  ASSERT_TRUE(answer.has_value());
  ASSERT_TRUE(answer->ok()) << answer->status();
  EXPECT_TRUE(KeyIsGone(old_key_));
  EXPECT_THAT(EveryWord(), HasSubstr("came in between"));
  EXPECT_THAT(EveryWord(), Not(HasSubstr("Plantagenet")));
  EXPECT_EQ(History().entries(5).text(), "came in between");
}

TEST_F(IntakeRedactionTest, ATextSealedUnderTheOldKeyIsNotRecordedBehindIt) {
  Settle();
  // The other way round: the note was sealed before the redaction, and is decided after it.
  std::optional<absl::StatusOr<v1::AddNoteResponse>> answer;
  v1::AddNoteRequest note;
  note.set_request_id("n2");
  note.set_name(name_);
  note.set_text("too late");
  main_->service->RedactText(Everybody(), Request(Neighbour()), [](auto response) { EXPECT_TRUE(response.ok()); });
  main_->service->Change<v1::AddNoteRequest, v1::AddNoteResponse>(Everybody(), note,
                                                                  [&](auto response) { answer = std::move(response); });
  executor_.RunFor(5 * kSecond);
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->status().code(), absl::StatusCode::kAborted);
  EXPECT_EQ(ReasonOf(answer->status()), "TEXTS_RESEALED");
  ASSERT_TRUE(Note("n2", "too late").ok());
  EXPECT_EQ(History().entries(7).text(), "too late");
}

TEST_F(IntakeRedactionTest, TextsThatNoRecordHoldsComeInSeveral) {
  Settle();
  for (int i = 0; i < 12; ++i) {
    ASSERT_TRUE(Note(absl::StrCat("long-", i), absl::StrCat("long ", i, " ", std::string(60'000, 'x'))).ok());
  }
  ASSERT_TRUE(Redact(Request(Neighbour())).ok());
  EXPECT_TRUE(KeyIsGone(old_key_));
  EXPECT_THAT(RowOf(name_).resealing_keys(), IsEmpty());
  EXPECT_THAT(EveryWord(), Not(HasSubstr("Plantagenet")));
  const auto entries = History().entries();
  std::vector<std::string> events;
  for (const auto& entry : entries) {
    if (entry.event() == "NoteAdded") {
      EXPECT_NE(entry.text(), "") << entry.version();
    } else if (entry.event() == "TextRedacted") {
      events.push_back(entry.details().contains("more") ? "more" : "last");
    }
  }
  EXPECT_THAT(events, ElementsAre("more", "more", "last"));
}

TEST_F(IntakeRedactionTest, OneThatStopsHalfWayHarmsNothing) {
  Settle();
  const std::string half = StopHalfWay();
  EXPECT_EQ(History().entries(3).text(), "nobody was there");
  EXPECT_EQ(History().entries(4).text(), "we come");
  ASSERT_TRUE(Note("n2", "goes on").ok());
  ASSERT_TRUE(Redact(Request(Neighbour())).ok());
  EXPECT_TRUE(KeyIsGone(old_key_));
  EXPECT_TRUE(KeyIsGone(half));
  EXPECT_THAT(RowOf(name_).resealing_keys(), IsEmpty());
  EXPECT_EQ(History().entries(3).text(), "nobody was there");
  EXPECT_EQ(History().entries(6).text(), "goes on");
  EXPECT_THAT(EveryWord(), Not(HasSubstr("Plantagenet")));
}

TEST_F(IntakeRedactionTest, OneThatStopsHalfWayIsErasedWhole) {
  Settle();
  const std::string half = StopHalfWay();
  Erase();
  EXPECT_TRUE(RowOf(name_).keys_destroyed());
  EXPECT_TRUE(KeyIsGone(old_key_));
  EXPECT_TRUE(KeyIsGone(half));
  EXPECT_EQ(EveryWord(), "");
}

TEST_F(IntakeRedactionTest, AKeyThatCouldNotBeDestroyedIsTriedAgain) {
  Settle();
  keys_.keeps = true;
  ASSERT_TRUE(Redact(Request(Neighbour())).ok());
  EXPECT_THAT(RowOf(name_).former_text_keys(), ElementsAre(old_key_));
  // Erased while it still waits: one work row for both.
  Erase();
  EXPECT_FALSE(RowOf(name_).keys_destroyed());
  keys_.keeps = false;
  executor_.RunFor(kMinute);
  EXPECT_TRUE(RowOf(name_).keys_destroyed());
  EXPECT_THAT(RowOf(name_).former_text_keys(), IsEmpty());
  EXPECT_TRUE(KeyIsGone(old_key_));
  EXPECT_TRUE(KeyIsGone(RowOf(name_).text_key()));
  EXPECT_EQ(EveryWord(), "");
}

TEST_F(IntakeRedactionTest, ARebuildAfterwardsIsTheSameAndFindsTheCode) {
  Settle();
  ASSERT_TRUE(Redact(Request(Neighbour())).ok());
  const auto rebuilt = Boot("two", false);
  executor_.RunFor(kSecond);
  EXPECT_EQ(Digest(*rebuilt), Digest(*main_));
  EXPECT_THAT(*rebuilt->lookups->FindTrackingCode(*rebuilt->rows, kShards, code_), ElementsAre(name_));
  EXPECT_THAT(*main_->lookups->FindTrackingCode(*main_->rows, kShards, code_), ElementsAre(name_));
}

// Whatever is written, corrected and taken out in whatever order, while keys cannot be destroyed or the complaint moves:
// exactly the words that are kept can be read.
class EveryOrder : public IntakeRedactionTest, public ::testing::WithParamInterface<uint64_t> {
 protected:
  uint64_t Below(uint64_t bound) { return dice_.Random64() % bound; }
  // One that was never used before.
  std::string NewWord() { return words_.emplace_back(absl::StrCat("word-", words_.size(), ";")); }
  // A text of some words, which are kept from now on.
  std::string NewText() {
    std::string text;
    for (uint64_t i = Below(3) + 1; i > 0; --i) text += NewWord();
    return text;
  }
  // Remembers what was said, in the last entry of the history that says something.
  void Said(Field field, const std::string& text) {
    const auto history = History();
    for (auto entry = history.entries().rbegin(); entry != history.entries().rend(); ++entry) {
      if (entry->text() != text && entry->personal_data().description() != text &&
          entry->personal_data().access_note() != text) {
        continue;
      }
      said_[{entry->version(), field}] = text;
      return;
    }
    ADD_FAILURE() << text << " is nowhere";
  }
  void Write() {
    const std::string text = NewText();
    switch (Below(4)) {
      case 0: ASSERT_TRUE(Note(NextId(), text).ok()); return Said(v1::Redaction::FIELD_TEXT, text);
      case 1:
        ASSERT_TRUE(Change(kAnswer, name_, [&](auto* answer) { answer->set_text(text); }).ok());
        return Said(v1::Redaction::FIELD_TEXT, text);
      case 2:
        ASSERT_TRUE(Change(kAmend, name_, [&](auto* amend) { amend->set_description(text); }).ok());
        return Said(v1::Redaction::FIELD_DESCRIPTION, text);
      default:
        ASSERT_TRUE(Change(kAmend, name_, [&](auto* amend) { amend->set_access_note(text); }).ok());
        return Said(v1::Redaction::FIELD_ACCESS_NOTE, text);
    }
  }
  void TakeOut() {
    if (said_.empty()) return;
    std::vector<Word> some;
    for (auto& [place, text] : said_) {
      if (some.size() == 3 || Below(3) != 0 || text.empty()) continue;
      text = Below(2) == 0 ? "" : NewText();
      some.push_back({place.first, place.second, text});
    }
    if (some.empty()) return;
    // Something else of the complaint happens at the same moment, now and then.
    const bool moves = Below(3) == 0;
    if (moves) {
      v1::RecordFactRequest fact;
      fact.set_request_id(NextId());
      fact.set_name(name_);
      fact.set_kind(types::v1::FACT_KIND_RESIDENT_ASKED);
      main_->service->Change<v1::RecordFactRequest, v1::RecordFactResponse>(Everybody(), fact, [](auto) {});
    }
    const auto redacted = Redact(Request(some));
    ASSERT_TRUE(redacted.ok()) << redacted.status();
  }

  SeededIdSource dice_{GetParam()};
  std::vector<std::string> words_;
  std::map<std::pair<int64_t, Field>, std::string> said_;
};

TEST_P(EveryOrder, LeavesExactlyTheWordsThatAreKept) {
  Settle();
  for (int step = 0; step < 25; ++step) {
    keys_.keeps = Below(4) == 0;
    if (Below(8) == 0) StopHalfWay();
    Below(5) < 3 ? Write() : TakeOut();
    if (HasFatalFailure()) return;
  }
  keys_.keeps = false;
  executor_.RunFor(kMinute);
  const auto history = History();
  for (const auto& entry : history.entries()) {
    const auto expect = [&](Field field, const std::string& text) {
      const auto known = said_.find({entry.version(), field});
      if (known != said_.end()) {
        EXPECT_EQ(text, known->second) << entry.version();
      }
    };
    expect(v1::Redaction::FIELD_TEXT, entry.text());
    expect(v1::Redaction::FIELD_DESCRIPTION, entry.personal_data().description());
    expect(v1::Redaction::FIELD_ACCESS_NOTE, entry.personal_data().access_note());
  }
  std::string kept;
  for (const auto& [place, text] : said_) kept += text;
  const std::string readable = EveryWord();
  for (const std::string& word : words_) {
    EXPECT_EQ(absl::StrContains(readable, word), absl::StrContains(kept, word)) << word;
  }
  const auto rebuilt = Boot("two", false);
  executor_.RunFor(kSecond);
  EXPECT_EQ(Digest(*rebuilt), Digest(*main_));
}

INSTANTIATE_TEST_SUITE_P(Seeds, EveryOrder, ::testing::ValuesIn(redress::testing::Seeds(8)));

}  // namespace
}  // namespace redress::intake
