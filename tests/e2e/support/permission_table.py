"""proto/PERMISSIONS.md as data: what it says of each RPC, role and scope. Its first section says how a row is read."""

import re
from dataclasses import dataclass

from . import protos

PATH = protos.ROOT / "proto" / "PERMISSIONS.md"
# Of the caller, to what is asked for; in the order of the table's columns.
SCOPES = ("all", "own", "other")
ALLOWED = "●"
DENIED = "PERMISSION_DENIED PERMISSION_MISSING"


@dataclass
class Row:
    service: str  # full name
    name: str  # "GetComplaint (with personal data)"
    permissions: list
    any_of: bool  # one of the permissions is enough
    answers: dict  # scope -> what who may call gets
    cells: dict  # role -> "", ALLOWED, or what this role gets in its own agency or in all

    @property
    def method(self):
        return self.name.partition(" (")[0]

    @property
    def key(self):
        return f"{self.service}/{self.name}"

    def answer(self, role, scope):
        """"OK", "hidden", "row REASON", or code and reason."""
        cell = self.cells[role]
        if not cell:
            return DENIED
        return self.answers[scope] if cell == ALLOWED or scope == "other" else cell


def read(path=PATH):
    """(rows, roles in the order of the columns); AssertionError where a line is no row."""
    rows, roles, service, header = [], None, None, None
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.startswith("## "):
            service, header = line[3:].strip(), None
        elif line.startswith("|") and service:
            cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
            if header is None:
                header = cells
                assert header[:5] == ["RPC", "permission", "all agencies", "own agency", "another agency"], f"line {number}: {header[:5]}"
                assert roles in (None, header[5:]), f"line {number}: other roles than in the tables before"
                roles = header[5:]
            elif not re.fullmatch(r"\|[-|]+\|", line):
                assert len(cells) == len(header), f"line {number}: {len(cells)} cells under {len(header)} heads"
                any_of = " or " in cells[1]
                rows.append(Row(service, cells[0], cells[1].split(" or " if any_of else " and "), any_of,
                                dict(zip(SCOPES, cells[2:5])), dict(zip(roles, cells[5:]))))
    return rows, roles
