#!/usr/bin/python3
"""Writes the seeds that are bytes, and those of stored events, out of the records of a release (tests/golden).

Run it when an input's layout changes; seeds that are text are written by hand, and what fuzzing found is added by hand.
"""

import hashlib
import struct
import sys
from pathlib import Path

from google.protobuf import text_format

ROOT = Path(__file__).resolve().parent.parent.parent
CORPUS = ROOT / "tests" / "fuzz" / "corpus"
sys.path.insert(0, str(ROOT / "tests" / "e2e"))
from support.protos import message_type  # noqa: E402

Record, Body, RuleState, RuntimeEvent = (message_type(f"redress.log.v1.{name}") for name in ("Record", "Body", "RuleState", "RuntimeEvent"))
DECISION = 3


def write(target, name, data):
    path = CORPUS / target / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data if isinstance(data, bytes) else data.encode())


def short(text):
    return bytes([len(text)]) + text


def records():
    """(stream, record bytes) of shards 0 of the release's log."""
    shard = ""
    for line in (ROOT / "tests/golden/releases/release1.records").read_text().splitlines():
        if line.startswith("shard "):
            shard = line[6:]
        elif not line.startswith("#") and line:
            yield shard, bytes.fromhex(line)


def write_records():
    """One of each kind, read on from the beginning and from a state in the middle."""
    state = RuleState(
        log_id=b"L" * 16, next_offset=300, fence=7, seq=41, chain=b"c" * 16, last_recorded_at=1772442000000,
        last_register_version=12).SerializeToString()
    of_sla = [record for shard, record in records() if shard == "sla/0"]
    for name, record in (("genesis", of_sla[0]), ("claim", of_sla[1]), ("decision", of_sla[-1])):
        write("records", name, struct.pack("<H", 0) + record)
        write("records", f"{name}_later", struct.pack("<H", len(state)) + state + record)
    far = RuleState(log_id=b"L" * 16, next_offset=2**63 - 1, fence=7, seq=2**62, chain=b"c" * 16).SerializeToString()
    write("records", "far", struct.pack("<H", len(far)) + far + of_sla[1])


def write_stored_events():
    """The first events of each kind, a file a stream."""
    kinds, lines = set(), {}
    for shard, data in records():
        stream = shard.split("/")[0]
        record = Record.FromString(data)
        if record.kind != DECISION:
            continue
        body = Body.FromString(record.body)
        for event in body.events:
            own = event.aggregate.startswith("inputs/")
            message = (RuntimeEvent if own else message_type(f"redress.{stream}.events.v1.Event"))()
            message.ParseFromString(event.payload)
            kind = (stream, message.WhichOneof("kind"))
            text = text_format.MessageToString(message, as_one_line=True)
            if kind in kinds or len(text) > 1500:
                continue
            kinds.add(kind)
            lines.setdefault(stream, []).append(
                f"{stream} {event.aggregate} {event.version} {body.recorded_at} {{{text}}}\n")
    for stream, of_stream in lines.items():
        for part in range(0, len(of_stream), 12):
            write("stored_events", f"{stream}{part // 12}", "".join(of_stream[part:part + 12]))


def write_cursors():
    def cursor(*states):
        content = message_type("redress.public.v1.Cursor")(log_id=b"L" * 16)
        for shard, (state, taken) in enumerate(states):
            content.shards.add(service="intake", shard=shard, state=state.SerializeToString(), taken=taken)
        return content.SerializeToString()
    begin = RuleState()
    far = RuleState(log_id=b"L" * 16, next_offset=2**63 - 1, fence=1, seq=2**63 - 1, chain=b"c" * 16)
    before = RuleState(log_id=b"L" * 16, next_offset=-1, fence=-5, seq=-1, chain=b"short")
    for name, content in (("begin", cursor((begin, 0), (begin, 7))), ("far", cursor((far, 2**32 - 1), (begin, 0))),
                          ("before", cursor((before, 1), (far, 0))), ("nothing", b"")):
        write("cursors", name, struct.pack("<H", 0) + content)
        hash_of = hashlib.blake2b(b"cursor" + content, digest_size=16).digest()[:8]
        write("cursors", f"{name}_whole", struct.pack("<H", 8 + len(content)) + hash_of + content)


def write_bytes():
    # A claim, decisions, a gap, a repeat, a stale one, another claim; see acceptance_fuzz.cc.
    ten = bytes([1, 0, *([10, 16, 0, 3] * 4)])
    write("acceptance", "term", ten)
    write("acceptance", "fight", ten + bytes([1, 5, 9, 0, 0, 4, 3, 2, 200, 1, 1, 1, 0, 10, 1, 1, 1, 4, 2, 8, 9, 10, 1, 1, 1]))
    write("acceptance", "broken", ten + bytes([5, 1, 1, 1, 7, 6, 2, 2, 2, 2]))
    write("acceptance", "no_genesis", bytes([0, 0, 10, 1, 1, 1, 7]))
    write("acceptance", "far", ten + bytes([3]) + struct.pack("<qq", 2**63 - 1, -2**63) + bytes([1, 1, 1]))
    write("keys", "pieces", bytes([3]) + struct.pack("<q", -5) + short(b"a\0b\xff") + struct.pack("<I", 7) + short(b"raw") +
          bytes([3]) + struct.pack("<q", -5) + short(b"a\0") + struct.pack("<I", 9) + short(b""))
    write("keys", "entry", bytes.fromhex("0300000002000000000000012c"))
    write("keys", "key_row", bytes([1, 3, 1]) + struct.pack(">q", 0x019CA6B1DC00) + short(b"2026-03") + short(b"") + short(b"\xaa" * 32))
    write("keys", "destroyed", bytes([1, 1, 2]) + struct.pack(">q", 1) + short(b"") + short(b"") + short(b""))
    head = struct.pack("<i", 10) + short(b"state=open") + short(b"key\xff") + struct.pack("<q", 42)
    token = message_type("redress.service.v1.PageToken")(
        list="complaints", question=hashlib.blake2b(b"state=open", digest_size=16).digest(), log_id=b"L" * 16,
        projection_version=1, last_key=b"k", as_of=-1).SerializeToString()
    write("page_tokens", "forged", head + token)
    write("page_tokens", "text", head + b"AAAAAAAA")
    write("page_tokens", "negative", struct.pack("<i", -1) + short(b"") + short(b"") + struct.pack("<q", 0))
    for name, change in (("box", 0), ("key", 1), ("owner", 2), ("cut", 4), ("longer", 8), ("other", 12)):
        write("sealed", name, bytes([change, 3, 0x41]) + "0612 34 56 78 a@example.org, and a longer text".encode())
    write("sealed", "phone", "\0\0\0+33 (0)6.12-34/56 78")
    write("sealed", "mail", " Ana@Example.ORG ")
    status = message_type("google.rpc.Status")(code=3, message="é" * 300)
    bad = message_type("google.rpc.BadRequest")()
    for i in range(40):
        bad.field_violations.add(field=f"attachments[{i}].sha256", description="is missing, and said at some length " * 2)
    info = message_type("google.rpc.ErrorInfo")(reason="INVALID_FIELDS", domain="redress")
    for name, value in (("BadRequest", bad), ("ErrorInfo", info)):
        status.details.add(type_url=f"type.googleapis.com/google.rpc.{name}", value=value.SerializeToString())
    write("headers", "status", b"Bearer other\n\n\n" + status.SerializeToString())


def main():
    write_records()
    write_stored_events()
    write_cursors()
    write_bytes()


if __name__ == "__main__":
    main()
