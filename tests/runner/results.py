"""What a run found: one Case a gtest case or script check, counted and printed."""

from dataclasses import dataclass, field

PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"


@dataclass
class Case:
    name: str
    outcome: str
    detail: str = ""  # why it failed or was skipped


@dataclass
class Report:
    cases: list = field(default_factory=list)
    times: list = field(default_factory=list)  # (stage, seconds)

    def add(self, cases):
        self.cases += cases

    def count(self, outcome):
        return sum(case.outcome == outcome for case in self.cases)

    def print_summary(self):
        """Times, reasons of skips, failures; the counts are the last line."""
        print("\n== times")
        for stage, seconds in self.times:
            print(f"{int(seconds) // 60:4}:{int(seconds) % 60:02}  {stage}")
        for outcome in (SKIPPED, FAILED):
            found = [case for case in self.cases if case.outcome == outcome]
            if found:
                print(f"\n== {outcome}")
            # Many cases are skipped for one reason.
            if outcome == SKIPPED:
                reasons = {}
                for case in found:
                    reasons.setdefault(case.detail, []).append(case.name)
                for reason, names in reasons.items():
                    print(f"{reason}: {', '.join(names)}")
            else:
                for case in found:
                    print(f"{case.name}: {case.detail.strip().splitlines()[0] if case.detail.strip() else 'failed'}")
        counts = ", ".join(f"{self.count(outcome)} {outcome}" for outcome in (PASSED, FAILED, SKIPPED))
        print(f"\n{counts}", flush=True)


def parse_checks(name, output, code):
    """Cases of a script that prints `ok NAME`, `not ok NAME: why`, `skip NAME: why`; indented lines carry on the last one.

    A script that prints none is one case by its exit code; one that fails without saying where is one more failure.
    """
    cases = []
    for line in output.splitlines():
        for prefix, outcome in (("ok ", PASSED), ("not ok ", FAILED), ("skip ", SKIPPED)):
            if line.startswith(prefix):
                check, _, why = line[len(prefix):].partition(": ")
                cases.append(Case(f"{name}: {check}", outcome, why))
                break
        else:
            if line.startswith("    ") and cases:
                cases[-1].detail += "\n" + line
    tail = "\n".join(output.splitlines()[-20:])
    if code != 0 and not any(case.outcome == FAILED for case in cases):
        cases.append(Case(name, FAILED, f"exit code {code}\n{tail}"))
    if not cases:
        cases.append(Case(name, PASSED))
    return cases
