"""Runs one GoogleTest binary and turns its results file, or what is left after a crash, into Cases."""

import re
import xml.etree.ElementTree as ElementTree

from processes import describe, log_path, run
from results import FAILED, PASSED, SKIPPED, Case


def run_gtest(label, binary, limit, env=None):
    """Cases of one run of `binary`, named `label: Suite.Case`."""
    results = log_path(label).with_suffix(".xml")
    results.unlink(missing_ok=True)
    code, output = run(label, [binary, f"--gtest_output=xml:{results}", "--gtest_color=no"], limit, env, cwd=binary.parent)
    try:
        cases = parse_results(label, ElementTree.fromstring(results.read_text(encoding="utf-8", errors="replace")))
    except (OSError, ElementTree.ParseError):
        return parse_crash(label, output, describe(code, limit))
    if code != 0 and not any(case.outcome == FAILED for case in cases):
        # A sanitizer's report at exit, a leak, a crash in a destructor.
        cases.append(Case(label, FAILED, f"{describe(code, limit)} although no case failed\n{tail(output)}"))
    return cases or [Case(label, FAILED, "holds no case")]


def parse_results(label, root):
    cases = []
    for found in root.iter("testcase"):
        name = f"{label}: {found.get('classname')}.{found.get('name')}"
        failures = [failure.get("message", "") for failure in found.findall("failure")]
        skipped = found.find("skipped")
        if failures:
            cases.append(Case(name, FAILED, "\n".join(failures)))
        elif skipped is not None or found.get("result") in ("skipped", "suppressed"):
            # The first line is the place.
            lines = (skipped.get("message", "") if skipped is not None else "").strip().splitlines()
            cases.append(Case(name, SKIPPED, " ".join(lines[1:] or lines) or "disabled"))
        else:
            cases.append(Case(name, PASSED))
    return cases


def parse_crash(label, output, how):
    """No results file: what was finished counts as it ended, the crash is one failure."""
    cases = []
    for mark, outcome in (("       OK ", PASSED), ("  FAILED  ", FAILED), ("  SKIPPED ", SKIPPED)):
        names = re.findall(rf"^\[{mark}\] ([^\s(,]+)[^(\n]*\(\d+ ms\)$", output, re.M)
        cases += [Case(f"{label}: {name}", outcome, "" if outcome == PASSED else "see the log") for name in names]
    begun = re.findall(r"^\[ RUN      \] (\S+)$", output, re.M)
    during = f" during {begun[-1]}" if begun else ""
    cases.append(Case(label, FAILED, f"crashed{during}: {how}\n{tail(output)}"))
    return cases


def tail(output, lines=40):
    return "\n".join(output.splitlines()[-lines:])
