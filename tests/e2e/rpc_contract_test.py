#!/usr/bin/env python3
"""What any client may rely on: retries, etags, errors with details, limits, health, reflection."""

import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import grpc

from support import landlord, protos
from support.checks import check, eventually, expect, expect_equal, main
from support.client import Client, Failure, failure_of
from support.programs import Server

MIB = 1 << 20


@check
def a_retry_gets_the_first_answer(scratch):
    with Server(scratch / "data") as server:
        client = server.client
        first = landlord.submit(client, request_id="r-1", new_person={"full_name": "Jeanne Martin", "phone": "0612345678"})
        again = landlord.submit(client, request_id="r-1", new_person={"full_name": "Jeanne Martin", "phone": "0612345678"})
        expect_equal((again.complaint.name, again.tracking_code, again.position), (first.complaint.name, first.tracking_code, first.position))
        name = first.complaint.name
        done = client.intake.AcknowledgeComplaint(request_id="r-2", name=name)
        expect_equal(client.intake.AcknowledgeComplaint(request_id="r-2", name=name).position, done.position)
        # At once and many times over: one complaint.
        with ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(lambda _: landlord.submit(client, request_id="r-3"), range(64)))
        expect_equal(len({answer.complaint.name for answer in answers}), 1)
        expect_equal(len(landlord.all_complaints(client)), 2)


@check
def the_same_request_id_with_other_content_is_refused(scratch):
    with Server(scratch / "data") as server:
        client = server.client
        name = landlord.submit(client, request_id="r-1", description="Pas de chauffage.").complaint.name
        for change in ({"description": "Pas d'eau."}, {"category": "lift"}, {"residence": "RES-9"}, {"urgency": "URGENCY_EMERGENCY"}):
            failure = failure_of(lambda: landlord.submit(client, **{"request_id": "r-1", "description": "Pas de chauffage.", **change}))
            expect_equal((failure.code, failure.reason, failure.domain), ("ALREADY_EXISTS", "REQUEST_ID_REUSED", "redress"), str(change))
        client.intake.AddNote(request_id="r-2", name=name, text="one")
        failure = failure_of(lambda: client.intake.AddNote(request_id="r-2", name=name, text="two"))
        expect_equal((failure.code, failure.reason), ("ALREADY_EXISTS", "REQUEST_ID_REUSED"))
        expect_equal(landlord.get(client, name).notes, 1)


@check
def a_stale_etag_is_refused_and_changes_nothing(scratch):
    with Server(scratch / "data") as server:
        client = server.client
        name = landlord.submit(client).complaint.name

        def acknowledged():
            # Routing's answer moves the etag too, whenever it comes: who is refused reads again, as any client does.
            seen = landlord.get(client, name)
            try:
                return seen, client.intake.AcknowledgeComplaint(name=name, etag=seen.etag).complaint
            except Failure as failure:
                expect_equal((failure.code, failure.reason), ("ABORTED", "ETAG_MOVED"))
        seen, moved = eventually(acknowledged, "nobody moves it between a read and a write")
        expect(moved.etag != seen.etag, "the etag did not move")
        failure = failure_of(lambda: client.intake.WithdrawComplaint(name=seen.name, etag=seen.etag))
        expect_equal((failure.code, failure.reason), ("ABORTED", "ETAG_MOVED"))
        expect_equal(landlord.get(client, seen.name).state, moved.state)


@check
def every_bad_field_is_named_at_once(scratch):
    with Server(scratch / "data") as server:
        client = server.client
        failure = failure_of(lambda: client.intake.SubmitComplaint(request_id="", category="no-such", care_level=9, received_time="0001-01-01T00:00:00Z"))
        expect_equal((failure.code, failure.reason, failure.domain), ("INVALID_ARGUMENT", "INVALID_FIELDS", "redress"))
        expect(failure.fields.keys() >= {"request_id", "category", "channel", "care_level"}, f"bad fields: {failure.fields}")
        expect(any("received_time" in field for field in failure.fields), f"bad fields: {failure.fields}")
        many = [{"uri": f"file:{number}", "size_bytes": 1} for number in range(10_000)]
        failure = failure_of(lambda: landlord.submit(client, attachments=many))
        expect_equal(failure.code, "INVALID_ARGUMENT")
        expect("attachments" in " ".join(failure.fields), f"bad fields: {failure.fields}")
        for when in ("9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z"):
            failure = failure_of(lambda: landlord.submit(client, received_time=when))
            expect_equal(failure.code, "INVALID_ARGUMENT", when)
        failure = failure_of(lambda: landlord.submit(client, description="x" * (64 * 1024 + 1)))
        expect_equal((failure.code, list(failure.fields)), ("INVALID_ARGUMENT", ["description"]))
        expect_equal(landlord.all_complaints(client), [])


