#!/usr/bin/python3
"""Writes the fixtures of tests/io/pickle.cpp, beside this script: data.pkl of checkpoints.

torch.save writes the checkpoints, and expected.json says what is in them as Python itself sees them
after unpickling: the tensors' own dtype, offset, size and strides, the key of the storage from
which each was made, and every other value by its path. Needs PyTorch; run it again after a change,
the results are committed. The hostile ones are only written here, never unpickled.
"""

import argparse
import builtins
import collections
import dataclasses
import functools
import io
import json
import math
import os
import pickle
import subprocess
import sys
import types
import warnings
import zipfile
from pathlib import Path

import numpy as np
import torch

HERE = Path(__file__).resolve().parent / "pickle"

TYPES = {
    torch.float64: "F64", torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16",
    torch.int64: "I64", torch.int32: "I32", torch.int16: "I16", torch.int8: "I8",
    torch.uint8: "U8", torch.bool: "BOOL",
}


def in_module(name):
    """Puts a class into a module of that name, which exists only while this script runs."""
    def place(cls):
        for end in range(1, name.count(".") + 2):
            part = ".".join(name.split(".")[:end])
            sys.modules.setdefault(part, types.ModuleType(part))
        cls.__module__ = name
        cls.__qualname__ = cls.__name__
        setattr(sys.modules[name], cls.__name__, cls)
        return cls
    return place


# What checkpoints hold.

@in_module("dictionary_learning.dictionary")
class AutoEncoder(torch.nn.Module):
    def __init__(self, d=3, n=5):
        super().__init__()
        self.activation_dim = d
        self.dict_size = n
        self.bias = torch.nn.Parameter(torch.zeros(d))
        self.encoder = torch.nn.Linear(d, n)
        self.decoder = torch.nn.Linear(n, d, bias=False)
        self.register_buffer("scale", torch.ones(()))
        self.register_buffer("mask", torch.ones(n, dtype=torch.bool), persistent=False)
        self.register_buffer("absent", None)
        self.blocks = torch.nn.ModuleList([torch.nn.LayerNorm(d), torch.nn.Dropout(0.5)])
        self.config = Config()
        self.dtype = torch.bfloat16
        self.activation = torch.nn.functional.relu


@in_module("trainers.config")
@dataclasses.dataclass
class Config:
    k: int = 32
    lr: float = 3e-4
    name: str = "topk"
    layers: tuple = (1, 2)


@in_module("trainers.config")
class Slotted:
    __slots__ = ("a", "__dict__")

    def __init__(self):
        self.a = 1
        self.b = 2


@in_module("trainers.config")
class Settings(dict):
    pass


@in_module("trainers.config")
class Losses(list):
    pass


Point = in_module("trainers.config")(collections.namedtuple("Point", "x y"))


def checkpoint():
    ae = torch.nn.Sequential(collections.OrderedDict(
        encoder=torch.nn.Linear(3, 5), decoder=torch.nn.Linear(5, 3)))
    optimizer = torch.optim.Adam(ae.parameters(), lr=1e-3)
    ae(torch.ones(2, 3)).sum().backward()
    optimizer.step()
    return {"step": 1000, "ae": ae.state_dict(), "optimizer": optimizer.state_dict(),
            "config": {"layer": 8, "device": torch.device("cuda", 0), "dtype": torch.float32,
                       "site": "resid_post", "seed": None, "normalize": True},
            "norm_factor": 12.345678901234567}


def tied():
    shared = torch.arange(12, dtype=torch.float32).reshape(3, 4)
    parameter = torch.nn.Parameter(torch.ones(2, 2))
    return {"encoder.weight": shared, "decoder.weight": shared.T, "row": shared[1],
            "same": shared, "first": parameter, "second": parameter}


def views():
    base = torch.arange(24, dtype=torch.float32).reshape(2, 3, 4)
    return {"transposed": base.transpose(0, 2), "sliced": base[:, 1:, ::2],
            "last": base[1, 2, 3], "expanded": torch.tensor([7.0]).expand(4, 1),
            "empty": torch.zeros(0, 4), "scalar": torch.tensor(2.5),
            "empty_slice": base[2:], "permuted": base.permute(1, 2, 0)}


def every_dtype():
    return {str(dtype).split(".")[1]: torch.zeros(2, dtype=dtype) for dtype in TYPES}


def openai():
    """The layout of github.com/openai/sparse_autoencoder."""
    return collections.OrderedDict({
        "pre_bias": torch.zeros(3), "latent_bias": torch.zeros(5),
        "encoder.weight": torch.zeros(5, 3), "decoder.weight": torch.zeros(3, 5),
        "stats_last_nonzero": torch.zeros(5, dtype=torch.int64),
        "activation": "TopK", "activation_state_dict": {"k": 32, "postact_fn": "ReLU"}})


