#include "services/redressctl/output.h"

#include <gtest/gtest.h>

#include <sstream>

#include "redress/intake/v1/intake_service.pb.h"
#include "redress/sla/v1/sla_service.pb.h"

namespace redress::ctl {
namespace {

TEST(Printable, EscapesWhatMovesACursor) {
  EXPECT_EQ(Printable("Zoé"), "Zoé");
  EXPECT_EQ(Printable("a\x1b[2Jb\n"), "a\\x1b[2Jb\\n");
  EXPECT_EQ(Printable("\xff\xc3"), "\\xff\\xc3");
}

TEST(TextTable, AlignsColumns) {
  TextTable table({"name", "rows"}, {TextTable::Align::kLeft, TextTable::Align::kRight});
  table.Add({"Zoé", "5"});
  table.AddRule();
  table.Add({"longer", "12345"});
  EXPECT_EQ(table.Render(),
            "name     rows\n"
            "Zoé         5\n"
            "------  -----\n"
            "longer  12345\n");
}

TEST(Printer, ShowsSetFieldsAlone) {
  intake::v1::Complaint complaint;
  complaint.set_name("complaints/1");
  complaint.mutable_received_time()->set_seconds(0);
  complaint.mutable_external_reference()->set_system("crm");
  complaint.add_visits()->set_intervention("interventions/1");
  complaint.add_visits()->set_intervention("interventions/2");
  std::ostringstream out;
  Printer(&out, false, absl::UTCTimeZone()).Fields(complaint);
  EXPECT_EQ(out.str(),
            "name           complaints/1\n"
            "received_time  1970-01-01T00:00:00Z\n"
            "external_reference\n"
            "  system  crm\n"
            "visits         intervention=interventions/1\n"
            "               intervention=interventions/2\n");
}

TEST(Printer, ListsRows) {
  intake::v1::ListComplaintsResponse reply;
  reply.add_complaints()->set_name("complaints/1");
  reply.mutable_complaints(0)->mutable_external_reference()->set_system("crm");
  reply.mutable_complaints(0)->set_reopenings(2);
  std::ostringstream out;
  Printer(&out, false, absl::UTCTimeZone())
      .List(reply, "complaints", {"name", "external_reference.system", "reopenings"});
  EXPECT_EQ(out.str(),
            "name          system  reopenings\n"
            "complaints/1  crm              2\n");
}

TEST(Printer, ListsDurationsRoughly) {
  sla::v1::ListCasesAtRiskResponse reply;
  reply.add_cases()->mutable_time_left()->set_seconds(-(2 * 86400 + 3 * 3600 + 4));
  reply.add_cases()->set_line("remedy");
  std::ostringstream out;
  Printer(&out, false, absl::UTCTimeZone()).List(reply, "cases", {"time_left", "line"});
  EXPECT_EQ(out.str(),
            "time_left  line\n"
            "-2d 3h\n"
            "           remedy\n");
}

TEST(Printer, WritesJsonOnOneLine) {
  intake::v1::Complaint complaint;
  complaint.set_name("complaints/1");
  complaint.set_category("a\nb");
  std::ostringstream out;
  Printer(&out, true, absl::UTCTimeZone()).Json(complaint);
  EXPECT_EQ(out.str(), "{\"name\":\"complaints/1\",\"category\":\"a\\nb\"}\n");
}

}  // namespace
}  // namespace redress::ctl
