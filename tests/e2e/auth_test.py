#!/usr/bin/env python3
"""Who may do what: tokens, roles, agencies."""

import hashlib
import itertools

from support import landlord, protos
from support.checks import check, eventually, expect, expect_equal, main
from support.client import Client, failure_of
from support.programs import Server

# id, roles, agencies; None: all.
PEOPLE = [
    ("operator", ["admin", "register_admin"], None),
    ("call-centre", ["call_centre"], None),
    ("agent-1", ["agent"], ["AG-1"]),
    ("agent-2", ["agent"], ["AG-2"]),
    ("manager-1", ["manager"], ["AG-1"]),
    ("board", ["dashboard"], None),
    ("board-2", ["dashboard"], ["AG-2"]),
    ("portal", ["resident_portal"], None),
    ("dispatcher-2", ["dispatcher"], ["AG-2"]),
    ("importer-2", ["importer"], ["AG-2"]),
    ("manager-2", ["manager"], ["AG-2"]),
    # May nothing that a client calls.
    ("nobody", ["instance"], None),
]


def token_of(name):
    return f"token-of-{name}"


def write_principals(path):
    with open(path, "w", encoding="utf-8") as file:
        for name, roles, agencies in PEOPLE:
            file.write(f"principals {{ id: '{name}' token_sha256: '{hashlib.sha256(token_of(name).encode()).hexdigest()}' ")
            file.write("".join(f"roles: '{role}' " for role in roles))
            file.write("all_agencies: true }\n" if agencies is None else "".join(f"agencies: '{agency}' " for agency in agencies) + "}\n")
    path.chmod(0o600)


class Office:
    """A server with principals, a territory of two agencies, and a client of each principal."""

    def __init__(self, scratch):
        write_principals(scratch / "principals.textproto")
        self._server = Server(scratch / "data", "--principals", scratch / "principals.textproto")

    def __enter__(self):
        self.server = self._server.__enter__()
        self.clients = {name: Client(self.server.address, token_of(name)) for name, _, _ in PEOPLE}
        landlord.upload_territory(self.clients["operator"], ("AG-1", "AG-2"))
        eventually(lambda: len(self.clients["operator"].register.ListPlaces().places) == 2, "the territory is there")
        return self

    def __exit__(self, *error):
        for client in self.clients.values():
            client.close()
        self._server.__exit__(*error)

    def __getitem__(self, name):
        return self.clients[name]


@check
def nobody_and_strangers_are_unauthenticated(scratch):
    with Office(scratch) as office:
        for token, reason in ((None, "NOT_AUTHENTICATED"), ("wrong", "TOKEN_UNKNOWN")):
            with Client(office.server.address, token) as client:
                for call in (lambda: landlord.submit(client), lambda: client.intake.ListComplaints(), lambda: client.admin.GetStatus(),
                             lambda: list(client.events.Subscribe()), lambda: list(client.intake.PushTickets(iter([])))):
                    failure = failure_of(call)
                    expect_equal((failure.code, failure.reason), ("UNAUTHENTICATED", reason))
                # Health is for everybody: who asks may not know any token.
                expect_equal(client.health.Check().status, 1)


@check
def a_role_without_the_permission_is_denied(scratch):
    with Office(scratch) as office:
        name = landlord.submit(office["call-centre"]).complaint.name
        denied = {
            "call-centre": [("handle_complaints", lambda client: client.intake.AcknowledgeComplaint(name=name)),
                            ("admin", lambda client: client.admin.GetStatus()),
                            ("subscribe", lambda client: list(client.events.Subscribe())),
                            ("read_reports", lambda client: client.sla.GetTimeToResolution())],
            "agent-1": [("erase_persons", lambda client: client.intake.ErasePerson(name="people/00000000000000000000000000", reason="asked")),
                        ("import", lambda client: list(client.intake.ImportComplaints(iter([])))),
                        ("route_by_hand", lambda client: client.routing.AssignComplaint(name=name, team="front-desk", reason="x")),
                        ("manage_register", lambda client: client.register.AdoptTzdata(version="2025b"))],
            "board": [("read_complaints", lambda client: client.intake.ListComplaints()), ("submit", landlord.submit)],
            "portal": [("read_complaints", lambda client: landlord.get(client, name)),
                       ("read_personal_data", lambda client: client.intake.FindPeople(phone="0612345678", purpose="x"))],
            "operator": [("read_complaints", lambda client: landlord.get(client, name)), ("submit", landlord.submit)],
        }
        for who, calls in denied.items():
            for permission, call in calls:
                failure = failure_of(lambda: call(office[who]))
                expect_equal((failure.code, failure.metadata.get("permission")), ("PERMISSION_DENIED", permission), who)
        # Denied before existence is revealed.
        nowhere = "complaints/" + "0" * 26
        expect_equal(failure_of(lambda: landlord.get(office["portal"], nowhere)).code, "PERMISSION_DENIED")
        # And nothing happened.
        expect_equal(landlord.get(office["call-centre"], name).state, 1)


