"""Turns, medians, bounds, stores, and what an operation costs: what every group of benchmarks shares."""

import contextlib
import hashlib
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from support import programs

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
OUT = ROOT / "build" / "bench"
# Of one load.
LIMIT = 3600
# Raised when what a store holds changes in another way than by the files it is made with.
STORE_VERSION = 1


@dataclass
class Settings:
    small: bool = False
    smoke: bool = False
    turns: int = 5
    instructions: bool = True
    rows: list = None

    def seconds(self, wanted):
        """How long a load lasts."""
        return 0.5 if self.smoke else wanted

    def calls(self, wanted):
        return max(20, wanted // 50) if self.smoke else wanted


def load(command, target, **options):
    """What redress-bench-load found; an AssertionError when a call of it failed."""
    words = [programs.bin_dir() / "redress-bench-load", command, "--target", target]
    for name, value in options.items():
        words += [f"--{name.replace('_', '-')}", str(value)]
    ran = subprocess.run(list(map(str, words)), capture_output=True, text=True, timeout=LIMIT)
    assert ran.returncode == 0, f"{command}: {ran.stderr}"
    found = json.loads(ran.stdout)
    assert not found["errors"], f"{command}: {found['errors']}"
    return found


class Server(programs.Server):
    """redress-standalone that is measured."""

    def load(self, command, **options):
        """A load, and what it cost this server: server_cpu_us an operation, also of what it set off if it was waited for."""
        return measured(self.process.pid, lambda: load(command, self.address, **options))

    def memory_bytes(self):
        """The most it ever had."""
        return int(re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{self.process.pid}/status").read_text())[1]) * 1024


class Echo:
    """redress-bench-echo, with answers that Redress gave."""

    def __init__(self, **answers):
        self.answers = answers

    def __enter__(self):
        command = [programs.bin_dir() / "redress-bench-echo"]
        for name, file in self.answers.items():
            command += [f"--{name}", file]
        self.process = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, text=True)
        self.address = f"127.0.0.1:{self.process.stdout.readline().split()[1]}"
        return self

    def load(self, command, **options):
        return measured(self.process.pid, lambda: load(command, self.address, **options))

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()


def cpu_seconds(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measured(pid, work):
    before = cpu_seconds(pid)
    found = work()
    if found["count"]:
        found["server_cpu_us"] = (cpu_seconds(pid) - before) * 1e6 / found["count"]
        found["client_cpu_us"] = found["client_cpu_seconds"] * 1e6 / found["count"]
    return found


def spread(values):
    return {"min": min(values), "median": statistics.median(values), "max": max(values), "all": list(values)}


class Bench:
    """One run of one group: its rows, and where it keeps things."""

    def __init__(self, group, settings):
        self.group, self.settings = group, settings
        self.rows = []
        OUT.mkdir(parents=True, exist_ok=True)

    def wants(self, *names):
        """Whether any of these rows is asked for."""
        return self.settings.rows is None or any(name.startswith(prefix) for name in names for prefix in self.settings.rows)

    def turns(self, *sides, before=None):
        """A B A B …: the results of each side, in order. `before` runs ahead of each turn."""
        found = [[] for _ in sides]
        for turn in range(self.settings.turns):
            for side, results in zip(sides, found):
                if before is not None:
                    before()
                results.append(side(turn))
        return found

    def ratio(self, name, bound, ours, others, key, at_least=True, **details):
        """A row: the median over the turns of ours / others of the same turn."""
        ratios = [one[key] / other[key] for one, other in zip(ours, others)]
        self.row(name, statistics.median(ratios), bound, "x", at_least, ratio=spread(ratios),
                 ours=spread([one[key] for one in ours]), others=spread([one[key] for one in others]), of=key,
                 cpu={side: {cost: statistics.median([one[cost] for one in results])
                             for cost in ("server_cpu_us", "client_cpu_us") if all(cost in one for one in results)}
                      for side, results in (("ours", ours), ("others", others))}, **details)

    def figure(self, name, bound, values, unit, at_least, **details):
        """A row of an absolute figure: the median over the turns."""
        self.row(name, statistics.median(values), bound, unit, at_least, ours=spread(values), **details)

    def row(self, name, measured_, bound, unit, at_least, **details):
        holds = measured_ >= bound if at_least else measured_ <= bound
        row = {"name": name, "measured": measured_, "bound": bound, "unit": unit, "at_least": at_least, "holds": holds, **details}
        self.rows.append(row)
        self._write()
        sign = ">=" if at_least else "<="
        print(f"{name} {measured_:.4g}{unit} {sign}{bound:g}{unit} {'holds' if holds else 'short'}", flush=True)

    def cost(self, name, instructions, operations):
        """What one operation costs in instructions: of no bound, for later changes to be compared with."""
        each = instructions / operations
        self.rows.append({"name": f"{name}.instructions", "measured": each, "operations": operations})
        self._write()
        print(f"# {name} {each:,.0f} instructions an operation", flush=True)

    def note(self, text):
        print(f"# {text}", flush=True)

    def _write(self):
        settings = {key: value for key, value in vars(self.settings).items() if key != "rows"}
        (OUT / f"{self.group}.json").write_text(json.dumps({"settings": settings, "rows": self.rows}, indent=1))

    def finish(self):
        bounds = [row for row in self.rows if "holds" in row]
        held = sum(row["holds"] for row in bounds)
        self.note(f"{self.group}: {held} of {len(bounds)} bounds hold; spread: {OUT / (self.group + '.json')}")
        return held == len(bounds)


@contextlib.contextmanager
def scratch():
    """A folder on the disk of the build, not in memory: what is durable is measured."""
    OUT.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="scratch-", dir=OUT))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def store(complaints):
    """A data directory with a landlord and so many old complaints, three in a hundred still open; made by importing them."""
    made_by = hashlib.sha256(b"".join((HERE / name).read_bytes() for name in ("requests.cc", "requests.h")))
    version = f"{STORE_VERSION}-{made_by.hexdigest()[:12]}"
    folder = OUT / f"store-{complaints}"
    mark = folder / "version"
    if mark.exists() and mark.read_text() == version:
        return folder / "data"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with Server(folder / "data") as server:
        set_up(server)
        if complaints:
            server.load("import", run="store", calls=complaints, facts=4, open_every=33, settle=LIMIT)
        server.stop()
    mark.write_text(version)
    return folder / "data"


