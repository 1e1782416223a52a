# SPDX-License-Identifier: MIT
"""A reader of recordings that knows nothing but what doc/recording.md says."""

import struct

MARKS = ("line", "call", "resume", "return", "unwind", "yield")


class Data:
    """Bytes that are taken from the beginning."""

    def __init__(self, data):
        self.data = data
        self.at = 0

    def bytes(self, count):
        self.at += count
        return self.data[self.at - count:self.at]

    def byte(self):
        return self.bytes(1)[0]

    def varint(self):
        result = shift = 0
        while True:
            byte = self.byte()
            result |= (byte & 0x7f) << shift
            shift += 7
            if byte < 0x80:
                return result

    def string(self):
        return self.bytes(self.varint()).decode("utf-8", "surrogateescape")

    def has_more(self):
        return self.at < len(self.data) and self.data[self.at] != 0


def unzigzag(number):
    return (number >> 1) ^ -(number & 1)


def read_chunks(path):
    """The headers and data of the chunks: (kind, encoding, stream, place, data)."""
    with open(path, "rb") as file:
        data = file.read()
    if data[:8] != b"\x89pytrace" or struct.unpack_from("<H", data, 8)[0] != 1:
        raise ValueError("not a recording")
    first, = struct.unpack_from("<Q", data, 16)
    key, = struct.unpack_from("<Q", data, 40)
    unit, = struct.unpack_from("<I", data, 84)
    offset = first
    while offset + 56 <= len(data):
        found, size, kind, encoding, header, process, stream, place = struct.unpack_from(
            "<QIBBHIII", data, offset)
        if found != (key + offset) % 2 ** 64:
            offset += unit
            continue
        yield kind, encoding, (process, stream), place, data[offset + header:offset + size]
        offset += size


def count_chunks(path):
    return len(list(read_chunks(path)))


def read_definitions(chunks):
    files, codes, sites = {}, {}, {}
    for kind, _, _, _, content in chunks:
        data = Data(content)
        while kind == 2 and data.has_more():
            record = data.byte()
            rest = Data(data.bytes(data.varint()))
            if record == 16:
                number, _, _ = rest.varint(), rest.varint(), rest.varint()
                rest.bytes(8)
                rest.string(), rest.string()
                files[number] = rest.string()
            elif record == 18:
                number, file = rest.varint(), rest.varint()
                rest.varint(), rest.varint(), rest.string()
                codes[number] = (file, rest.string())
            elif record == 19:
                number, code = rest.varint(), rest.varint()
                sites[number] = (code, rest.varint(), rest.varint())
    return files, codes, sites


def read_sites(content, sites, has_time):
    """The numbers of the sites in a chunk of events."""
    data = Data(content)
    site = 0
    while data.has_more():
        first = data.byte()
        if first <= 192:
            step = first - 1
        elif first <= 224:
            step = 192 + (first - 193) * 256 + data.byte()
        elif first == 225:
            step, = struct.unpack("<I", data.bytes(4))
        else:
            data.bytes(data.varint())
            continue
        site = (site + unzigzag(step)) % 2 ** 32
        if has_time and sites[site][1] != 0:
            data.varint()
        yield site


def read_events(path):
    """Lines, calls and returns as (mark, file, line, function), of one process."""
    chunks = list(read_chunks(path))
    files, codes, sites = read_definitions(chunks)
    flags = [struct.unpack_from("<I", content, 20)[0]
             for kind, _, _, _, content in chunks if kind == 3]
    events = []
    for kind, _, _, _, content in sorted(
            (each for each in chunks if each[0] == 1), key=lambda each: each[2:4]):
        for number in read_sites(content, sites, flags[0] & 2):
            code, mark, line = sites[number]
            file, function = codes[code]
            events.append((MARKS[mark], files[file], line, function))
    return events
