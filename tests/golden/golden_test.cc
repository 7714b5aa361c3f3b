#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "libs/privacy/sealer.h"
#include "libs/runtime/rows.h"
#include "tests/golden/boxes.h"
#include "tests/golden/journey.h"
#include "tests/golden/landlord.h"

namespace redress::golden {
namespace {

namespace fs = std::filesystem;
namespace pb = ::google::protobuf;

// tests/golden/releases of the source tree that this test was built in.
fs::path ReleasesDir() {
  std::error_code ignored;
  for (fs::path at = fs::read_symlink("/proc/self/exe", ignored); at.has_relative_path(); at = at.parent_path()) {
    if (fs::exists(at / "CMakePresets.json", ignored)) return at / "tests" / "golden" / "releases";
  }
  return "";
}

std::string ReadFile(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

// "release1" of each release1.records.
std::vector<std::string> Releases() {
  std::set<std::string> names;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(ReleasesDir(), ignored)) {
    if (entry.path().extension() == ".records") names.insert(entry.path().stem().string());
  }
  return {names.begin(), names.end()};
}

const char* ToWrite() { return std::getenv("REDRESS_WRITE_GOLDEN"); }

// Fields of `message`, or of one inside it, that its type does not know; by path.
void FindUnknown(const pb::Message& message, const std::string& path, std::vector<std::string>* unknown) {
  const pb::Reflection& reflection = *message.GetReflection();
  const auto& fields = reflection.GetUnknownFields(message);
  for (int i = 0; i < fields.field_count(); ++i) unknown->push_back(absl::StrCat(path, " #", fields.field(i).number()));
  std::vector<const pb::FieldDescriptor*> set;
  reflection.ListFields(message, &set);
  for (const auto* field : set) {
    if (field->cpp_type() != pb::FieldDescriptor::CPPTYPE_MESSAGE) continue;
    const std::string inner = absl::StrCat(path, ".", field->name());
    if (!field->is_repeated()) FindUnknown(reflection.GetMessage(message, field), inner, unknown);
    for (int i = 0; field->is_repeated() && i < reflection.FieldSize(message, field); ++i) {
      FindUnknown(reflection.GetRepeatedMessage(message, field, i), inner, unknown);
    }
  }
}

// What is wrong with a recorded event, and its kind.
std::string KindOf(const pb::Message& prototype, const std::string& payload, std::vector<std::string>* wrong) {
  const std::unique_ptr<pb::Message> event(prototype.New());
  if (!event->ParseFromString(payload)) {
    wrong->push_back(absl::StrCat("not parsed: ", absl::BytesToHexString(payload)));
    return "";
  }
  FindUnknown(*event, prototype.GetDescriptor()->full_name(), wrong);
  const auto* kind = event->GetReflection()->GetOneofFieldDescriptor(*event, prototype.GetDescriptor()->oneof_decl(0));
  if (kind == nullptr) wrong->push_back(absl::StrCat("of no kind: ", absl::BytesToHexString(payload)));
  return kind == nullptr ? "" : absl::StrCat(prototype.GetDescriptor()->full_name(), ".", kind->name());
}

std::set<std::string> KindsOf(const Recording& recording, std::vector<std::string>* wrong) {
  std::set<std::string> kinds;
  const auto folded = ForEachDecision(recording, [&](log::ShardId id, const log::v1::Body& body) {
    FindUnknown(body, "body", wrong);
    for (const auto& event : body.events()) {
      const bool own = event.aggregate().rfind("inputs/", 0) == 0;
      kinds.insert(
          KindOf(own ? log::v1::RuntimeEvent::default_instance() : EventOf(id.stream), event.payload(), wrong));
    }
  });
  if (!folded.ok()) wrong->push_back(folded.ToString());
  return kinds;
}

std::set<std::string> AllKinds() {
  std::set<std::string> kinds;
  std::vector<const pb::Descriptor*> types = {log::v1::RuntimeEvent::descriptor()};
  for (const log::Stream stream : log::kAllStreams) types.push_back(EventOf(stream).GetDescriptor());
  for (const auto* type : types) {
    for (int i = 0; i < type->oneof_decl(0)->field_count(); ++i) {
      kinds.insert(absl::StrCat(type->full_name(), ".", type->oneof_decl(0)->field(i)->name()));
    }
  }
  return kinds;
}

// Rows folded from the recording by this build's services: "intake/0 v1" → digest in hex.
std::map<std::string, std::string> DigestsOf(const Recording& recording) {
  const auto info = InfoOf(recording);
  EXPECT_TRUE(info.ok()) << info.status();
  if (!info.ok()) return {};
  RecordedLog log(&recording, *info);
  FakeClock clock(1'800'000'000'000);
  FakeExecutor executor(&clock);
  SeededIdSource ids(7);
  Instance instance(&log, &clock, &executor, &ids, /*own=*/false);
  executor.RunFor(kMinute);
  std::map<std::string, std::string> digests;
  for (const auto& [id, records] : recording.records) {
    const runtime::ServiceRuntime* runtime = instance.node->runtime(id.stream);
    const auto shard = static_cast<uint16_t>(id.shard);
    const auto rows = runtime->ReadNow();
    const int64_t at = runtime::LoadRuleState(*rows, shard).next_offset;
    EXPECT_EQ(at, static_cast<int64_t>(records.size())) << log::ToString(id) << " stopped before its end";
    for (const auto& status : runtime->Status()) EXPECT_TRUE(status.stopped.ok()) << status.stopped;
    digests[absl::StrCat(log::ToString(id), " v", Node::ProjectionVersion(id.stream))] =
        absl::BytesToHexString(store::DigestOf(*rows, shard, store::DigestScope::kAll));
  }
  return digests;
}

std::map<std::string, std::string> ReadDigests(const fs::path& path) {
  std::map<std::string, std::string> digests;
  for (const absl::string_view line : absl::StrSplit(ReadFile(path), '\n', absl::SkipEmpty())) {
    const std::vector<std::string> parts = absl::StrSplit(line, ' ');
    if (line[0] != '#' && parts.size() == 3) digests[absl::StrCat(parts[0], " ", parts[1])] = parts[2];
  }
  return digests;
}

class ReleaseTest : public ::testing::TestWithParam<std::string> {
 protected:
  fs::path File(const std::string& extension) const { return ReleasesDir() / (GetParam() + extension); }
  void SetUp() override {
    auto parsed = Parse(ReadFile(File(".records")));
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    recording_ = *std::move(parsed);
  }
  Recording recording_;
};

TEST_P(ReleaseTest, EveryRecordCountsAndEveryEventIsKnownToItsLastField) {
  std::vector<std::string> wrong;
  const auto kinds = KindsOf(recording_, &wrong);
  EXPECT_TRUE(wrong.empty()) << wrong.size() << " wrong, first: " << wrong.front();
  EXPECT_GT(kinds.size(), 50u);
}

TEST_P(ReleaseTest, RowsAreWhatTheyWereWhenTheyWereWritten) {
  auto written = ReadDigests(File(".digests"));
  for (const auto& [place, digest] : DigestsOf(recording_)) {
    if (written.count(place) == 0 && ToWrite() != nullptr && std::string(ToWrite()) == "digests") {
      std::ofstream(File(".digests"), std::ios::app) << place << " " << digest << "\n";
      written[place] = digest;
    }
    ASSERT_EQ(written.count(place), 1u) << place << " has no line: see the README for a new projection version";
    EXPECT_EQ(written[place], digest) << place;
  }
}

TEST_P(ReleaseTest, VerdictsAreWhatTheyWere) {
  const auto verdicts = VerdictsOf(recording_);
  ASSERT_TRUE(verdicts.ok()) << verdicts.status();
  EXPECT_EQ(ReadFile(File(".verdicts")), *verdicts);
}

TEST_P(ReleaseTest, BoxesOpenWithTheKeysOfThatTime) {
  const std::string written = ReadFile(File(".boxes"));
  auto keys = KeysOf(written);
  ASSERT_TRUE(keys.ok()) << keys.status();
  EXPECT_GT(keys->size(), 3u);
  recording_.keys = *std::move(keys);
  const auto boxes = FormatBoxes(recording_);
  ASSERT_TRUE(boxes.ok()) << boxes.status();
  EXPECT_EQ(written, *boxes);
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(ReleaseTest);
INSTANTIATE_TEST_SUITE_P(Golden, ReleaseTest, ::testing::ValuesIn(Releases()),
                         [](const auto& info) { return info.param; });

void WriteNew(const fs::path& path, const std::string& text) {
  ASSERT_FALSE(fs::exists(path)) << path << " is there: releases are never written again";
  fs::create_directories(path.parent_path());
  std::ofstream file(path);
  file << text;
  file.close();
  ASSERT_TRUE(file.good()) << path << " cannot be written";
}

void WriteRelease(const std::string& name, const Recording& recording) {
  const auto verdicts = VerdictsOf(recording);
  ASSERT_TRUE(verdicts.ok()) << verdicts.status();
  const auto boxes = FormatBoxes(recording);
  ASSERT_TRUE(boxes.ok()) << boxes.status();
  std::string digests =
      "# Rows folded from the records: shard, version of the projection's shape, digest. Lines are added, never "
      "edited.\n";
  for (const auto& [place, digest] : DigestsOf(recording)) absl::StrAppend(&digests, place, " ", digest, "\n");
  const auto write = [&](const char* extension, const std::string& text) {
    WriteNew(ReleasesDir() / (name + extension), text);
  };
  write(".verdicts", *verdicts);
  write(".boxes", *boxes);
  write(".digests", digests);
  // Last: with it the release is there.
  write(".records", "# Every record of a small log, as this release wrote them. Never edited.\n" + Format(recording));
}

TEST(Golden, EveryKindOfEventIsInSomeRelease) {
  std::set<std::string> missing = AllKinds();
  for (const std::string& release : Releases()) {
    const auto recording = Parse(ReadFile(ReleasesDir() / (release + ".records")));
    ASSERT_TRUE(recording.ok()) << recording.status();
    std::vector<std::string> wrong;
    for (const std::string& kind : KindsOf(*recording, &wrong)) missing.erase(kind);
  }
  for (const std::string& kind : missing)
    ADD_FAILURE() << kind << " is in no release's records: write the next release's";
}

TEST(Golden, TheJourneyIsTheSameEachTime) {
  const auto one = LiveJourney(), two = LiveJourney();
  ASSERT_TRUE(one.ok()) << one.status();
  ASSERT_TRUE(two.ok()) << two.status();
  EXPECT_EQ(Format(*one), Format(*two));
}

TEST(Golden, WhatTheJourneySealedOpens) {
  const auto lived = LiveJourney();
  ASSERT_TRUE(lived.ok()) << lived.status();
  const auto boxes = FormatBoxes(*lived);
  ASSERT_TRUE(boxes.ok()) << boxes.status();
  // Somebody was forgotten, and the others were not.
  EXPECT_TRUE(absl::StrContains(*boxes, " - -\n"));
  for (const char* field :
       {" description ", " dwelling ", " access_note ", " tracking_code ", " handler_names ", " answer ",
        " resolution ", " contest ", " message ", " note ", " name ", " phone ", " email ", " care_needs "}) {
    EXPECT_TRUE(absl::StrContains(*boxes, field)) << field << "is sealed nowhere";
  }
  auto keys = KeysOf(*boxes);
  ASSERT_TRUE(keys.ok()) << keys.status();
  EXPECT_EQ(*keys, lived->keys);
}

// One box, made by another program from the grammar in sealer.cc.
TEST(Golden, ABoxOfThisFormatOpens) {
  InMemoryKeyRows rows;
  KeyRow row;
  row.id = "AAAAAAAAAAAAAAAAAAAAAA";
  row.secret = std::string(32, 'k');
  ASSERT_TRUE(rows.Put({row}).ok());
  FakeClock clock;
  SeededIdSource ids(1);
  MadeAheadKeyStore keys(&rows, &ids, &clock);
  InMemoryReadAudit audit;
  types::v1::Sealed sealed;
  sealed.set_key_id(row.id);
  sealed.set_box(absl::HexStringToBytes(
      "6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6eb4d6e8e5a32a5caf8d93e88bd845afb610a02c1c2ec6a1cc6c"));
  const Opener opener("golden", &keys, &audit);
  EXPECT_EQ(*opener.Open(sealed, "people/1", "name", {"golden", "test"}), "A. Person");
  EXPECT_FALSE(opener.Open(sealed, "people/1", "phone", {"golden", "test"}).ok());
}

TEST(Golden, TheJourneyMeetsEveryKindOfEvent) {
  auto lived = LiveJourney();
  ASSERT_TRUE(lived.ok()) << lived.status();
  AddWhatOnlyHandsMake(&*lived);
  std::vector<std::string> wrong;
  const auto kinds = KindsOf(*lived, &wrong);
  EXPECT_TRUE(wrong.empty()) << wrong.front();
  for (const std::string& kind : AllKinds()) EXPECT_EQ(kinds.count(kind), 1u) << kind << " is met nowhere";
  const auto verdicts = VerdictsOf(*lived);
  ASSERT_TRUE(verdicts.ok()) << verdicts.status();
  EXPECT_TRUE(absl::StrContains(*verdicts, "arpcsa\n")) << *verdicts;
  if (ToWrite() != nullptr && std::string(ToWrite()) != "digests") WriteRelease(ToWrite(), *lived);
}

}  // namespace
}  // namespace redress::golden
