"""Looks for words that must not be there: in files whatever they are packed in, in messages, in text, however they are written."""

import base64
import gzip

from . import rocksdb_files
from .checks import expect


def _spellings(word):
    """How a word may stand in bytes: (needle, whether case matters)."""
    plain = word.encode()
    yield plain.lower(), False
    yield word.encode("utf-16-le").lower(), False
    for spelled in (plain, plain.lower(), plain.upper()):
        yield spelled.hex().encode(), False
        for shift in range(3):
            # What of its base64 does not depend on the bytes beside it.
            packed = base64.b64encode(b"\0" * shift + spelled)
            yield packed[-(-shift * 8 // 6):(shift + len(spelled)) * 8 // 6], True


class Search:
    """For `words`; `control` is one that is there on purpose, so that an empty search is no success."""

    def __init__(self, words, control):
        self._needles = [(word, needle, exact) for word in words for needle, exact in dict.fromkeys(_spellings(word))]
        self._control = control.encode()

    def findings(self, where, content):
        """[where: word] of each word that `content` (bytes, text or a message) holds."""
        if hasattr(content, "SerializeToString"):
            content = content.SerializeToString()
        content = content.encode() if isinstance(content, str) else content
        lower = content.lower()
        return sorted({f"{where}: {word}" for word, needle, exact in self._needles if needle in (content if exact else lower)})

    def in_folder(self, folder):
        """In all files of a folder and their names; the control must be among them."""
        found, control = [], False
        for path in sorted(folder.rglob("*")):
            name = str(path.relative_to(folder))
            found += self.findings(f"name of {name}", name)
            for content in contents(path) if path.is_file() else ():
                found += self.findings(name, content)
                control = control or self._control in content
        expect(control, f"the search of {folder} does not even find what is there")
        return list(dict.fromkeys(found))


def contents(path):
    """The bytes of a file, and what they hold when they are RocksDB's or packed."""
    raw = path.read_bytes()
    yield raw
    if path.suffix == ".sst":
        # One by one with a byte between: words are not made of a key's end and a value's beginning.
        yield b"\n".join(part for row in rocksdb_files.table_rows(raw) for part in row)
    elif path.suffix == ".log" or path.name.startswith("MANIFEST-"):
        yield b"\n".join(rocksdb_files.log_records(raw))
    elif raw[:2] == b"\x1f\x8b":
        yield gzip.decompress(raw)
