#!/usr/bin/env python3
"""The drill: back up a server under load, lose it, restore it; who was erased since stays erased. And the master key: rotated while it
serves, and with it every old copy out of reach."""

import re
import shutil
import threading

from support import landlord, protos
from support.checks import check, eventually, expect, expect_equal, main
from support.client import Client, Failure, failure_of
from support.clock import SteppingClock
from support.programs import Server, ctl, refusal_of, start_ctl

NAME, PHONE, WORDS = "Odile Perdrizet", "0611998877", "Une fuite chez Odile Perdrizet."
REPORTS = [(what, by) for what in ("ttr", "on-time", "waiting") for by in ("agency", "category")]


def master_key(scratch, name="master.key"):
    """A new file with one key; its path and the key's id."""
    path = scratch / name
    return path, ctl("-o", "json", "master-key", "new", path).json()["id"]


def server_on(scratch, data, key, *flags):
    return Server(scratch / data, "--master-key", key, "--erasures", scratch / "elsewhere.list", "--backups", scratch / "backups", *flags)


def figures_of(server, as_of):
    """Without up to where they were read."""
    reports = [server.ctl("-o", "json", "report", what, "--as-of", as_of, "--by", by).json() for what, by in REPORTS]
    return [{field: value for field, value in report.items() if field != "positions"} for report in reports]


def some_lives(client):
    """Complaints in several stages; one of a person who will be erased, ended."""
    landlord.set_up(client)
    for number in range(24):
        name = landlord.submit(client, residence=f"RES-{number % 3}", description=f"Panne {number}.",
                               new_person={"full_name": f"Person {number}", "phone": f"06{number:08}"}).complaint.name
        if number % 5 == 0:
            client.intake.WithdrawComplaint(name=name)
        elif number % 3 == 1:
            landlord.make_visit(client, landlord.wait_for_visit(client, name))
    known = landlord.submit(client, description=WORDS, new_person={"full_name": NAME, "phone": PHONE}).complaint
    client.intake.WithdrawComplaint(name=known.name)
    return known


def expect_forgotten(client, known):
    expect_equal(landlord.get(client, known.name, personal_data=True, purpose="test").personal_data.description, "")
    shown = client.intake.GetPerson(name=known.person, purpose="test").person
    expect_equal((shown.full_name, shown.phone), ("", ""))
    expect_equal(list(client.intake.FindPeople(phone=PHONE, purpose="test").people), [])


def expect_known(client, known):
    expect_equal(landlord.get(client, known.name, personal_data=True, purpose="test").personal_data.description, WORDS)
    expect_equal([person.full_name for person in client.intake.FindPeople(phone=PHONE, purpose="test").people], [NAME])


class Load:
    """Submits until it ends."""

    def __init__(self, address):
        self.acknowledged, self._stop, self._address, self.more = [], threading.Event(), address, threading.Condition()
        self._thread = threading.Thread(target=self._run)

    def _run(self):
        with Client(self._address) as client:
            number = 0
            while not self._stop.is_set():
                number += 1
                try:
                    name = landlord.submit(client, request_id=f"load-{number}", description=f"Charge {number}.").complaint.name
                except Failure:
                    return  # the server is killed under it
                with self.more:
                    self.acknowledged.append(name)
                    self.more.notify_all()

    def wait_for(self, count):
        with self.more:
            expect(self.more.wait_for(lambda: len(self.acknowledged) >= count, 60), "nothing is acknowledged")
            return list(self.acknowledged)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()


