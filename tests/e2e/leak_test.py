#!/usr/bin/env python3
"""A resident's words in every field that takes text, and looked for everywhere: files unpacked, figures, errors, events, crashes."""

import base64
import csv
import gzip
import os
import resource
import signal
import subprocess
import tempfile
import urllib.request
from pathlib import Path

from support import landlord, permission_calls, protos, rocksdb_files
from support.checks import Skip, check, eventually, expect, expect_equal, main
from support.client import Client, Failure, failure_of
from support.programs import Server, bin_dir
from support.search import Search

# Nothing else contains these. With a blank and an accent, as names have them: no code is written so.
NAME, FIRST, LAST = "Zéphyrine Quaxolotl", "phyrine", "Quaxolotl"
# In the clear on purpose.
RESIDENCE = "RES-QUAXCONTROL"
SERVICES = ("intake", "routing", "scheduling", "sla")
LOOK = Search([FIRST, LAST], RESIDENCE)

# Fields that are kept as they are given: codes of the landlord's own and names of other systems, one line of any script. Nobody can
# tell a name among them, so the protos say that they are codes. Paths begin behind `complaint.` and `complaints.`.
IN_CLEAR = {
    "agency", "agent", "campaign", "category", "complaints", "external_reference.reference", "external_reference.system", "lines", "office",
    "reference", "residence", "skill", "skills", "system", "team", "facts.team", "facts.line", "filter.agencies", "filter.categories",
    "filter.offices", "filter.teams", "scope.filter.agencies", "scope.filter.categories", "scope.filter.offices", "scope.filter.teams",
    "technician.skills",
}
# The landlord's register: territory, categories, staff, rules, packs, calendars. Published, and about no resident.
REGISTER = "redress.register.v1.RegisterService"
# Told to clients, and taken no notice of when they send them.
IGNORED = {"technician.etag"}
# What takes a resident's words and seals them, or only compares. (Of `phone` and `email` of a search one is given, and looks like one.)
SEALED = {
    "access_note", "client", "description", "dwelling", "facts.handler", "new_person.care_needs", "new_person.dwelling",
    "new_person.email", "new_person.full_name", "new_person.phone", "redactions.kept_text", "text",
}


def text_fields(descriptor, path=()):
    """Paths of all strings and bytes of a message."""
    for field in descriptor.fields:
        if field.type in (field.TYPE_STRING, field.TYPE_BYTES):
            yield (*path, field)
        elif field.type == field.TYPE_MESSAGE and len(path) < 4:
            yield from text_fields(field.message_type, (*path, field))


def path_of(fields):
    path = ".".join(field.name for field in fields)
    return path.removeprefix("complaint.").removeprefix("complaints.")


def plant(message, fields):
    """NAME into one field, the rest as it is."""
    for number, field in enumerate(fields):
        last = number == len(fields) - 1
        if last:
            value = NAME.encode() if field.type == field.TYPE_BYTES else NAME
            if field.label == field.LABEL_REPEATED:
                getattr(message, field.name).append(value)
            else:
                setattr(message, field.name, value)
        elif field.label == field.LABEL_REPEATED:
            repeated = getattr(message, field.name)
            message = repeated[0] if repeated else repeated.add()
        else:
            message = getattr(message, field.name)
            message.SetInParent()


class Tampering(Client):
    """A client that puts a name into one field of whatever it is told to send."""

    def __init__(self, *args):
        self.fields = None
        super().__init__(*args)

    def call(self, method, *args, **fields):
        if self.fields is None:
            return super().call(method, *args, **fields)
        request_type = protos.type_of(method.input_type)
        if args and not isinstance(args[0], request_type):
            [request] = args[0]
        else:
            request = args[0] if args else protos.fill(request_type(), fields)
        if "request_id" in request_type.DESCRIPTOR.fields_by_name and not request.request_id:
            request.request_id = f"planted-{id(request)}"
        plant(request, self.fields)
        return super().call(method, iter([request]) if protos.is_streaming(method)[0] else request)


