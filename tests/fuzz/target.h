// A fuzz target: a function that must return for all bytes, and checks what must hold of them on its way.
//
//   const Target kTarget("tracking_codes", [](absl::string_view bytes) {
//     const auto parsed = ParseTrackingCode(bytes);
//     if (parsed.ok()) Check(*ParseTrackingCode(*parsed) == *parsed, "parsing again changes nothing");
//   });
//
// libFuzzer runs one target a program; replay_test.cc runs all of them, each on the files of corpus/<its name>.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"

namespace redress::fuzz {

// The empty message that follows these words, at least one; null when none does.
using Prototype = const google::protobuf::Message* (*)(const std::vector<std::string>& words);

// For targets whose input is lines of words and one message in text format, "intake complaints/1 1 {closed {}}": how
// to find the message's type, so that inputs are changed field by field (mutator.cc), not byte by byte.
struct Grammar {
  Prototype prototype = nullptr;
  // Beginnings of lines, without the message.
  std::vector<std::string> (*beginnings)() = nullptr;
  // Texts that mean something.
  std::vector<std::string> (*vocabulary)() = nullptr;
};

struct Target {
  // Registers it for the life of the process.
  Target(const char* name, void (*run)(absl::string_view bytes), Grammar grammar = {});

  const char* const name;
  void (*const run)(absl::string_view bytes);
  const Grammar grammar;
};

// All that are linked, by name.
const std::vector<const Target*>& Targets();

// Ends the process, saying what does not hold: of the input that is being run.
void Check(bool holds, absl::string_view what);

// One line of an input.
struct Line {
  std::vector<std::string> words;
  std::unique_ptr<google::protobuf::Message> message;  // null: none, or one that cannot be read
};
// Lines that are empty are left out, and those after the first `most`.
std::vector<Line> ReadLines(absl::string_view bytes, Prototype prototype_of, size_t most);
std::string WriteLine(const Line& line);

}  // namespace redress::fuzz