@check
def errors_say_state_and_place(scratch):
    with Server(scratch / "data") as server:
        client = server.client
        complaint = landlord.submit(client).complaint
        failure = failure_of(lambda: client.intake.ConfirmComplaint(name=complaint.name))
        expect_equal((failure.code, failure.reason), ("FAILED_PRECONDITION", "WRONG_STATE"))
        expect("RECEIVED" in failure.message + str(failure.metadata), f"which state? {failure}")
        failure = failure_of(lambda: landlord.get(client, complaint.name[:-8] + "00000000"))
        expect_equal((failure.code, failure.reason), ("NOT_FOUND", "COMPLAINT_NOT_FOUND"))
        resolved = lambda when: client.intake.ResolveComplaint(name=complaint.name, outcome="OUTCOME_FIXED", occurred_time=when)
        expect_equal(failure_of(lambda: resolved(landlord.ago(hours=2))).reason, "BEFORE_RECEIPT")
        for token in ("garbage", "Z2FyYmFnZQ=="):
            failure = failure_of(lambda: client.intake.ListComplaints(page_token=token))
            expect_equal((failure.code, failure.reason), ("INVALID_ARGUMENT", "PAGE_TOKEN_MALFORMED"))
        for number in range(3):
            landlord.submit(client)
        token = client.intake.ListComplaints(page_size=2).next_page_token
        failure = failure_of(lambda: client.intake.ListComplaints(page_size=2, page_token=token, residence="elsewhere"))
        expect_equal((failure.code, failure.reason), ("INVALID_ARGUMENT", "PAGE_TOKEN_FOREIGN"))


@check
def another_logs_positions_and_cursors_are_refused(scratch):
    with Server(scratch / "one") as one, Server(scratch / "two") as two:
        position = landlord.submit(one.client).position
        failure = failure_of(lambda: landlord.get(two.client, "complaints/00000000000000000000000000", position=position))
        expect_equal((failure.code, failure.reason), ("FAILED_PRECONDITION", "ANOTHER_LOG"))
        _, cursor = landlord.events(one.client)
        request = protos.message_type("redress.public.v1.SubscribeRequest")(cursor=cursor)
        failure = failure_of(lambda: list(two.client.events.Subscribe(request)))
        expect_equal((failure.code, failure.reason), ("FAILED_PRECONDITION", "ANOTHER_LOG"))
        request = protos.message_type("redress.public.v1.SubscribeRequest")(types=["complaint.received"], complaints=["complaints/x"])
        failure = failure_of(lambda: list(two.client.events.Subscribe(request)))
        expect_equal((failure.code, sorted(failure.fields)), ("INVALID_ARGUMENT", ["complaints[0]", "types[0]"]))
        request = protos.message_type("redress.public.v1.SubscribeRequest")()
        request.cursor = b"garbage"
        failure = failure_of(lambda: list(two.client.events.Subscribe(request)))
        expect_equal((failure.code, failure.reason), ("INVALID_ARGUMENT", "CURSOR_MALFORMED"))


@check
def a_message_too_large_is_refused_with_its_size(scratch):
    with Server(scratch / "data") as server:
        client = server.client
        failure = failure_of(lambda: landlord.submit(client, description="x" * (5 * MIB)))
        expect_equal((failure.code, failure.reason), ("RESOURCE_EXHAUSTED", "MESSAGE_TOO_LARGE"))
        expect("4194304" in str(failure) or "4 MiB" in str(failure), f"it does not say the limit: {failure}")
        # The connection and the server go on.
        landlord.submit(client)


@check
def text_that_is_not_utf8_is_refused(scratch):
    with Server(scratch / "data") as server:
        request = protos.message_type("redress.intake.v1.SubmitComplaintRequest")(request_id="r-1", category="heating", channel=1, description="mark")
        wrong = request.SerializeToString().replace(b"mark", b"\xff\xfe\xfd\xfc")
        call = server.client.channel.unary_unary("/redress.intake.v1.IntakeService/SubmitComplaint")
        try:
            call(wrong, timeout=30)
            raise AssertionError("it was taken")
        except grpc.RpcError as error:
            failure = Failure(error)
        expect_equal((failure.code, failure.reason), ("INVALID_ARGUMENT", "MESSAGE_UNREADABLE"))
        expect_equal(landlord.all_complaints(server.client), [])


@check
def an_unknown_method_is_unimplemented(scratch):
    with Server(scratch / "data") as server:
        for path in ("/redress.intake.v1.IntakeService/NoSuch", "/no.such.Service/Call"):
            try:
                server.client.channel.unary_unary(path)(b"", timeout=30)
                raise AssertionError("it was answered")
            except grpc.RpcError as error:
                expect_equal(error.code().name, "UNIMPLEMENTED", path)


