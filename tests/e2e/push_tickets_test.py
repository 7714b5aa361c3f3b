#!/usr/bin/env python3
"""Tickets of call-centre software: many in one stream, a broken line, and nothing twice."""

import json
import threading

from support import landlord, protos
from support.checks import check, expect, expect_equal, main
from support.client import Client, Failure
from support.programs import Server

TICKETS = 10_000
ACCEPTED, KNOWN, REFUSED = 1, 2, 3


def ticket(number, **fields):
    request = protos.message_type("redress.intake.v1.PushTicketsRequest")()
    return protos.fill(request, {"reference": f"T-{number}", "complaint": {
        "category": "heating", "channel": "CHANNEL_PHONE", "residence": f"RES-{number % 50}", "description": f"appel {number}", **fields}})


def push(client, tickets, stop_after=None):
    """Answers by reference, up to `stop_after` of them: then the line is cut."""
    answers, cut = {}, threading.Event()

    def requests():
        for one in tickets:
            if cut.is_set():
                return
            yield one
    stream = client.intake.PushTickets(requests())
    try:
        for answer in stream:
            expect(answer.reference not in answers, f"{answer.reference} is answered twice")
            answers[answer.reference] = answer
            if len(answers) == stop_after:
                cut.set()
                stream.cancel()
                break
    except Failure as failure:
        expect_equal(failure.code, "CANCELLED")
    return answers


def kinds(answers):
    return [answer.answer for answer in answers.values()]


@check
def ten_thousand_tickets_over_a_broken_line_double_nothing(scratch):
    with Server(scratch / "data") as server:
        with Client(server.address) as first:
            before = push(first, map(ticket, range(TICKETS)), stop_after=TICKETS // 2)
        expect_equal(set(kinds(before)), {ACCEPTED})
        answers = push(server.client, map(ticket, range(TICKETS)))
        expect_equal(len(answers), TICKETS, "each is answered")
        expect_equal(set(kinds(answers)), {ACCEPTED, KNOWN})
        expect(kinds(answers).count(KNOWN) >= TICKETS // 2, "what was accepted is not known")
        for reference, answer in before.items():
            expect_equal((answers[reference].answer, answers[reference].complaint, answers[reference].tracking_code),
                         (KNOWN, answer.complaint, answer.tracking_code), reference)
        listed = [complaint.name for complaint in landlord.all_complaints(server.client)]
        expect_equal(len(listed), TICKETS, "complaints")
        expect_equal(sorted(listed), sorted(answer.complaint for answer in answers.values()))


@check
def a_ticket_is_refused_with_every_reason_and_the_others_go_on(scratch):
    with Server(scratch / "data") as server:
        answers = push(server.client, [ticket(1), ticket(2, category="no-such", care_level=9), ticket(3)])
        expect_equal([answers[f"T-{number}"].answer for number in (1, 2, 3)], [ACCEPTED, REFUSED, ACCEPTED])
        refusals = answers["T-2"].refusals
        expect({refusal.field for refusal in refusals} >= {"complaint.category", "complaint.care_level"}
               or {refusal.field for refusal in refusals} >= {"category", "care_level"}, f"refusals: {refusals}")
        reference = {"system": "crm", "reference": "77"}
        expect_equal(kinds(push(server.client, [ticket(4, external_reference=reference)])), [ACCEPTED])
        [lost] = push(server.client, [ticket(5, external_reference=reference)]).values()
        expect_equal((lost.answer, [refusal.reason for refusal in lost.refusals]), (REFUSED, ["REFERENCE_KNOWN"]))
        changed = push(server.client, [ticket(1, description="autre chose")])
        expect_equal([refusal.reason for refusal in changed["T-1"].refusals], ["REQUEST_ID_REUSED"])
        expect_equal(len(landlord.all_complaints(server.client)), 3)


@check
def a_ticket_pushed_twice_in_one_stream_is_one_complaint(scratch):
    with Server(scratch / "data") as server:
        answers = list(server.client.intake.PushTickets(iter([ticket(1)] * 100)))
        expect_equal(len(answers), 100)
        expect_equal(len({answer.complaint for answer in answers}), 1)
        expect_equal(sorted(answer.answer for answer in answers), [ACCEPTED] + [KNOWN] * 99)


@check
def redressctl_push_adds_up_over_a_kill(scratch):
    lines = scratch / "tickets.ndjson"
    with open(lines, "w", encoding="utf-8") as out:
        for number in range(2000):
            out.write(json.dumps(protos.to_dict(ticket(number))) + "\n")
    with Server(scratch / "data") as server:
        ran = server.ctl("push", lines)
        expect("accepted 2000 + already known 0 + refused 0 = 2000 tickets" in ran.errors, ran.errors)
        server.kill()
        server.start()
        ran = server.ctl("push", lines)
        expect("accepted 0 + already known 2000 + refused 0 = 2000 tickets" in ran.errors, ran.errors)
        expect_equal(len(landlord.all_complaints(server.client)), 2000)


if __name__ == "__main__":
    main()
