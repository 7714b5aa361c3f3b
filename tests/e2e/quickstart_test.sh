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
# Of the agency's row: how many cases, and that it says how long they took.
cases_of() { awk '/^agency-1 .*[0-9]/ { print $2 }' "$1"; }
case $(cases_of "$work/first.out") in
  [1-9]*) echo "ok table" ;;
  *) fail "table" "$(tr '\n' '|' < "$work/first.out")" ;;
esac

start > "$work/second.out" 2> "$work/second.err"
code=$?
if [ $code -ne 0 ]; then
  fail "second start" "exit code $code"
elif grep -q Simulating "$work/second.err"; then
  fail "second start" "simulated again"
elif [ "$(cases_of "$work/second.out")" != "$(cases_of "$work/first.out")" ]; then
  fail "second start" "$(cases_of "$work/second.out") cases, not $(cases_of "$work/first.out")"
else
  echo "ok second start keeps the landlord"
fi

# Served until Ctrl-C, which a terminal sends to the whole group of processes. A child that bash starts ignores it.
python3 -c 'import os, signal, sys
os.setsid()
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execvp(sys.argv[1], sys.argv[1:])' timeout --foreground 900 "$root/deploy/quickstart" --data "$work/data" --listen 127.0.0.1:0 > "$work/serve.out" 2> "$work/serve.err" &
served=$!
for _ in $(seq 1500); do
  grep -q 'Ctrl-C stops the server' "$work/serve.out" && break
  kill -0 $served 2> /dev/null || break
  sleep 0.2
done
address=$(sed -n 's/^Serving on \([^;]*\);.*/\1/p' "$work/serve.out")
ctl=$root/build/release/bin/redressctl
if "$ctl" --server "$address" complaint list > "$work/list.out" 2> "$work/list.err"; then
  echo "ok serving"
else
  fail "serving" "at '$address': $(head -n 1 "$work/list.err")"
fi
kill -INT -- -$served
wait $served
code=$?
if [ $code -ne 130 ]; then
  fail "Ctrl-C" "exit code $code"
elif "$ctl" --server "$address" --timeout 5s status > /dev/null 2>&1; then
  kill -KILL -- -$served
  fail "Ctrl-C" "the server is still there"
else
  echo "ok Ctrl-C stops the server"
fi

# A service manager stops it by TERM, and tells the script alone.
timeout --foreground 900 "$root/deploy/quickstart" --data "$work/data" --listen 127.0.0.1:0 > "$work/term.out" 2> "$work/term.err" &
served=$!
for _ in $(seq 1500); do
  grep -q 'Ctrl-C stops the server' "$work/term.out" && break
  kill -0 $served 2> /dev/null || break
  sleep 0.2
done
address=$(sed -n 's/^Serving on \([^;]*\);.*/\1/p' "$work/term.out")
pkill -TERM -P $served
wait $served
code=$?
if [ $code -ne 130 ]; then
  fail "TERM" "exit code $code"
elif "$ctl" --server "$address" --timeout 5s status > /dev/null 2>&1; then
  fail "TERM" "the server is still there"
else
  echo "ok TERM stops the server"
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
