#!/usr/bin/env python3
"""proto/PERMISSIONS.md, cell by cell: what each role gets from each RPC, in scope and out, by calls to a running server."""

import contextlib
import hashlib
import re

from support import landlord, permission_table, protos
from support.checks import check, eventually, expect, expect_equal, main
from support.client import Client, Failure, failure_of
from support.permission_calls import CALLS, Landlord, nowhere
from support.permission_table import ALLOWED, DENIED, SCOPES
from support.programs import Server

ROLES_SOURCE = protos.ROOT / "libs" / "auth" / "permissions.cc"
KEEPER = "keeper"


# Between instances: nobody serves it yet, which is checked.
UNSERVED = "redress.runtime.v1.ShardService"


def rpcs():
    """Of every service: its full name, name of the RPC."""
    return [(name, method.name) for name in protos.services()
            if name.startswith("redress.") and ".testing." not in name and name != UNSERVED for method in protos.service(name).methods]


def names_in(source, begin, end):
    """String literals that open a line between two words of permissions.cc: names of permissions, or of roles."""
    text = source.read_text(encoding="utf-8")
    return re.findall(r'^\s+\{?"(\w+)",', text[text.index(begin):text.index(end, text.index(begin))], re.MULTILINE)


@check
def every_rpc_role_and_permission_is_in_the_table(scratch):
    rows, roles = permission_table.read()
    listed = {(row.service, row.method) for row in rows}
    expect_equal(set(rpcs()) - listed, set(), "RPCs without a row in proto/PERMISSIONS.md")
    expect_equal(listed - set(rpcs()), set(), "rows of RPCs that are none")
    expect_equal({row.key for row in rows}, set(CALLS), "rows and calls")
    expect_equal(len({row.key for row in rows}), len(rows), "rows twice")
    expect_equal(roles, names_in(ROLES_SOURCE, "kRoles[]", "};"), "roles")
    permissions = names_in(ROLES_SOURCE, "kNames = {", "};")
    used = {permission for row in rows for permission in row.permissions}
    expect(len(permissions) > 15, f"permissions.cc is read wrongly: {permissions}")
    # What instances call of each other has no RPC yet.
    expect_equal(set(permissions) - used, {"internal"}, "permissions that no row needs")
    expect_equal(used - set(permissions), set(), "permissions that are none")


@check
def rows_with_the_same_permission_have_the_same_roles(scratch):
    rows, _ = permission_table.read()
    first = {}
    for row in rows:
        if len(row.permissions) == 1:
            allowed = {role for role, cell in row.cells.items() if cell}
            expect_equal(allowed, first.setdefault(row.permissions[0], allowed), row.key)
    for row in rows:
        if len(row.permissions) > 1 and all(permission in first for permission in row.permissions):
            sets = [first[permission] for permission in row.permissions]
            wanted = set.union(*sets) if row.any_of else set.intersection(*sets)
            # Some of those who have all of them get less, and so do some who have but one.
            expect({role for role, cell in row.cells.items() if cell == ALLOWED} <= wanted, f"{row.key}: ● without the permission")
            expect(wanted <= {role for role, cell in row.cells.items() if cell}, f"{row.key}: no ● with the permission")


@contextlib.contextmanager
def office(scratch, roles):
    """A server of two agencies; a client of each role in each scope by (role, scope), of nobody and of a stranger, and the keeper's."""
    principals = [(KEEPER, [role for role in roles if role != "technician"], "all")]
    principals += [(f"{role}-{scope}", [role], scope) for role in roles for scope in SCOPES]
    agencies = {"all": "all_agencies: true", "own": "agencies: 'AG-1'", "other": "agencies: 'AG-2'"}
    token = lambda name: f"token-of-{name}"
    path = scratch / "principals.textproto"
    path.write_text("".join(
        f"principals {{ id: '{name}' token_sha256: '{hashlib.sha256(token(name).encode()).hexdigest()}' {agencies[scope]} "
        + "".join(f"roles: '{role}' " for role in held) + "}\n" for name, held, scope in principals))
    path.chmod(0o600)
    with Server(scratch / "data", "--principals", path) as server, contextlib.ExitStack() as stack:
        client = lambda token: stack.enter_context(Client(server.address, token))
        clients = {(role, scope): client(token(f"{role}-{scope}")) for role in roles for scope in SCOPES}
        clients["nobody"], clients["stranger"], clients[KEEPER] = client(None), client("wrong"), client(token(KEEPER))
        keeper = clients[KEEPER]
        landlord.upload_territory(keeper, ("AG-1", "AG-2"))
        eventually(lambda: len(keeper.register.ListPlaces().places) == 2, "the territory is there")
        landlord.register_technicians(keeper, ("tech-1", "tech-2", "technician-all", "technician-own", "technician-other"))
        yield clients


