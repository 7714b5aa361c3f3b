#!/usr/bin/env python3
"""Facts stay, people can be forgotten: planted names are found nowhere in the clear, and figures do not move when they go."""

import json
import urllib.request

from support import landlord, protos
from support.checks import check, eventually, expect, expect_equal, main
from support.client import Client, failure_of
from support.clock import SteppingClock
from support.programs import Server
from support.search import Search

# Nothing else contains these.
NAME, PHONE, MAIL, DWELLING, CARE = "Zephyrine Quaxolotl", "0698765432", "zephyrine@quaxolotl.example", "Batiment Quxo porte 77", "Quaxcare deux cannes"
WORDS = {part: f"Quaxword {part} de la voisine" for part in
         ("description", "access_note", "message", "note", "answer", "resolve", "contest", "amended", "refused", "imported", "handler")}
PLANTED = [NAME, PHONE[1:], MAIL, DWELLING, CARE, *WORDS.values(), "Quaxolotl", "quaxolotl", "Quaxword", "Quaxcare"]
# In the clear on purpose: finding it shows that the search finds what is there.
RESIDENCE = "RES-QUAXCONTROL"


def plant(client):
    """One person's complaint through its life, with names in every field that takes words; its name and its person."""
    submitted = landlord.submit(client, residence=RESIDENCE, category="noise", description=WORDS["description"], access_note=WORDS["access_note"],
                                dwelling=DWELLING, new_person={"full_name": NAME, "phone": PHONE, "email": MAIL, "dwelling": DWELLING, "care_needs": CARE})
    name = submitted.complaint.name
    client.intake.AddMessage(name=name, from_resident=True, channel="CHANNEL_EMAIL", text=WORDS["message"])
    client.intake.AddNote(name=name, text=WORDS["note"])
    client.intake.AnswerComplaint(name=name, text=WORDS["answer"])
    client.intake.AmendComplaint(name=name, description=WORDS["amended"])
    client.intake.ResolveComplaint(name=name, outcome="OUTCOME_ANSWERED", text=WORDS["resolve"])
    client.intake.ContestComplaint(name=name, text=WORDS["contest"])
    client.intake.ResolveComplaint(name=name, outcome="OUTCOME_FIXED", text=WORDS["resolve"])
    imported = {"system": "old", "reference": "1", "kind": "COMPLAINT_KIND_COMPLAINT", "category": "noise", "zone": "Europe/Paris",
                "description": WORDS["imported"], "residence": RESIDENCE, "facts": [
                    {"kind": "FACT_KIND_RECEIVED", "occurred_at": 1_600_000_000_000},
                    {"kind": "FACT_KIND_ASSIGNED", "occurred_at": 1_600_000_100_000, "team": "T", "handler": WORDS["handler"]},
                    {"kind": "FACT_KIND_RESOLVED", "occurred_at": 1_600_000_200_000, "outcome": "OUTCOME_FIXED"}]}
    request = protos.fill(protos.message_type("redress.intake.v1.ImportComplaintsRequest")(), {"complaints": [imported]})
    [answer] = client.intake.ImportComplaints(iter([request]))
    expect_equal(answer.rows[0].answer, 1, str(answer))
    return submitted, name


def refusals(client, name):
    """Errors of requests that are full of names."""
    words = WORDS["refused"]
    person = {"full_name": NAME, "phone": "not a phone " + PHONE, "email": "no mail " + NAME, "language": NAME}
    calls = [
        lambda: landlord.submit(client, description=words, category=words, new_person=person, care_level=9),
        lambda: landlord.submit(client, description=words, residence=words, language=NAME, campaign=NAME, new_person={"full_name": NAME * 100}),
        lambda: landlord.submit(client, description=words * 10_000),
        lambda: client.intake.AddMessage(name="complaints/" + NAME, text=words),
        lambda: client.intake.AddNote(name=name, text=words, etag=NAME),
        lambda: client.intake.ResolveComplaint(name=name, outcome="OUTCOME_FIXED", text=words, reason=NAME),
        lambda: client.intake.WithdrawComplaint(name=name, reason="a code it is not, " + NAME),
        lambda: client.intake.FindPeople(phone=NAME, purpose=NAME),
        lambda: client.intake.GetComplaint(name=name, personal_data=True, purpose=NAME),
        lambda: client.intake.LookUpTrackingCode(tracking_code=NAME),
        lambda: client.intake.ListComplaints(page_token=NAME, residence=NAME),
    ]
    return [failure_of(call) for call in calls]


