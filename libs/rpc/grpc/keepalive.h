// Pings on a connection: how either side learns that the other is gone when nothing says so (a cable, a machine, a
// firewall that forgets), above all on streams that are silent for hours.
#pragma once

#include "libs/clock/millis.h"

namespace redress::rpc {

struct Keepalive {
  // How long nothing may come from the other side before it is asked; at least a second passes between two pings of a
  // client.
  Millis time;
  // How long it may take to answer. Then the connection is closed and its calls end with UNAVAILABLE.
  Millis timeout;
};

// A client waits for somebody: a subscriber behind a dead line resumes elsewhere within 50 s.
inline constexpr Keepalive kClientKeepalive = {30 * kSecond, 20 * kSecond};
// A server frees what a lost client holds.
inline constexpr Keepalive kServerKeepalive = {60 * kSecond, 20 * kSecond};

// Clients that ping more often are sent away: GOAWAY (too_many_pings), after which their calls end with UNAVAILABLE.
inline constexpr Millis kMinPingInterval = 10 * kSecond;
static_assert(kClientKeepalive.time >= 2 * kMinPingInterval, "our own client would be sent away");

}  // namespace redress::rpc
