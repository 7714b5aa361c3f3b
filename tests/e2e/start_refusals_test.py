#!/usr/bin/env python3
"""Starts that are refused, saying why; and what a damaged log is told apart as."""

import re

from support import landlord
from support.checks import check, eventually, expect, expect_equal, main
from support.client import failure_of
from support.programs import Server, refusal_of, zone_rules


def filled(scratch, count=50):
    """A data directory with some complaints in it; their names."""
    with Server(scratch / "data") as server:
        names = [landlord.submit(server.client, description=f"texte {number} " + "x" * 500).complaint.name for number in range(count)]
        server.digests()
        # Not stopped: what is left is what a crash leaves.
        server.kill()
    return names


def newest_wal(scratch):
    """The file that records were appended to last."""
    files = [file for file in (scratch / "data" / "log").rglob("*.log") if file.name != "LOG" and file.stat().st_size > 0]
    return max(files, key=lambda file: file.name)


@check
def another_address_than_loopback_needs_principals(scratch):
    said = refusal_of(scratch / "data", listen="0.0.0.0:0")
    expect("NO_PRINCIPALS" in said or "principals" in said, said)
    expect(not (scratch / "data").exists(), "it made its directory before it refused")


@check
def a_principals_file_open_to_others_is_refused(scratch):
    file = scratch / "principals.textproto"
    file.write_text(f"principals {{ id: 'a' token_sha256: '{'0' * 64}' roles: 'admin' all_agencies: true }}")
    file.chmod(0o644)
    said = refusal_of(scratch / "data", "--principals", file)
    expect(str(file) in said and "chmod" in said, said)
    file.chmod(0o600)
    file.write_text("principals { id: 'a' token_sha256: 'xyz' roles: 'king' }")
    said = refusal_of(scratch / "data", "--principals", file)
    expect("roles" in said and "king" in said and "token_sha256" in said, said)


@check
def a_refused_start_has_made_nothing(scratch):
    data, principals, broken = scratch / "data", scratch / "principals.textproto", scratch / "config"
    principals.write_text("principals { id: 'a' token_sha256: 'xyz' roles: 'king' }")
    principals.chmod(0o600)
    broken.mkdir()
    (broken / "organisation.textproto").write_text("categories {")
    with Server(scratch / "one", metrics=True) as server:
        metrics = f"127.0.0.1:{server.metrics_port}"
        refusals = {
            "CANNOT_LISTEN": [{"listen": server.address}, {"flags": ["--metrics", metrics]}, {"flags": ["--metrics", server.address]},
                              {"listen": "203.0.113.1:0", "flags": ["--principals", "GOOD"]}],
            "NO_PRINCIPALS": [{"listen": "0.0.0.0:0"}, {"flags": ["--metrics", "0.0.0.0:0"]}],
            "INVALID_FIELDS": [{"flags": ["--principals", principals]}, {"flags": ["--shards", "3"]}, {"flags": ["--installation", "Not A Name"]}],
            "PRINCIPALS_FILE": [{"flags": ["--principals", scratch / "none"]}],
            "nowhere": [{"flags": ["--config", scratch / "nowhere"]}],
            "organisation.textproto": [{"flags": ["--config", broken]}],
            "TZDATA_VERSION_UNKNOWN": [{"env": {"TZDIR": str(zone_rules(scratch / "zones", None))}}],
        }
        good = scratch / "good.textproto"
        good.write_text(f"principals {{ id: 'a' token_sha256: '{'0' * 64}' roles: 'admin' all_agencies: true }}")
        good.chmod(0o600)
        for reason, starts in refusals.items():
            for start in starts:
                flags = [good if flag == "GOOD" else flag for flag in start.get("flags", [])]
                said = refusal_of(data, *flags, listen=start.get("listen", "127.0.0.1:0"), env=start.get("env"))
                expect(reason in said, f"{start}: {said}")
                expect(not data.exists(), f"{start} left {list(data.rglob('*'))} behind")


