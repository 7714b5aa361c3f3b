#!/usr/bin/env python3
"""Holds the tree to rules.toml: layers, bans, READMEs, reasons of errors, lengths. `lint.py [ROOT]`.

Prints a line a rule, `ok NAME` or `not ok NAME: what, where` (the protocol of tests/run), then the same for the self-test:
each rule's planted violation must be found. Exit code 1 when anything is not ok.
"""

import os
import re
import subprocess
import sys
import tempfile
import tomllib
from functools import lru_cache
from pathlib import Path

HERE = Path(__file__).resolve().parent
CXX = (".h", ".cc")


@lru_cache(maxsize=None)
def glob_re(glob):
    """A shell glob as a regular expression; `**` crosses folders."""
    parts = re.split(r"(\*\*|\*)", glob)
    return re.compile("".join({"**": ".*", "*": "[^/]*"}.get(part, re.escape(part)) for part in parts) + r"\Z")


def matches(path, globs):
    return any(glob_re(glob).match(path) for glob in globs)


def strip_cxx(text, keep_strings=False):
    """Code with comments (and strings) blanked out, line numbers kept."""
    token = re.compile(r'//[^\n]*|/\*.*?\*/|R"(?P<d>[^(\s]*)\(.*?\)(?P=d)"|"(?:\\.|[^"\\\n])*"|'
                       r"(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'", re.S)

    def blank(match):
        found = match.group()
        if keep_strings and not found.startswith("/"):
            return found
        quote = '""' if found[0] in "\"R" else ""
        return quote + re.sub(r"[^\n]+", "", found)

    return token.sub(blank, text)


class File:
    """One file of the tree, read once."""

    def __init__(self, root, path):
        self.path = path
        self.text = (Path(root) / path).read_text(encoding="utf-8", errors="replace")
        self.is_cxx = path.endswith(CXX)
        self.code = strip_cxx(self.text) if self.is_cxx else self.text
        # (line, header) of each include.
        self.includes = []
        if self.is_cxx:
            for number, line in enumerate(strip_cxx(self.text, keep_strings=True).split("\n"), 1):
                found = re.match(r'\s*#\s*include\s*[<"]([^>"]+)[>"]', line)
                if found:
                    self.includes.append((number, found.group(1)))


def list_files(root):
    """Files that git tracks or would; all but build/ where there is no repository."""
    command = ["git", "-c", "safe.directory=*", "-C", str(root), "ls-files", "-co", "--exclude-standard", "-z"]
    try:
        inside = (Path(root) / ".git").exists()
        listed = subprocess.run(command, capture_output=True, check=True).stdout.decode().split("\0") if inside else None
    except (OSError, subprocess.CalledProcessError):
        listed = None
    if listed is None:
        listed = [str(found.relative_to(root)) for found in Path(root).rglob("*")]
        listed = [path for path in listed if not path.startswith(("build/", ".git/"))]
    return sorted(path for path in listed if path and (Path(root) / path).is_file())


def is_text(root, path):
    with open(Path(root) / path, "rb") as file:
        return b"\0" not in file.read(4096)


