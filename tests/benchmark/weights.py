"""Synthetic weights of a published size, for the full-size test.

A Gemma Scope SAE (numpy.savez, with or without compression) and an unembedding in safetensors shards.
"""
import json
import pathlib
import struct
import sys

import numpy

sys.path.append(str(pathlib.Path(__file__).parent.parent / "tools"))
from tensors import write_safetensors  # noqa: E402: of another folder


def gemma_scope(folder, n, d, compressed=False, seed=0):
    """params.npz as Gemma Scope publishes it: f32, W_enc [d, n], W_dec [n, d]."""
    random = numpy.random.default_rng(seed)
    folder = folder / "gemma-scope-2b-pt-res" / "layer_20" / "width_16k" / "average_l0_71"
    folder.mkdir(parents=True, exist_ok=True)
    save = numpy.savez_compressed if compressed else numpy.savez
    save(folder / "params.npz", W_enc=random.standard_normal((d, n), "float32"),
         W_dec=random.standard_normal((n, d), "float32"), b_enc=random.standard_normal(n, "float32"),
         b_dec=random.standard_normal(d, "float32"), threshold=numpy.abs(random.standard_normal(n, "float32")))
    return folder


def shard(path, tensors, fill):
    """A safetensors file of BF16 tensors {name: shape}; `fill(file, bytes)` writes the numbers."""
    header, at = {}, 0
    for name, shape in tensors.items():
        size = 2 * int(numpy.prod(shape))
        header[name] = {"dtype": "BF16", "shape": list(shape), "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        fill(file, at)


def hole(file, size):
    """Zeros that take no disk."""
    file.truncate(file.tell() + size)


def random_bf16(file, size):
    """Numbers between 1 and 2, a few distinct blocks of them."""
    block = (0x3f80 + numpy.random.default_rng(1).integers(0, 128, 1 << 22)).astype("<u2").tobytes()
    for at in range(0, size, len(block)):
        file.write(block[:min(len(block), size - at)])


def normal_bf16(file, size):
    """Normal numbers, cut to bfloat16."""
    random = numpy.random.default_rng(2)
    for at in range(0, size, 1 << 24):
        block = random.standard_normal(min(1 << 23, (size - at) // 2), "float32")
        file.write((block.view("<u4") >> 16).astype("<u2").tobytes())


def plain(path, shapes, seed):
    """A safetensors file of F32 tensors {name: shape} of normal numbers."""
    random = numpy.random.default_rng(seed)
    write_safetensors(path, {name: random.standard_normal(shape, "float32") for name, shape in shapes.items()})
    return path


def gemma_model(folder, V, d, fill):
    """config.json, two shards and their index: the embedding is in the first, the norm in the second."""
    folder.mkdir(parents=True, exist_ok=True)
    names = [f"model-0000{i}-of-00002.safetensors" for i in (1, 2)]
    shard(folder / names[0], {"model.embed_tokens.weight": (V, d)}, fill)
    shard(folder / names[1], {"model.norm.weight": (d,), "model.layers.25.mlp.down_proj.weight": (d, 4 * d)}, fill)
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": {
        "model.embed_tokens.weight": names[0], "model.norm.weight": names[1],
        "model.layers.25.mlp.down_proj.weight": names[1]}}))
    (folder / "config.json").write_text(json.dumps({
        "model_type": "gemma2", "hidden_size": d, "vocab_size": V, "final_logit_softcapping": 30.0}))
    return folder
