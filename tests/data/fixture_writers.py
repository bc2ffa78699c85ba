"""What the fixture scripts share: the numbers, and writers of the published file layouts.

Independent of the library. NumPy writes its own formats; safetensors files are written here from
the format's description, once as anybody may write them and once as the safetensors package does.
"""

import json
import struct
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent


def pattern(*shape, start=0):
    """Multiples of 1/8 that every floating type holds exactly; the tests compute them again."""
    count = int(np.prod(shape, dtype=np.int64))
    values = ((np.arange(count) + start) * 37 % 101 - 50) / 8
    return values.reshape(shape).astype(np.float32)


def path(name):
    target = HERE / name
    target.parent.mkdir(parents=True, exist_ok=True)
    return target


class BFloat16:
    """The upper halves of float32 values, which NumPy has no type for."""

    def __init__(self, values):
        values = np.ascontiguousarray(values, np.float32).reshape(np.shape(values))
        self.shape = values.shape
        self.data = (values.view(np.uint32) >> 16).astype("<u2").tobytes()


SAFETENSORS = {
    "float64": "F64", "float32": "F32", "float16": "F16", "int64": "I64", "int32": "I32",
    "int16": "I16", "int8": "I8", "uint64": "U64", "uint32": "U32", "uint16": "U16",
    "uint8": "U8", "bool": "BOOL",
}


def dtype_name(values):
    return "BF16" if isinstance(values, BFloat16) else SAFETENSORS[values.dtype.name]


def raw_bytes(values):
    return values.data if isinstance(values, BFloat16) else values.tobytes()  # in C order


def safetensors_header(tensors, metadata):
    header, position = {}, 0
    if metadata:
        header["__metadata__"] = metadata
    for key, values in tensors.items():
        size = len(raw_bytes(values))
        header[key] = {"dtype": dtype_name(values), "shape": list(values.shape),
                       "data_offsets": [position, position + size]}
        position += size
    return header


def safetensors(name, tensors, metadata=None):
    """As the format allows: tensors in the order given, a header of any length."""
    text = json.dumps(safetensors_header(tensors, metadata)).encode()
    data = b"".join(raw_bytes(values) for values in tensors.values())
    path(name).write_bytes(struct.pack("<Q", len(text)) + text + data)


# The order of safetensors' Dtype, by alignment.
ALIGNMENT = ["BOOL", "U8", "I8", "F8_E5M2", "F8_E4M3", "I16", "U16", "F16", "BF16", "I32", "U32",
             "F32", "F64", "I64", "U64"]


def serialized_safetensors(tensors, metadata=None):
    """Byte for byte what safetensors' serialize() gives (safetensors/src/tensor.rs, prepare()).

    The most aligned types first, then by name; a compact header, padded with spaces to 8 bytes.
    """
    order = sorted(tensors, key=lambda key: (-ALIGNMENT.index(dtype_name(tensors[key])), key))
    tensors = {key: tensors[key] for key in order}
    text = json.dumps(safetensors_header(tensors, metadata), separators=(",", ":"),
                      ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    return (struct.pack("<Q", len(text)) + text +
            b"".join(raw_bytes(values) for values in tensors.values()))


def save_file(name, tensors, metadata=None):
    """safetensors.torch.save_file."""
    path(name).write_bytes(serialized_safetensors(tensors, metadata))


def write_json(name, value):
    path(name).write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n")


def json_dump(name, value, indent=None):
    """json.dump(value, file, indent=indent): no newline at the end."""
    path(name).write_text(json.dumps(value, indent=indent))


def write_text(name, text):
    path(name).write_text(text)


def check_serializer():
    """safetensors' own unit test, test_serialization_forced_alignement, and test_empty."""
    values = np.arange(6, dtype="<f4").reshape(1, 1, 2, 3)
    assert serialized_safetensors({"attn0": values}) == (
        b"H\0\0\0\0\0\0\0" b'{"attn0":{"dtype":"F32","shape":[1,1,2,3],"data_offsets":[0,24]}}'
        b"       " + values.tobytes())
    assert serialized_safetensors({}) == b"\x08\0\0\0\0\0\0\0{}      "
    assert serialized_safetensors({}, {"framework": "pt"}) == (
        b"(\0\0\0\0\0\0\0" b'{"__metadata__":{"framework":"pt"}}     ')


check_serializer()
