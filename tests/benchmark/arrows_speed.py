#!/usr/bin/python3
"""Logit arrows against what people use today, on the same arrays, in turn, two threads each.

usage: arrows_speed.py ARROWS_SPEED [--shapes 8192x50257x768,...] [--rounds N] [--k K] [--peers NAME,...]

Peers: PyTorch (W_dec @ W_U.T, then topk at both ends), faiss (knn by inner product of W_dec and of
-W_dec), NumPy (product, then argpartition at both ends). All of them find ids and values of both
ends and nothing else; ours are exact, with moments and histograms. `bare` is one oneDNN product of
the whole shape, written out. Peers that are missing are left out. Prints a table of seconds and
ratios: how many times as long as ours each one takes.
"""
import argparse
import json
import os
import pathlib
import struct
import subprocess
import sys
import tempfile
import time

# Settings of OpenBLAS that some machines carry slow peers down; they are read when it is loaded.
SLOWING = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
if set(SLOWING) & set(os.environ):
    kept = {key: value for key, value in os.environ.items() if key not in SLOWING}
    os.execve(sys.executable, [sys.executable, *sys.argv], kept)

import numpy

THREADS = 2
LOGITS_AT_ONCE = 6 << 30  # bytes of n x V that a peer may hold; above, it works through parts of n


def write_safetensors(path, tensors):
    header, offset = {}, 0
    for name, values in tensors.items():
        header[name] = {"dtype": "F32", "shape": list(values.shape), "data_offsets": [offset, offset + values.nbytes]}
        offset += values.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 64)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for values in tensors.values():
            file.write(values.tobytes())


def weights(n, V, d):
    random = numpy.random.default_rng(0)
    decoder = random.standard_normal((n, d), dtype=numpy.float32)
    decoder /= numpy.linalg.norm(decoder, axis=1, keepdims=True)
    return decoder, random.standard_normal((V, d), dtype=numpy.float32)


def with_torch(decoder, unembedding, k):
    import torch
    torch.set_num_threads(THREADS)
    D, U = torch.from_numpy(decoder), torch.from_numpy(unembedding)

    def part(rows):
        logits = rows @ U.T
        return torch.topk(logits, k, dim=1), torch.topk(logits, k, dim=1, largest=False)
    return lambda: [part(rows) for rows in D.split(rows_at_once(len(unembedding)))]


def with_gpu(decoder, unembedding, k):
    """The same program on a GPU, which already holds the inputs; results are fetched from it."""
    import torch
    if not torch.cuda.is_available():
        raise ImportError("no GPU")
    D, U = torch.from_numpy(decoder).cuda(), torch.from_numpy(unembedding).cuda()

    def part(rows):
        logits = rows @ U.T
        ends = torch.topk(logits, k, dim=1), torch.topk(logits, k, dim=1, largest=False)
        return [(end.values.cpu(), end.indices.cpu()) for end in ends]
    return lambda: [part(rows) for rows in D.split(rows_at_once(len(unembedding)))]


def with_faiss(decoder, unembedding, k):
    import faiss
    faiss.omp_set_num_threads(THREADS)
    return lambda: [faiss.knn(sign * decoder, unembedding, k, metric=faiss.METRIC_INNER_PRODUCT)
                    for sign in (1, -1)]


def with_numpy(decoder, unembedding, k):
    V = len(unembedding)

    def part(rows):
        logits = rows @ unembedding.T
        ends = (numpy.argpartition(logits, V - k, axis=1)[:, V - k:],
                numpy.argpartition(logits, k - 1, axis=1)[:, :k])
        return [(ids, numpy.take_along_axis(logits, ids, axis=1)) for ids in ends]
    step = rows_at_once(V)
    return lambda: [part(decoder[i:i + step]) for i in range(0, len(decoder), step)]


def rows_at_once(V):
    return max(1, LOGITS_AT_ONCE // (4 * V))


PEERS = {"PyTorch": with_torch, "PyTorch-GPU": with_gpu, "faiss": with_faiss, "NumPy": with_numpy}


def seconds(work):
    before = time.perf_counter()
    work()
    return time.perf_counter() - before


def run_ours(program, path, k, rounds):
    ran = subprocess.run([program, path, str(k), str(rounds)], check=True, stdout=subprocess.PIPE, text=True,
                         env={**os.environ, "OMP_NUM_THREADS": str(THREADS)})
    return json.loads(ran.stdout)


def compare(program, n, V, d, k, rounds, wanted):
    decoder, unembedding = weights(n, V, d)
    peers = {}
    for name in wanted:
        try:
            peers[name] = PEERS[name](decoder, unembedding, k)
        except ImportError as missing:
            print(f"without {name}: {missing}")
    best = {}
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "weights.safetensors"
        write_safetensors(path, {"W_dec": decoder, "W_U": unembedding})
        for _ in range(rounds):
            times = run_ours(program, path, k, 1)
            times |= {name: seconds(work) for name, work in peers.items()}
            best = {name: min(best.get(name, value), value) for name, value in times.items()}
        memory = run_ours(program, path, k, 0)["extra_mb"]
    report(n, V, d, k, best, memory)


NAMES = {"bare_bf16": "bare product, bf16", "bare_f32": "bare product, f32",
         "bare_int8": "bare product, int8",
         "yoneda_bf16": "Yoneda, bf16 first pass", "yoneda_f32": "Yoneda, f32 first pass"}


def report(n, V, d, k, best, memory):
    ours = best.get("yoneda_bf16", best["yoneda_f32"])
    print(f"\nn = {n:,}, V = {V:,}, d = {d:,}, k = {k}, both ends; {THREADS} threads, {memory} MB beyond the inputs\n")
    print(f"| | seconds | {'/ ours':>7} |\n|---|---:|---:|")
    for name in [*NAMES, *PEERS]:
        if name in best:
            print(f"| {NAMES.get(name, name)} | {best[name]:.3f} | {best[name] / ours:.2f} |")
    for kind in ("bf16", "f32"):
        if f"yoneda_{kind}" in best:
            print(f"{kind}: {best[f'yoneda_{kind}'] / best[f'bare_{kind}']:.2f} times the bare product")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--shapes", default="8192x50257x768,4096x256000x2304", help="n x V x d, ...")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--k", type=int, default=50)
    parser.add_argument("--peers", default=",".join(PEERS), help="%(default)s")
    options = parser.parse_args()
    peers = [name for name in options.peers.split(",") if name]
    if unknown := set(peers) - set(PEERS):
        parser.error(f"no such peer: {', '.join(sorted(unknown))}; there are {', '.join(PEERS)}")
    for shape in options.shapes.split(","):
        compare(options.program, *map(int, shape.split("x")), options.k, options.rounds, peers)


if __name__ == "__main__":
    main()
