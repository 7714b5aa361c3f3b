// What is measured with: the machine's steady clock in nanoseconds. Millis are too coarse for one call.
#pragma once

#include <cstdint>
#include <ctime>

namespace redress::bench {

inline int64_t NowNanos() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

inline double SecondsSince(int64_t begun) { return static_cast<double>(NowNanos() - begun) / 1e9; }

// Of this process, all its threads.
inline double CpuSeconds() {
  timespec spent;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent);
  return static_cast<double>(spent.tv_sec) + static_cast<double>(spent.tv_nsec) / 1e9;
}

}  // namespace redress::bench
