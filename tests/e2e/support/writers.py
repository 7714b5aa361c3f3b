"""Load that is watched: writers who know what was acknowledged, a subscriber who saves what it saw, and what must hold afterwards."""

import json
import os
import threading

from . import landlord, protos
from .checks import eventually, expect, expect_equal
from .client import Client, Failure


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
