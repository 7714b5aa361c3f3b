"""A wall clock for a process under test that steps when it is told to."""

import mmap
import re
import subprocess

from . import programs
from .checks import expect

CLOCK = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
#include <sys/syscall.h>
static volatile int64_t* seconds;
__attribute__((constructor)) static void Open(void) {
  int file = open(getenv("E2E_CLOCK"), O_RDONLY);
  void* map = file < 0 ? MAP_FAILED : mmap(NULL, 8, PROT_READ, MAP_SHARED, file, 0);
  if (map == MAP_FAILED) abort();
  seconds = map;
}
int clock_gettime(clockid_t clock, struct timespec* time) {
  int result = (int)syscall(SYS_clock_gettime, clock, time);
  if (result == 0 && seconds && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) time->tv_sec += *seconds;
  return result;
}
int gettimeofday(struct timeval* restrict now, void* restrict zone) {
  struct timespec time;
  (void)zone;
  clock_gettime(CLOCK_REALTIME, &time);
  now->tv_sec = time.tv_sec;
  now->tv_usec = time.tv_nsec / 1000;
  return 0;
}
time_t time(time_t* now) {
  struct timespec time;
  clock_gettime(CLOCK_REALTIME, &time);
  if (now) *now = time.tv_sec;
  return time.tv_sec;
}
"""


def _sanitizers():
    """What the server was built with and insists on being the first of all libraries: none, or the address sanitizer."""
    linked = subprocess.run(["ldd", programs.bin_dir() / "redress-standalone"], capture_output=True, text=True, check=True).stdout
    return re.findall(r"libasan\.so\S* => (\S+)", linked)


class SteppingClock:
    """The wall clock of a process, put forward or back while it runs; the monotonic clock goes its way, as it does on a real machine."""

    def __init__(self, scratch):
        source, self._library, path = scratch / "clock.c", scratch / "clock.so", scratch / "clock.offset"
        source.write_text(CLOCK)
        done = subprocess.run(["cc", "-shared", "-fPIC", "-o", self._library, source], capture_output=True, text=True)
        expect(done.returncode == 0, done.stderr)
        path.write_bytes(bytes(8))
        self._file = open(path, "r+b")
        self._offset = mmap.mmap(self._file.fileno(), 8)
        self.env = {"LD_PRELOAD": " ".join([*_sanitizers(), str(self._library)]), "E2E_CLOCK": str(path)}

    def set(self, seconds):
        self._offset[:] = int(seconds).to_bytes(8, "little", signed=True)