@check
def a_lost_server_comes_back_without_who_was_erased_since(scratch):
    key, key_id = master_key(scratch)
    with server_on(scratch, "data", key) as server:
        client = server.client
        known = some_lives(client)
        server.digests()
        as_of = landlord.ago(seconds=-1)
        eventually(lambda: landlord.ago(seconds=0) > as_of, "the instant of the reports is past")
        before = figures_of(server, as_of)
        _, cursor = landlord.events(client)
        with Load(server.address) as load:
            there = load.wait_for(50)
            asked_at = landlord.ago(seconds=1)
            made = server.ctl("-o", "json", "backup", "monday").json()
            expect_equal((made["masterKeyId"], made["directory"]), (key_id, str(scratch / "backups" / "monday")))
            load.wait_for(len(there) + 50)
            # It is not made twice, and nowhere else.
            expect("BACKUP_EXISTS" in server.ctl("backup", "monday", code=6).errors, "made twice")
            server.ctl("backup", "../monday", code=1)
            expect_known(client, known)
            client.intake.RedactText(name=there[1], reason="neighbour", redactions=[
                {"version": 1, "field": "FIELD_DESCRIPTION", "kept_text": "Rien."}])
            expect(client.intake.ErasePerson(name=known.person, reason="asked").erased, "not erased")
            eventually(lambda: landlord.get(client, known.name).texts_erased, "their texts are erased")
            eventually(lambda: (scratch / "elsewhere.list").read_text().count("\n") >= 4, "all three keys are listed")
            server.kill()
        shutil.rmtree(scratch / "data")

    backup, restored = scratch / "backups" / "monday", scratch / "restored"
    expect("--erasures" in ctl("restore", backup, restored, code=2).errors, "nobody was asked who was erased")
    expect(not restored.exists(), "it was made all the same")
    report = ctl("-o", "json", "restore", backup, restored, "--erasures", scratch / "elsewhere.list").json()
    expect_equal(report["oldLogId"], made["logId"])
    expect(asked_at <= report["madeTime"] <= landlord.ago(seconds=-1), f"made at {report['madeTime']}")
    expect(report["newLogId"] != made["logId"], "the log kept its id")
    expect_equal((report["decisions"], report["masterKeyIds"]), (made["decisions"], [key_id]))
    expect_equal(set(report["erasedSince"]), {known.person, known.name, there[1]})
    expect("RESTORE_TARGET" in ctl("restore", backup, restored, "--nobody-was-erased", code=6).errors, "it was overwritten")
    with server_on(scratch, "restored", key) as server:
        client = server.client
        server.digests()
        expect_equal(client.admin.GetStatus().log_id, report["newLogId"])
        expect_forgotten(client, known)
        expect_equal(figures_of(server, as_of), before, "figures moved")
        # What was acknowledged before it began is there, once; and what is asked again is answered as it was.
        names = [complaint.name for complaint in landlord.all_complaints(client)]
        expect_equal(len(set(names)), len(names))
        expect(set(there) <= set(names), lambda: f"{len(set(there) - set(names))} acknowledged ones are missing")
        again = landlord.submit(client, request_id="load-1", description="Charge 1.").complaint.name
        expect_equal(again, there[0])
        # Subscribers are told, and begin again.
        from_there = protos.message_type("redress.public.v1.SubscribeRequest")(cursor=cursor)
        failure = failure_of(lambda: list(client.events.Subscribe(from_there)))
        expect_equal((failure.code, failure.reason), ("FAILED_PRECONDITION", "ANOTHER_LOG"))
        expect(len(landlord.events(client)[0]) >= len(names), "events are missing")
        # Of a complaint that lost words since, the backup had nothing that may be kept; a redaction gives it a key again.
        shown = lambda: landlord.get(client, there[1], personal_data=True, purpose="test").personal_data.description
        expect_equal(shown(), "")
        expect_equal(failure_of(lambda: client.intake.AddNote(name=there[1], text="x")).reason, "TEXTS_ERASED")
        client.intake.RedactText(name=there[1], reason="restored", redactions=[
            {"version": 1, "field": "FIELD_DESCRIPTION", "kept_text": "Rien."}])
        client.intake.AddNote(name=there[1], text="x")
        expect_equal(shown(), "Rien.")
        # The log learns what it lost, and it goes on.
        expect(client.intake.ErasePerson(name=known.person, reason="restored").erased, "not erased again")
        eventually(lambda: landlord.get(client, known.name).texts_erased, "their texts are erased again")
        name = landlord.submit(client).complaint.name
        landlord.make_visit(client, landlord.wait_for_visit(client, name))
        eventually(lambda: landlord.get(client, name).state == 4, "reactions go on")
        server.stop()
        server.start()
        expect_forgotten(client, known)


