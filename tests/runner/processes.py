"""Runs programs with a time limit; their output goes to build/logs."""

import os
import re
import signal
import subprocess
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
LOGS = ROOT / "build" / "logs"


def log_path(name):
    LOGS.mkdir(parents=True, exist_ok=True)
    return LOGS / (re.sub(r"[^\w.-]+", "_", name) + ".log")


def run(name, command, limit, env=None, cwd=ROOT):
    """(exit code, output); the code is negative for a signal, None when the limit in seconds passed."""
    with open(log_path(name), "wb+") as log:
        process = subprocess.Popen([str(part) for part in command], stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                                   cwd=cwd, env={**os.environ, **(env or {})}, start_new_session=True)
        try:
            code = process.wait(timeout=limit)
        except BaseException as error:
            kill_group(process)
            if not isinstance(error, subprocess.TimeoutExpired):
                raise
            code = None
        log.seek(0)
        return code, log.read().decode("utf-8", errors="replace")


def kill_group(process):
    # The program may have children of its own: all go.
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


def run_with_progress(name, command, limit, every=30):
    """As `run`, for builds: prints ninja's [n/m] now and then."""
    with open(log_path(name), "w", encoding="utf-8") as log:
        process = subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=ROOT,
                                   text=True, errors="replace", start_new_session=True)
        watchdog = threading.Timer(limit, kill_group, [process])
        watchdog.start()
        output, said = [], time.monotonic()
        try:
            for line in process.stdout:
                output.append(line)
                log.write(line)
                if time.monotonic() - said > every and line.startswith("["):
                    said = time.monotonic()
                    print("  " + line.split("]")[0] + "]", flush=True)
            code = process.wait()
        except BaseException:
            kill_group(process)
            raise
        finally:
            watchdog.cancel()
        return code, "".join(output)


def describe(code, limit):
    """Why a program ended, in words."""
    if code is None:
        return f"still running after {limit} s"
    if code < 0:
        try:
            return f"killed by {signal.Signals(-code).name}"
        except ValueError:
            return f"killed by signal {-code}"
    return f"exit code {code}"