def plain(protocol):
    """Everything that is no tensor."""
    factory = collections.defaultdict(list)
    factory["a"].append(1)
    slotted = {"slotted": Slotted()} if protocol >= 2 else {}
    return {
        **slotted, "integers": [0, 1, 255, 256, 65535, 65536, -1, -129, 2**31 - 1, -2**31, 2**31, 2**62,
                     -2**63, 2**63 - 1],
        "floats": [0.0, -0.0, 1.0, 0.1, 1e300, 5e-324, math.pi, math.inf, -math.inf, math.nan],
        "texts": ["", "plain", "Ġ→λ 𝛼", "line\nbreak\\ and \x00 \x7f 'quotes'", "é"],
        "truth": [True, False, None],
        "tuples": ((), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4)),
        "set": {7}, "frozen": frozenset([8]), "nothing": set(),
        "bytes": [b"", b"\x00\xff", b"x" * 300], "bytearray": bytearray(b"abc"),
        "ordered": collections.OrderedDict(b=1, a=2),
        "default": factory, "counter": collections.Counter(a=3),
        "namespace": argparse.Namespace(lr=0.5, tags=["x"]),
        "config": Config(), "settings": Settings(depth=3),
        "losses": Losses([0.5, 0.25]), "point": Point(1, 2),
        "keys": {True: "a", 2: "b", None: "c", 2.5: "d", False: "e", "": "f"},
        "size": torch.Size([2, 3]), "device": torch.device("cpu"), "dtype": torch.float16,
        "long": "x" * 300, "class": Config,
    }


# What Python itself sees in them.

class Watching(pickle.Unpickler):
    """Python's own unpickler, which remembers the keys of the storages it made."""

    def __init__(self, archive):
        super().__init__(io.BytesIO(archive.read("archive/data.pkl")))
        self.archive = archive
        self.storages = {}  # key -> storage
        self.keys = {}      # identity -> key

    def persistent_load(self, pid):
        word, kind, key, _, count = pid
        assert word == "storage"
        if key not in self.storages:
            storage = torch.storage.TypedStorage(
                wrap_storage=torch.UntypedStorage(count * kind().element_size()), dtype=kind.dtype)
            self.storages[key] = storage
            self.keys[storage._storage._cdata] = key
        return self.storages[key]


class Oracle:
    def __init__(self, keys):
        self.keys = keys
        self.tensors, self.values, self.classes = [], {}, {}

    def tensor(self, path, value):
        storage = value.storage()
        self.tensors.append({
            "name": path, "dtype": TYPES[value.dtype], "storage": self.keys[storage._storage._cdata],
            "storage_count": storage.size(), "offset": value.storage_offset(),
            "shape": list(value.shape), "strides": list(value.stride())})

    def below(self, path, items):
        for key, value in items:
            word = str(key).lower() if key is None or isinstance(key, bool) else str(key)
            self.walk(word if path is None else f"{path}.{word}", value)

    def name_class(self, path, value):
        self.classes["" if path is None else path] = \
            f"{type(value).__module__}.{type(value).__qualname__}"

    def module(self, path, value):
        for name, module in value.named_modules():
            where = ".".join(part for part in (path, name) if part) or None
            self.name_class(where, module)
            attributes = {k: v for k, v in vars(module).items() if not k.startswith("_")}
            self.below(where, attributes.items())
            self.below(where, [(f"_non_persistent_buffers_set.{i}", v) for i, v in
                               enumerate(module._non_persistent_buffers_set)])
        held = value.state_dict()
        held.update({k: v for k, v in value.named_buffers() if k not in held})
        self.below(path, held.items())

    def walk(self, path, value):
        if isinstance(value, torch.Tensor):
            self.tensor(path, value)
        elif isinstance(value, torch.nn.Module):
            self.module(path, value)
        elif isinstance(value, (argparse.Namespace, Config, Slotted)):
            self.name_class(path, value)
            self.below(path, vars(value).items())
            self.below(path, [(k, getattr(value, k)) for k in getattr(value, "__slots__", ())
                              if k != "__dict__"])
        elif isinstance(value, dict):
            if isinstance(value, Settings):
                self.name_class(path, value)
            self.below(path, value.items())
        elif isinstance(value, (list, tuple, set, frozenset)):
            if isinstance(value, (Losses, Point)):
                self.name_class(path, value)
            self.below(path, enumerate(value))
        elif isinstance(value, (torch.dtype, torch.device)):
            self.values[path] = str(value)
        elif isinstance(value, type):
            self.values[path] = f"{value.__module__}.{value.__qualname__}"
        elif isinstance(value, types.FunctionType):
            self.values[path] = f"{value.__module__}.{value.__qualname__}"
        elif isinstance(value, (bytes, bytearray)):
            self.values[path] = "<bytes>"
        elif isinstance(value, float) and not math.isfinite(value):
            self.values[path] = str(value)
        else:
            self.values[path] = value

    def result(self):
        root = self.classes.pop("", "")
        return {"tensors": self.tensors, "values": self.values, "root_class": root,
                "classes": self.classes}


