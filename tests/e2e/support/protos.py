"""Messages and services of proto/, as any client would make them: by protoc, unchanged."""

import subprocess
import tempfile
from pathlib import Path

from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from google.protobuf.message import Message

ROOT = Path(__file__).resolve().parent.parent.parent.parent
# What every gRPC server is asked besides: reflection, of which Debian ships no proto.
STANDARD = Path(__file__).resolve().parent.parent / "protos"


def _compile():
    folders = [ROOT / "proto", STANDARD]
    files = [str(path.relative_to(folder)) for folder in folders for path in sorted(folder.rglob("*.proto"))]
    with tempfile.NamedTemporaryFile() as out:
        command = ["protoc", "--include_imports", f"--descriptor_set_out={out.name}", *(f"-I{folder}" for folder in folders), *files]
        subprocess.run(command, check=True)
        return descriptor_pb2.FileDescriptorSet.FromString(Path(out.name).read_bytes())


_pool = descriptor_pool.DescriptorPool()
_services = []
for _file in _compile().file:
    _pool.Add(_file)
    _services += [f"{_file.package}.{service.name}" for service in _file.service]
_factory = message_factory.MessageFactory(_pool)


def message_type(name):
    """The class of a message by its full name."""
    return _factory.GetPrototype(_pool.FindMessageTypeByName(name))


def type_of(descriptor):
    return _factory.GetPrototype(descriptor)


def services():
    """Full names."""
    return list(_services)


def service(name):
    return _pool.FindServiceByName(name)


def is_streaming(method):
    """(client streams, server streams)."""
    proto = descriptor_pb2.ServiceDescriptorProto()
    method.containing_service.CopyToProto(proto)
    found = next(one for one in proto.method if one.name == method.name)
    return found.client_streaming, found.server_streaming


def fill(message, fields):
    """Sets fields by name: messages as they are, all else as proto JSON has it (times as RFC 3339, enums by name)."""
    plain = {}
    for name, value in fields.items():
        if isinstance(value, Message):
            getattr(message, name).CopyFrom(value)
        else:
            plain[name] = value
    json_format.ParseDict(plain, message)
    return message


def to_dict(message):
    return json_format.MessageToDict(message, preserving_proto_field_name=True)


def millis(time):
    """Of a Timestamp or a Duration."""
    assert time.nanos % 1_000_000 == 0, f"{time} is no whole number of milliseconds"
    return time.seconds * 1000 + time.nanos // 1_000_000