def set_up(server):
    """A new log's territory."""
    with tempfile.TemporaryDirectory() as folder:
        csv = Path(folder) / "territory.csv"
        csv.write_text(subprocess.run([programs.bin_dir() / "redress-bench-load", "territory"], capture_output=True, text=True, check=True).stdout)
        server.ctl("register", "territory", csv)


def copy(data, to):
    """A data directory of its own: RocksDB never writes to a table file again, so these are shared."""
    for folder, _, files in os.walk(data):
        target = to / Path(folder).relative_to(data)
        target.mkdir(parents=True)
        for name in files:
            source = Path(folder) / name
            if name.endswith(".sst"):
                os.link(source, target / name)
            else:
                shutil.copy2(source, target / name)
    return to


class CountedServer(Server):
    """redress-standalone whose instructions are counted by valgrind: tens of times slower, and so for reduced runs."""

    def start(self, ready=True):
        self.out = self.data.parent / "callgrind"
        self.patience = 600
        self.wrapper = ["valgrind", "-q", "--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={self.out}"]
        return super().start(ready)

    def instructions(self, work):
        """Of all threads of the server, while `work()` runs."""
        self._control("-i", "on")
        self._control("-z")
        work()
        self._control("-d", "counted")
        self._control("-i", "off")
        totals = [int(found[1]) for path in self.data.parent.glob("callgrind*") if (found := _TOTALS.search(path.read_text())) and int(found[1])]
        for path in self.data.parent.glob("callgrind*"):
            path.unlink()
        return max(totals)

    def _control(self, *words):
        subprocess.run(["callgrind_control", *words, str(self.process.pid)], check=True, capture_output=True, timeout=120)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=300)


_TOTALS = re.compile(r"^(?:totals|summary): (\d+)", re.M)


def can_count():
    return shutil.which("valgrind") is not None and shutil.which("callgrind_control") is not None
