// All there is about a person, and no more than the caller may see.
#include "services/intake/intake_fixture.h"

namespace redress::intake {
namespace {

using namespace ::redress::intake::testing;  // NOLINT
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class IntakeExportTest : public IntakeTest {
 protected:
  // Somebody with two complaints in two agencies, one of which says several things.
  void Settle() {
    auto request = SubmitRequest();
    request.set_description("hums");
    request.set_access_note("ring twice");
    request.set_dwelling("B 4");
    request.mutable_new_person()->set_full_name("Eleanor");
    request.mutable_new_person()->set_phone("0123456789");
    request.mutable_new_person()->set_care_needs("two sticks");
    auto response = Submit(request);
    ASSERT_TRUE(response.ok()) << response.status();
    first_ = response->complaint().name();
    person_ = response->complaint().person();
    executor_.RunFor(kSecond);  // ids sort by time
    request = SubmitRequest();
    request.set_person(person_);
    request.set_residence("rs");
    request.set_description("still hums");
    second_ = Submit(request)->complaint().name();
    ASSERT_TRUE(Change(kAmend, first_, [](auto* amend) { amend->set_description("howls"); }).ok());
    ASSERT_TRUE(Change(kAddMessage, first_, [](auto* message) {
                  message->set_channel(types::v1::CHANNEL_PHONE);
                  message->set_text("it stopped");
                }).ok());
    ASSERT_TRUE(Change(kAddNote, first_, [](auto* note) { note->set_text("it did not"); }).ok());
  }
  absl::StatusOr<v1::ExportPersonResponse> Export(const CallContext& call = Everybody(), int page_size = 0,
                                                  const std::string& page_token = "") {
    v1::ExportPersonRequest request;
    request.set_name(person_);
    request.set_purpose("asked");
    request.set_page_size(page_size);
    request.set_page_token(page_token);
    return Ask(&IntakeService::ExportPerson, request, call);
  }
  // Names of the complaints of a page, and every word in it.
  static std::vector<std::string> NamesIn(const v1::ExportPersonResponse& page) {
    std::vector<std::string> names;
    for (const auto& one : page.complaints()) names.push_back(one.complaint().name());
    return names;
  }

  std::string first_;
  std::string second_;
  std::string person_;
};

TEST_F(IntakeExportTest, EveryWordComesOutAndLeavesALine) {
  Settle();
  const auto page = Export();
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(page->person().full_name(), "Eleanor");
  EXPECT_EQ(page->person().care_needs(), "two sticks");
  EXPECT_FALSE(page->partial());
  EXPECT_EQ(page->next_page_token(), "");
  ASSERT_THAT(NamesIn(*page), ElementsAre(first_, second_));
  const std::string bytes = page->SerializeAsString();
  // "hums" was corrected since: it is about them all the same.
  for (const char* word : {"0123456789", "hums", "howls", "ring twice", "B 4", "it stopped", "it did not"}) {
    EXPECT_THAT(bytes, HasSubstr(word));
  }
  const auto& entries = page->complaints(0).entries();
  ASSERT_EQ(entries.size(), 4);
  EXPECT_EQ(entries[0].personal_data().description(), "hums");
  EXPECT_EQ(entries[1].personal_data().description(), "howls");
  EXPECT_EQ(page->complaints(0).complaint().personal_data().description(), "howls");
  EXPECT_THAT(audit_.lines(), Contains("staff-1 asked " + person_ + " name"));
  EXPECT_THAT(audit_.lines(), Contains("staff-1 asked " + first_ + " note"));
}

TEST_F(IntakeExportTest, PagesAddUpToTheWhole) {
  Settle();
  const auto whole = Export();
  ASSERT_TRUE(whole.ok()) << whole.status();
  for (int size = 1; size <= 6; ++size) {
    std::map<std::string, std::vector<int64_t>> versions;
    std::string token;
    int pages = 0;
    do {
      const auto page = Export(Everybody(), size, token);
      ASSERT_TRUE(page.ok()) << page.status();
      EXPECT_EQ(page->has_person(), pages == 0) << size;
      int entries = 0;
      for (const auto& one : page->complaints()) {
        for (const auto& entry : one.entries()) versions[one.complaint().name()].push_back(entry.version());
        entries += one.entries_size();
      }
      EXPECT_LE(entries, size);
      token = page->next_page_token();
    } while (!token.empty() && ++pages < 20);
    EXPECT_EQ(token, "");
    EXPECT_THAT(versions[first_], ElementsAre(1, 2, 3, 4)) << size;
    EXPECT_THAT(versions[second_], ElementsAre(1)) << size;
  }
  // A token is good for its question alone.
  const std::string token = Export(Everybody(), 1)->next_page_token();
  person_ = "people/" + std::string(PersonIdOf(person_)).replace(25, 1, person_.back() == '0' ? "1" : "0");
  EXPECT_EQ(ReasonOf(Export(Everybody(), 1, token).status()), "PAGE_TOKEN_FOREIGN");
}

TEST_F(IntakeExportTest, WhatOtherAgenciesHaveIsLeftOutAndSaid) {
  Settle();
  const std::string mine = RowOf(first_).placement().agency();
  ASSERT_NE(mine, RowOf(second_).placement().agency());
  const auto page = Export(OfAgency(mine));
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_THAT(NamesIn(*page), ElementsAre(first_));
  EXPECT_TRUE(page->partial());
  EXPECT_THAT(page->SerializeAsString(), Not(HasSubstr("still hums")));
  EXPECT_EQ(ReasonOf(Export(OfAgency("elsewhere")).status()), "PERSON_NOT_FOUND");
}

TEST_F(IntakeExportTest, BothPermissionsAreNeeded) {
  Settle();
  for (const Permission one : {Permission::kErasePersons, Permission::kReadPersonalData}) {
    EXPECT_EQ(ReasonOf(Export(Only(one)).status()), "PERMISSION_MISSING");
  }
  EXPECT_TRUE(
      Export(CallOf(Caller("dpo", {}, PermissionSet(Permission::kErasePersons, Permission::kReadPersonalData)))).ok());
}

TEST_F(IntakeExportTest, OfWhoIsForgottenFactsAloneComeOut) {
  Settle();
  for (const std::string& name : {first_, second_}) ASSERT_TRUE(Change(kWithdraw, name).ok());
  v1::ErasePersonRequest erase;
  erase.set_request_id(NextId());
  erase.set_name(person_);
  erase.set_reason("asked");
  ASSERT_TRUE(Ask(&IntakeService::ErasePerson, erase).ok());
  executor_.RunFor(5 * kSecond);
  const auto page = Export();
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_TRUE(page->person().has_erased_time());
  ASSERT_THAT(NamesIn(*page), ElementsAre(first_, second_));
  EXPECT_EQ(page->complaints(0).entries_size(), 7);
  const std::string bytes = page->SerializeAsString();
  for (const char* word : {"Eleanor", "0123456789", "hums", "howls", "ring twice", "B 4", "it stopped", "it did not"}) {
    EXPECT_THAT(bytes, Not(HasSubstr(word)));
  }
}

}  // namespace
}  // namespace redress::intake