@check
def zone_rules_that_are_not_the_registers_are_named_and_can_be_adopted(scratch):
    with Server(scratch / "data") as server:
        landlord.submit(server.client)
        server.stop()
        server.env = {"TZDIR": str(zone_rules(scratch / "zones", "2099z"))}
        server.start(ready=False)
        status = lambda service: server.client.health.Check(service=service).status
        eventually(lambda: status("redress.register.v1.RegisterService") == 1, "the register serves")
        expect_equal([status(name) for name in ("", "redress.intake.v1.IntakeService", "redress.sla.v1.SlaService")], [2, 2, 2])
        failure = failure_of(lambda: landlord.submit(server.client))
        expect_equal((failure.code, failure.reason), ("UNAVAILABLE", "TZDATA_DIFFERS"))
        expect(failure.retry_ms and "2099z" in failure.message and failure.metadata["adopted"] in failure.message, str(failure))
        # A call may be refused before the log has said so.
        for word in ("TZDATA_DIFFERS", "2099z", failure.metadata["adopted"]):
            eventually(lambda: word in server.log(), f"the log says {word}")
        # As the error says.
        server.ctl("register", "tzdata", "2099z")
        server.wait_until_ready()
        landlord.submit(server.client)
        expect_equal(len(landlord.all_complaints(server.client)), 2)


@check
def a_directory_in_use_is_refused(scratch):
    with Server(scratch / "data") as server:
        said = refusal_of(scratch / "data")
        expect("DATA_DIR_IN_USE" in said and str(scratch / "data") in said, said)
        # The one that has it is not disturbed.
        landlord.submit(server.client)


@check
def a_directory_that_is_no_log_of_ours_is_refused(scratch):
    (scratch / "data" / "log").mkdir(parents=True)
    (scratch / "data" / "log" / "CURRENT").write_text("something else")
    said = refusal_of(scratch / "data")
    expect("log" in said, said)
    expect_equal((scratch / "data" / "log" / "CURRENT").read_text(), "something else", "it was overwritten")


@check
def another_shard_count_is_refused(scratch):
    with Server(scratch / "data", "--shards", "2") as server:
        landlord.submit(server.client)
        server.stop()
        said = refusal_of(scratch / "data", "--shards", "8")
        expect("8" in said and "2" in said and "shard" in said, said)
        server.start()
        expect_equal(len(landlord.all_complaints(server.client)), 1)


@check
def bad_options_are_refused(scratch):
    expect("power of two" in refusal_of(scratch / "data", "--shards", "3"), "shards")
    expect("installation" in refusal_of(scratch / "data", "--installation", "Not A Name"), "installation")
    expect(str(scratch / "nowhere") in refusal_of(scratch / "other", "--config", scratch / "nowhere"), "config")


@check
def a_port_that_is_taken_is_refused(scratch):
    with Server(scratch / "one") as server:
        said = refusal_of(scratch / "two", listen=server.address)
        expect("CANNOT_LISTEN" in said or "cannot listen" in said, said)


@check
def a_torn_tail_is_cut_and_said(scratch):
    names = filled(scratch)
    wal = newest_wal(scratch)
    content = wal.read_bytes()
    # A write that had begun when the power went: the beginning of a record behind the last whole one.
    wal.write_bytes(content + content[:100])
    with Server(scratch / "data") as server:
        cut = [line for line in server.log().splitlines() if "log_tail_cut" in line]
        expect(len(cut) == 1 and wal.name in cut[0], f"it was not said: {server.log()}")
        expect_equal({complaint.name for complaint in landlord.all_complaints(server.client)}, set(names))
        landlord.submit(server.client)
        server.kill()
        server.start()
        expect_equal(sum("log_tail_cut" in line for line in server.log().splitlines()), 1, "said again though it was cut")
        expect_equal(len(landlord.all_complaints(server.client)), len(names) + 1)


