"""A small runner: functions named after outcomes, in order, one line each (tests/README.md says the format).

    @check
    def retry_gets_the_first_answer(scratch): ...

    if __name__ == "__main__":
        main()

`scratch` is a folder of the check's own, deleted after it; KEEP_SCRATCH=1 keeps it. `main` runs all, or those whose name holds an
argument of the command line.
"""

import os
import random
import shutil
import signal
import sys
import tempfile
import threading
import time
import traceback
from pathlib import Path

_checks = []


class Skip(Exception):
    """This check cannot be made here, and why."""


def check(function):
    _checks.append(function)
    return function


def expect(condition, message):
    if not condition:
        raise AssertionError(message() if callable(message) else message)


def expect_equal(found, wanted, what=""):
    if found != wanted:
        raise AssertionError(f"{what}{': ' if what else ''}found {found!r}, expected {wanted!r}")


def eventually(condition, what, seconds=30):
    """The first true value of `condition()`; looks again until the deadline."""
    pause = threading.Event()
    deadline = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"after {seconds} s still not: {what}")
        pause.wait(0.02)


def dice():
    """Random numbers that a failure can be run again with: the seed is printed."""
    seed = int(os.environ.get("E2E_SEED") or random.SystemRandom().randrange(1 << 32))
    print(f"seed {seed} (E2E_SEED={seed} repeats it)", flush=True)
    return random.Random(seed)


def _name_of(function):
    return "".join(part.capitalize() for part in function.__name__.split("_"))


def _run(function, scratch):
    name = _name_of(function)
    began = time.monotonic()
    try:
        function(scratch)
    except Skip as reason:
        print(f"skip {name}: {reason}", flush=True)
        return True
    except BaseException as error:
        first = str(error).strip().splitlines() or [""]
        print(f"not ok {name}: {type(error).__name__}: {first[0]}")
        for line in traceback.format_exc().splitlines():
            print("    " + line)
        for log in sorted(scratch.rglob("*.stderr")):
            print(f"    -- the end of {log.name}")
            for line in log.read_text(errors="replace").splitlines()[-30:]:
                print("    " + line)
        sys.stdout.flush()
        if not isinstance(error, Exception):
            raise
        return False
    print(f"ok {name}", flush=True)
    print(f"  {time.monotonic() - began:.1f} s", flush=True)
    return True


def main():
    # Servers are ended by `with`, also when the runner ends us.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    good = True
    for function in _checks:
        if len(sys.argv) > 1 and not any(word in _name_of(function) for word in sys.argv[1:]):
            continue
        scratch = Path(tempfile.mkdtemp(prefix="redress-e2e-"))
        try:
            good = _run(function, scratch) and good
        finally:
            if os.environ.get("KEEP_SCRATCH"):
                print(f"  kept {scratch}")
            else:
                shutil.rmtree(scratch, ignore_errors=True)
    sys.exit(0 if good else 1)
