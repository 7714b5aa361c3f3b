"""Servers as processes of their own, and redressctl."""

import json
import os
import resource
import selectors
import shutil
import signal
import subprocess
import time
from pathlib import Path

from . import client, protos
from .checks import Skip, expect, eventually

START_SECONDS = 60


def bin_dir():
    given = os.environ.get("REDRESS_BIN")
    for folder in [Path(given)] if given else [protos.ROOT / "build" / preset / "bin" for preset in ("release", "dev")]:
        if (folder / "redress-standalone").exists():
            return folder
    raise FileNotFoundError(f"no redress-standalone in {given or 'build/*/bin'}: build it first")


def tool(name):
    """A program of others that Debian has no package of, in $REDRESS_TOOLS or the path, or the check is skipped."""
    found = shutil.which(name, path=os.pathsep.join([os.environ.get("REDRESS_TOOLS", ""), os.environ.get("PATH", os.defpath)]))
    if found is None:
        raise Skip(f"{name} is neither in $REDRESS_TOOLS nor in the path")
    return found


def data_dir(*parts):
    """Real data, or the check is skipped."""
    folder = Path(os.environ.get("REDRESS_DATA") or protos.ROOT.parent / "shared" / "data").joinpath(*parts)
    if not folder.exists():
        raise Skip(f"{'/'.join(parts)} is neither in $REDRESS_DATA nor in ../shared/data")
    return folder


class Server:
    """redress-standalone on a data directory; ready when the `with` block begins, ended when it ends."""

    def __init__(self, data, *flags, port=0, metrics=False, token=None):
        self.env = {}  # of the next start, besides ours
        self.wrapper = []  # what it is started by
        self.patience = START_SECONDS
        self.limits = {}  # resource.RLIMIT_… -> (soft, hard), of the next start
        self.data, self.flags, self.metrics, self.token = Path(data), list(flags), metrics, token
        self.port, self.process, self.client = port, None, None
        self.starts = 0

    def start(self, ready=True):
        """Starts it; on the same port as before, if it had one."""
        self._spawn()
        line = _read_line(self.process.stdout, self.patience)
        words = line.split()
        if words[:1] != ["listening"]:
            self.kill()
            raise AssertionError(f"the server did not start: {line!r} {self._stderr().read_text(errors='replace')}")
        self.port, self.metrics_port = int(words[1]), int(words[3])
        self.address = f"127.0.0.1:{self.port}"
        if self.client is None:
            self.client = client.Client(self.address, self.token)
        else:
            self.client.reconnect()
        if ready:
            self.wait_until_ready()
        return self

    def _stderr(self):
        return self.data.parent / f"{self.data.name}-{self.starts}.stderr"

    def _spawn(self):
        self.starts += 1
        command = [*self.wrapper, bin_dir() / "redress-standalone", "--data", self.data, "--listen", f"127.0.0.1:{self.port}", *self.flags]
        if self.metrics:
            command += ["--metrics", "127.0.0.1:0"]
        with open(self._stderr(), "wb") as errors:
            self.process = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, stderr=errors, stdin=subprocess.DEVNULL,
                                            env={**os.environ, **self.env}, preexec_fn=_limit_to(self.limits))

    def kill_while_starting(self, seconds):
        """Starts it and kills it after so long, whether or not it serves by then."""
        self._spawn()
        try:
            code = self.process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            code = None
        self.kill()
        expect(code is None, lambda: f"it ended by itself with {code}: {self._stderr().read_text(errors='replace')}")

    def wait_until_ready(self):
        def serving():
            expect(self.process.poll() is None, lambda: f"the server ended with {self.process.returncode}: {self.log()}")
            try:
                return self.client.health.Check(timeout=5).status == 1
            except client.Failure as failure:
                expect(failure.code in ("UNAVAILABLE", "DEADLINE_EXCEEDED"), failure)
        eventually(serving, "health says SERVING", self.patience)

    def log(self):
        """What it said on its error stream, over all starts."""
        return "".join(path.read_text(errors="replace") for path in sorted(self.data.parent.glob(f"{self.data.name}-*.stderr")))

    def kill(self):
        """kill -9."""
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def stop(self):
        """As an operator does; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=60)
        self.process.stdout.close()
        return code

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        if self.client is not None:
            self.client.close()
        if self.process is not None and self.process.poll() is None:
            self.kill()

    def ctl(self, *words, **options):
        """redressctl on this server."""
        return ctl(*words, server=self.address, token=self.token, **options)

    def digests(self):
        """{(stream, shard): (position, digest)} once nothing moves any more.

        Nothing was seen for a second and a half: what changes the register has sla plan its lines again a second later.
        """
        seen, quiet_since = [], [0]

        def quiet():
            now = self._digests()
            if self._busy() or seen != [now]:
                seen[:], quiet_since[0] = [now], time.monotonic()
            return now if time.monotonic() - quiet_since[0] > 1.5 else None
        return eventually(quiet, "all is quiet", 60)

    def _busy(self):
        return any(shard.queued or shard.reactor_lag_ms or shard.tail_lag_ms or shard.timers_due for shard in self.client.admin.GetStatus().shards)

    def _digests(self):
        reply = self.client.admin.ListDigests()
        return {(one.position.stream, one.position.shard): (one.position.next, one.digest) for one in reply.digests}


def _limit_to(limits):
    def limit():
        for what, much in limits.items():
            resource.setrlimit(what, much)
    return limit if limits else None


def _read_line(stream, seconds):
    """A line, or what came until the end of the stream or the deadline."""
    deadline, read = time.monotonic() + seconds, b""
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        while not read.endswith(b"\n") and selector.select(max(0, deadline - time.monotonic())):
            byte = os.read(stream.fileno(), 1)
            if not byte:
                break
            read += byte
    return read.decode(errors="replace")


def zone_rules(folder, version):
    """A copy of this machine's zone rules that says it is of another version (None: of none); for $TZDIR."""
    folder.mkdir()
    for entry in Path("/usr/share/zoneinfo").iterdir():
        if entry.name not in ("tzdata.zi", "+VERSION"):
            (folder / entry.name).symlink_to(entry)
    if version:
        (folder / "tzdata.zi").write_text(f"# version {version}\n")
    return folder


