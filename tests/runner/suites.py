"""Builds of one preset, and the tests found in them by group.

A test's group is where it lies: libs/ and services/ are `unit`, tests/X is X. A folder tests/X may also hold scripts
X/*_test.py and X/*_test.sh, which speak the protocol of results.parse_checks and find the programs in $REDRESS_BIN.
"""

import json
import os
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from gtest import run_gtest, tail
from processes import ROOT, describe, run, run_with_progress
from results import FAILED, PASSED, Case, parse_checks

JOBS = os.cpu_count() or 1
BUILD_LIMIT = 5400
TEST_LIMIT = 1500
# Five turns of both sides of each ratio, over a store of a million complaints.
BENCH_LIMIT = 10800
# The simulation takes its seeds from the environment: they are dealt out to the cores in parts of so many that each must have
# reached every fault point and every kind of event (tests/sim/simulation_test.cc asserts it from there on). Every day has seeds of
# its own.
SEEDS = 300
SEEDS_OF_A_PART = 100


@dataclass
class Test:
    name: str
    folder: str  # of its sources, from the root
    command: list

    @property
    def group(self):
        parts = self.folder.split("/")
        return parts[1] if parts[0] == "tests" and parts[1] != "testing" else "unit"


class Build:
    """build/PRESET."""

    def __init__(self, preset):
        self.preset = preset
        self.dir = ROOT / "build" / preset
        self.tests = []

    def make(self, choose=None, programs=()):
        """Configures and builds: the chosen tests and the programs named, or everything. One Case each."""
        configure = ["cmake", "--preset", self.preset]
        code, output = run(f"configure {self.preset}", configure, 600)
        if code != 0:
            return [Case(" ".join(configure), FAILED, f"{describe(code, 600)}\n{tail(output)}")]
        self.tests = self.find_tests()
        if not self.tests:
            return [Case(f"configure {self.preset}", FAILED, "no tests: CMake found no GoogleTest")]
        targets = ["all"] if choose is None else [*(self.target(test) for test in self.tests if choose(test)), *programs]
        if not targets:
            return []
        build = ["ninja", "-C", self.dir, f"-j{JOBS}", *targets]
        code, output = run_with_progress(f"build {self.preset}", build, BUILD_LIMIT)
        if code != 0:
            return [Case(f"build {self.preset}", FAILED, f"{describe(code, BUILD_LIMIT)}\n{tail(output, 80)}")]
        return [Case(f"build {self.preset}", PASSED)]

    def find_tests(self):
        listed = subprocess.run(["ctest", "--test-dir", self.dir, "--show-only=json-v1"], capture_output=True, check=True).stdout
        tests = []
        for found in json.loads(listed)["tests"]:
            folder = Path(next(entry["value"] for entry in found["properties"] if entry["name"] == "WORKING_DIRECTORY"))
            # Before it is built, ctest does not know the command: redress_library names it after the test.
            command = found.get("command") or [str(folder / (found["name"] + "_test"))]
            tests.append(Test(found["name"], str(folder.relative_to(self.dir)), command))
        return tests

    @staticmethod
    def target(test):
        return Path(test.command[0]).name


def run_group(build, label, choose, env=None):
    """Cases of the chosen tests of `build`, and of the scripts of the group `label`."""
    env = {"REDRESS_BIN": str(build.dir / "bin"), **(env or {})}
    jobs = []
    for test in build.tests:
        if not choose(test):
            continue
        name = test.name if label in ("unit", test.group) else f"{label} {test.name}"
        for part, own in seed_parts(env) if test.name == "sim" else [("", {})]:
            label_of = name + part
            jobs.append((label_of, lambda name=label_of, test=test, own=own: run_gtest(name, Path(test.command[0]), TEST_LIMIT, {**env, **own})))
    for script in sorted((ROOT / "tests" / label).glob("*_test.*")) if (ROOT / "tests" / label).is_dir() else []:
        if script.suffix in (".py", ".sh"):
            jobs.append((script.stem, lambda script=script: run_script(script, env)))
    if not jobs:
        return [Case(label, FAILED, "no tests: the build holds none of this group, and tests/ no script")]
    # Processes end to end have the machine to themselves.
    with ThreadPoolExecutor(1 if label == "e2e" else JOBS) as pool:
        return [case for cases in pool.map(run_job, jobs) for case in cases]


def run_scripts(build, label, folder, names, env):
    """Cases of some scripts of tests/`folder`, one after the other, with the programs of `build`."""
    env = {"REDRESS_BIN": str(build.dir / "bin"), **env}
    cases = []
    for name in names:
        [script] = (ROOT / "tests" / folder).glob(f"{name}.*")
        cases += run_job((f"{label} {name}", lambda script=script: run_script(script, env, f"{label} {script.stem}")))
    return cases


def seed_parts(env):
    """(suffix of the name, environment) of each process that runs some of the seeds."""
    total = int(env.get("SIM_SEEDS") or os.environ.get("SIM_SEEDS") or SEEDS)
    first = int(os.environ.get("SIM_FIRST_SEED") or time.strftime("%Y%m%d000000", time.gmtime()))
    print(f"  again: SIM_SEEDS={total} SIM_FIRST_SEED={first} tests/run --only sim", flush=True)
    parts = max(1, min(JOBS, total // SEEDS_OF_A_PART))
    bounds = [first + total * part // parts for part in range(parts + 1)]
    return [(f" seeds {begin}-{end - 1}", {"SIM_FIRST_SEED": str(begin), "SIM_SEEDS": str(end - begin)})
            for begin, end in zip(bounds, bounds[1:])]


def run_job(job):
    name, work = job
    began = time.monotonic()
    cases = work()
    failed = sum(case.outcome == FAILED for case in cases)
    print(f"  {'FAILED' if failed else 'ok':6} {name}: {len(cases)} cases, {time.monotonic() - began:.1f} s", flush=True)
    return cases


def run_script(script, env, name=None):
    name = name or script.stem
    interpreter = ["bash"] if script.suffix == ".sh" else [os.sys.executable]
    limit = BENCH_LIMIT if script.parent.name == "bench" else TEST_LIMIT
    code, output = run(name, [*interpreter, script], limit, env)
    if code is None:
        output += f"\nnot ok limit: {describe(code, limit)}"
    return parse_checks(name, output, code)