@check
def holds_that_a_backup_lacks_can_be_set_again_before_what_is_due_goes(scratch):
    clock, day = SteppingClock(scratch), 86_400
    key, _ = master_key(scratch)
    with server_on(scratch, "data", key) as server:
        client = server.client
        organisation = client.register.GetVersion(kind="REFERENCE_KIND_ORGANISATION").organisation
        next(category for category in organisation.categories if category.code == "noise").retention_days = 30
        client.register.SetOrganisation(organisation=organisation)

        def ended():
            name = landlord.submit(client, category="noise", description=WORDS).complaint.name
            client.intake.WithdrawComplaint(name=name)
            return landlord.get(client, name)
        eventually(lambda: ended().HasField("retention_end_time"), "intake has read the register")
        known, before, since = (ended().name for _ in range(3))
        client.intake.SetLegalHold(name=before, matter="case-1", reason="dispute")
        server.ctl("backup", "monday")
        client.intake.SetLegalHold(name=since, matter="case-2", reason="dispute")
        server.kill()

    clock.set(40 * day)
    restoring = start_ctl("restore", scratch / "backups" / "monday", scratch / "restored", "--erasures", scratch / "elsewhere.list", environment=clock.env)
    _, errors = restoring.communicate(timeout=60)
    expect_equal(restoring.returncode, 0, errors)
    expect("legal holds" in errors, errors)
    restored = server_on(scratch, "restored", key)
    restored.env = clock.env
    with restored as server:
        client = server.client
        holds = lambda: [(hold.matter, hold.name) for hold in client.intake.ListLegalHolds().legal_holds]
        gone = lambda name: landlord.get(client, name).texts_erased
        expect_equal(holds(), [("case-1", before)])
        eventually(lambda: sum(shard.timers_due for shard in client.admin.GetStatus().shards) > 0, "what is due was looked at")
        expect_equal([gone(name) for name in (known, before, since)], [False, False, False])
        client.intake.SetLegalHold(name=since, matter="case-2", reason="dispute")
        expect_equal(holds(), [("case-1", before), ("case-2", since)])
        expect_equal(server.stop(), 0)
        clock.set(41 * day + 3600)
        server.start()
        eventually(lambda: gone(known), "what nobody holds goes a day after the restore")
        expect_equal([gone(name) for name in (before, since)], [False, False])


@check
def a_restored_log_folds_to_the_same_rows(scratch):
    key, _ = master_key(scratch)
    with server_on(scratch, "data", key) as server:
        known = some_lives(server.client)
        # Killed and restarted before: there are claims, positions and perhaps voids to leave behind.
        server.kill()
        server.start()
        server.digests()
        server.ctl("backup", "quiet")
        ctl("restore", scratch / "backups" / "quiet", scratch / "copy", "--erasures", scratch / "elsewhere.list")
        with Server(scratch / "copy", "--master-key", key) as copy:
            server.digests(), copy.digests()
            ran = server.ctl("admin", "digest", "--domain", "--compare", copy.address)
            expect("0 different, 0 not comparable" in ran.errors, ran.errors)
            expect_known(copy.client, known)
            # A copy that was restored can be backed up and restored.
            copy.ctl("backup", "second")
        ctl("restore", scratch / "copy" / "backups" / "second", scratch / "third", "--nobody-was-erased")
        with Server(scratch / "third", "--master-key", key) as third:
            third.digests()
            ran = server.ctl("admin", "digest", "--domain", "--compare", third.address)
            expect("0 different, 0 not comparable" in ran.errors, ran.errors)