def comment_of(method):
    """What the proto says above an RPC and above its service."""
    text = (protos.ROOT / "proto" / method.containing_service.file.name).read_text(encoding="utf-8")

    def above(what):
        lines = text[:text.index(what)].splitlines()
        comment = list(itertools.takewhile(lambda line: line.strip().startswith("//"), reversed(lines)))
        return "\n".join(reversed(comment))
    return above(f"  rpc {method.name}(") + "\n" + above(f"service {method.containing_service.name} ")


@check
def each_rpc_names_its_permission_and_asks_for_it(scratch):
    with Office(scratch) as office:
        asked, silent = 0, []
        for name in protos.services():
            if not name.startswith("redress.") or ".runtime." in name or ".testing." in name:
                continue
            for method in protos.service(name).methods:
                streams, answers = protos.is_streaming(method)
                request = iter([]) if streams else protos.type_of(method.input_type)()

                def call():
                    reply = office["nobody"].call(method, request)
                    return list(reply) if answers else reply
                failure = failure_of(call)
                where = f"{name}/{method.name}"
                expect_equal((failure.code, failure.reason), ("PERMISSION_DENIED", "PERMISSION_MISSING"), where)
                permission = failure.metadata.get("permission")
                if not permission or permission not in comment_of(method):
                    silent.append(f"{where}: {permission}")
                asked += 1
        expect_equal(silent, [], "comments that do not name the permission")
        expect(asked > 60, f"only {asked} RPCs")


@check
def scope_is_asked_before_anything_is_told(scratch):
    with Office(scratch) as office:
        agent = office["call-centre"]
        foreign = landlord.submit(agent, residence="RES-1", new_person={"full_name": "Jeanne Martin", "phone": "0612345678"},
                                  external_reference={"system": "crm", "reference": "foreign"}).complaint
        theirs, manager = office["agent-2"], office["manager-2"]
        # An etag that is stale would tell that there is something.
        failure = failure_of(lambda: theirs.intake.AcknowledgeComplaint(name=foreign.name, etag="v99"))
        expect_equal((failure.code, failure.reason), ("NOT_FOUND", "COMPLAINT_NOT_FOUND"))
        # A person of another agency's complaints is nobody to write for.
        failure = failure_of(lambda: landlord.submit(theirs, residence="RES-2", person=foreign.person))
        expect_equal((failure.code, failure.reason), ("NOT_FOUND", "PERSON_NOT_FOUND"))
        # A reference that is taken is said to be, but not by whom.
        failure = failure_of(lambda: landlord.submit(theirs, residence="RES-2", external_reference={"system": "crm", "reference": "foreign"}))
        expect_equal((failure.code, failure.reason), ("ALREADY_EXISTS", "REFERENCE_KNOWN"))
        expect(foreign.name not in str(failure) + str(failure.status), f"it names {foreign.name}")
        # History is brought for one's own agencies alone.
        row = {"system": "old", "kind": "COMPLAINT_KIND_COMPLAINT", "category": "noise", "zone": "Europe/Paris",
               "facts": [{"kind": "FACT_KIND_RECEIVED", "occurred_at": 1_600_000_000_000}]}
        rows = [{**row, "reference": "1", "agency": "AG-1"}, {**row, "reference": "2", "agency": "AG-2"}]
        request = protos.fill(protos.message_type("redress.intake.v1.ImportComplaintsRequest")(), {"complaints": rows})
        [answer] = office["importer-2"].intake.ImportComplaints(iter([request]))
        expect(answer.rows[0].answer != 1 and answer.rows[1].answer == 1, f"{answer}")
        expect_equal(len(manager.intake.ListComplaints().complaints), 1)


