// Who wants to hear of additions to a shard: the part of Log::OnAppend that every implementation shares.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "libs/log/log.h"
#include "libs/status/mutex.h"

namespace redress::log {

// Thread-safe. Tokens may outlive it.
class Wakers {
 public:
  Wakers();
  ~Wakers();

  // As Log::OnAppend. A token destroyed inside its own call does not wait for that call.
  std::shared_ptr<void> Add(ShardId shard, std::function<void()> wake);

  // Calls everybody who waits for `shard`, in the caller's thread, under no lock.
  void Wake(ShardId shard);

 private:
  struct Waker;
  struct List;

  static void Call(const std::vector<std::shared_ptr<Waker>>& wakers);

  const std::shared_ptr<List> list_;
};

}  // namespace redress::log