def calls():
    """Each RPC outside the register, once: (method, how it is called)."""
    seen = set()
    for key, call in permission_calls.CALLS.items():
        service, _, name = key.partition("/")
        method = protos.service(service).methods_by_name[name.partition(" (")[0]]
        if service != REGISTER and method.full_name not in seen:
            seen.add(method.full_name)
            yield method, call


def plant_everywhere(server, made):
    """Plants in each field in turn. What leaked in errors and answers, and {path: outcomes}."""
    leaks, outcomes = [], {}
    with Tampering(server.address) as client:
        for method, call in calls():
            for fields in text_fields(method.input_type):
                path = path_of(fields)
                if path in IN_CLEAR:
                    continue
                subject = getattr(made, call.fresh)("") if call.fresh else made.shared
                client.fields, where = fields, f"{method.full_name} with a name in {path}"
                try:
                    reply = call.make(client, subject, made)
                    replies = [reply] if hasattr(reply, "DESCRIPTOR") else list(reply)
                except Failure as failure:
                    leaks += LOOK.findings(f"error of {where}", failure.message)
                    leaks += LOOK.findings(f"error of {where}", failure.status or "")
                    outcomes.setdefault(path, set()).add(failure.code)
                    continue
                refused = any(getattr(row, "refusals", ()) for reply in replies for row in (reply, *getattr(reply, "rows", ())))
                outcomes.setdefault(path, set()).add("REFUSED" if refused else "OK")
                for reply in replies:
                    leaks += LOOK.findings(f"answer of {where}", reply)
    return leaks, outcomes


@check
def a_leak_is_found_wherever_it_lies(scratch):
    """The search on a folder that leaks: each way of writing a word down that files and messages have."""
    rows = [(b"row/%06d" % number, (f"blah blah {number} {LAST} " * 20).encode()) for number in range(2000)]
    fragment = lambda kind, part: b"\0" * 4 + len(part).to_bytes(2, "little") + bytes([kind]) + part
    leaks = {
        "plain.txt": f"said {NAME}".encode(), "lower.json": LAST.lower().encode(), "utf16.bin": LAST.encode("utf-16-le"),
        "hex.txt": LAST.encode().hex().upper().encode(), "packed.gz": gzip.compress(LAST.encode()),
        # Across two fragments, and so across two blocks.
        "000001.log": (fragment(2, b"x" * 32751 + LAST[:3].encode()) + b"\0" * 32768)[:32768] + fragment(4, LAST[3:].encode()),
        **{f"base64-{shift}.txt": base64.b64encode(b"z" * shift + LAST.encode() + b"zz") for shift in range(3)},
    }
    for name, content in leaks.items():
        (scratch / name).write_bytes(content)
    kinds = (rocksdb_files.SNAPPY, rocksdb_files.LZ4, rocksdb_files.ZSTD)
    for compression in kinds:
        rocksdb_files.write_table(scratch / f"rows-{compression}.sst", rows, compression)
        # In keys alone, of which a table keeps what differs from the one before.
        rocksdb_files.write_table(scratch / f"keys-{compression}.sst", [(key + LAST.encode(), b"") for key, _ in rows], compression)
    (scratch / f"{LAST}.empty").touch()
    (scratch / "control").write_text(RESIDENCE)
    found = {finding.split(":")[0] for finding in LOOK.in_folder(scratch)}
    expect_equal(found, {*leaks, *(f"{what}-{kind}.sst" for what in ("rows", "keys") for kind in kinds), f"name of {LAST}.empty"})
    # Of two thousand keys that hold it, the file as it lies shows a few.
    packed = scratch / "keys-7.sst"
    expect(packed.read_bytes().count(LAST.encode()) * 10 < sum(LAST.encode() in key for key, _ in rocksdb_files.table_rows(packed.read_bytes())),
           "the table is not packed, so unpacking it shows nothing")
    (scratch / "control").unlink()
    try:
        LOOK.in_folder(scratch)
    except AssertionError:
        return
    raise AssertionError("a search that does not even find the control passes")


