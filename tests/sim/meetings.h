// Which commands must have met which states after some hundred seeds, which only chance brings together, and which never
// meet, each with the reason: coverage as a table that a test asserts.
#pragma once

#include <string>

#include "tests/sim/coverage.h"

namespace redress::sim {

enum class Meets {
  kSurely,    // in each 100 seeds: driven there (commotion_tour.cc), or many times over
  kByChance,  // two things within moments of each other: seen or not
  kNever,     // by construction: seen once, something is wrong with the service or with the table
};

struct Expectation {
  Meets meets = Meets::kSurely;
  std::string why;  // unless it is kSurely
};

// Of a pair of AllMeetings().
Expectation ExpectationOf(const StateAndCommand& pair);

// What is wrong with the table itself: rows that are about no pair, or about one that another is about. Empty if nothing.
std::string CheckExpectations();

}  // namespace redress::sim
