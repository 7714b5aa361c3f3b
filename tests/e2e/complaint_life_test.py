#!/usr/bin/env python3
"""A complaint through its whole life, by a client made from the protos."""

import json
import subprocess

from support import landlord
from support.checks import check, eventually, expect, expect_equal, main
from support.client import failure_of
from support.programs import Server, tool
from support.protos import millis

# Of ComplaintState and Intervention.State.
RECEIVED, ACKNOWLEDGED, IN_PROGRESS, RESOLVED = 1, 2, 3, 4
REQUESTED, HELD, BOOKED, STARTED, DONE = 1, 2, 3, 4, 5


def route(client, name):
    """Assigned by a rule, which explains itself."""
    complaint = eventually(lambda: (found := landlord.get(client, name)).team and found, "intake knows the team")
    expect_equal((complaint.agency, complaint.office, complaint.team), (landlord.AGENCY, landlord.OFFICE, "front-desk"))
    why = client.routing.ExplainRoute(name=name).explanation
    expect_equal((why.rule, why.number, why.decided_by), ("urgent", 1, 1))
    expect_equal([tried.rule for tried in why.tried], ["thanks-and-ideas", "danger", "fragile-without-comfort"])
    expect(all(tried.condition for tried in why.tried) and why.sentences, "no reasons")
    queue = client.routing.ListQueue(team="front-desk").entries
    expect_equal([entry.complaint for entry in queue], [name])


def visit(client, name, round):
    """Asked for, found, held, booked, started, done."""
    asked = landlord.wait_for_visit(client, name, round)
    expect_equal((asked.agency, list(asked.skills), asked.duration_minutes), (landlord.AGENCY, ["heating"], 90))
    slot = landlord.first_slot(client, asked)
    why = client.scheduling.ExplainSlots(name=asked.name).technicians
    expect_equal({one.technician for one in why if one.reason == 1}, {"technicians/tech-1", "technicians/tech-2"})
    held = client.scheduling.HoldSlot(name=asked.name, slot=slot, hold_minutes=5).intervention
    expect_equal((held.state, held.slot), (HELD, slot))
    booked = client.scheduling.BookVisit(name=asked.name, etag=held.etag).intervention
    expect_equal(booked.state, BOOKED)
    expect_equal(client.scheduling.StartVisit(name=asked.name).intervention.state, STARTED)
    done = client.scheduling.CompleteVisit(name=asked.name, result="VISIT_RESULT_FIXED").intervention
    expect_equal(done.state, DONE)
    return done


def wait_for_resolution(client, name, reopenings):
    return eventually(lambda: (found := landlord.get(client, name)).state == RESOLVED and found.reopenings == reopenings and found,
                      "the last visit done resolves it")


def expect_explained(client, complaint):
    """Segments sum to the time to resolution to the millisecond, and no instant is in two."""
    explanation = eventually(lambda: (found := client.sla.ExplainClock(name=complaint.name.replace("complaints", "clocks")).explanation)
                             and found.clock.time_to_resolution.reopenings == 1
                             and found.clock.time_to_resolution.state == 2 and found, "the clock knows all")
    ttr = millis(complaint.resolved_time) - millis(complaint.received_time)
    expect_equal(millis(explanation.clock.time_to_resolution.elapsed), ttr)
    segments = explanation.segments
    expect_equal(sum(millis(segment.duration) for segment in segments), ttr)
    expect_equal(millis(segments[0].start_time), millis(complaint.received_time))
    expect_equal(millis(segments[-1].end_time), millis(complaint.resolved_time))
    for before, after in zip(segments, segments[1:]):
        expect_equal(before.end_time, after.start_time)
    for segment in segments:
        expect_equal(millis(segment.end_time) - millis(segment.start_time), millis(segment.duration))
        expect(segment.rule, "a segment without its rule")
    states = {(segment.state, segment.round) for segment in segments}
    # Resolved and contested later, a visit under way, waiting for an appointment in both rounds.
    expect(states >= {(1, 0), (3, 0), (5, 0), (3, 1), (5, 1)}, f"segments: {states}")
    lines = {line.line.line: line.line.state for line in explanation.lines}
    expect_equal((lines["acknowledge"], lines["remedy"]), (3, 3))
    expect(all(line.reasons for line in explanation.lines), "a line without reasons")
    return ttr