@check
def a_name_in_any_field_is_sealed_or_refused_and_found_nowhere(scratch):
    with Server(scratch / "data", "--log-file", scratch / "log.json", metrics=True) as server:
        client = server.client
        landlord.upload_territory(client, (landlord.AGENCY, "AG-2"))
        eventually(lambda: client.register.ListPlaces().places, "the territory is there")
        landlord.register_technicians(client, ("tech-1", "tech-2"))
        made = permission_calls.Landlord(client)
        landlord.submit(client, residence=RESIDENCE)
        found, outcomes = plant_everywhere(server, made)
        taken = {path for path, seen in outcomes.items() if "OK" in seen}
        print(f"  {len(outcomes)} fields: {len(taken)} take words, {len(outcomes) - len(taken)} refuse them")
        expect_equal(taken - SEALED - IGNORED, set(), "fields that take any text, and are neither known to be sealed nor codes of the landlord's")
        expect_equal(SEALED - taken, set(), "fields that are said to take words, and do not")
        server.digests()
        with urllib.request.urlopen(f"http://127.0.0.1:{server.metrics_port}/metrics", timeout=30) as reply:
            found += LOOK.findings("metrics", reply.read())
        events, _ = landlord.events(client)
        found += [finding for event in events for finding in LOOK.findings("public events", event)]
        for reply in (client.routing.ListQueue(team="front-desk", page_size=1000), client.sla.ListCasesAtRisk(page_size=1000), client.admin.GetStatus(),
                      client.scheduling.ListInterventions(), client.scheduling.ListTechnicians(), client.admin.ListParkedInputs(),
                      client.intake.ListComplaints(page_size=1000), *(client.intake.ListComplaintHistory(name=one.name) for one in landlord.all_complaints(client))):
            found += LOOK.findings(type(reply).__name__, reply)
        for service in SERVICES:
            client.admin.CreateCheckpoint(service=service, checkpoint_id="c1")
        server.kill()
        found += LOOK.in_folder(scratch / "data")
        # Folded anew and stopped in order, rows and records lie in compressed tables.
        server.start()
        for service in SERVICES:
            client.admin.RebuildProjection(service=service)
            client.admin.CreateCheckpoint(service=service, checkpoint_id="c2")
        expect_equal(server.stop(), 0)
        found += LOOK.in_folder(scratch / "data")
        tables = list((scratch / "data").rglob("*.sst"))
        expect({path.relative_to(scratch / "data").parts[0] for path in tables} >= {"projections"}, f"nothing lies in tables: {tables}")
        found += LOOK.findings("log lines", server.log() + (scratch / "log.json").read_text())
        expect(not found, lambda: "found:\n" + "\n".join(sorted(set(found))))


