#!/usr/bin/env bash
# deploy/quickstart as a user runs it, on a small landlord: the table, then the same again without a second simulation.
set -uo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/redress-quickstart.XXXXXX")
trap 'rm -rf "$work"' EXIT
start() { timeout 900 "$root/deploy/quickstart" --once --homes 300 --days 60 --data "$work/data" --listen 127.0.0.1:0 "$@"; }
fail() {
  echo "not ok $1: $2"
  sed 's/^/    /' "$work"/*.err | tail -n 30
}

start > "$work/first.out" 2> "$work/first.err"
code=$?
if [ $code -ne 0 ]; then
  fail "first start" "exit code $code"
elif ! grep -q 'Simulating 300 homes' "$work/first.err"; then
  fail "first start" "simulated nothing"
else
  echo "ok first start"
fi
if [ "$(grep -cE '[0-9]' "$work/first.out")" -ge 2 ]; then echo "ok table"; else fail "table" "$(cat "$work/first.out")"; fi

start > "$work/second.out" 2> "$work/second.err"
code=$?
if [ $code -ne 0 ]; then
  fail "second start" "exit code $code"
elif grep -q Simulating "$work/second.err"; then
  fail "second start" "simulated again"
else
  echo "ok second start keeps the landlord"
fi

# What an interrupted simulation leaves is not taken for a landlord.
mkdir -p "$work/other.new/log"
if "$root/deploy/quickstart" --once --homes 50 --days 10 --data "$work/other" --listen 127.0.0.1:0 > "$work/third.out" 2> "$work/third.err" &&
  [ -d "$work/other/log" ] && [ ! -e "$work/other.new" ]; then
  echo "ok start after an interrupted simulation"
else
  fail "start after an interrupted simulation" "see below"
fi

if "$root/deploy/quickstart" --nonsense > /dev/null 2> "$work/usage.err"; then
  fail "unknown argument" "accepted"
elif grep -q 'unknown argument --nonsense' "$work/usage.err"; then
  echo "ok unknown argument is refused"
else
  fail "unknown argument" "not named"
fi
