#!/usr/bin/python3
"""One-to-one matching beside SciPy's, on the same candidates: is it the same optimum, and how long does
it take?

usage: assignment.py ASSIGNMENT [--sizes N...] [--candidates K] [--rounds R]

Shapes: "features", decoder rows of dimension 64 and the same rows in another order with noise, each row
with its K nearest and its own image; "features, noisy", with twice the noise; "uniform", random weights
of random columns, where all compete with all. Peers: scipy.sparse.csgraph.min_weight_full_bipartite_-
matching, and to 2,048 rows scipy.optimize.linear_sum_assignment on the dense matrix. Prints for each the
best time of R rounds in turn, how many times ours that is, and our peak memory. Ends with an error where
the weights of two pairings differ.
"""
import argparse
import subprocess
import sys
import tempfile
import time

import numpy
from scipy.optimize import linear_sum_assignment
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import min_weight_full_bipartite_matching


def features(n, k, noise, d=64):
    random = numpy.random.default_rng(n)
    A = random.standard_normal((n, d)).astype("float32")
    A /= numpy.linalg.norm(A, axis=1, keepdims=True)
    order = random.permutation(n)
    B = (A + noise / d ** 0.5 * random.standard_normal((n, d)).astype("float32"))[order]
    B /= numpy.linalg.norm(B, axis=1, keepdims=True)
    own = numpy.argsort(order)
    columns, weights = numpy.empty((n, k), "int32"), numpy.empty((n, k), "float32")
    for first in range(0, n, 1024):
        some = slice(first, first + 1024)
        cosines = A[some] @ B.T
        near = numpy.argpartition(-cosines, k - 1, axis=1)[:, :k]
        missing = ~(near == own[some, None]).any(axis=1)
        near[missing, -1] = own[some][missing]  # so that there is a pairing of all
        columns[some], weights[some] = near, numpy.take_along_axis(cosines, near, 1)
    return columns, weights


def uniform(n, k):
    random = numpy.random.default_rng(n)
    columns = (random.integers(0, n, (n, 1)) + numpy.cumsum(random.integers(1, n // k, (n, k)), axis=1)) % n
    columns[:, 0] = random.permutation(n)
    return columns.astype("int32"), random.random((n, k), "float32")


SHAPES = {"features": lambda n, k: features(n, k, 0.7), "features, noisy": lambda n, k: features(n, k, 1.5),
          "uniform": uniform}


def rows_of(columns, weights):
    """Compressed rows, every column once a row."""
    offsets, kept_columns, kept_weights = [0], [], []
    for row, values in zip(columns, weights):
        names, at = numpy.unique(row, return_index=True)
        kept_columns.append(names)
        kept_weights.append(values[at])
        offsets.append(offsets[-1] + len(names))
    return (numpy.array(offsets, "int64"), numpy.concatenate(kept_columns).astype("int32"),
            numpy.concatenate(kept_weights).astype("float32"))


def timed(run):
    began = time.perf_counter()
    weight = run()
    return time.perf_counter() - began, weight


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("assignment")
    parser.add_argument("--sizes", type=int, nargs="+", default=[2048, 8192, 65536])
    parser.add_argument("--candidates", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    print(f"{'rows':>7}  {'candidates':<16} {'ours':>9}  {'sparse SciPy':>14}  {'dense SciPy':>13}  memory")
    for n in options.sizes:
        for name, shape in SHAPES.items():
            offsets, columns, weights = rows_of(*shape(n, options.candidates))
            matrix = csr_matrix((weights.astype("float64"), columns, offsets), shape=(n, n))

            def sparse():
                return matrix[min_weight_full_bipartite_matching(matrix, maximize=True)].sum()

            def dense():
                missing = numpy.full((n, n), -1e6)
                missing[numpy.repeat(numpy.arange(n), numpy.diff(offsets)), columns] = weights
                return missing[linear_sum_assignment(missing, maximize=True)].sum()

            peers = {"sparse": sparse, **({"dense": dense} if n <= 2048 else {})}
            best = {}
            with tempfile.NamedTemporaryFile() as file:
                for part in (numpy.array([n, n, len(columns)], "int64"), offsets, columns, weights):
                    file.write(part.tobytes())
                file.flush()
                for _ in range(options.rounds):
                    said = subprocess.run([options.assignment, file.name], capture_output=True, text=True, check=True)
                    seconds, pairs, weight, memory = map(float, said.stdout.split())
                    best["ours"] = min(seconds, best.get("ours", seconds))
                    for peer, run in peers.items():
                        took, other = timed(run)
                        best[peer] = min(took, best.get(peer, took))
                        if abs(other - weight) > 1e-6 * n or pairs != n:
                            sys.exit(f"{name}, {n} rows: {pairs:.0f} pairs weigh {weight}, {peer} SciPy's {other}")
            shown = [f"{best[peer] / best['ours']:.1f} x" if peer in best else "" for peer in ("sparse", "dense")]
            print(f"{n:>7,}  {name:<16} {best['ours']:>8.3f}s  {shown[0]:>14}  {shown[1]:>13}  {memory / 1e6:.0f} MB",
                  flush=True)


if __name__ == "__main__":
    main()