def planning_refusals(client):
    """Errors of routing and scheduling where a name stands for a reason or an id, on a complaint with a visit that is planned all the
    same. (Teams, skills and categories are codes of the landlord's own, any line of text: nobody can tell a name among them.)"""
    landlord.set_up(client)
    name = landlord.submit(client, description=WORDS["description"], access_note=WORDS["access_note"], dwelling=DWELLING).complaint.name
    visit = landlord.wait_for_visit(client, name)
    slot = landlord.first_slot(client, visit)
    client.scheduling.BookVisit(name=visit.name, slot=slot)
    absence = {"start_time": landlord.ago(days=-1), "end_time": landlord.ago(days=-2), "reason": NAME}
    technician = {"name": "technicians/tech-9", "agency": landlord.AGENCY, "zone": "UTC"}
    calls = [
        lambda: client.routing.AssignComplaint(name=name, team="front-desk", reason=WORDS["refused"]),
        lambda: client.routing.GetAssignment(name="complaints/" + NAME),
        lambda: client.scheduling.RegisterTechnician(technician={**technician, "name": "technicians/" + NAME}),
        lambda: client.scheduling.RegisterTechnician(technician={**technician, "zone": NAME}),
        lambda: client.scheduling.SetAbsence(technician="technicians/tech-1", absence=absence),
        lambda: client.scheduling.MoveVisit(name=visit.name, slot=slot, reason=WORDS["refused"]),
        lambda: client.scheduling.StartVisit(name=visit.name, occurred_time=landlord.ago(days=2), backdating_reason=WORDS["refused"]),
        lambda: client.scheduling.ReportNoAccess(name=visit.name, evidence=WORDS["refused"]),
        lambda: client.scheduling.CancelVisit(name=visit.name, reason=WORDS["refused"]),
    ]
    failures = [failure_of(call) for call in calls]
    expect_equal({failure.code for failure in failures} - {"INVALID_ARGUMENT", "NOT_FOUND"}, set(), f"{failures}")
    client.scheduling.CancelVisit(name=visit.name, reason="resident")
    return failures


# All that is planted about one person: an import is nobody's, and what was refused is nowhere.
SAID_OF_THEM = [NAME, PHONE, MAIL, DWELLING, CARE, *(words for part, words in WORDS.items() if part not in ("refused", "imported", "handler"))]


def everything_about(server, person):
    """What `redressctl person export` prints."""
    lines = server.ctl("person", "export", person, "--purpose", "asked").out.splitlines()
    expect(lines and all(json.loads(line) for line in lines), f"{lines}")
    return "\n".join(lines).encode()


LOOK = Search(PLANTED, RESIDENCE)
findings, search = LOOK.findings, LOOK.in_folder


@check
def planted_names_are_found_nowhere(scratch):
    with Server(scratch / "data", metrics=True) as server:
        client = server.client
        submitted, name = plant(client)
        read = landlord.get(client, name, personal_data=True, purpose="test").personal_data
        expect_equal((read.description, read.dwelling), (WORDS["amended"], DWELLING), "they are there for whoever may read them")
        found = []
        for failure in refusals(client, name) + planning_refusals(client):
            found += findings(f"error {failure.reason}", failure.status or failure.message)
        with urllib.request.urlopen(f"http://127.0.0.1:{server.metrics_port}/metrics", timeout=30) as reply:
            figures = reply.read()
        expect(b"redress_calls_total" in figures, "no metrics")
        found += findings("metrics", figures)
        server.digests()
        events, _ = landlord.events(client)
        expect(events, "no events")
        found += findings("public events", b"".join(event.SerializeToString() for event in events))
        for reply in (client.routing.ListQueue(team="front-desk"), client.sla.ListCasesAtRisk(), client.intake.ListComplaints(),
                      client.scheduling.ListInterventions(agency=landlord.AGENCY), client.scheduling.ListTechnicians(), client.admin.ListParkedInputs(),
                      client.intake.ListComplaintHistory(name=name), client.admin.GetStatus()):
            found += findings(type(reply).__name__, reply)
        for service in ("intake", "routing", "scheduling", "sla"):
            client.admin.CreateCheckpoint(service=service, checkpoint_id="c1")
        server.kill()
        found += search(scratch / "data")
        server.start()
        for service in ("intake", "routing", "scheduling", "sla"):
            client.admin.RebuildProjection(service=service)
        expect_equal(server.stop(), 0)
        found += search(scratch / "data")
        found += findings("log lines", server.log())
        expect_equal(found, [])


