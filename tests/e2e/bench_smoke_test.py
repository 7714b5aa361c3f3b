"""The benchmarks work: every row of every group is measured, on a small store and for a moment. What they find means nothing here."""

import json
import re
import subprocess
import sys

from support import protos
from support.checks import check, expect, main

BENCH = protos.ROOT / "tests" / "bench"
LINE = re.compile(r"(\w+) [-+.e\d]+\S* [<>]=\S+ (holds|short)")


@check
def every_row_is_measured(scratch):
    ran = subprocess.run([sys.executable, BENCH / "run", "--smoke", "--out", scratch], capture_output=True, text=True, timeout=300)
    expect(ran.returncode == 0, lambda: f"exit code {ran.returncode}: {ran.stderr}\n{ran.stdout}")
    said = {found[1] for line in ran.stdout.splitlines() if (found := LINE.fullmatch(line))}
    for group in sorted(path.stem for path in (BENCH / "groups").glob("*.py")):
        rows = {row["name"]: row for row in json.loads((scratch / f"{group}.json").read_text())["rows"]}
        expect(rows, f"{group} has no rows")
        expect(set(rows) <= said, lambda: f"not said: {set(rows) - said}")
        for name, row in rows.items():
            expect(row["measured"] > 0, lambda name=name: f"{name} measured nothing")
            expect({"min", "median", "max"} <= set(row["ours"]), f"{name} has no spread")


if __name__ == "__main__":
    main()