def refusal_of(data, *flags, listen="127.0.0.1:0", env=None, limits=None):
    """What redress-standalone says when it refuses to start."""
    command = [bin_dir() / "redress-standalone", "--data", data, "--listen", listen, *flags]
    process = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True,
                               env={**os.environ, **(env or {})}, preexec_fn=_limit_to(limits))
    try:
        out, errors = process.communicate(timeout=START_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        out, errors = process.communicate()
        raise AssertionError(f"it started: {out} {errors}") from None
    expect(process.returncode > 0, lambda: f"exit code {process.returncode}: {out} {errors}")
    return errors


class Ran:
    """How a run of redressctl ended."""

    def __init__(self, code, out, errors):
        self.code, self.out, self.errors = code, out, errors

    def json(self):
        """The one object it printed."""
        return json.loads(self.out)


def start_ctl(*words, server=None, token=None, out=subprocess.PIPE, environment=None):
    """Starts it, and leaves it to the caller to end it. `environment` is laid over this process's own."""
    command = [bin_dir() / "redressctl"]
    if server:
        command += ["--server", server]
    if token:
        command += ["--token-file", token]
    command += words
    return subprocess.Popen(list(map(str, command)), stdout=out, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True,
                            env={**os.environ, **(environment or {})})


def ctl(*words, server=None, token=None, code=0, seconds=600):
    """Runs redressctl; `code` is the exit code it must have (None: any)."""
    process = start_ctl(*words, server=server, token=token)
    try:
        out, errors = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    expect(code is None or process.returncode == code,
           lambda: f"redressctl {' '.join(map(str, words))}: exit code {process.returncode}, not {code}: {errors}\n{out[-2000:]}")
    return Ran(process.returncode, out, errors)