class Linter:
    """Findings of every rule over one tree. A finding is (rule, path, line, message)."""

    def __init__(self, rules, root):
        self.rules = rules
        self.root = Path(root)
        self.paths = list_files(root)
        self.files = [File(root, path) for path in self.paths if is_text(root, path)]
        self.cxx = [file for file in self.files if file.is_cxx]
        self.findings = []

    def add(self, rule, path, line, message):
        self.findings.append((rule, path, line, message))

    def run(self):
        self.check_top()
        self.check_readmes()
        self.check_lengths()
        self.check_headers()
        self.check_reasons()
        for file in self.cxx:
            self.check_layers(file)
        for ban in self.rules["ban"]:
            self.check_pattern(ban, [file for file in self.files if matches(file.path, ban["files"])], lambda f: f.code)
        for text in self.rules["text"]:
            self.check_pattern(text, self.files, lambda f: f.text)
        return self.findings

    def check_top(self):
        for path in self.paths:
            first = path.split("/")[0]
            if not first.startswith(".") and first not in self.rules["top"]["names"]:
                self.add("top", path, 0, f"{first} has no place at the root")

    def check_readmes(self):
        rule = self.rules["readme"]
        # Not the roots themselves: their CMakeLists.txt is a list of folders.
        folders = {os.path.dirname(path) for path in self.paths if path.split("/")[0] in rule["roots"]} - set(rule["roots"])
        for folder in sorted(folders):
            if folder + "/README.md" not in self.paths:
                self.add("readme", folder, 0, "no README.md")
        for file in self.files:
            if file.path.endswith("/README.md") and os.path.dirname(file.path) in folders:
                lines = file.text.count("\n")
                if lines > rule["lines"]:
                    self.add("readme", file.path, 0, f"{lines} lines; at most {rule['lines']}")
                self.check_names(file)

    def check_names(self, readme):
        """A README names the headers beside it (`rows.h`, `rows` or `row*`), and no file that is not there."""
        folder = os.path.dirname(readme.path)
        names = [name for name in re.findall(r"[\w*]+", readme.text) if name.strip("*")]
        for path in self.paths:
            stem, ending = os.path.splitext(os.path.basename(path))
            if os.path.dirname(path) != folder or ending != ".h" or matches(path, self.rules["test_code"]["files"]):
                continue
            if not matches(stem, names):
                self.add("readme names", readme.path, 0, f"says nothing of {stem}.h")
        for name in re.findall(r"`(?:\.\./)*([\w/.]+\.(?:h|cc|proto|py|toml|textproto))`", readme.text):
            if not any(path == name or path.endswith("/" + name) for path in self.paths):
                self.add("readme names", readme.path, 0, f"{name} is nowhere")

    def check_lengths(self):
        rule = self.rules["length"]
        for file in self.files:
            lines = file.text.count("\n")
            if matches(file.path, rule["files"]) and lines > rule["lines"]:
                self.add("length", file.path, 0, f"{lines} lines; split what passes {rule['lines']}")

    def check_headers(self):
        for file in self.cxx:
            if file.path.endswith(".h") and not re.search(r"^#pragma once$", file.text, re.M):
                self.add("header", file.path, 1, "no #pragma once")

    def check_reasons(self):
        """Each reason that code can answer with is named where callers look for it."""
        rule = self.rules["reasons"]
        call = re.compile(r"\b(?:MakeError|RetryLater)\(\s*absl::StatusCode::k\w+,\s*\"([A-Z0-9_]+)\"|\bBadArgument\(\s*\"([A-Z0-9_]+)\"")
        for entry in rule["of"]:
            named = set()
            for file in self.files:
                if matches(file.path, entry["named_in"] + rule["everywhere"]):
                    named.update(re.findall(r"\b[A-Z][A-Z0-9_]+\b", file.text))
            for file in self.cxx:
                if not matches(file.path, entry["code"]) or matches(file.path, rule["not_code"]):
                    continue
                code = strip_cxx(file.text, keep_strings=True)
                for found in call.finditer(code):
                    reason = found.group(1) or found.group(2)
                    if reason not in named:
                        line = code.count("\n", 0, found.start()) + 1
                        self.add("reasons", file.path, line, f"{reason}: not named in {', '.join(entry['named_in'] + rule['everywhere'])}")

    # -- layers

    def check_layers(self, file):
        parts = file.path.split("/")
        composes = matches(file.path, self.rules["composition"]["files"])
        test = file.path.endswith("_test.cc") or "/test" in file.path or matches(file.path, self.rules["test_code"]["files"])
        for line, header in file.includes:
            self.check_vendor(file, line, header)
            if matches(header, self.rules["composition"]["headers"]) and not (composes or test or header[:-1] in file.path):
                self.add("composition", file.path, line, f"only composition includes {header}")
            target = header.split("/")
            if target[0] == "redress":
                self.check_proto(file, parts, line, header, composes or test)
            elif target[0] == "libs":
                self.check_lib(file, parts, line, target, composes, test)
            elif target[0] == "services" and not composes:
                if parts[0] == "libs":
                    self.add("libs", file.path, line, f"a library may not know a service: {header}")
                elif parts[0] == "services" and parts[1] != target[1]:
                    self.add("services", file.path, line, f"services meet in proto/ alone: {header}")
            elif target[0] == "tests" and not test and parts[0] != "tests":
                self.add("libs", file.path, line, f"only tests include test code: {header}")
        self.check_domain(file, parts)

    def check_vendor(self, file, line, header):
        for vendor in self.rules["vendor"]:
            if matches(header, vendor["headers"]) and not matches(file.path, vendor["places"]):
                self.add("vendor " + vendor["name"], file.path, line, f"{header}: only in {', '.join(vendor['places'])}")

    def check_lib(self, file, parts, line, target, composes, test):
        order = self.rules["libs"]["order"]
        header = "/".join(target)
        if target[1] not in order:
            self.add("libs", file.path, line, f"libs/{target[1]} is not in the order of rules.toml")
            return
        if parts[0] == "libs" and not test and parts[1] in order and order.index(target[1]) > order.index(parts[1]):
            self.add("libs", file.path, line, f"libs/{parts[1]} lies below libs/{target[1]}: {header}")
        own = parts[:3] == target[:3] and len(parts) > 3
        if len(target) > 3 and not own and not composes and not test:
            self.add("adapters", file.path, line, f"only composition picks an adapter: {header}")

    def check_proto(self, file, parts, line, header, free):
        if free:
            return
        service = header.split("/")[1]
        rule = self.rules["protos"]
        if parts[0] == "libs" and service in rule["services"]:
            if not matches(file.path, rule["mapping"]) or "/events/" not in header:
                self.add("protos", file.path, line, f"a library may not know a service's proto: {header}")
        elif parts[0] == "services" and service in rule["services"] and service != parts[1]:
            if matches(header, [glob.replace("{service}", service) for glob in rule["private"]]):
                self.add("protos", file.path, line, f"private to {service}: {header}")

    def check_domain(self, file, parts):
        rule = self.rules["domain"]
        own = lambda key: [glob.replace("{service}", parts[1]) for glob in rule[key]]
        glue = own("not_files") + self.rules["test_code"]["files"]
        if len(parts) < 3 or not matches(file.path, rule["files"]) or matches(file.path, glue):
            return
        for line, header in file.includes:
            internal = header.split("/")[0] in ("libs", "services", "tests", "redress")
            running = matches(header, own("not_files")) and not header.endswith("_errors.h")
            if (internal and (running or not matches(header, own("may_include")))) or matches(header, rule["must_not_include"]):
                self.add("domain", file.path, line, f"pure code may not include {header}")

    # -- patterns

    def check_pattern(self, rule, files, view):
        pattern = re.compile(rule["pattern"], re.M)
        for file in files:
            if matches(file.path, rule["places"]):
                continue
            for found in pattern.finditer(view(file)):
                line = view(file).count("\n", 0, found.start()) + 1
                self.add(rule["name"], file.path, line, f"{found.group().strip()}: {rule['why']}")