def with_the_keys_of(older, newer, mixed):
    """A backup with the log of `newer` and the keys of `older`: as if it fell between an event and the destroying that it asks for."""
    shutil.copytree(newer, mixed)
    shutil.rmtree(mixed / "keys")
    shutil.copytree(older / "keys", mixed / "keys")
    shutil.copy(older / "keys.mark", mixed / "keys.mark")
    files = lambda backup: re.findall(r"files \{[^}]*\}\n", (backup / "MANIFEST").read_text())
    is_key = lambda block: '"keys/' in block or '"keys.mark"' in block
    rest = re.sub(r"files \{[^}]*\}\n", "", (newer / "MANIFEST").read_text())
    chosen = [block for block in files(newer) if not is_key(block)] + [block for block in files(older) if is_key(block)]
    (mixed / "MANIFEST").write_text(rest + "".join(chosen))


@check
def a_restore_destroys_what_its_log_has_given_up(scratch):
    key, _ = master_key(scratch)
    with server_on(scratch, "data", key) as server:
        client = server.client
        known = some_lives(client)
        other = landlord.submit(client, description="Rien à voir.").complaint.name
        server.ctl("backup", "before")
        client.intake.RedactText(name=known.name, reason="neighbour", redactions=[
            {"version": 1, "field": "FIELD_DESCRIPTION", "kept_text": "Rien."}])
        events = lambda: [entry.event for entry in client.intake.ListComplaintHistory(name=known.name).entries]
        eventually(lambda: "KeysDestroyed" in events(), "the key before is destroyed")
        server.ctl("backup", "after")
    backups = scratch / "backups"
    with_the_keys_of(backups / "before", backups / "after", backups / "mixed")
    counts = [ctl("-o", "json", "restore", backups / name, scratch / name, "--nobody-was-erased").json()["destroyed"] for name in ("after", "mixed")]
    expect_equal(counts, ["0", "1"])
    with server_on(scratch, "mixed", key) as server:
        shown = lambda name: landlord.get(server.client, name, personal_data=True, purpose="test").personal_data.description
        expect_equal((shown(known.name), shown(other)), ("Rien.", "Rien à voir."))


@check
def a_damaged_or_unfinished_backup_is_refused(scratch):
    key, _ = master_key(scratch)
    with server_on(scratch, "data", key) as server:
        landlord.submit(server.client, description=WORDS)
        server.ctl("backup", "good")
    good = scratch / "backups" / "good"

    def refused(damage, reason):
        bad = scratch / "bad"
        shutil.copytree(good, bad)
        damage(bad)
        ran = ctl("restore", bad, scratch / "target", "--nobody-was-erased", code=None)
        expect(ran.code not in (0, 2) and reason in ran.errors, f"{ran.code} {ran.errors}")
        expect(not (scratch / "target").exists() and not (scratch / "target.part").exists(), "something is left of it")
        shutil.rmtree(bad)

    def flip(path):
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)

    refused(lambda bad: (bad / "MANIFEST").unlink(), "BACKUP_INCOMPLETE")
    refused(lambda bad: (bad / "keys.mark").unlink(), "BACKUP_DAMAGED")
    refused(lambda bad: flip(next((bad / "log").glob("*.sst"))), "BACKUP_DAMAGED")
    refused(lambda bad: flip(next((bad / "keys").glob("*.sst"))), "BACKUP_DAMAGED")
    (scratch / "no.list").write_text("who knows\n")
    ran = ctl("restore", good, scratch / "target", "--erasures", scratch / "no.list", code=6)
    expect("ERASURE_LIST" in ran.errors, ran.errors)
    ctl("restore", good, scratch / "target", "--nobody-was-erased")