@check
def columns_of_an_import_are_sealed_left_out_or_refused_without_their_words(scratch):
    columns = ["Unique Key", "Created Date", "Closed Date", "Status", "Complaint Type", "Descriptor", "Incident Address", "BBL", "Agency",
               "Open Data Channel Type", "Due Date", "Resolution Description", "Location Type", "City", "Community Board", "Reporter"]
    good = {"Unique Key": "1", "Created Date": "01/02/2019 10:00:00 AM", "Closed Date": "01/03/2019 10:00:00 AM", "Status": "Closed",
            "Complaint Type": "Noise", "Descriptor": f"chez {NAME}", "Incident Address": f"12 rue {LAST}", "BBL": RESIDENCE, "Agency": "NYPD",
            "Open Data Channel Type": "PHONE", "Reporter": NAME}
    # Words where a date, a state or a channel should stand, and in a column that the mapping does not name.
    rows = [good] + [{**good, "Unique Key": str(number), column: NAME} for number, column in enumerate(
        ("Created Date", "Closed Date", "Status", "Open Data Channel Type", "Due Date", "Resolution Description"), 2)]
    with open(scratch / "rows.csv", "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)
    with Server(scratch / "data") as server:
        ran = server.ctl("-o", "json", "import", "--mapping", protos.ROOT / "deploy" / "mappings" / "new_york_311_csv.textproto",
                         "--report", scratch / "report.csv", scratch / "rows.csv", code=None)
        expect(ran.out, ran.errors)
        counts = ran.json()
        expect(counts["refused"] > 0 and counts["accepted"] > 0 and counts["rows"] == len(rows), f"{counts}")
        names = [one.name for one in landlord.all_complaints(server.client)]
        texts = [landlord.get(server.client, name, personal_data=True, purpose="test").personal_data.description for name in names]
        expect(any(NAME in text and LAST in text for text in texts), f"what the mapping reads is there for whoever may: {texts}")
        found = LOOK.findings("what redressctl says", ran.out + ran.errors)
        server.digests()
        found += [finding for event in landlord.events(server.client)[0] for finding in LOOK.findings("public events", event)]
        server.kill()
        found += LOOK.in_folder(scratch / "data") + LOOK.findings("log lines", server.log())
        expect(not found, lambda: "found:\n" + "\n".join(sorted(set(found))))
        # The report quotes what could not be read, for whoever has the file it is about: it lies beside that, not with us.
        report = (scratch / "report.csv").read_text(encoding="utf-8")
        expect("unreadable_time" in report and not any(NAME in line for line in report.splitlines() if ",Descriptor," in line), report)


def crash(scratch, how):
    """A server that has read and sealed words, ended by a signal with core files allowed: its folder, whether a core was written."""
    folder = Path(tempfile.mkdtemp(dir=scratch))
    allow = lambda: (resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)), os.chdir(folder))
    # A sanitizer would take the signal for a fault of its own to report.
    env = {**os.environ, "ASAN_OPTIONS": f"{os.environ.get('ASAN_OPTIONS', '')}:handle_segv=0"}
    with open(folder / "stderr", "wb") as errors:
        process = subprocess.Popen([bin_dir() / "redress-standalone", "--data", folder / "data", "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE,
                                   stderr=errors, stdin=subprocess.DEVNULL, env=env, preexec_fn=allow)
    try:
        port = int(process.stdout.readline().split()[1])
        with Client(f"127.0.0.1:{port}") as client:
            eventually(lambda: client.health.Check().status == 1, "it serves")
            name = landlord.submit(client, residence=RESIDENCE, description=NAME, new_person={"full_name": NAME}).complaint.name
            read = landlord.get(client, name, personal_data=True, purpose="test").personal_data
            expect_equal(read.description, NAME)
        process.send_signal(how)
        _, status = os.waitpid(process.pid, 0)
        process.returncode = -os.WTERMSIG(status)
        return folder, os.WCOREDUMP(status), os.WTERMSIG(status)
    finally:
        process.stdout.close()
        if process.returncode is None:
            process.kill()
            process.wait()


def cores_are_written_here(scratch):
    """Whether this machine leaves a core file of a process that does not mind."""
    allow = lambda: (resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)), os.chdir(scratch))
    pid = subprocess.Popen(["sleep", "60"], preexec_fn=allow)
    pid.send_signal(signal.SIGABRT)
    _, status = os.waitpid(pid.pid, 0)
    pid.returncode = -os.WTERMSIG(status)
    return os.WCOREDUMP(status)


@check
def a_crash_leaves_no_core_and_no_words(scratch):
    try:
        written = cores_are_written_here(scratch)
    except (ValueError, OSError) as error:
        raise Skip(f"core files cannot be allowed here: {error}") from None
    if not written:
        raise Skip("this machine writes no core files of anybody")
    for how in (signal.SIGABRT, signal.SIGSEGV):
        folder, core, ended_by = crash(scratch, how)
        expect_equal(ended_by, how)
        expect(not core, f"{how.name} left a core file: it holds what residents wrote")
        expect_equal([path.name for path in folder.iterdir() if path.name not in ("data", "stderr")], [])
        expect_equal(LOOK.in_folder(folder), [])


if __name__ == "__main__":
    main()