@check
def a_deadline_ends_a_call_that_waits(scratch):
    with Server(scratch / "data") as server:
        client = server.client
        answered = landlord.submit(client)
        position = answered.position
        position.next += 1_000_000
        began = time.monotonic()
        failure = failure_of(lambda: landlord.get(client, answered.complaint.name, position=position, timeout=0.5))
        expect_equal(failure.code, "DEADLINE_EXCEEDED")
        expect(time.monotonic() - began < 4, "it came late")


@check
def a_position_that_never_comes_is_unavailable(scratch):
    with Server(scratch / "data") as server:
        client = server.client
        answered = landlord.submit(client)
        position = answered.position
        position.next += 1_000_000
        failure = failure_of(lambda: landlord.get(client, answered.complaint.name, position=position))
        expect_equal(failure.code, "UNAVAILABLE")


@check
def health_is_said_for_each_service(scratch):
    with Server(scratch / "data") as server:
        for service in ("", "redress.intake.v1.IntakeService", "redress.sla.v1.SlaService", "redress.public.v1.EventStreamService"):
            expect_equal(server.client.health.Check(service=service).status, 1, service)
        expect_equal(failure_of(lambda: server.client.health.Check(service="no.such")).code, "NOT_FOUND")
        # A server that stops says so to those who watch, and ends their streams.
        watch = server.client.health.Watch(service="")
        statuses = iter(watch)
        expect_equal(next(statuses).status, 1)
        expect_equal(server.stop(), 0)
        try:
            expect_equal({one.status for one in statuses} - {2}, set())
        except Failure as failure:
            expect_equal(failure.code, "UNAVAILABLE")


# What operators and boards are shown; label sets of which there must be at least one sample.
FIGURES = [
    "redress_calls_total", "redress_calls_open", "redress_call_seconds_bucket", "redress_shard_owned", "redress_shard_caught_up",
    "redress_tail_lag_seconds", "redress_reactor_lag_seconds", "redress_queue_age_seconds", "redress_queue_length", "redress_claims",
    "redress_voids", "redress_records_applied", "redress_parked_inputs", "redress_timers_due", "redress_timers_fired",
    'redress_complaints{state="open"}', 'redress_complaints{state="resolved"}', "redress_complaints_received",
    'redress_obligations_open{standing="overdue"}', 'redress_obligations_open{standing="within_a_day"}',
    'redress_time_to_resolution_seconds{quantile="0.5"}', "redress_business_figures_age_seconds",
]


@check
def every_figure_is_there_to_scrape(scratch):
    with Server(scratch / "data", metrics=True) as server:
        landlord.submit(server.client)

        def missing():
            with urllib.request.urlopen(f"http://127.0.0.1:{server.metrics_port}/metrics", timeout=30) as reply:
                lines = reply.read().decode().splitlines()
            return [figure for figure in FIGURES if not any(line.startswith((figure + " ", figure + "{")) for line in lines)]
        eventually(lambda: not missing(), "all figures", 30)
        with urllib.request.urlopen(f"http://127.0.0.1:{server.metrics_port}/metrics", timeout=30) as reply:
            figures = reply.read().decode()
        # By service and shard: five streams, four shards each, one of the register.
        expect_equal(figures.count("redress_tail_lag_seconds{"), 17)
        expect('redress_calls_total{code="OK",method="redress.intake.v1.IntakeService/SubmitComplaint"} 1' in figures, figures)


@check
def reflection_describes_every_service(scratch):
    with Server(scratch / "data") as server:
        ask = protos.message_type("grpc.reflection.v1alpha.ServerReflectionRequest")
        ours = [name for name in protos.services() if name.startswith("redress.") and ".runtime." not in name and ".testing." not in name]
        ours.append("grpc.health.v1.Health")
        questions = [ask(list_services="")] + [ask(file_containing_symbol=name) for name in ours]
        answers = list(server.client.reflection.ServerReflectionInfo(iter(questions)))
        listed = {service.name for service in answers[0].list_services_response.service}
        expect(listed >= set(ours), f"not listed: {set(ours) - listed}")
        expect_equal(len(answers), len(questions))
        for name, answer in zip(ours, answers[1:]):
            expect(answer.file_descriptor_response.file_descriptor_proto, f"{name} is not described: {answer}")


@check
def a_second_client_with_a_closed_channel_disturbs_nobody(scratch):
    with Server(scratch / "data") as server:
        for _ in range(20):
            with Client(server.address) as other:
                stream = other.events.Subscribe(follow=True)
                landlord.submit(server.client)
                next(iter(stream))
        expect_equal(len(landlord.all_complaints(server.client)), 20)


if __name__ == "__main__":
    main()
