// What a command prints: tables for people, proto JSON for programs.
#pragma once

#include <google/protobuf/message.h>

#include <ostream>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "libs/calendar/zone.h"

namespace redress::ctl {

// Control characters as \xNN and bytes that are not UTF-8 escaped: what came from elsewhere cannot move a cursor.
std::string Printable(absl::string_view text);

// Columns on a terminal that `text` takes: one a code point.
size_t WidthOf(absl::string_view text);

// Rows under headings, columns aligned, two blanks between them; nothing but a heading where there are no rows.
class TextTable {
 public:
  enum class Align { kLeft, kRight };

  // Sizes of rows match those of `headings`; alignment is left unless said.
  explicit TextTable(std::vector<std::string> headings, std::vector<Align> aligns = {});
  void Add(std::vector<std::string> row);
  // Above the rows to come.
  void AddRule();
  std::string Render() const;

 private:
  std::vector<std::vector<std::string>> rows_;  // an empty one is a rule
  std::vector<Align> aligns_;
};

// Not thread-safe. What it writes to outlives it.
class Printer {
 public:
  Printer(std::ostream* out, bool json, calendar::Zone zone) : out_(*out), json_(json), zone_(zone) {}

  bool json() const { return json_; }
  calendar::Zone zone() const { return zone_; }

  // One line of proto JSON.
  void Json(const google::protobuf::Message& message);
  // As given, with the line's end.
  void Line(absl::string_view text);
  void Table(const TextTable& table) { Raw(table.Render()); }
  void Raw(absl::string_view text);
  // Each set field on a line of its own, those of messages inside indented below their name.
  void Fields(const google::protobuf::Message& message);
  // One row a message of the repeated field `list`, one column a path in it. A column is headed by its last name.
  void List(const google::protobuf::Message& message, absl::string_view list, const std::vector<std::string>& paths);

  // The field at `path` as people read it; "" when it is not set.
  std::string Format(const google::protobuf::Message& message, absl::string_view path) const;
  // False once writing failed: the reader is gone, or the disk is full.
  bool Flush();

 private:
  std::ostream& out_;
  const bool json_;
  const calendar::Zone zone_;
};

// One line, without its end.
std::string ToJson(const google::protobuf::Message& message);

}  // namespace redress::ctl
