// Stored messages are only ever added to: `releases/NAME.schema` has a line for each field and enum value that a
// release could write, and all of them must still be true.
//
//   redress.intake.events.v1.ComplaintReceived 3 residence string
//   redress.intake.events.v1.ComplaintAmended 1 category optional string
//
// So are the public events, which others keep, and the cursors that they come back with.
//   redress.types.v1.FactKind = 4 FACT_KIND_ANSWERED
#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "redress/intake/events/v1/events.pb.h"
#include "redress/log/v1/record.pb.h"
#include "redress/public/v1/event_stream.pb.h"
#include "redress/public/v1/events.pb.h"
#include "redress/register/events/v1/events.pb.h"
#include "redress/routing/events/v1/events.pb.h"
#include "redress/scheduling/events/v1/events.pb.h"
#include "redress/sla/events/v1/events.pb.h"

namespace redress::golden {
namespace {

namespace fs = std::filesystem;
namespace pb = ::google::protobuf;

class Schema {
 public:
  void Add(const pb::Descriptor* message) {
    if (!seen_.insert(message->full_name()).second) return;
    for (int i = 0; i < message->field_count(); ++i) {
      const pb::FieldDescriptor* field = message->field(i);
      std::string type = field->type_name();
      if (field->message_type() != nullptr) type = field->message_type()->full_name();
      if (field->enum_type() != nullptr) type = field->enum_type()->full_name();
      // Of one that is optional, or one of several, it is kept whether it was set.
      std::string how = field->is_repeated() ? "repeated " : field->has_optional_keyword() ? "optional " : "";
      if (field->real_containing_oneof() != nullptr) {
        how = absl::StrCat("oneof ", field->real_containing_oneof()->name(), " ");
      }
      lines_.insert(absl::StrCat(message->full_name(), " ", field->number(), " ", field->name(), " ", how, type));
      if (field->message_type() != nullptr) Add(field->message_type());
      if (field->enum_type() != nullptr) Add(field->enum_type());
    }
  }
  const std::set<std::string>& lines() const { return lines_; }

 private:
  void Add(const pb::EnumDescriptor* values) {
    if (!seen_.insert(values->full_name()).second) return;
    for (int i = 0; i < values->value_count(); ++i) {
      lines_.insert(
          absl::StrCat(values->full_name(), " = ", values->value(i)->number(), " ", values->value(i)->name()));
    }
  }

  std::set<std::string> seen_;
  std::set<std::string> lines_;
};

std::set<std::string> SchemaOfThisBuild() {
  Schema schema;
  for (const pb::Descriptor* message :
       {log::v1::Record::descriptor(), log::v1::Genesis::descriptor(), log::v1::Claim::descriptor(),
        log::v1::Progress::descriptor(), log::v1::Body::descriptor(), log::v1::RuntimeEvent::descriptor(),
        register_::events::v1::Event::descriptor(), intake::events::v1::Event::descriptor(),
        routing::events::v1::Event::descriptor(), scheduling::events::v1::Event::descriptor(),
        sla::events::v1::Event::descriptor(), public_::v1::PublicEvent::descriptor(),
        public_::v1::Cursor::descriptor()}) {
    schema.Add(message);
  }
  return schema.lines();
}

// tests/golden/releases of the source tree that this test was built in.
fs::path ReleasesDir() {
  std::error_code ignored;
  for (fs::path at = fs::read_symlink("/proc/self/exe", ignored); at.has_relative_path(); at = at.parent_path()) {
    if (fs::exists(at / "CMakePresets.json", ignored)) return at / "tests" / "golden" / "releases";
  }
  return "";
}

TEST(StoredSchema, OnlyGrows) {
  const std::set<std::string> now = SchemaOfThisBuild();
  const char* release = std::getenv("REDRESS_WRITE_GOLDEN");
  if (release != nullptr && std::string(release) != "digests") {
    const fs::path path = ReleasesDir() / (std::string(release) + ".schema");
    ASSERT_FALSE(fs::exists(path)) << path << " is never edited";
    fs::create_directories(path.parent_path());
    std::ofstream file(path);
    for (const std::string& line : now) file << line << "\n";
    file.close();
    ASSERT_TRUE(file.good()) << path << " cannot be written";
  }
  int releases = 0;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(ReleasesDir(), none)) {
    if (entry.path().extension() != ".schema") continue;
    ++releases;
    int lines = 0;
    std::ifstream file(entry.path());
    for (std::string line; std::getline(file, line); ++lines) {
      EXPECT_TRUE(now.contains(line)) << entry.path().filename() << " says: " << line;
    }
    EXPECT_GT(lines, 300) << entry.path();
  }
  EXPECT_GT(releases, 0) << "no release has said what it stores";
}

TEST(StoredSchema, SaysWhetherAFieldMayBeAbsent) {
  const std::set<std::string> now = SchemaOfThisBuild();
  for (const char* line : {"redress.intake.events.v1.ComplaintAmended 1 category optional string",
                           "redress.intake.events.v1.Event 1 complaint_received oneof kind "
                           "redress.intake.events.v1.ComplaintReceived",
                           "redress.intake.events.v1.PersonErased 3 complaints repeated string",
                           "redress.types.v1.FactKind = 1 FACT_KIND_RECEIVED"}) {
    EXPECT_TRUE(now.contains(line)) << line;
  }
}

}  // namespace
}  // namespace redress::golden
