#!/usr/bin/env python3
"""kill -9 at random moments: nothing acknowledged is missing, nothing is there twice, and a subscriber sees each event once."""

import json
import os
import threading

from support import landlord, protos
from support.checks import check, dice, eventually, expect, expect_equal, main
from support.client import Client, Failure
from support.programs import Server, start_ctl

KILLS = 8
WRITERS = 6


class Writers:
    """Threads that submit with retries until told to stop."""

    def __init__(self, address, count, keep=lambda thread, number: {}):
        self.acknowledged = {}  # request id -> complaint
        self.retries = 0
        self.errors = []
        self._address, self._keep = address, keep
        self._stop = threading.Event()
        self._progress = threading.Condition()
        self._threads = [threading.Thread(target=self._write, args=(number,)) for number in range(count)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def wait_for(self, more, seconds=60):
        """Until so many more are acknowledged."""
        with self._progress:
            wanted = len(self.acknowledged) + more
            expect(self._progress.wait_for(lambda: len(self.acknowledged) >= wanted or self.errors, seconds), "nothing is acknowledged any more")
        expect(not self.errors, lambda: self.errors[0])

    def _write(self, thread):
        number = 0
        with Client(self._address) as client:
            while not self._stop.is_set():
                number += 1
                try:
                    self._submit(client, thread, number)
                except BaseException as error:
                    with self._progress:
                        self.errors.append(f"{type(error).__name__}: {error}")
                        self._progress.notify_all()
                    return

    def _submit(self, client, thread, number):
        request_id = f"w{thread}-{number}"

        def attempt():
            try:
                return landlord.submit(client, request_id=request_id, residence=f"RES-{number % 7}", timeout=5, **self._keep(thread, number))
            except Failure as failure:
                if not failure.may_be_tried_again:
                    raise
                self.retries += 1
                client.reconnect()
        answer = eventually(attempt, f"{request_id} is answered", 60)
        with self._progress:
            self.acknowledged[request_id] = answer.complaint.name
            self._progress.notify_all()


class Subscriber(threading.Thread):
    """Follows from a cursor that it saves with what it saw, in one file; takes up a broken line where that says."""

    def __init__(self, address, path):
        super().__init__()
        self._address, self._path = address, path
        self._stopping, self._call, self.breaks, self.error = threading.Event(), None, 0, None

    def saved(self):
        if not self._path.exists():
            return {"cursor": "", "events": []}
        return json.loads(self._path.read_text())

    def run(self):
        try:
            with Client(self._address) as client:
                while not self._stopping.is_set():
                    self._follow(client)
                    # Not faster than a connection can come back.
                    self._stopping.wait(0.05)
        except BaseException as error:
            self.error = error

    def _follow(self, client):
        saved = self.saved()
        request = protos.message_type("redress.public.v1.SubscribeRequest")(cursor=bytes.fromhex(saved["cursor"]), follow=True)
        self._call = client.events.Subscribe(request)
        try:
            for message in self._call:
                saved["events"] += [key_of(event) for event in message.events]
                saved["cursor"] = message.cursor.hex()
                beside = self._path.with_suffix(".new")
                beside.write_text(json.dumps(saved))
                os.rename(beside, self._path)
        except Failure as failure:
            if not failure.may_be_tried_again:
                raise
            self.breaks += 1
            client.reconnect()

    def stop(self):
        self._stopping.set()
        eventually(lambda: self._call, "a stream")
        while self.is_alive():
            self._call.cancel()
            self.join(0.05)


def key_of(event):
    """What tells events apart: several may come of one stored event."""
    return [event.service, event.complaint, event.id, event.type, event.SerializeToString(deterministic=True).hex()]


def by_complaint(keys):
    """In order per complaint and service."""
    found = {}
    for key in keys:
        found.setdefault((key[0], key[1]), []).append(key)
    return found


def expect_all_there_once(client, acknowledged):
    listed = [complaint.name for complaint in landlord.all_complaints(client)]
    expect_equal(len(listed), len(set(listed)), "complaints listed twice")
    expect_equal(len(set(acknowledged.values())), len(acknowledged), "two requests were given one complaint")
    expect_equal(set(acknowledged.values()) - set(listed), set(), "acknowledged and missing")
    expect_equal(set(listed) - set(acknowledged.values()), set(), "there, but nobody was told")


@check
def kills_lose_nothing_and_double_nothing(scratch):
    random = dice()
    with Server(scratch / "data") as server:
        landlord.set_up(server.client)
        subscriber = Subscriber(server.address, scratch / "seen.json")
        subscriber.start()
        try:
            with Writers(server.address, WRITERS) as writers:
                for _ in range(KILLS):
                    writers.wait_for(random.randrange(1, 120))
                    server.kill()
                    server.start(ready=False)
                writers.wait_for(50)
            server.wait_until_ready()
            print(f"  {len(writers.acknowledged)} acknowledged, {writers.retries} retries, {subscriber.breaks} broken streams")
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
        expect(subscriber.breaks >= KILLS // 2, f"only {subscriber.breaks} streams broke")
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
        for service in ("intake", "routing", "scheduling", "sla"):
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