@check
def a_log_that_lost_its_end_is_served_as_it_is(scratch):
    """After a disk that lied about its syncs: what projections know beyond the log is not believed."""
    filled(scratch)
    wal = newest_wal(scratch)
    with open(wal, "r+b") as file:
        file.truncate(wal.stat().st_size // 2)
    with Server(scratch / "data") as server:
        expect("log_tail_cut" in server.log(), server.log())
        listed = [one.name for one in landlord.all_complaints(server.client)]
        expect(0 < len(listed) < 50, f"{len(listed)} complaints of half a log")
        rebuilt = [server.client.admin.RebuildProjection(service=service) for service in ("intake", "routing", "scheduling", "sla")]
        expect(all(one.equal for one in rebuilt), f"rows are not those of the log: {rebuilt}")
        expect_equal([one.name for one in landlord.all_complaints(server.client)], listed)
        landlord.submit(server.client)


@check
def a_flipped_byte_in_the_middle_is_refused_with_file_and_place(scratch):
    filled(scratch)
    wal = newest_wal(scratch)
    content = bytearray(wal.read_bytes())
    place = len(content) // 2
    content[place] ^= 0x40
    wal.write_bytes(content)
    said = refusal_of(scratch / "data")
    expect("LOG_CORRUPT" in said or "DATA_LOSS" in said, said)
    expect(wal.name in said, f"which file? {said}")
    offsets = [int(number) for number in re.findall(r"\d+", said.split(wal.name, 1)[1])]
    # It names the record that holds the byte: somewhat before it.
    expect(any(place - 40_000 <= offset <= place for offset in offsets), f"which place? {place} {said}")
    content[place] ^= 0x40
    wal.write_bytes(content)
    with Server(scratch / "data") as server:
        expect_equal(len(landlord.all_complaints(server.client)), 50, "mended")


@check
def a_key_store_that_is_gone_is_not_made_anew(scratch):
    names = filled(scratch, 3)
    keys = scratch / "data" / "keys"
    keys.rename(scratch / "kept")
    said = refusal_of(scratch / "data")
    expect("KEY_STORE_MISSING" in said and str(keys) in said, said)
    expect(not keys.exists(), "it made an empty one")
    (scratch / "kept").rename(keys)
    with Server(scratch / "data") as server:
        shown = server.client.intake.GetComplaint(name=names[0], personal_data=True, purpose="test").complaint
        expect(shown.personal_data.description.startswith("texte 0"), shown)


@check
def a_key_store_that_lost_its_end_is_refused_and_what_is_lost_is_not_erased(scratch):
    names = filled(scratch, 3)
    keys, mark = scratch / "data" / "keys", scratch / "data" / "keys.mark"
    [wal] = [file for file in keys.glob("*.log") if file.stat().st_size > 0]
    content = wal.read_bytes()
    for size in (0, len(content) // 2, len(content) - 1):
        wal.write_bytes(content[:size])
        said = refusal_of(scratch / "data")
        expect("KEY_STORE_CUT" in said and str(keys) in said and str(mark) in said, f"cut at {size}: {said}")
    wal.write_bytes(content)
    with Server(scratch / "data") as server:
        read = lambda name: server.client.intake.GetComplaint(name=name, personal_data=True, purpose="test").complaint
        expect(read(names[0]).personal_data.description.startswith("texte 0"), "put back, it is whole")
        server.kill()
        # Taken as it is, as the refusal says, without the keys that were made since this start.
        for file in keys.iterdir():
            file.unlink()
        said = refusal_of(scratch / "data")
        expect("KEY_STORE_CUT" in said, said)
        mark.unlink()
        server.start()
        failure = failure_of(lambda: read(names[0]))
        expect_equal((failure.code, failure.reason), ("DATA_LOSS", "KEY_LOST"))
        expect(names[0] in failure.message and "description" in failure.message, str(failure))
        new = landlord.submit(server.client, description="nouveau").complaint.name
        expect_equal(read(new).personal_data.description, "nouveau")
        expect_equal(len(landlord.all_complaints(server.client)), len(names) + 1)


@check
def a_damaged_current_is_named_with_what_it_should_say(scratch):
    filled(scratch, 3)
    for store in ("log", "keys"):
        current = scratch / "data" / store / "CURRENT"
        content = current.read_text()
        for damaged in ("", "NANIFEST-000005\n", content.replace("0", "1"), content.strip()):
            current.write_text(damaged)
            said = refusal_of(scratch / "data")
            expect("CURRENT" in said and str(current.parent) in said and content.strip() in said, f"{store} {damaged!r}: {said}")
        current.write_text(content)
    with Server(scratch / "data") as server:
        expect_equal(len(landlord.all_complaints(server.client)), 3)


@check
def a_log_whose_newest_file_is_gone_is_refused(scratch):
    filled(scratch)
    wal = newest_wal(scratch)
    content = wal.read_bytes()
    wal.unlink()
    said = refusal_of(scratch / "data")
    expect("LOG_CORRUPT" in said and str(wal.parent) in said and "000001.log" in said, said)
    # As it says; with a start more in the log, so that something is left.
    wal.write_bytes(content)
    with Server(scratch / "data") as server:
        landlord.submit(server.client, description="dernier")
        server.digests()
        server.kill()
        newest_wal(scratch).unlink()
        expect("LOG_CORRUPT" in refusal_of(scratch / "data"), "it started")
        (scratch / "data" / "log" / "000001.log").touch()
        server.start()
        ahead = [line for line in server.log().splitlines() if "projection_ahead_of_log" in line]
        expect(any('"service":"intake"' in line and "ends at" in line and '"shard":' in line for line in ahead), f"{ahead}")
        expect_equal(len(landlord.all_complaints(server.client)), 50)


@check
def a_damaged_projection_is_made_anew(scratch):
    names = filled(scratch)
    [current] = (scratch / "data" / "projections").glob("intake-v*")
    (current / "CURRENT").write_text("MANIFEST-999999\n")
    with Server(scratch / "data") as server:
        expect_equal({complaint.name for complaint in landlord.all_complaints(server.client)}, set(names))


def damage_rows(scratch, service):
    """Bytes of all blocks of a projection's tables, changed."""
    tables = [file for folder in (scratch / "data" / "projections").glob(f"{service}-v*") for file in folder.glob("*.sst")]
    expect(tables, f"{service} has no tables")
    for table in tables:
        content = bytearray(table.read_bytes())
        for place in range(300, len(content) - 2000, 500):
            content[place] ^= 0xFF
        table.write_bytes(content)


@check
def damaged_rows_are_rebuilt_while_it_serves_twice_in_a_row(scratch):
    names = filled(scratch)
    with Server(scratch / "data") as server:
        for _ in range(2):
            server.digests()
            server.kill()
            server.start()
            server.digests()
            server.kill()
            damage_rows(scratch, "intake")
            server.start(ready=False)
            eventually(lambda: server.client.health.Check().status == 2 and "projection_damaged" in server.log(), "the damage is met")
            failure = failure_of(lambda: landlord.all_complaints(server.client))
            expect(failure.reason in ("SHARD_STOPPED", "PROJECTION_CORRUPT"), str(failure))
            server.ctl("admin", "rebuild", "intake")
            server.wait_until_ready()
            expect_equal({complaint.name for complaint in landlord.all_complaints(server.client)}, set(names))
            names.append(landlord.submit(server.client).complaint.name)


@check
def damaged_rows_of_the_register_are_made_anew_by_a_start(scratch):
    names = filled(scratch, 3)
    with Server(scratch / "data") as server:
        server.digests()
        server.kill()
        damage_rows(scratch, "register")
        server.start(ready=False)
        eventually(lambda: "projection_damaged" in server.log(), "the damage is met")
        failure = failure_of(lambda: server.client.admin.RebuildProjection(service="register"))
        expect_equal((failure.code, failure.reason), ("FAILED_PRECONDITION", "NOT_WHILE_SERVING"))
        server.stop()
        server.start()
        expect_equal({complaint.name for complaint in landlord.all_complaints(server.client)}, set(names))


if __name__ == "__main__":
    main()
