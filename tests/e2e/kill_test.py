#!/usr/bin/env python3
"""kill -9 at random moments: nothing acknowledged is missing, nothing is there twice, and a subscriber sees each event once."""

import json
import os
import threading
import time

from support import landlord
from support.checks import check, dice, eventually, expect, expect_equal, main
from support.client import Client, Failure
from support.programs import Server, start_ctl
from support.writers import Subscriber, Writers, by_complaint, expect_all_there_once, key_of

# E2E_KILLS=200 for more than a check.
KILLS = int(os.environ.get("E2E_KILLS") or 20)
WRITERS = 6


SERVICES = ("intake", "routing", "scheduling", "sla")


def wait_for_a_file(folder, seconds):
    """Until a file comes or goes somewhere in a folder, or the time is over."""
    files = lambda: {os.path.join(parent, name) for parent, _, names in os.walk(folder) for name in names}
    before, deadline, pause = files(), time.monotonic() + seconds, threading.Event()
    while files() == before and time.monotonic() < deadline:
        pause.wait(0.001)


def rebuild(address, service):
    with Client(address) as client:
        try:
            client.admin.RebuildProjection(service=service, timeout=30)
        except Failure as failure:
            expect(failure.may_be_tried_again or failure.reason == "REBUILD_RUNNING", failure)


def kill_at_some_point(server, random, writers):
    """After some answers; where a file comes or goes, which is where a step is half done; or in the middle of the next start. Which."""
    how = random.choice(("answers", "file", "start"))
    if how == "file":
        writers.wait_for(1)
        # Makes folders, logs and tables, and puts them in place of others.
        rebuilding = threading.Thread(target=rebuild, args=(server.address, random.choice(SERVICES)))
        rebuilding.start()
        for _ in range(random.randrange(1, 12)):
            wait_for_a_file(server.data, seconds=0.3)
        server.kill()
        rebuilding.join()
    else:
        writers.wait_for(random.randrange(1, 60))
        server.kill()
    if how == "start":
        server.kill_while_starting(random.uniform(0, 0.8))
    server.start(ready=False)
    return how


@check
def kills_lose_nothing_and_double_nothing(scratch):
    random = dice()
    with Server(scratch / "data") as server:
        landlord.set_up(server.client)
        subscriber = Subscriber(server.address, scratch / "seen.json")
        subscriber.start()
        try:
            with Writers(server.address, WRITERS) as writers:
                hows = [kill_at_some_point(server, random, writers) for _ in range(KILLS)]
                writers.wait_for(50)
            server.wait_until_ready()
            counts = ", ".join(f"{hows.count(how)} {how}" for how in sorted(set(hows)))
            print(f"  kills: {counts}; {len(writers.acknowledged)} acknowledged, {writers.retries} retries, {subscriber.breaks} broken streams")
            expect(writers.retries > 0, "no call ever failed: the kills did not hit")
            expect_all_there_once(server.client, writers.acknowledged)
            # A retry long after gets the first answer.
            for request_id, name in random.sample(sorted(writers.acknowledged.items()), 20):
                number = int(request_id.partition("-")[2])
                expect_equal(landlord.submit(server.client, request_id=request_id, residence=f"RES-{number % 7}").complaint.name, name)
            server.digests()
            all_events, _ = landlord.events(server.client)
            wanted = by_complaint(map(key_of, all_events))
            count = len(all_events)
            eventually(lambda: subscriber.error or len(subscriber.saved()["events"]) >= count, "the subscriber has seen all")
        finally:
            subscriber.stop()
        expect(subscriber.error is None, lambda: repr(subscriber.error))
        expect(subscriber.breaks >= KILLS // 3, f"only {subscriber.breaks} streams broke")
        expect_equal(len(subscriber.saved()["events"]), count, "events seen")
        expect_equal(by_complaint(subscriber.saved()["events"]), wanted)
        received = [event for event in all_events if event.type == "redress.complaint.received.v1"]
        expect_equal(len(received), len(writers.acknowledged), "received events")


@check
def rows_after_kills_are_those_of_a_rebuild(scratch):
    random = dice()
    with Server(scratch / "data") as server:
        landlord.set_up(server.client)
        with Writers(server.address, WRITERS) as writers:
            for _ in range(4):
                writers.wait_for(random.randrange(1, 80))
                server.kill()
                server.start(ready=False)
            writers.wait_for(10)
        server.wait_until_ready()
        for service in SERVICES:
            rebuilt = server.client.admin.RebuildProjection(service=service, timeout=120)
            expect(rebuilt.equal and rebuilt.compared == 4, f"{service}: rebuilt rows differ: {rebuilt}")
        expect_all_there_once(server.client, writers.acknowledged)


@check
def redressctl_events_goes_on_where_it_ended(scratch):
    with Server(scratch / "data") as server:
        with Writers(server.address, 2) as writers:
            with open(scratch / "events.ndjson", "wb") as out:
                reader = start_ctl("-o", "json", "events", "--follow", "--cursor", scratch / "cursor", server=server.address, out=out)
            try:
                for _ in range(3):
                    writers.wait_for(40)
                    eventually(lambda: (scratch / "cursor").exists(), "a cursor")
                    server.kill()
                    server.start(ready=False)
                writers.wait_for(10)
            finally:
                writers.__exit__()
            server.wait_until_ready()
            try:
                server.digests()
                wanted = sorted((event.id, event.type) for event in landlord.events(server.client)[0])
                lines = lambda: [json.loads(line) for line in (scratch / "events.ndjson").read_text().split("\n")[:-1]]
                found = lambda: sorted((event["id"], event["type"]) for message in lines() for event in message.get("events", []))
                eventually(lambda: reader.poll() is not None or len(found()) >= len(wanted), "all were printed")
            finally:
                reader.kill()
                reader.communicate()
            expect_equal(found(), wanted)


if __name__ == "__main__":
    main()
