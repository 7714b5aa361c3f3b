"""Checks that need no build: format, lint, buf; and how the sanitizers are set."""

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from processes import ROOT, run
from results import FAILED, PASSED, SKIPPED, Case, parse_checks

BUF_VERSION = "1.75.0"
TOOLS = ROOT / "build" / "tools"


def tracked(*globs):
    """Files that git tracks or would, matching; all of them in a tree without a repository."""
    if (ROOT / ".git").exists():
        command = ["git", "-c", "safe.directory=*", "ls-files", "-co", "--exclude-standard", "-z", *globs]
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
    else:
        listed = [str(path.relative_to(ROOT)) for glob in globs for path in ROOT.rglob(glob)]
        listed = [path for path in listed if not path.startswith("build/")]
    return sorted({path for path in listed if path and (ROOT / path).is_file()})


def check_format():
    files = tracked("*.h", "*.cc")
    chunks = [files[at:at + 40] for at in range(0, len(files), 40)]

    def check(chunk):
        found = subprocess.run(["clang-format", "--dry-run", "-Werror", *chunk], cwd=ROOT, capture_output=True, text=True)
        return found.returncode, found.stderr

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        outputs = [stderr for code, stderr in pool.map(check, chunks) if code != 0]
    if not outputs:
        return [Case(f"format of {len(files)} files", PASSED)]
    wrong = sorted({line.split(":")[0] for output in outputs for line in output.splitlines() if "clang-format-violations" in line})
    return [Case("format", FAILED, f"clang-format -i {' '.join(wrong)}" if wrong else outputs[0])]


def check_lint():
    code, output = run("lint", [sys.executable, ROOT / "tests/lint/lint.py", ROOT], 300)
    return parse_checks("lint", output, code)


def check_buf():
    buf, why = find_buf()
    if buf is None:
        return [Case("buf lint", SKIPPED, why)]
    code, output = run("buf lint", [buf, "lint"], 300, cwd=ROOT / "proto")
    return [Case("buf lint", PASSED) if code == 0 else Case("buf lint", FAILED, output)]


def find_buf():
    """(path, None), or (None, why not). Debian has no package of it: npm brings it into build/tools, once."""
    buf = TOOLS / "node_modules" / ".bin" / "buf"

    def version():
        return subprocess.run([buf, "--version"], capture_output=True, text=True).stdout.strip() if buf.exists() else ""

    if version() != BUF_VERSION:
        if shutil.which("npm") is None:
            return None, "npm is not there to fetch buf"
        TOOLS.mkdir(parents=True, exist_ok=True)
        fetch = ["npm", "install", "--prefix", TOOLS, "--no-save", "--no-audit", "--no-fund", f"@bufbuild/buf@{BUF_VERSION}"]
        code, output = run("npm install buf", fetch, 180)
        if version() != BUF_VERSION:
            return None, "npm could not fetch buf: " + (output.strip().splitlines() or [f"exit code {code}"])[-1]
    return buf, None


def sanitizer_env(preset):
    """Debian's gRPC, protobuf, abseil and RocksDB are not instrumented: tests/sanitizers says what follows from that."""
    folder = ROOT / "tests" / "sanitizers"
    options = {}
    for line in (folder / f"{preset}.options").read_text(encoding="utf-8").splitlines():
        line = line.partition("#")[0].strip()
        if line:
            variable, _, value = line.partition(" ")
            options.setdefault(variable, []).append(value.strip().replace("{dir}", str(folder)))
    env = {variable: ":".join(values) for variable, values in options.items()}
    # A sanitized seed costs five of a plain one's; the plain ones are the judge.
    env["SIM_SEEDS"] = os.environ.get("SIM_SEEDS", "12")
    # Nor is a sanitized start.
    env["E2E_KILLS"] = os.environ.get("E2E_KILLS", "6")
    return env
