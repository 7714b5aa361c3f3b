#!/usr/bin/env python3
"""Builds and runs the tests, fastest first. Called by tests/run, which has installed what is needed."""

import argparse
import os
import signal
import sys
import time

import checks
from fuzz import fuzz
from processes import ROOT
from results import FAILED, SKIPPED, Case, Report
from suites import Build, run_group, run_scripts

# In the order they run.
STAGES = {
    "format": "clang-format on every C++ file",
    "lint": "layers, bans, READMEs (tests/lint)",
    "buf": "buf lint on proto/",
    "unit": "tests beside the code",
    "conformance": "every implementation of a port against one suite",
    "golden": "the bytes that releases have written",
    "sim": "the whole system in one thread on seeds",
    "fuzz": "fuzz targets on their corpora; when named, with clang's libFuzzer on more, each for FUZZ_SECONDS (60)",
    "e2e": "real processes over real sockets",
    "asan": "address and undefined behaviour sanitizers on all of these, and on the programs in some of end to end",
    "tsan": "thread sanitizer on what has threads",
}
SLOW = ("e2e", "asan", "tsan")
# What the sanitizers run: groups, or folders of them.
ASAN_GROUPS = ("unit", "conformance", "golden", "sim", "fuzz")
# Scripts of tests/e2e that the sanitized programs live through: all but those that measure speed or install.
ASAN_SCRIPTS = ("complaint_life_test", "kill_test", "start_refusals_test", "push_tickets_test", "privacy_test", "restart_test",
                "rpc_contract_test", "import_test", "auth_test", "leak_test", "permissions_test", "backup_test", "faults_test",
                "simulate_test")
PROGRAMS = ("redress-standalone", "redressctl")
TSAN_FOLDERS = ("libs/clock", "libs/log", "libs/runtime", "libs/store", "libs/privacy", "libs/metrics", "libs/subscribe",
                "tests/conformance")


def other_groups():
    """Folders of tests/ that are run only when asked for."""
    known = set(STAGES) | {"lint", "runner", "sanitizers", "testing"}
    return sorted(entry.name for entry in (ROOT / "tests").iterdir()
                  if entry.is_dir() and entry.name not in known and (any(entry.glob("*_test.*")) or (entry / "CMakeLists.txt").exists()))


def parse_args():
    parser = argparse.ArgumentParser(prog="tests/run", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
                                     epilog="stages:\n" + "\n".join(f"  {name:12} {what}" for name, what in STAGES.items()) +
                                     "".join(f"\n  {name:12} only when named" for name in other_groups()))
    parser.add_argument("--fast", action="store_true", help="leave out " + ", ".join(SLOW))
    parser.add_argument("--only", action="append", metavar="NAME", choices=[*STAGES, *other_groups()], help="this stage alone; may be repeated")
    return parser.parse_args()


class Runner:
    def __init__(self):
        self.report = Report()
        self.builds = {}

    def stage(self, name, work):
        """Runs `work`, prints how it went, keeps its cases and time."""
        print(f"== {name}", flush=True)
        began = time.monotonic()
        cases = work()
        self.report.add(cases)
        self.report.times.append((name, time.monotonic() - began))
        for case in cases:
            if case.outcome == FAILED:
                print(f"  FAILED {case.name}: {case.detail}", flush=True)
        failed = sum(case.outcome == FAILED for case in cases)
        print(f"  {len(cases)} cases, {failed} failed, {time.monotonic() - began:.0f} s", flush=True)
        return failed == 0

    def build(self, preset, choose=None, programs=()):
        """The build, or None when it failed; `choose` picks the tests whose targets are needed besides the programs (None: everything)."""
        if preset not in self.builds:
            self.builds[preset] = Build(preset)
        build = self.builds[preset]
        return build if self.stage(f"build {preset}", lambda: build.make(choose, programs)) else None

    def run(self, names, everything):
        for name, work in (("format", checks.check_format), ("lint", checks.check_lint), ("buf", checks.check_buf)):
            if name in names:
                self.stage(name, work)
        groups = [name for name in names if name not in ("format", "lint", "buf", "asan", "tsan")]
        if groups:
            # End to end and the benchmarks need the programs too.
            all_targets = everything or "e2e" in groups or "bench" in groups
            build = self.build("release", None if all_targets else lambda test: test.group in groups)
            for group in groups if build else ():
                self.stage(group, lambda: run_group(build, group, lambda test: test.group == group))
        if "fuzz" in names and not everything:
            self.fuzz()
        if "asan" in names:
            self.sanitize("asan", lambda test: test.group in ASAN_GROUPS, ASAN_SCRIPTS)
        if "tsan" in names:
            self.sanitize("tsan", lambda test: test.folder.startswith(TSAN_FOLDERS))

    def fuzz(self):
        build = self.build("fuzz", lambda test: False, ("fuzz",))
        if build:
            self.stage("fuzz with libFuzzer", lambda: fuzz(build, checks.sanitizer_env("asan")))

    def sanitize(self, preset, choose, scripts=()):
        build = self.build(preset, choose, PROGRAMS if scripts else ())
        if build:
            env = checks.sanitizer_env(preset)
            self.stage(preset, lambda: run_group(build, preset, choose, env))
            if scripts:
                self.stage(f"{preset} e2e", lambda: run_scripts(build, preset, "e2e", scripts, env))


def main():
    args = parse_args()
    os.chdir(ROOT)
    names = args.only or [name for name in STAGES if not (args.fast and name in SLOW)]
    # Children go with us, whoever ends us.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    runner = Runner()
    began = time.monotonic()
    try:
        runner.run(names, everything=not args.only)
    except KeyboardInterrupt:
        runner.report.add([Case("tests/run", FAILED, "interrupted")])
    runner.report.times.append(("all", time.monotonic() - began))
    runner.report.print_summary()
    return 1 if runner.report.count(FAILED) else 0


if __name__ == "__main__":
    sys.exit(main())
