"""What RocksDB's files hold, read without RocksDB: rows of tables, whole and uncompressed, and records of logs put together.

A table, from its end: footer 53 bytes = checksum type, handles of the metaindex and index blocks, format version, magic number. A
handle is (offset, size) in varints; a block is followed by its compression and a checksum. A block is entries
`shared non_shared [value size] rest-of-key value`, then the places where whole keys begin and their count.
A log is blocks of 32 KiB of fragments: checksum (4), length (2), type (1: whole, 2, 3, 4: first, middle, last), bytes.
"""

import ctypes
import struct

MAGIC = 0x88E241B785F4CFF7
NONE, SNAPPY, LZ4, ZSTD = 0, 1, 4, 7


def _library(name):
    return ctypes.CDLL(name)


def _varint(data, at):
    value, shift = 0, 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def _block(table, offset, size):
    """The block at a handle, uncompressed."""
    content, kind = table[offset:offset + size], table[offset + size]
    if kind == NONE:
        return content
    length, at = _varint(content, 0)
    # Snappy's own bytes begin with the length, too.
    packed, plain = bytes(content if kind == SNAPPY else content[at:]), ctypes.create_string_buffer(length)
    if kind == SNAPPY:
        size = ctypes.c_size_t(length)
        failed = _library("libsnappy.so.1").snappy_uncompress(packed, ctypes.c_size_t(len(packed)), plain, ctypes.byref(size))
        written = -1 if failed else size.value
    elif kind == LZ4:
        written = _library("liblz4.so.1").LZ4_decompress_safe(packed, plain, len(packed), length)
    elif kind == ZSTD:
        decompress = _library("libzstd.so.1").ZSTD_decompress
        decompress.restype = ctypes.c_size_t
        written = decompress(plain, ctypes.c_size_t(length), packed, ctypes.c_size_t(len(packed)))
    else:
        raise ValueError(f"compression {kind} is not read here")
    if written != length:
        raise ValueError(f"a block of {length} bytes unpacks to {written}")
    return plain.raw


def _entries(block, read_value):
    """(key, value) of each entry; `read_value(at)` gives a value and where it ends, after key sizes that say so or not."""
    # The highest bits say how the block is indexed.
    restarts = struct.unpack("<I", block[-4:])[0] & 0x7FFFFFFF
    end, at, key = len(block) - 4 - 4 * restarts, 0, b""
    while at < end:
        shared, at = _varint(block, at)
        rest, at = _varint(block, at)
        size, at = read_value(block, at)
        key = key[:shared] + block[at:at + rest]
        at += rest
        value, at = (block[at:at + size], at + size) if size is not None else _handle(block, at)
        yield bytes(key), value


def _handle(data, at):
    offset, at = _varint(data, at)
    size, at = _varint(data, at)
    return (offset, size), at


def _plain(block):
    return _entries(block, _varint)


def table_rows(table):
    """[(key, value)] of everything in a table's file, deletions too; ValueError where it is not read whole."""
    if struct.unpack("<Q", table[-8:])[0] != MAGIC:
        raise ValueError("no table of RocksDB")
    metaindex, at = _handle(table, len(table) - 52)
    index, _ = _handle(table, at)
    meta = {key: _handle(value, 0)[0] for key, value in _plain(_block(table, *metaindex))}
    properties = dict(_plain(_block(table, *meta[b"rocksdb.properties"])))
    delta = properties.get(b"rocksdb.index.value.is.delta.encoded", b"\0")[0]
    # Handles without their size, when the index says so; each whole, as our indexes begin anew at every entry.
    handles = [value if delta else _handle(value, 0)[0]
               for _, value in _entries(_block(table, *index), (lambda block, at: (None, at)) if delta else _varint)]
    rows = [row for handle in handles for row in _plain(_block(table, *handle))]
    rows += list(_plain(_block(table, *meta[b"rocksdb.range_del"]))) if b"rocksdb.range_del" in meta else []
    wanted = _varint(properties[b"rocksdb.num.entries"], 0)[0]
    if len(rows) != wanted:
        raise ValueError(f"{len(rows)} rows of a table of {wanted}")
    return rows + list(properties.items())


def log_records(log):
    """Records of a write-ahead log or manifest; what is torn at the end is left out."""
    records, parts = [], []
    for begin in range(0, len(log), 32768):
        block, at = log[begin:begin + 32768], 0
        while at + 7 <= len(block):
            length, kind = struct.unpack("<HB", block[at + 4:at + 7])
            if kind not in (1, 2, 3, 4) or at + 7 + length > len(block):
                break
            parts = ([] if kind in (1, 2) else parts) + [block[at + 7:at + 7 + length]]
            if kind in (1, 4):
                records.append(b"".join(parts))
            at += 7 + length
    return records


def write_table(path, rows, compression):
    """A table by RocksDB itself, for tests of the above."""
    rocksdb = _library("librocksdb.so.7.8")
    for name in ("rocksdb_options_create", "rocksdb_envoptions_create", "rocksdb_sstfilewriter_create"):
        getattr(rocksdb, name).restype = ctypes.c_void_p
    options = ctypes.c_void_p(rocksdb.rocksdb_options_create())
    rocksdb.rocksdb_options_set_compression(options, compression)
    writer = ctypes.c_void_p(rocksdb.rocksdb_sstfilewriter_create(ctypes.c_void_p(rocksdb.rocksdb_envoptions_create()), options))
    error = ctypes.c_char_p()
    rocksdb.rocksdb_sstfilewriter_open(writer, str(path).encode(), ctypes.byref(error))
    for key, value in rows:
        rocksdb.rocksdb_sstfilewriter_put(writer, key, ctypes.c_size_t(len(key)), value, ctypes.c_size_t(len(value)), ctypes.byref(error))
    rocksdb.rocksdb_sstfilewriter_finish(writer, ctypes.byref(error))
    if error.value:
        raise ValueError(error.value.decode())