@check
def all_that_is_at_risk_is_listed_past_one_read(scratch):
    with Server(scratch / "data") as server:
        # More lines of one shard than it reads at a time.
        names = {landlord.submit(server.client).complaint.name for _ in range(300)}
        ids = {name.partition("/")[2] for name in names}

        def listed():
            cases = server.client.pages(server.client.sla.ListCasesAtRisk, "cases", page_size=1000)
            return {case.complaint.partition("/")[2] for case in cases} == ids
        eventually(listed, "each of 300 complaints has lines at risk")


@check
def a_complaint_lives_its_whole_life(scratch):
    with Server(scratch / "data") as server:
        client = server.client
        landlord.set_up(client)
        submitted = landlord.submit(client, received_time=landlord.ago(hours=5), new_person={"full_name": "Jeanne Martin", "phone": "0612345678"})
        name = submitted.complaint.name
        expect_equal(submitted.complaint.state, RECEIVED)
        found = landlord.get(client, name, position=submitted.position)
        expect_equal(found.received_time, submitted.complaint.received_time)

        acknowledged = client.intake.AcknowledgeComplaint(name=name)
        expect_equal(acknowledged.complaint.state, ACKNOWLEDGED)
        route(client, name)
        done = visit(client, name, 0)
        resolved = wait_for_resolution(client, name, 0)
        expect_equal(resolved.resolved_time, done.end_time, "it resolves at the visit's time")
        expect_equal(resolved.outcome, 1)

        contested = client.intake.ContestComplaint(name=name, text="Toujours froid.").complaint
        expect_equal((contested.state, contested.reopenings), (IN_PROGRESS, 1))
        second = visit(client, name, 1)
        resolved = wait_for_resolution(client, name, 1)
        expect_equal(resolved.resolved_time, second.end_time)
        confirmed = client.intake.ConfirmComplaint(name=name).complaint
        expect_equal(confirmed.state, RESOLVED)
        expect(confirmed.HasField("confirmed_time"), "not confirmed")

        ttr = expect_explained(client, confirmed)
        total = client.sla.GetTimeToResolution().total
        expect_equal((total.cases, total.events, total.reopened_cases, total.reopenings), (1, 1, 1, 1))
        expect_equal(millis(next(one.time for one in total.percentiles if one.share == 0.5)), ttr)

        history = [entry.event for entry in client.pages(client.intake.ListComplaintHistory, "entries", name=name, page_size=3)]
        wanted = ["ComplaintReceived", "ComplaintAcknowledged", "ComplaintResolved", "ComplaintContested", "ComplaintResolved", "ComplaintConfirmed"]
        expect_equal([event for event in history if event in wanted], wanted)
        tracked = client.intake.LookUpTrackingCode(tracking_code=submitted.tracking_code)
        expect_equal(tracked.state, RESOLVED)
        expect_equal(client.routing.GetAssignment(name=name).assignment.state, 2)
        expect_equal(list(client.admin.ListParkedInputs().parked_inputs), [])

        told = [event.type.removeprefix("redress.").removesuffix(".v1") for event in landlord.events(client, services=["intake"])[0]]
        expect_equal([kind for kind in told if kind in ("complaint.received", "complaint.resolved")],
                     ["complaint.received", "complaint.resolved", "complaint.resolved"])


@check
def two_residents_race_for_a_slot_and_one_wins(scratch):
    with Server(scratch / "data") as server:
        client = server.client
        landlord.upload_territory(client)
        landlord.register_technicians(client)
        names = [landlord.submit(client).complaint.name for _ in range(2)]
        first, second = (landlord.wait_for_visit(client, name) for name in names)
        slot = landlord.first_slot(client, first)
        client.scheduling.HoldSlot(name=first.name, slot=slot)
        lost = failure_of(lambda: client.scheduling.BookVisit(name=second.name, slot=slot))
        expect_equal((lost.code, lost.reason), ("ABORTED", "SLOT_TAKEN"))
        technician, start, _ = lost.metadata["slot_1"].split("|")
        client.scheduling.BookVisit(name=second.name, slot={"technician": technician, "start_time": start})
        expect_equal(client.scheduling.BookVisit(name=first.name).intervention.slot, slot)


@check
def an_ended_complaint_frees_its_visit(scratch):
    with Server(scratch / "data") as server:
        client = server.client
        landlord.set_up(client)
        name = landlord.submit(client).complaint.name
        visit = landlord.wait_for_visit(client, name)
        client.scheduling.BookVisit(name=visit.name, slot=landlord.first_slot(client, visit))
        client.intake.WithdrawComplaint(name=name, reason="resident")
        eventually(lambda: client.scheduling.GetIntervention(name=visit.name).intervention.state == 7, "the visit is cancelled")