@check
def another_agencys_complaint_does_not_exist(scratch):
    with Office(scratch) as office:
        submitted = landlord.submit(office["call-centre"], residence="RES-1", new_person={"full_name": "Jeanne Martin", "phone": "0612345678"})
        complaint = submitted.complaint
        name, clock = complaint.name, complaint.name.replace("complaints", "clocks")
        expect_equal(complaint.agency, "AG-1")
        ours = office["agent-1"]
        eventually(lambda: landlord.get(ours, name).team, "it is assigned")
        eventually(lambda: ours.scheduling.ListInterventions(complaint=name).interventions, "a visit is asked for")
        eventually(lambda: ours.sla.GetTimeToResolution().total.cases == 1, "its clock runs")
        theirs = office["agent-2"]
        nowhere = failure_of(lambda: landlord.get(theirs, "complaints/" + "0" * 26))
        visit = ours.scheduling.ListInterventions(complaint=name).interventions[0].name
        hidden = [
            lambda: landlord.get(theirs, name),
            lambda: theirs.intake.AcknowledgeComplaint(name=name),
            lambda: theirs.intake.AddNote(name=name, text="x"),
            lambda: theirs.intake.ListComplaintHistory(name=name),
            lambda: theirs.intake.GetPerson(name=complaint.person, purpose="x"),
            lambda: theirs.routing.GetAssignment(name=name),
            lambda: theirs.routing.ExplainRoute(name=name),
            lambda: theirs.sla.GetClock(name=clock),
            lambda: theirs.sla.ExplainClock(name=clock),
            lambda: theirs.scheduling.GetIntervention(name=visit),
            lambda: theirs.scheduling.FindSlots(name=visit),
            lambda: office["dispatcher-2"].scheduling.CancelVisit(name=visit, reason="x"),
        ]
        for number, call in enumerate(hidden):
            expect_equal(failure_of(call).code, "NOT_FOUND", f"call {number}")
        failure = failure_of(hidden[0])
        expect_equal((failure.reason, failure.message.replace(name, "")), (nowhere.reason, nowhere.message.replace("complaints/" + "0" * 26, "")),
                     "it is told apart from what is not there")
        expect_equal(list(theirs.intake.ListComplaints().complaints), [])
        expect_equal(list(theirs.intake.FindPeople(phone="0612345678", purpose="x").people), [])
        expect_equal(list(theirs.scheduling.ListInterventions().interventions), [])
        expect_equal(list(theirs.routing.ListQueue(team="front-desk").entries), [])
        expect_equal(list(theirs.sla.ListCasesAtRisk().cases), [])
        expect_equal(theirs.sla.GetTimeToResolution().total.cases, 0)
        expect_equal(office["board-2"].sla.GetTimeToResolution().total.cases, 0)
        expect_equal(ours.sla.GetTimeToResolution().total.cases, 1)
        expect_equal(office["board"].sla.GetTimeToResolution().total.cases, 1)
        # A retry of somebody else's request id is a request of one's own.
        other = landlord.submit(theirs, request_id="same", residence="RES-2").complaint.name
        expect(landlord.submit(ours, request_id="same", residence="RES-2").complaint.name != other, "one caller was given another's answer")


@check
def the_stream_of_all_agencies_is_refused_to_who_sees_one(scratch):
    with Office(scratch) as office:
        name = landlord.submit(office["call-centre"], residence="RES-1").complaint.name
        expect(name in {event.complaint for event in landlord.events(office["board"])[0]}, "who sees all is not told")
        failure = failure_of(lambda: landlord.events(office["board-2"]))
        expect_equal((failure.code, failure.reason), ("PERMISSION_DENIED", "SCOPE_TOO_NARROW"))


@check
def actors_are_on_record(scratch):
    with Office(scratch) as office:
        name = landlord.submit(office["call-centre"]).complaint.name
        office["agent-1"].intake.AcknowledgeComplaint(name=name)
        entries = office["agent-1"].intake.ListComplaintHistory(name=name).entries
        by_event = {entry.event: entry.actor for entry in entries}
        expect_equal((by_event["ComplaintReceived"], by_event["ComplaintAcknowledged"]), ("call-centre", "agent-1"))


@check
def backdating_needs_the_permission_and_a_reason(scratch):
    with Office(scratch) as office:
        name = landlord.submit(office["manager-1"], received_time=landlord.ago(days=3), backdating_reason="letter").complaint.name
        acknowledge = lambda who, **fields: office[who].intake.AcknowledgeComplaint(name=name, occurred_time=landlord.ago(days=2), **fields)
        expect_equal(failure_of(lambda: acknowledge("agent-1", reason="letter")).reason, "BACKDATING_NEEDS_PERMISSION")
        expect_equal(failure_of(lambda: acknowledge("manager-1")).reason, "BACKDATING_NEEDS_REASON")
        expect_equal(acknowledge("manager-1", reason="letter").complaint.state, 2)


@check
def redressctl_calls_with_a_token_file(scratch):
    with Office(scratch) as office:
        token = scratch / "token"
        token.write_text(token_of("operator") + "\n")
        office.server.token = token
        expect("ready" in office.server.ctl("status").out, "status")
        office.server.ctl("complaint", "list", code=5)
        token.write_text("wrong\n")
        office.server.ctl("status", code=5)


if __name__ == "__main__":
    main()