def figures_of(server, as_of):
    """The reports, without up to where they were read."""
    reports = [server.ctl("-o", "json", "report", what, "--as-of", as_of, "--by", by).json()
               for what in ("ttr", "on-time", "waiting") for by in ("agency", "category", "team")]
    return [{field: value for field, value in report.items() if field != "positions"} for report in reports]


@check
def an_erased_person_is_unreadable_and_figures_stay(scratch):
    with Server(scratch / "data") as server:
        client = server.client
        submitted, name = plant(client)
        other = landlord.submit(client, category="noise", description="rien", new_person={"full_name": "Paul Durand", "phone": "0611223344"}).complaint
        person = submitted.complaint.person
        second = landlord.submit(client, person=person, category="noise", description=WORDS["description"], residence="RES-7").complaint
        # Before that, they may have all there is about them.
        exported = everything_about(server, person)
        missing = [word for word in SAID_OF_THEM if word.encode() not in exported]
        expect_equal(missing, [], "not in the export")
        # An open complaint stops it, and is named.
        failure = failure_of(lambda: client.intake.ErasePerson(name=person, reason="asked"))
        expect_equal((failure.code, failure.reason), ("FAILED_PRECONDITION", "OPEN_COMPLAINTS"))
        expect(second.name in str(failure), f"which? {failure}")
        client.intake.WithdrawComplaint(name=second.name)
        server.digests()
        as_of = landlord.ago(seconds=-1)
        eventually(lambda: landlord.ago(seconds=0) > as_of, "the instant of the reports is past")
        before = figures_of(server, as_of)
        listed = [(one.name, one.state) for one in landlord.all_complaints(client)]

        erased = client.intake.ErasePerson(name=person, reason="asked")
        expect(erased.erased, str(erased))
        eventually(lambda: all(landlord.get(client, one).texts_erased for one in (name, second.name)), "their texts are erased")
        server.digests()
        for one in (name, second.name):
            read = landlord.get(client, one, personal_data=True, purpose="test").personal_data
            expect_equal((read.description, read.dwelling, read.access_note), ("", "", ""), one)
            history = client.intake.ListComplaintHistory(name=one, personal_data=True, purpose="test").entries
            expect_equal([entry.text for entry in history if entry.text], [], one)
        shown = client.intake.GetPerson(name=person, purpose="test").person
        expect_equal((shown.full_name, shown.phone, shown.email, shown.dwelling, shown.care_needs), ("", "", "", "", ""))
        expect(shown.HasField("erased_time"), "not said to be erased")
        expect_equal(findings("export", everything_about(server, person)), [])
        expect_equal(list(client.intake.FindPeople(phone=PHONE, purpose="test").people), [])
        expect_equal(failure_of(lambda: client.intake.AddMessage(name=name, text="x", from_resident=True, channel="CHANNEL_EMAIL")).reason, "TEXTS_ERASED")
        # Others stay.
        expect_equal(client.intake.GetPerson(name=other.person, purpose="test").person.full_name, "Paul Durand")
        expect_equal(landlord.get(client, other.name, personal_data=True, purpose="test").personal_data.description, "rien")

        expect_equal(figures_of(server, as_of), before, "figures moved")
        expect_equal([(one.name, one.state) for one in landlord.all_complaints(client)], listed)
        # Also after a restart, and from rows that are folded anew.
        server.kill()
        server.start()
        client.admin.RebuildProjection(service="intake")
        expect_equal(landlord.get(client, name, personal_data=True, purpose="test").personal_data.description, "")
        expect_equal(list(client.intake.FindPeople(phone=PHONE, purpose="test").people), [])
        expect_equal(figures_of(server, as_of), before, "figures moved after a rebuild")