def rule_names(rules):
    """Every rule, with its table, in the order of the file."""
    singles = ["top", "readme", "readme names", "length", "header", "reasons", "libs", "adapters", "services", "composition", "domain", "protos"]
    named = [(name, rules[name]) for name in singles]
    named += [("vendor " + table["name"], table) for table in rules["vendor"]]
    named += [(table["name"], table) for table in rules["ban"] + rules["text"]]
    return named


def undocumented_places(rules, root):
    """Places where a ban on clocks, threads, sleeps or randomness does not hold, and WORKSPACE.md does not say so."""
    text = (Path(root) / "WORKSPACE.md").read_text(encoding="utf-8")
    return [(ban["name"], place) for ban in rules["ban"] for place in ban["places"] if f"`{place}`" not in text]


def plant(tree, files):
    for path, content in files.items():
        repeated = re.match(r"REPEAT (\d+) (.*)", content, re.S)
        path = Path(tree) / path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(repeated.group(2) * int(repeated.group(1)) if repeated else content)


CLEAN = {
    "README.md": "clean\n",
    "libs/status/README.md": "`errors.h`\n",
    "libs/status/errors.h": '// system_clock; "std::thread" here is a comment.\n#pragma once\n#include <string>\n',
    "libs/log/README.md": "log\n",
    "libs/log/log.cc": '#include "libs/status/errors.h"\nconst char* kText = "usleep(1) std::rand()";\nint runtime(int n);\n',
}


def self_test(rules):
    """Yields (rule, problem or None)."""
    with tempfile.TemporaryDirectory(prefix="redress-lint.") as tree:
        plant(tree, CLEAN)
        noise = Linter(rules, tree).run()
        yield "clean tree", f"finds {noise}" if noise else None
    for name, table in rule_names(rules):
        with tempfile.TemporaryDirectory(prefix="redress-lint.") as tree:
            plant(tree, CLEAN)
            plant(tree, table["plant"])
            found = {rule for rule, *_ in Linter(rules, tree).run()}
            yield name, None if name in found else f"its plant {list(table['plant'])} was not found"


def main():
    root = Path(sys.argv[1] if len(sys.argv) > 1 else HERE.parent.parent).resolve()
    rules = tomllib.loads((HERE / "rules.toml").read_text(encoding="utf-8"))
    findings = Linter(rules, root).run()
    failed = False
    for name, _ in rule_names(rules):
        mine = [f"{path}:{line}: {message}" if line else f"{path}: {message}" for rule, path, line, message in findings if rule == name]
        failed |= bool(mine)
        print(f"not ok {name}: {len(mine)} found\n    " + "\n    ".join(mine) if mine else f"ok {name}")
    missing = undocumented_places(rules, root)
    failed |= bool(missing)
    print(f"not ok places: not named in WORKSPACE.md: {missing}" if missing else "ok places")
    for name, problem in self_test(rules):
        failed |= problem is not None
        print(f"not ok self-test of {name}: {problem}" if problem else f"ok self-test of {name}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