@check
def keys_that_lie_open_are_not_backed_up_and_are_wrapped_by_the_first_start_with_a_key(scratch):
    with Server(scratch / "data") as server:
        submitted = landlord.submit(server.client, description=WORDS, new_person={"full_name": NAME, "phone": PHONE}).complaint
        expect("KEYS_LIE_OPEN" in server.ctl("backup", "open", code=6).errors, "open keys were copied")
        expect(not (scratch / "data" / "backups" / "open").exists(), "it was made all the same")
        expect("NO_MASTER_KEY" in server.ctl("admin", "rotate-master-key", code=6).errors, "rotated without a key")
        server.stop()
        key, key_id = master_key(scratch)
        server.flags += ["--master-key", key]
        server.start()
        done = server.ctl("-o", "json", "admin", "rotate-master-key").json()
        expect_equal((done["masterKeyId"], done.get("wrapped", "0")), (key_id, "0"))
        expect(int(done["living"]) > 2, done)
        expect_known(server.client, submitted)
        server.ctl("backup", "wrapped")
        server.stop()
        # Without it, with another, with one that others may read: each is said.
        expect("KEY_WRAPPED" in refusal_of(scratch / "data"), "it started without")
        other, _ = master_key(scratch, "other.key")
        refusal = refusal_of(scratch / "data", "--master-key", other)
        expect("MASTER_KEY_MISSING" in refusal and key_id in refusal, refusal)
        other.chmod(0o644)
        expect("MASTER_KEY_FILE" in refusal_of(scratch / "data", "--master-key", other), "others may read it")
        expect("MASTER_KEY_FILE" in refusal_of(scratch / "new", "--master-key", scratch / "none"), "no file")
        expect(not (scratch / "new").exists(), "a refused start made something")
        server.start()
        expect_known(server.client, submitted)


@check
def rotated_while_it_serves_old_copies_open_nothing(scratch):
    key, first = master_key(scratch)
    with server_on(scratch, "data", key) as server:
        client = server.client
        known = some_lives(client)
        server.ctl("backup", "before")
        expect(client.intake.ErasePerson(name=known.person, reason="asked").erased, "not erased")
        second = [line for line in ctl("master-key", "add", key).out.splitlines() if "current" in line][0].split()[0]
        # Killed in the middle or not: with both keys every start reads everything.
        rotating = start_ctl("admin", "rotate-master-key", server=server.address)
        server.kill()
        rotating.communicate()
        server.start()
        with Load(server.address) as load:
            load.wait_for(5)
            done = server.ctl("-o", "json", "admin", "rotate-master-key").json()
            load.wait_for(len(load.acknowledged) + 5)
        expect_equal(done["masterKeyId"], second)
        expect("is the current one" in ctl("master-key", "drop", key, second, code=2).errors, "the current one went")
        ctl("master-key", "drop", key, first)
        expect_equal(server.ctl("-o", "json", "admin", "rotate-master-key").json().get("wrapped", "0"), "0")
        server.stop()
        server.start()
        person = landlord.get(client, landlord.submit(client, description="Encore.").complaint.name, personal_data=True, purpose="test")
        expect_equal(person.personal_data.description, "Encore.")
        expect_equal([one.full_name for one in client.intake.FindPeople(phone="0600000001", purpose="test").people], ["Person 1"])
        server.ctl("backup", "after")
    # A copy from before, restored by somebody who has the list of nobody: it opens for nobody.
    ctl("restore", scratch / "backups" / "before", scratch / "old", "--nobody-was-erased")
    refusal = refusal_of(scratch / "old", "--master-key", key)
    expect("MASTER_KEY_MISSING" in refusal and first in refusal, refusal)
    ctl("restore", scratch / "backups" / "after", scratch / "late", "--nobody-was-erased")
    with Server(scratch / "late", "--master-key", key) as server:
        expect_forgotten(server.client, known)
        expect_equal([one.full_name for one in server.client.intake.FindPeople(phone="0600000001", purpose="test").people], ["Person 1"])


if __name__ == "__main__":
    main()
