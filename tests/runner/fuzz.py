"""Fuzzes the targets of tests/fuzz with libFuzzer, each from a copy of its corpus, for FUZZ_SECONDS."""

import base64
import os
import re
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from gtest import tail
from processes import ROOT, describe, run
from results import FAILED, PASSED, Case
from suites import JOBS, run_job

CORPORA = ROOT / "tests" / "fuzz" / "corpus"
DICTIONARIES = ROOT / "tests" / "fuzz" / "dictionaries"
FINDINGS = ROOT / "build" / "findings"
SECONDS = 60
# One input may take so long, with sanitizers and on a busy machine.
INPUT_LIMIT = 60
# Inputs up to this are printed whole.
SHORT = 2048


def fuzz(build, env):
    """A Case a target of `build`; one that fails names the input that did it, which is kept in build/findings."""
    programs = sorted((build.dir / "fuzz").glob("fuzz_*"))
    if not programs:
        return [Case("fuzz", FAILED, "the build holds no target")]
    FINDINGS.mkdir(parents=True, exist_ok=True)
    seconds = int(os.environ.get("FUZZ_SECONDS") or SECONDS)
    jobs = [(program.name, lambda program=program: [fuzz_one(program, seconds, env)]) for program in programs]
    with ThreadPoolExecutor(JOBS) as pool:
        return [case for cases in pool.map(run_job, jobs) for case in cases]


def fuzz_one(program, seconds, env):
    name = program.name.removeprefix("fuzz_")
    with tempfile.TemporaryDirectory() as folder:
        corpus = Path(folder) / "corpus"
        # What is found goes into the copy: the corpus in the tree is chosen by people.
        shutil.copytree(CORPORA / name, corpus)
        command = [program, f"-max_total_time={seconds}", f"-timeout={INPUT_LIMIT}", "-rss_limit_mb=4096", "-print_final_stats=1",
                   f"-artifact_prefix={FINDINGS / name}-"]
        dictionary = DICTIONARIES / f"{name}.dict"
        if dictionary.exists():
            command.append(f"-dict={dictionary}")
        limit = seconds + 10 * INPUT_LIMIT
        code, output = run(program.name, [*command, corpus], limit, env)
    runs = re.search(r"stat::number_of_executed_units: (\d+)", output)
    if code == 0 and runs and int(runs.group(1)) > 0:
        return Case(f"fuzz: {name}", PASSED)
    return Case(f"fuzz: {name}", FAILED, f"{describe(code, limit)}\n{reproducer(output)}\n{tail(output)}")


def reproducer(output):
    found = re.search(r"Test unit written to (\S+)", output)
    if not found:
        return "no input was kept"
    path = Path(found.group(1))
    text = f"input: {path.relative_to(ROOT)}"
    data = path.read_bytes()
    return f"{text}\nbase64: {base64.b64encode(data).decode()}" if len(data) <= SHORT else text