@check
def words_taken_out_are_nowhere_and_figures_stay(scratch):
    with Server(scratch / "data") as server:
        client = server.client
        landlord.set_up(client)
        submitted, name = plant(client)
        visited = landlord.submit(client, description="Fuite.", access_note=WORDS["access_note"]).complaint.name
        visit = landlord.wait_for_visit(client, visited).name
        inside = lambda: client.scheduling.GetIntervention(name=visit, include_personal_data=True).intervention.access_note
        expect_equal(inside(), WORDS["access_note"])
        history = lambda: client.intake.ListComplaintHistory(name=name, personal_data=True, purpose="test").entries
        says = lambda event: [(entry.version, entry.text) for entry in history() if entry.event == event]
        [(message, said)] = says("MessageAdded")
        expect_equal(said, WORDS["message"])
        key = client.intake.GetAttachmentKey(name=name, uri="store:1", purpose="test").key
        client.intake.AddAttachment(name=name, attachment={"uri": "store:1", "sha256": "AA" * 21 + "A=", "size_bytes": 1, "media_type": "image/png"})
        server.digests()
        as_of = landlord.ago(seconds=-1)
        eventually(lambda: landlord.ago(seconds=0) > as_of, "the instant of the reports is past")
        before = figures_of(server, as_of)
        told = lambda: [event.id for event in landlord.events(client)[0] if event.complaint in (name, visited)]
        events = told()

        ran = server.ctl("complaint", "redact", name, "--entry", message, "--keep", "Elle tape encore.", "--reason", "neighbour")
        expect(name in ran.out, ran.out)
        client.intake.RedactText(name=name, reason="neighbour", redactions=[
            {"version": 1, "field": "FIELD_DESCRIPTION", "kept_text": "On tape."}, {"version": 1, "field": "FIELD_ACCESS_NOTE"}])
        client.intake.RedactText(name=visited, reason="neighbour", redactions=[
            {"version": 1, "field": "FIELD_ACCESS_NOTE", "kept_text": "Code 12."}])
        gone = [WORDS["message"], WORDS["description"], WORDS["access_note"]]

        def nothing_of_it():
            shown = history()
            words = [entry.text for entry in shown] + [entry.personal_data.SerializeToString().decode(errors="replace") for entry in shown]
            expect_equal([word for word in gone if any(word in text for text in words)], [])
            expect_equal(says("MessageAdded"), [(message, "Elle tape encore.")])
            # The rest is there.
            expect_equal([text for _, text in says("NoteAdded") + says("ComplaintAnswered") + says("ComplaintContested")],
                         [WORDS["note"], WORDS["answer"], WORDS["contest"]])
            read = landlord.get(client, name, personal_data=True, purpose="test").personal_data
            expect_equal((read.description, read.dwelling, read.access_note, read.tracking_code),
                         (WORDS["amended"], DWELLING, "", submitted.tracking_code))
            expect_equal(client.intake.LookUpTrackingCode(tracking_code=submitted.tracking_code).state, 4)
            expect_equal(client.intake.GetAttachmentKey(name=name, uri="store:1", purpose="test").key, key)
            expect_equal(inside(), "Code 12.")
            expect_equal(figures_of(server, as_of), before, "figures moved")

        eventually(lambda: inside() == "Code 12.", "whoever goes there finds how to get in")
        eventually(lambda: len(says("KeysDestroyed")) == 2, "the keys before are destroyed")
        nothing_of_it()
        expect_equal(told(), events, "others were told of it")
        # The log still holds the old boxes, and nobody opens them: rows that are folded anew show what is kept.
        server.kill()
        server.start()
        for service in ("intake", "routing", "scheduling"):
            client.admin.RebuildProjection(service=service)
        nothing_of_it()
        expect_equal(server.stop(), 0)
        expect_equal(search(scratch / "data"), [])


@check
def an_erasure_waits_for_open_complaints_when_told_to(scratch):
    with Server(scratch / "data") as server:
        client = server.client
        submitted = landlord.submit(client, category="noise", new_person={"full_name": NAME, "phone": PHONE})
        waiting = client.intake.ErasePerson(name=submitted.complaint.person, reason="asked", until_closed=True)
        expect_equal((waiting.erased, list(waiting.open_complaints)), (False, [submitted.complaint.name]))
        expect_equal(client.intake.GetPerson(name=submitted.complaint.person, purpose="test").person.full_name, NAME)