@check
def no_access_asks_for_a_second_visit(scratch):
    with Server(scratch / "data") as server:
        client = server.client
        landlord.set_up(client)
        name = landlord.submit(client).complaint.name
        visit = landlord.wait_for_visit(client, name)
        client.scheduling.BookVisit(name=visit.name, slot=landlord.first_slot(client, visit))
        missed = client.scheduling.ReportNoAccess(name=visit.name, evidence="card-17").intervention
        expect_equal(missed.state, 6)
        following = client.scheduling.GetIntervention(name=missed.followed_by).intervention
        expect_equal((following.state, following.follows), (REQUESTED, visit.name))
        done = landlord.make_visit(client, following)
        resolved = wait_for_resolution(client, name, 0)
        expect_equal(resolved.resolved_time, done.end_time)


def grpcurl(server, method, request):
    command = [tool("grpcurl"), "-plaintext", "-d", json.dumps(request), server.address, method]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60)
    expect_equal(ran.returncode, 0, ran.stderr)
    return json.loads(ran.stdout)


@check
def grpcurl_takes_a_complaint_through_its_life(scratch):
    tool("grpcurl")
    with Server(scratch / "data") as server:
        landlord.set_up(server.client)
        intake, scheduling = "redress.intake.v1.IntakeService/", "redress.scheduling.v1.SchedulingService/"
        expect_equal(grpcurl(server, "grpc.health.v1.Health/Check", {"service": "redress.sla.v1.SlaService"})["status"], "SERVING")
        name = grpcurl(server, intake + "SubmitComplaint", {"requestId": "g1", "category": "heating", "channel": "CHANNEL_WEB",
                                                            "residence": landlord.RESIDENCE})["complaint"]["name"]
        grpcurl(server, intake + "AcknowledgeComplaint", {"requestId": "g2", "name": name})
        visit = eventually(lambda: grpcurl(server, scheduling + "ListInterventions", {"complaint": name}).get("interventions"), "a visit")[0]
        slot = grpcurl(server, scheduling + "FindSlots", {"name": visit["name"]})["slots"][0]
        grpcurl(server, scheduling + "BookVisit", {"requestId": "g3", "name": visit["name"], "slot": slot})
        grpcurl(server, scheduling + "StartVisit", {"requestId": "g4", "name": visit["name"]})
        grpcurl(server, scheduling + "CompleteVisit", {"requestId": "g5", "name": visit["name"], "result": "VISIT_RESULT_FIXED"})
        wait_for_resolution(server.client, name, 0)
        grpcurl(server, intake + "ConfirmComplaint", {"requestId": "g6", "name": name})
        clock = grpcurl(server, "redress.sla.v1.SlaService/ExplainClock", {"name": name.replace("complaints", "clocks")})
        expect(clock["explanation"]["segments"], "no segments")
        history = grpcurl(server, intake + "ListComplaintHistory", {"name": name})["entries"]
        wanted = ["ComplaintReceived", "ComplaintAcknowledged", "ComplaintResolved", "ComplaintConfirmed"]
        expect_equal([entry["event"] for entry in history if entry["event"] in wanted], wanted)


@check
def ghz_submits_without_an_error(scratch):
    requests = 500
    # By their names in the proto: reflection gives ghz no others.
    data = {"request_id": "ghz-{{.RequestNumber}}", "category": "heating", "channel": "CHANNEL_WEB", "residence": landlord.RESIDENCE}
    command = [tool("ghz"), "--insecure", "--call", "redress.intake.v1.IntakeService/SubmitComplaint", "-d", json.dumps(data),
               "-n", requests, "-c", 10, "-O", "json"]
    with Server(scratch / "data") as server:
        landlord.set_up(server.client)
        ran = subprocess.run([*map(str, command), server.address], capture_output=True, text=True, timeout=120)
        expect_equal(ran.returncode, 0, ran.stderr)
        report = json.loads(ran.stdout)
        expect_equal((report["count"], report.get("errorDistribution"), report["statusCodeDistribution"]),
                     (requests, {}, {"OK": requests}))
        expect_equal(len(landlord.all_complaints(server.client)), requests)


if __name__ == "__main__":
    main()
