// A line between a client and a server of a test: carries bytes both ways on loopback, counts the HTTP/2 pings in them,
// and can fall silent: nothing passes any more, and neither side is told.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "libs/clock/clock.h"
#include "libs/status/mutex.h"

namespace redress::rpc {

// Finds the pings in one direction of a connection. Frames: length (3 bytes), type, flags, stream (4 bytes), payload.
class PingCounter {
 public:
  // `preface`: bytes before the first frame.
  explicit PingCounter(size_t preface) : skip_(preface) {}

  // How many pings, answers to pings apart, begin in the bytes that follow.
  int Count(absl::string_view bytes) {
    constexpr uint8_t kPing = 6, kAck = 1;
    constexpr size_t kHeader = 9;
    int pings = 0;
    for (const char byte : bytes) {
      if (skip_ > 0) {
        --skip_;
        continue;
      }
      header_.push_back(byte);
      if (header_.size() < kHeader) continue;
      const auto at = [&](int i) { return static_cast<size_t>(static_cast<uint8_t>(header_[i])); };
      pings += at(3) == kPing && (at(4) & kAck) == 0;
      skip_ = at(0) << 16 | at(1) << 8 | at(2);
      header_.clear();
    }
    return pings;
  }

 private:
  size_t skip_;
  std::string header_;
};

// One connection. Thread-safe.
class SilentLine {
 public:
  enum End { kClient = 0, kServer = 1 };

  // `executor` has a thread of its own, which carries until the line ends, and outlives it.
  SilentLine(int server_port, Executor* executor) : server_port_(server_port) {
    listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address = Loopback(0);
    socklen_t size = sizeof(address);
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(listener_, 1), 0);
    EXPECT_EQ(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
    EXPECT_EQ(::pipe(wake_), 0);
    executor->Post([this] { Carry(); });
  }
  ~SilentLine() {
    Silence();
    {
      MutexLock lock(mutex_);
      while (!ended_) changed_.Wait(mutex_);
    }
    for (const int fd : {listener_, ends_[kClient], ends_[kServer], wake_[0], wake_[1]}) {
      if (fd >= 0) ::close(fd);
    }
  }

  // Where the client connects to.
  int port() const { return port_; }
  // From now on nothing passes; both connections stay open.
  void Silence() {
    const char byte = 0;
    EXPECT_EQ(::write(wake_[1], &byte, 1), 1);
  }
  int pings(End from) const {
    MutexLock lock(mutex_);
    return pings_[from];
  }
  // Waits until so many have passed, or the line ends: false.
  bool AwaitPings(End from, int count) {
    MutexLock lock(mutex_);
    while (pings_[from] < count && !ended_) changed_.Wait(mutex_);
    return pings_[from] >= count;
  }

 private:
  static sockaddr_in Loopback(int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<uint16_t>(port));
    return address;
  }

  // Runs until silenced, or an end closes.
  void Carry() {
    if (Accept()) {
      while (Pass()) {
      }
    }
    MutexLock lock(mutex_);
    ended_ = true;
    changed_.NotifyAll();
  }

  bool Accept() {
    pollfd waiting[] = {{listener_, POLLIN, 0}, {wake_[0], POLLIN, 0}};
    if (::poll(waiting, 2, -1) < 0 || waiting[1].revents != 0) return false;
    ends_[kClient] = ::accept(listener_, nullptr, nullptr);
    ends_[kServer] = ::socket(AF_INET, SOCK_STREAM, 0);
    const sockaddr_in address = Loopback(server_port_);
    return ::connect(ends_[kServer], reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  }

  bool Pass() {
    pollfd waiting[] = {{ends_[kClient], POLLIN, 0}, {ends_[kServer], POLLIN, 0}, {wake_[0], POLLIN, 0}};
    if (::poll(waiting, 3, -1) < 0 || waiting[2].revents != 0) return false;
    for (const End from : {kClient, kServer}) {
      if (waiting[from].revents != 0 && !Move(from)) return false;
    }
    return true;
  }

  bool Move(End from) {
    char bytes[16 << 10];
    const ssize_t read = ::recv(ends_[from], bytes, sizeof(bytes), 0);
    if (read <= 0) return false;
    for (ssize_t sent = 0; sent < read;) {
      const ssize_t some = ::send(ends_[1 - from], bytes + sent, read - sent, MSG_NOSIGNAL);
      if (some <= 0) return false;
      sent += some;
    }
    const int pings = counters_[from].Count(absl::string_view(bytes, read));
    if (pings == 0) return true;
    MutexLock lock(mutex_);
    pings_[from] += pings;
    changed_.NotifyAll();
    return true;
  }

  // What a client says first: PRI * HTTP/2.0 …
  static constexpr size_t kPreface = 24;

  const int server_port_;
  int port_ = 0;
  int listener_ = -1;
  int wake_[2] = {-1, -1};
  // Of the carrying thread, until it has ended.
  int ends_[2] = {-1, -1};
  PingCounter counters_[2] = {PingCounter(kPreface), PingCounter(0)};

  mutable Mutex mutex_;
  CondVar changed_;
  int pings_[2] ABSL_GUARDED_BY(mutex_) = {0, 0};
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace redress::rpc