@check
def texts_go_when_their_category_has_kept_them_long_enough_and_not_while_they_are_held(scratch):
    clock, day = SteppingClock(scratch), 86_400
    server = Server(scratch / "data")
    server.env = clock.env
    with server:
        client = server.client
        organisation = client.register.GetVersion(kind="REFERENCE_KIND_ORGANISATION").organisation
        next(category for category in organisation.categories if category.code == "noise").retention_days = 30
        client.register.SetOrganisation(organisation=organisation)

        def withdrawn(**fields):
            name = landlord.submit(client, category="noise", **fields).complaint.name
            client.intake.WithdrawComplaint(name=name)
            return landlord.get(client, name)
        eventually(lambda: withdrawn().HasField("retention_end_time"), "intake has read the register")
        submitted, name = plant(client)
        person = submitted.complaint.person
        held = withdrawn(person=person, description=WORDS["description"]).name
        client.intake.SetLegalHold(name=held, matter="case-1", reason="dispute")
        failure = failure_of(lambda: client.intake.ErasePerson(name=person, reason="asked", force=True))
        expect_equal((failure.code, failure.reason), ("FAILED_PRECONDITION", "LEGAL_HOLD"))
        server.digests()
        as_of = landlord.ago(seconds=-1)
        eventually(lambda: landlord.ago(seconds=0) > as_of, "the instant of the reports is past")
        before = figures_of(server, as_of)

        expect_equal(server.stop(), 0)
        clock.set(45 * day)
        server.start()
        eventually(lambda: landlord.get(client, name).texts_erased, "its texts were kept for 30 days")
        read = lambda one: landlord.get(client, one, personal_data=True, purpose="test").personal_data.description
        expect_equal((read(name), read(held)), ("", WORDS["description"]))
        expect_equal(client.intake.GetPerson(name=person, purpose="test").person.full_name, NAME, "a person is not a text")
        expect_equal(figures_of(server, as_of), before, "figures moved")
        standing = server.ctl("hold", "list").out
        expect(held in standing and "case-1" in standing and name not in standing, standing)
        server.ctl("hold", "lift", held, "--matter", "case-1", "--reason", "settled")
        expect(held not in server.ctl("hold", "list").out, "it was lifted")
        eventually(lambda: landlord.get(client, held).texts_erased, "it was due while it was held")
        expect_equal(read(held), "")
        expect_equal(figures_of(server, as_of), before, "figures moved")


@check
def look_ups_outlive_the_key_they_were_made_under(scratch):
    clock, day = SteppingClock(scratch), 86_400
    server = Server(scratch / "data")
    server.env = clock.env
    with server:
        client = server.client
        submitted, _ = plant(client)
        found = lambda: [one.name for one in client.intake.FindPeople(phone=PHONE, purpose="test").people]
        destroyed = lambda: len((scratch / "data" / "erasures.list").read_text().splitlines())
        person = submitted.complaint.person
        expect_equal(found(), [person])
        before = destroyed()
        # A start looks at once, and then each minute. The key of the first month goes 30 days after that of the next is there.
        for days, gone in ((40, 0), (80, 1), (121, 2)):
            expect_equal(server.stop(), 0)
            clock.set(days * day)
            server.start()
            eventually(lambda: destroyed() == before + gone, f"{gone} index keys are destroyed after {days} days")
            expect_equal(found(), [person], f"after {days} days")
            # RESOLVED, or CLOSED by then.
            expect(client.intake.LookUpTrackingCode(tracking_code=submitted.tracking_code, client=f"kiosk-{days}").state in (4, 5), "another's")
        expect_equal(server.stop(), 0)
        expect_equal(search(scratch / "data"), [])


@check
def each_reading_is_in_the_audit(scratch):
    with Server(scratch / "data") as server:
        submitted, name = plant(server.client)
        landlord.get(server.client, name)
        audit = scratch / "data" / "audit.log"
        lines = lambda: [json.loads(line) for line in audit.read_text().splitlines()]
        before = len(lines())
        landlord.get(server.client, name, personal_data=True, purpose="call-back")
        entries = lines()[before:]
        expect({entry["purpose"] for entry in entries} == {"call-back"} and {entry["caller"] for entry in entries} == {"local"}, f"{entries}")
        server.client.intake.GetPerson(name=submitted.complaint.person, purpose="call-back")
        expect(len(lines()) > before + len(entries), "the reading of a person left no line")
        expect_equal(audit.stat().st_mode & 0o777, 0o600)


@check
def a_tracking_code_shows_status_alone_and_ten_tries_an_hour(scratch):
    with Server(scratch / "data") as server:
        submitted, _ = plant(server.client)
        spoken = submitted.tracking_code.lower().replace("0", "o")
        with Client(server.address) as client:
            reply = client.intake.LookUpTrackingCode(tracking_code=spoken, client="kiosk-1")
            expect_equal(findings("tracking", reply), [])
            expect_equal(reply.state, 4)
            # A code that nobody has; its last symbol is the check of ten zeros.
            reasons = [failure_of(lambda: client.intake.LookUpTrackingCode(tracking_code="00000000000", client="kiosk-1")).reason for _ in range(15)]
            expect_equal(reasons, ["TRACKING_CODE_UNKNOWN"] * 9 + ["TOO_MANY_TRIES"] * 6)
            # Others are not stopped by it.
            client.intake.LookUpTrackingCode(tracking_code=submitted.tracking_code, client="kiosk-2")


if __name__ == "__main__":
    main()
