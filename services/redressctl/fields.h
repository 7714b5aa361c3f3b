// Fields of any message as text: what options write into requests, and what tables show of replies.
//
// A path names a field: "received_time", or "scope.filter.agencies" for one of a message inside. A path that the
// message does not have is a mistake in the program and ends it.
#pragma once

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "libs/calendar/zone.h"

namespace redress::ctl {

// The last field of the path.
const google::protobuf::FieldDescriptor& FieldAt(const google::protobuf::Descriptor& type, absl::string_view path);
// Nothing if the message has no such field.
const google::protobuf::FieldDescriptor* FindField(const google::protobuf::Descriptor& type, absl::string_view path);

// "in_progress" for STATE_IN_PROGRESS of an enum State; the number where the enum has no such value.
std::string ShortName(const google::protobuf::EnumDescriptor& type, int number);
// Those that can be chosen, in order of their numbers: all but the zero one.
std::vector<std::string> ShortNames(const google::protobuf::EnumDescriptor& type);

// Sets the field, or adds to a repeated one. Text is read by the field's type: enums by short name ("no_access" or
// "no-access") or full name, google.protobuf.Timestamp as ParseInstant (times.h), Duration as ParseDuration, bool as
// true or false, a Position as FormatField writes it or as JSON, bytes as hex. INVALID_ARGUMENT says what is wrong, and
// names the choices.
absl::Status SetField(google::protobuf::Message* message, absl::string_view path, absl::string_view text,
                      calendar::Zone zone);

// As a table shows it, "" when it is not set or empty: values of a list joined by ", ", durations as FormatDuration,
// messages inside as "name=value name=value". A Position is "<log id>:<stream>:<shard>:<next>".
std::string FormatField(const google::protobuf::Message& message, absl::string_view path, calendar::Zone zone);

// The message in the field that the path names, the default one if it is not set. Not of a list.
const google::protobuf::Message& MessageAt(const google::protobuf::Message& message, absl::string_view path);

// A whole message the same way, on one line.
std::string FormatMessage(const google::protobuf::Message& message, calendar::Zone zone);

}  // namespace redress::ctl
