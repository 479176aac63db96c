"""Reading and writing GGUF version 3 (little endian), as far as this project needs it."""
import struct

import numpy as np

U32, I32, F32, BOOL, STRING, ARRAY = 4, 5, 6, 7, 8, 9
SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
ALIGN = 32


def pack_string(text):
    """Length and bytes."""
    data = text.encode("utf-8")
    return struct.pack("<Q", len(data)) + data


def pack_value(kind, value):
    """A metadata value with its type; an array's kind is (ARRAY, element kind)."""
    if isinstance(kind, tuple):
        inner = kind[1]
        body = b"".join(pack_string(v) if inner == STRING else struct.pack("<" + SCALARS[inner], v) for v in value)
        return struct.pack("<IIQ", ARRAY, inner, len(value)) + body
    body = pack_string(value) if kind == STRING else struct.pack("<" + SCALARS[kind], value)
    return struct.pack("<I", kind) + body


def write(path, metadata, tensors):
    """metadata: [(key, kind, value)]; tensors: [(name, float32 array)], rows last as in llama.cpp."""
    head = struct.pack("<4sIQQ", b"GGUF", 3, len(tensors), len(metadata))
    for key, kind, value in metadata:
        head += pack_string(key) + pack_value(kind, value)
    offset = 0
    for name, array in tensors:
        head += pack_string(name) + struct.pack("<I", array.ndim)
        head += struct.pack("<%dQ" % array.ndim, *reversed(array.shape)) + struct.pack("<IQ", 0, offset)
        offset += -(-array.nbytes // ALIGN) * ALIGN
    with open(path, "wb") as stream:
        stream.write(head + b"\0" * (-len(head) % ALIGN))
        for _, array in tensors:
            data = np.ascontiguousarray(array, "<f4").tobytes()
            stream.write(data + b"\0" * (-len(data) % ALIGN))


class Reader:
    """metadata: {key: value}; tensors: {name: (shape in numpy order, type, absolute offset)}."""

    def __init__(self, path):
        with open(path, "rb") as stream:
            self.data = stream.read()
        self.at = 24
        magic, version, count, keys = struct.unpack_from("<4sIQQ", self.data, 0)
        if magic != b"GGUF" or version not in (2, 3):
            raise ValueError("%s: not a GGUF file of version 2 or 3" % path)
        self.metadata = {}
        for _ in range(keys):
            key = self.string()
            self.metadata[key] = self.value(self.number("I"))
        found = {}
        for _ in range(count):
            name = self.string()
            shape = tuple(reversed([self.number("Q") for _ in range(self.number("I"))]))
            found[name] = (shape, self.number("I"), self.number("Q"))
        align = self.metadata.get("general.alignment", ALIGN)
        base = -(-self.at // align) * align
        self.tensors = {n: (s, t, base + o) for n, (s, t, o) in found.items()}

    def number(self, code):
        """One scalar."""
        value = struct.unpack_from("<" + code, self.data, self.at)[0]
        self.at += struct.calcsize("<" + code)
        return value

    def string(self):
        """One string; invalid UTF-8 survives."""
        length = self.number("Q")
        self.at += length
        return self.data[self.at - length:self.at].decode("utf-8", "surrogateescape")

    def value(self, kind):
        """One metadata value."""
        if kind == STRING:
            return self.string()
        if kind == ARRAY:
            inner, count = self.number("I"), self.number("Q")
            return [self.value(inner) for _ in range(count)]
        return self.number(SCALARS[kind])
