// Copies a log into a new one: what a restore is, and what moves a log elsewhere.
//
//   from   [GENESIS][CLAIM][D1][void][CLAIM][POSITION][D2]      to   [GENESIS][CLAIM][D1][D2][POSITION: all sources]
//
// Accepted decisions are appended again under a claim of the copy's own, with new fence, seq and chain and another log
// id; their bodies are untouched. Claims, voids and positions stay behind. Where a shard stood in each of its inputs is
// written once, as a last POSITION, in offsets of the new log: reactions of `from` need not be drained, they go on from
// there. Positions, cursors and page tokens of `from` are refused by readers of the copy (ANOTHER_LOG).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "libs/ids/ids.h"
#include "libs/log/acceptance.h"
#include "libs/log/log.h"

namespace redress::log {

// What a reader has seen of one shard.
struct ShardSummary {
  RuleState state;
  int64_t decisions = 0;
  int64_t positions = 0;
  int64_t voids = 0;
  uint32_t genesis_level = 0;
  // Of the build in the last claim; of GENESIS before there is one.
  uint32_t level = 0;
};
using LogSummary = std::map<ShardId, ShardSummary>;

// Called with each accepted decision and its body.
using Visitor = std::function<absl::Status(ShardId shard, const v1::Body& body)>;

// Folds every record of every shard: OK means that the log is whole from its beginning to its end. Errors are those of
// Reader, ParseRecord and Accept, of a body that is none (DATA_LOSS, RECORD_UNREADABLE), and of `visit`, which may be
// null.
absl::StatusOr<LogSummary> ReadWhole(Log* log, const Visitor& visit);

struct CopyOptions {
  Log* from = nullptr;  // stands still
  Log* to = nullptr;    // new: nothing but GENESIS, the same installation and shard count
  IdSource* ids = nullptr;
  std::string owner;  // name in the claims
  int64_t now = 0;    // when the claims are made
  // Makes `to` do what it was asked to: returns when the appends under way are answered.
  std::function<void()> drive;
};

// What was written, folded back from `to`. Besides the errors of ReadWhole: FAILED_PRECONDITION (LOG_NOT_NEW,
// LOG_OF_ANOTHER_SHAPE) before anything is written; RESOURCE_EXHAUSTED (LOG_FULL) and UNAVAILABLE (LOG_NOT_COPIED) when
// `to` refuses: it is of no use then. DATA_LOSS (SOURCE_BEYOND_INPUT) when a shard has consumed what its input does not
// hold: the two were not copied at one instant.
absl::StatusOr<LogSummary> CopyLog(const CopyOptions& options);

}  // namespace redress::log