def saved(value, protocol=2):
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.save(value, buffer, pickle_protocol=protocol)
    return zipfile.ZipFile(buffer)


def write(name, data):
    HERE.mkdir(exist_ok=True)
    (HERE / f"{name}.pkl").write_bytes(data)


def checkpoints():
    torch.manual_seed(1)
    # Protocol 0 cannot name storages, and there are none in plain().
    made = {**{f"plain{protocol}": (plain(protocol), protocol) for protocol in range(6)},
            "state_dict": (AutoEncoder().state_dict(), 2),
            "checkpoint2": (checkpoint(), 2), "checkpoint4": (checkpoint(), 4),
            "module1": (AutoEncoder(), 1), "module2": (AutoEncoder(), 2),
            "module3": (AutoEncoder(), 3), "module5": (AutoEncoder(), 5),
            "inside": ({"model": AutoEncoder(), "k": 3}, 2),
            "tied": (tied(), 2), "views": (views(), 2), "dtypes": (every_dtype(), 2),
            "openai": (openai(), 2), "tensor": (torch.ones(2, 3), 2),
            "list": ([torch.ones(1), torch.ones(2)], 5)}
    expected = {}
    for name, (value, protocol) in made.items():
        archive = saved(value, protocol)
        write(name, archive.read("archive/data.pkl"))
        watching = Watching(archive)
        unpickled = watching.load()
        oracle = Oracle(watching.keys)
        oracle.walk("tensor" if isinstance(unpickled, torch.Tensor) else None, unpickled)
        expected[name] = oracle.result()
    write("many", pickle.dumps(list(range(2001)), 2))  # longer than one batch of items
    (HERE / "expected.json").write_text(json.dumps(expected) + "\n")


# What must be refused.

class Calls:
    def __init__(self, function, *args):
        self.call = (function, args)

    def __reduce__(self):
        return self.call


class Cyclic:
    pass


def hostile():
    weights = {"weight": torch.zeros(2)}
    for name, call in {
            "os_system": Calls(os.system, "echo run"),
            "eval": Calls(builtins.eval, "1 + 1"),
            "exec": Calls(builtins.exec, "x = 1"),
            "getattr": Calls(builtins.getattr, Config, "__init__"),
            "popen": Calls(subprocess.Popen, ["echo", "run"]),
            "partial": functools.partial(print, "run"),
            "path": Path("weights"),
    }.items():
        write(name, saved({**weights, "extra": call}).read("archive/data.pkl"))
    write("os_system4", saved(Calls(os.system, "echo run"), 4).read("archive/data.pkl"))
    write("os_system0", pickle.dumps(Calls(os.system, "echo run"), 0))

    endless = []
    endless.append(endless)
    write("cyclic_list", pickle.dumps({"a": endless}, 2))
    circle = {}
    circle["b"] = (circle,)
    write("cyclic_dict", pickle.dumps({"a": circle}, 4))
    knot = in_module("knots")(Cyclic)()
    knot.self = [knot]
    write("cyclic_object", pickle.dumps({"a": knot}, 2))
    laughs = ["ha"]
    for _ in range(30):
        laughs = [laughs] * 10
    write("laughs", pickle.dumps(laughs, 2))
    silence = []
    for _ in range(30):
        silence = (silence,) * 10
    write("silence", pickle.dumps(silence, 2))

    strangers = {
        "complex": torch.zeros(2, dtype=torch.complex64),
        "quantised": torch.quantize_per_tensor(torch.zeros(2), 0.1, 0, torch.qint8),
        "sparse": torch.eye(2).to_sparse(),
        "meta": torch.zeros(2, device="meta"),
        "numpy_array": np.zeros(2), "numpy_number": np.float64(1.5),
        "storage": torch.zeros(2).storage(),
        "tensor_key": {torch.zeros(2): 1}, "tuple_key": {(1, 2): 3},
    }
    for name, value in strangers.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            write(name, saved({**weights, "extra": value}).read("archive/data.pkl"))

    for protocol in (2, 4):
        buffer = io.BytesIO()
        torch.save({"weight": torch.zeros(2)}, buffer, pickle_protocol=protocol,
                   _use_new_zipfile_serialization=False)
        write(f"legacy{protocol}", buffer.getvalue())


if __name__ == "__main__":
    checkpoints()
    hostile()