def outcome_of(call, client, subject, landlord_):
    """(what the table calls it, the reply or the failure)."""
    try:
        reply = call.make(client, subject, landlord_)
        if not hasattr(reply, "DESCRIPTOR"):
            replies = list(reply)
            expect(len(replies) >= 1, "a stream without an answer")
            reply = replies[0]
    except Failure as failure:
        return f"{failure.code} {failure.reason}", failure
    for row in getattr(reply, "rows", ()) if hasattr(reply, "positions") else ():
        if getattr(row, "refusals", None):
            return f"row {row.refusals[0].reason}", reply
    return ("OK" if call.shows(reply, subject) else "hidden"), reply


def without_names(message, subject):
    names = [name for name in vars(subject).values() if name]
    for name in names + [name.partition("/")[2] for name in names if "/" in name]:
        message = message.replace(name, "…")
    return message


class Walk:
    """Goes through all cells; what is not as the table says is kept in `wrong`."""

    def __init__(self, clients, landlord_):
        self.clients, self.landlord = clients, landlord_
        self.wrong, self.calls, self.outcomes = [], 0, {}

    def row(self, row, roles):
        call = CALLS[row.key]
        for who, wanted in (("nobody", "UNAUTHENTICATED NOT_AUTHENTICATED"), ("stranger", "UNAUTHENTICATED TOKEN_UNKNOWN")):
            self._expect(row, who, wanted, self._call(call, who, self.landlord.shared)[0])
        for role in roles:
            for scope in SCOPES:
                self._cell(row, call, role, scope)

    def _call(self, call, who, subject):
        self.calls += 1
        return outcome_of(call, self.clients[who], subject, self.landlord)

    def _expect(self, row, who, wanted, found):
        self.outcomes[wanted] = self.outcomes.get(wanted, 0) + 1
        if found != wanted:
            self.wrong.append(f"{row.key} by {who}: {found}, not {wanted}")

    def _cell(self, row, call, role, scope):
        wanted = row.answer(role, scope)
        subject = self.landlord.shared
        refused = wanted == DENIED or scope == "other" and wanted not in ("OK", "hidden")
        if call.fresh and not refused:
            subject = getattr(self.landlord, call.fresh)(f"{role}-{scope}")
        found, answer = self._call(call, (role, scope), subject)
        self._expect(row, (role, scope), call.through if wanted == "OK" and call.through else wanted, found)
        if wanted == DENIED and found == DENIED:
            permission = answer.metadata.get("permission")
            if permission not in row.permissions:
                self.wrong.append(f"{row.key} by {role}: {permission} is missing, which the table does not name")
        elif scope == "other" and wanted != "OK":
            self._expect_untold(row, call, (role, scope), subject, found, answer)

    def _expect_untold(self, row, call, who, subject, found, answer):
        """What is out of scope is not told from what is not there."""
        if not call.named:
            told = answer.SerializeToString() if hasattr(answer, "SerializeToString") else str(answer).encode() + (
                answer.status.SerializeToString() if answer.status else b"")
            # Who subscribes names it themselves.
            if subject.complaint.encode() in told and "SCOPE_TOO_NARROW" not in found:
                self.wrong.append(f"{row.key} by {who}: names {subject.complaint}")
        elif isinstance(answer, Failure):
            nothing = nowhere()
            other, there = self._call(call, who, nothing)
            if not isinstance(there, Failure) or (found, without_names(answer.message, subject)) != (other, without_names(there.message, nothing)):
                self.wrong.append(f"{row.key} by {who}: {answer.message!r} where it is, {there} where nothing is")


def state_of(keeper, shared):
    """What refused calls could have changed."""
    everything = [landlord.get(keeper, shared.complaint, personal_data=True, purpose="test"), keeper.routing.GetAssignment(name=shared.complaint).assignment,
                  keeper.scheduling.GetIntervention(name=shared.visit).intervention, keeper.intake.GetPerson(name=shared.person, purpose="test").person.full_name,
                  [one for one in keeper.scheduling.ListTechnicians().technicians if one.name == shared.technician],
                  keeper.register.ListVersions().versions]
    return [str(one) for one in everything]


@check
def each_role_gets_what_the_table_says(scratch):
    rows, roles = permission_table.read()
    with office(scratch, roles) as clients:
        made = Landlord(clients[KEEPER])
        eventually(lambda: clients[KEEPER].sla.GetOnTimeRates().totals, "its lines are due")
        # Its alarms may still come; they change it once each.
        seen = []
        eventually(lambda: seen[-2:] == [seen.append(state_of(clients[KEEPER], made.shared)) or seen[-1]] * 2, "it is at rest")
        before = state_of(clients[KEEPER], made.shared)
        for method in protos.service(UNSERVED).methods:
            failure = failure_of(lambda: clients[KEEPER].call(method, protos.type_of(method.input_type)()))
            expect_equal(failure.code, "UNIMPLEMENTED", f"{UNSERVED} is served: it needs rows")
        walk = Walk(clients, made)
        for row in rows:
            walk.row(row, roles)
        print(f"  {walk.calls} calls: " + ", ".join(f"{count} {what}" for what, count in sorted(walk.outcomes.items(), key=lambda item: -item[1])))
        expect_equal(walk.wrong, [], f"{len(walk.wrong)} cells are not as the table says")
        expect_equal(state_of(clients[KEEPER], made.shared), before, "refused calls changed something")


if __name__ == "__main__":
    main()
