#!/usr/bin/python3
"""Reads a study with NumPy alone: read_files.py STUDY [FEATURE]."""
import json
import pathlib
import struct
import sys

import numpy


def safetensors(path):
    """{name: array}, and the texts beside them."""
    raw = pathlib.Path(path).read_bytes()
    size, = struct.unpack("<Q", raw[:8])
    header, data = json.loads(raw[8:8 + size]), raw[8 + size:]
    texts = header.pop("__metadata__", {})
    kinds = {"F32": "<f4", "I32": "<i4", "I64": "<i8", "U8": "u1"}
    return {name: numpy.frombuffer(data[slice(*tensor["data_offsets"])], kinds[tensor["dtype"]]).reshape(tensor["shape"])
            for name, tensor in header.items()}, texts


study = pathlib.Path(sys.argv[1])
f = int(sys.argv[2]) if len(sys.argv) > 2 else 0

# Arrows: the tokens that a feature raises and lowers most, and the bytes of every token.
arrows, texts = safetensors(study / "arrows.safetensors")
at, bytes_ = arrows["token_offsets"], arrows["token_bytes"].tobytes()


def word(token):
    return bytes_[at[token]:at[token + 1]].decode(errors="replace")


print(f"{len(arrows['logit_mean'])} features, logits {texts['convention']}")
for end in ("positive", "negative"):
    pairs = zip(arrows[f"{end}_tokens"][f], arrows[f"{end}_logits"][f])
    print(f"{end}:", ", ".join(f"{word(token)} {logit:.3f}" for token, logit in list(pairs)[:5]))

# The graph in compressed rows; scipy.sparse.csr_matrix((weights, columns, row_offsets)) takes it as it is.
graph, texts = safetensors(study / "graph.safetensors")
row = slice(*graph["row_offsets"][f:f + 2])
print(f"{texts['kind']} graph, {len(graph['columns'])} entries; neighbours of #{f}:")
for neighbor, weight in sorted(zip(graph["columns"][row], graph["weights"][row]), key=lambda edge: -abs(edge[1]))[:5]:
    print(f"  #{neighbor} {weight:+.3f}  {', '.join(map(word, arrows['positive_tokens'][neighbor][:4]))}")

# Categories are JSON: one label per feature, -1 for none.
categories = json.loads((study / "categories.json").read_text())
label = categories["labels"][f]
if label >= 0:
    print(f"category #{label}:", ", ".join(token["text"] for token in categories["categories"][label]["raised"][:5]))
