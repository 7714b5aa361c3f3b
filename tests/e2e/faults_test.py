#!/usr/bin/env python3
"""What a machine does to a process: stopped for seconds, few file descriptors, a disk that fills and empties, a clock that steps.

Each under load: nothing acknowledged is missing, nothing is there twice, reads go on, rows are those of a rebuild.
"""

import contextlib
import os
import resource
import signal
import subprocess
import threading

from support import landlord
from support.checks import Skip, check, dice, eventually, expect, expect_equal, main
from support.client import Client, Failure
from support.clock import SteppingClock
from support.programs import Server, refusal_of
from support.writers import Writers, expect_all_there_once

SERVICES = ("intake", "routing", "scheduling", "sla")
WRITERS = 4
# E2E_STOPS=20 E2E_STOP_SECONDS=20 for more than a check.
STOPS = int(os.environ.get("E2E_STOPS") or 2)
STOP_SECONDS = float(os.environ.get("E2E_STOP_SECONDS") or 3)
MIB = 1 << 20
# Of free space that a log wants: the larger of this and a twentieth of the disk (libs/log/embedded).
WANTED = 2048 * MIB


def expect_whole(server, acknowledged):
    server.wait_until_ready()
    expect_all_there_once(server.client, acknowledged)
    for service in SERVICES:
        rebuilt = server.client.admin.RebuildProjection(service=service, timeout=120)
        expect(rebuilt.equal and rebuilt.compared == 4, f"{service}: rebuilt rows differ: {rebuilt}")


def reads(client):
    """That what is read while nothing can be written is answered."""
    expect(landlord.all_complaints(client), "nothing is listed")
    expect(client.sla.GetTimeToResolution().total.cases, "no figures")


@check
def stopped_for_seconds_it_goes_on_where_it_was(scratch):
    random = dice()
    pause = threading.Event()
    with Server(scratch / "data") as server:
        landlord.set_up(server.client)
        with Writers(server.address, WRITERS) as writers:
            for _ in range(STOPS):
                writers.wait_for(random.randrange(5, 40))
                server.process.send_signal(signal.SIGSTOP)
                try:
                    pause.wait(random.uniform(2, max(2, STOP_SECONDS)))
                finally:
                    server.process.send_signal(signal.SIGCONT)
                writers.wait_for(20)
        expect_equal(server.starts, 1, "starts")
        expect_whole(server, writers.acknowledged)


@check
def too_few_file_descriptors_are_refused_and_a_crowd_harms_nobody(scratch):
    said = refusal_of(scratch / "few", limits={resource.RLIMIT_NOFILE: (64, 64)})
    expect("FILE_DESCRIPTORS" in said and "64" in said and "256" in said and "ulimit -n" in said, said)
    expect(not (scratch / "few").exists(), "it made its directory before it refused")
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with Server(scratch / "data") as server, contextlib.ExitStack() as stack:
        server.kill()
        # What a shell or a supervisor gives; the process takes what it may have.
        server.limits = {resource.RLIMIT_NOFILE: (64, min(hard, 4096))}
        server.start()
        landlord.set_up(server.client)
        with Writers(server.address, WRITERS) as writers:
            writers.wait_for(50)
            for client in [stack.enter_context(Client(server.address)) for _ in range(100)]:
                expect_equal(client.health.Check().status, 1)
            # New files, with the crowd there.
            server.client.admin.CreateCheckpoint(service="intake", checkpoint_id="c1")
            server.client.admin.RebuildProjection(service="sla", timeout=120)
            writers.wait_for(50)
        expect_whole(server, writers.acknowledged)


class Disk:
    """A file system of its own in memory, whose size can be set; skipped where mounting is not allowed."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()

    def __enter__(self):
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={WANTED + 512 * MIB}", "redress-e2e", self.folder], capture_output=True, text=True)
        if done.returncode != 0:
            raise Skip(f"no file system can be mounted here: {done.stderr.strip()}")
        return self

    def __exit__(self, *_):
        subprocess.run(["umount", "--lazy", self.folder], check=True)

    def used(self):
        space = os.statvfs(self.folder)
        return (space.f_blocks - space.f_bfree) * space.f_frsize

    def leave_free(self, free):
        """So many bytes, as others' files that come and go would."""
        subprocess.run(["mount", "-o", f"remount,size={self.used() + free}", self.folder], check=True)


@check
def a_disk_that_fills_and_empties_loses_nothing(scratch):
    with Disk(scratch / "disk") as disk, Server(disk.folder / "data") as server:
        landlord.set_up(server.client)
        probe = Probe(server.client)
        with Writers(server.address, WRITERS) as writers:
            writers.wait_for(100)
            # Below what the log wants: it takes nothing, says how much it wants, and what is there is read.
            disk.leave_free(64 * MIB)
            failure = eventually(lambda: probe.refusal(), "it is full")
            expect_equal((failure.code, failure.reason), ("RESOURCE_EXHAUSTED", "LOG_FULL"))
            expect(failure.retry_ms and "2048" in failure.message, failure)
            reads(server.client)
            # Nothing left at all: whatever else writes meets ENOSPC itself.
            disk.leave_free(0)
            reads(server.client)
            expect_equal(probe.refusal().reason, "LOG_FULL")
            expect(server.process.poll() is None, lambda: f"it ended with {server.process.returncode}: {server.log()}")
            disk.leave_free(WANTED + 512 * MIB)
            writers.wait_for(50)
            # And so for a process that dies while it is full, and starts full.
            disk.leave_free(64 * MIB)
            eventually(lambda: probe.refusal(), "it is full again")
            server.kill()
            server.start(ready=False)
            eventually(lambda: answered(lambda: reads(server.client)), "it reads though it cannot write", 60)
            disk.leave_free(WANTED + 512 * MIB)
            writers.wait_for(50)
        server.wait_until_ready()
        # The last one may be open.
        expect_equal(probe.refusal(), None)
        expect_whole(server, {**writers.acknowledged, **probe.acknowledged})


class Probe:
    """Submits one by one, each again until it is known what became of it."""

    def __init__(self, client):
        self.client, self.acknowledged = client, {}

    def refusal(self):
        """How a Submit is refused for want of room; None when it is not."""
        request_id = f"probe-{len(self.acknowledged)}"
        try:
            self.acknowledged[request_id] = landlord.submit(self.client, request_id=request_id, timeout=10).complaint.name
        except Failure as failure:
            return failure if failure.reason == "LOG_FULL" else None
        return None


def answered(work):
    try:
        work()
        return True
    except Failure as failure:
        if not failure.may_be_tried_again:
            raise
        return False


@check
def a_clock_that_steps_loses_nothing(scratch):
    clock = SteppingClock(scratch)
    with contextlib.ExitStack() as stack:
        server = Server(scratch / "data")
        server.env = clock.env
        stack.enter_context(server)
        landlord.set_up(server.client)
        now = lambda: server.client.admin.GetStatus().server_time.seconds
        began = now()
        with Writers(server.address, WRITERS) as writers:
            writers.wait_for(50)
            for offset in (3600, -3600, 86_400, 0):
                clock.set(offset)
                # The step reached the process: otherwise nothing is tested.
                expect(abs(now() - began - offset) < 600, f"server time {now() - began} s later, not {offset}")
                writers.wait_for(50)
                reads(server.client)
            # A start with a clock an hour behind what it recorded.
            clock.set(-3600)
            server.kill()
            server.start(ready=False)
            writers.wait_for(50)
            clock.set(0)
            writers.wait_for(20)
        expect_whole(server, writers.acknowledged)


if __name__ == "__main__":
    main()
