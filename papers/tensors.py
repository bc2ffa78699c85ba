"""Safetensors files: eight bytes of length, a JSON header, the bytes it points into."""
import json
import pathlib

import numpy

TYPES = {"F16": "<f2", "F32": "<f4", "F64": "<f8", "I32": "<i4", "I64": "<i8", "U8": "u1"}


def read(path):
    data = pathlib.Path(path).read_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    head = json.loads(data[8:start])
    return {name: numpy.frombuffer(data, TYPES[entry["dtype"]], offset=start + entry["data_offsets"][0],
                                   count=int(numpy.prod(entry["shape"]))).reshape(entry["shape"])
            for name, entry in head.items() if name != "__metadata__"}


def write(path, name, rows):
    """One tensor of 16-bit floats."""
    data = rows.astype("<f2").tobytes()
    head = json.dumps({name: {"dtype": "F16", "shape": rows.shape, "data_offsets": [0, len(data)]}}).encode()
    head += b" " * (-len(head) % 8)
    pathlib.Path(path).write_bytes(len(head).to_bytes(8, "little") + head + data)
