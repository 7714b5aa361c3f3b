#!/usr/bin/python3
"""Copies sources of the product with mistakes built in, each of which a test can switch on.

    mutate.py files                  the sources that mutants.toml changes, one a line
    mutate.py names                  the mutants, one a line: NAME INVARIANT[,INVARIANT…]
    mutate.py write SOURCE TO        SOURCE, changed, into the file TO

A change replaces text that must occur in its source exactly once: a mutant whose place has moved fails the build. In the
new text `MUTANT` stands for "this mutant is on"; `OLD` for the text replaced.
"""

import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def load():
    with open(Path(__file__).with_name("mutants.toml"), "rb") as file:
        return tomllib.load(file)["mutant"]


def changed(source, mutants):
    text = (ROOT / source).read_text()
    for mutant in mutants:
        for change in mutant["changes"]:
            if change["file"] != source:
                continue
            old = change["old"].strip("\n")
            if text.count(old) != 1:
                sys.exit(f"mutant {mutant['name']}: {source} holds its text {text.count(old)} times, not once:\n{old}")
            new = change["new"].strip("\n").replace("OLD", old).replace("MUTANT", f'redress::sim::Mutant("{mutant["name"]}")')
            text = text.replace(old, new)
    return '#include "tests/sim/mutants/mutant.h"\n' + text


def main():
    mutants = load()
    what = sys.argv[1]
    if what == "files":
        print("\n".join(sorted({change["file"] for mutant in mutants for change in mutant["changes"]})))
    elif what == "names":
        print("\n".join(f"{mutant['name']} {','.join(mutant['caught_by'])}" for mutant in mutants))
    else:
        source, to = sys.argv[2:]
        Path(to).parent.mkdir(parents=True, exist_ok=True)
        Path(to).write_text(changed(source, mutants))


main()
