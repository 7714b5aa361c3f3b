#!/usr/bin/env python3
"""The log is the truth: restarts keep everything, and projections are folded again to the same rows."""

import shutil

from support import landlord
from support.checks import check, eventually, expect, expect_equal, main
from support.programs import Server

SERVICES = ("intake", "routing", "scheduling", "sla")


def live(client):
    """Complaints in every stage of their life; their names."""
    landlord.set_up(client)
    names = []
    for number in range(40):
        complaint = landlord.submit(client, residence=f"RES-{number % 3}", new_person={"full_name": f"Person {number}", "phone": f"06{number:08}"},
                                    external_reference={"system": "crm", "reference": str(number)}).complaint
        names.append(complaint.name)
        if number % 2:
            client.intake.AcknowledgeComplaint(name=complaint.name)
        if number % 5 == 0:
            client.intake.AddMessage(name=complaint.name, text="Bonjour", from_resident=True, channel="CHANNEL_EMAIL")
        if number % 7 == 0:
            client.intake.WithdrawComplaint(name=complaint.name)
        elif number % 3 == 1:
            landlord.make_visit(client, landlord.wait_for_visit(client, complaint.name))
        elif number % 11 == 0:
            client.intake.ResolveComplaint(name=complaint.name, outcome="OUTCOME_ANSWERED")
    return names


def seen(client):
    """What clients see, without what says when they looked."""
    complaints = landlord.all_complaints(client)
    person = next(complaint.person for complaint in complaints if complaint.person)
    as_of = landlord.ago(seconds=0)
    return {
        "complaints": [complaint.SerializeToString(deterministic=True) for complaint in complaints],
        "history": [[entry.event for entry in client.intake.ListComplaintHistory(name=complaint.name).entries] for complaint in complaints],
        "visits": [visit.SerializeToString(deterministic=True) for visit in client.pages(client.scheduling.ListInterventions, "interventions")],
        "queue": [entry.complaint for entry in client.pages(client.routing.ListQueue, "entries", team="front-desk")],
        "person": client.intake.GetPerson(name=person, purpose="test").person.full_name,
        "events": [event.id for event in landlord.events(client)[0]],
    }, as_of


def expect_same(client, rows, what):
    after, _ = seen(client)
    for part, wanted in rows.items():
        # Order is promised per complaint and service alone.
        same = sorted(after[part]) == sorted(wanted) if part == "events" else after[part] == wanted
        expect(same, f"{part} differ after {what}")


def domain_digests(server):
    reply = server.client.admin.ListDigests(domain_only=True)
    return {(one.position.stream, one.position.shard): one.digest for one in reply.digests}


def figures_at(client, as_of):
    """Without up to where they were read: claims move that."""
    reply = client.sla.GetTimeToResolution(scope={"as_of_time": as_of})
    reply.ClearField("positions")
    return reply


@check
def a_restart_and_a_kill_keep_everything(scratch):
    with Server(scratch / "data") as server:
        live(server.client)
        shards = set(server.digests())
        domain = domain_digests(server)
        rows, as_of = seen(server.client)
        figures = figures_at(server.client, as_of)
        expect_equal(server.stop(), 0)
        server.start()
        # Claims alone were added: rows that a copy has too are the same.
        server.digests()
        expect_equal(domain_digests(server), domain, "rows after a restart")
        server.kill()
        server.start()
        server.digests()
        expect_equal(domain_digests(server), domain, "rows after a kill")
        expect_same(server.client, rows, "a restart")
        expect_equal(figures_at(server.client, as_of), figures)
        expect_equal(set(server.digests()), shards, "shards")
        # And it goes on.
        landlord.submit(server.client)


@check
def deleted_projections_are_rebuilt_to_the_same_rows(scratch):
    with Server(scratch / "data") as server:
        live(server.client)
        server.digests()
        domain = domain_digests(server)
        rows, _ = seen(server.client)
        server.stop()
        shutil.rmtree(scratch / "data" / "projections")
        server.start()
        server.digests()
        expect_equal(domain_digests(server), domain)
        expect_same(server.client, rows, "a rebuild")
        # Request ids are remembered by rebuilt rows, too.
        first = landlord.submit(server.client, request_id="again")
        server.kill()
        shutil.rmtree(scratch / "data" / "projections")
        server.start()
        expect_equal(landlord.submit(server.client, request_id="again").complaint.name, first.complaint.name)


@check
def a_copy_of_the_log_folds_to_equal_digests(scratch):
    with Server(scratch / "data") as server:
        live(server.client)
        server.digests()
        server.stop()
        shutil.copytree(scratch / "data", scratch / "copy")
        shutil.rmtree(scratch / "copy" / "projections")
        server.start()
        with Server(scratch / "copy") as copy:
            server.digests(), copy.digests()
            ran = server.ctl("admin", "digest", "--domain", "--compare", copy.address)
            expect("0 different, 0 not comparable" in ran.errors, ran.errors)
            landlord.submit(copy.client)
            copy.digests()
            ran = server.ctl("admin", "digest", "--domain", "--compare", copy.address, code=7)
            expect(" different" in ran.errors, ran.errors)


@check
def a_rebuild_while_it_serves_is_equal(scratch):
    with Server(scratch / "data") as server:
        names = live(server.client)
        for service in SERVICES:
            ran = server.ctl("-o", "json", "admin", "rebuild", service).json()
            expect(ran["equal"] and ran["compared"] == 4, f"{service}: {ran}")
            # It goes on with the new rows.
            landlord.submit(server.client, request_id=f"after-{service}")
        name = landlord.submit(server.client, residence=landlord.RESIDENCE).complaint.name
        landlord.make_visit(server.client, landlord.wait_for_visit(server.client, name))
        eventually(lambda: landlord.get(server.client, name).state == 4, "reactions go on after rebuilds")
        server.kill()
        server.start()
        expect_equal(len(landlord.all_complaints(server.client)), len(names) + len(SERVICES) + 1)


@check
def a_checkpoint_is_made_once_and_opens(scratch):
    with Server(scratch / "data") as server:
        live(server.client)
        made = server.ctl("-o", "json", "admin", "checkpoint", "intake", "monday").json()
        files = list((scratch / "data" / made["directory"]).iterdir())
        expect(any(file.name == "CURRENT" for file in files), f"no database in {made['directory']}: {files}")
        ran = server.ctl("admin", "checkpoint", "intake", "monday", code=6)
        expect("ALREADY_EXISTS" in ran.errors, ran.errors)
        server.ctl("admin", "checkpoint", "intake", "../elsewhere", code=1)
        expect(not (scratch / "data" / "elsewhere").exists() and not (scratch / "elsewhere").exists(), "it left its place")
        # Instead of the projection: what was recorded since is read from the log.
        later = landlord.submit(server.client).complaint.name
        count = len(landlord.all_complaints(server.client))
        server.digests()
        domain = domain_digests(server)
        server.stop()
        [current] = (scratch / "data" / "projections").glob("intake-v*")
        shutil.rmtree(current)
        shutil.copytree(scratch / "data" / made["directory"], current)
        server.start()
        expect_equal(landlord.get(server.client, later).name, later)
        expect_equal(len(landlord.all_complaints(server.client)), count)
        server.digests()
        expect_equal(domain_digests(server), domain)


if __name__ == "__main__":
    main()
