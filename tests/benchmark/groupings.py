#!/usr/bin/python3
"""Groupings of planted signed graphs beside what others find, on the same graphs, in turn.

usage: groupings.py GROUPINGS [--grid small|full|large] [--nodes N] [--seeds N] [--times N] [--spinglass]

A signed block model: nodes in k groups of equal or falling size, random pairs, positive within a
group and negative across, a share of the signs flipped. Peers: leidenalg (two layers of
RBConfiguration, whose quality is that of signed modularity, until it gains nothing), SPONGE_sym by
scipy's lobpcg and scikit-learn's k-means, and igraph's spinglass where asked for. Times are of the
method alone, two threads where it has them, the least of a few runs in one process (of spinglass,
one run): the first of a process waits for memory and threads. Prints the mean adjusted Rand index and its spread over
seeds, and how many times as long as ours each peer takes. Peers that are missing are left out.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

SLOWING = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
if set(SLOWING) & set(os.environ):
    kept = {key: value for key, value in os.environ.items() if key not in SLOWING}
    os.execve(sys.executable, [sys.executable, *sys.argv], kept)

import numpy

THREADS = "2"
RESTARTS = 2
GRIDS = {  # n, k, mean degree, flips, equal sizes
    "small": [(2000, 5, 20, 0.1, True)],
    "full": [(n, k, degree, flips, equal)
             for n, k in ((500, 4), (2000, 5), (10_000, 20)) for degree in (12, 20, 40)
             for flips in (0.02, 0.1, 0.2) for equal in (True, False)],
    "large": [(200_000, 32, 50, 0.1, True)],
}


def planted(n, k, degree, flips, equal, seed):
    random = numpy.random.default_rng(seed)
    share = numpy.ones(k) if equal else 1 / numpy.arange(1, k + 1)
    truth = numpy.sort(random.choice(k, n, p=share / share.sum()))
    m = n * degree // 2
    i, j = random.integers(0, n, 2 * m), random.integers(0, n, 2 * m)
    pairs = numpy.unique(numpy.minimum(i, j)[i != j] * n + numpy.maximum(i, j)[i != j])
    pairs = numpy.sort(random.choice(pairs, min(m, len(pairs)), replace=False))
    i, j = pairs // n, pairs % n
    weight = numpy.where(truth[i] == truth[j], 1.0, -1.0).astype(numpy.float32)
    weight[random.random(len(weight)) < flips] *= -1
    return truth, i.astype(numpy.int32), j.astype(numpy.int32), weight


def adjusted_rand_index(a, b):
    a, b = (numpy.unique(x, return_inverse=True)[1].astype(numpy.int64) for x in (a, b))
    pairs = lambda sizes: (sizes * (sizes - 1.0) / 2).sum()
    both = pairs(numpy.unique(a * (b.max() + 1) + b, return_counts=True)[1])
    of_a, of_b = pairs(numpy.bincount(a)), pairs(numpy.bincount(b))
    expected = of_a * of_b / pairs(numpy.array([len(a)]))
    return (both - expected) / ((of_a + of_b) / 2 - expected)


def ours(program, method, path, k, seed, times):
    ran = subprocess.run([program, method, path, str(k), str(seed), str(RESTARTS), str(times)], text=True,
                         stdout=subprocess.PIPE, env={**os.environ, "OMP_NUM_THREADS": THREADS})
    if ran.returncode:
        return None
    found = json.loads(ran.stdout)
    label = numpy.array(found["label"])
    label[label < 0] = label.max() + 1 + numpy.arange((label < 0).sum())
    return found["seconds"], label


def leidenalg(n, k, i, j, weight, seed):
    import igraph
    import leidenalg as la
    layers = []
    for keep in (weight > 0, weight < 0):
        layer = igraph.Graph(n=n, edges=numpy.stack([i[keep], j[keep]], 1).tolist())
        layer.es["weight"] = numpy.abs(weight[keep]).tolist()
        layers.append(layer)
    before = time.perf_counter()
    optimiser = la.Optimiser()
    optimiser.set_rng_seed(seed)
    parts = [la.RBConfigurationVertexPartition(layer, weights="weight") for layer in layers]
    optimiser.optimise_partition_multiplex(parts, layer_weights=[1, -1], n_iterations=-1)
    return time.perf_counter() - before, numpy.array(parts[0].membership)


def spinglass(n, k, i, j, weight, seed):
    import igraph
    graph = igraph.Graph(n=n, edges=numpy.stack([i, j], 1).tolist())
    graph.es["weight"] = weight.tolist()
    before = time.perf_counter()
    found = graph.community_spinglass(weights="weight", spins=10, implementation="neg")
    return time.perf_counter() - before, numpy.array(found.membership)


def lobpcg(n, k, i, j, weight, seed):
    import scipy.sparse
    import scipy.sparse.linalg
    from sklearn.cluster import KMeans
    before = time.perf_counter()
    W = scipy.sparse.coo_matrix((weight.astype(float), (i, j)), shape=(n, n)).tocsr()
    W = W + W.T
    identity = scipy.sparse.eye(n)

    def shifted(part):
        degree = numpy.asarray(part.sum(1)).ravel()
        scale = scipy.sparse.diags(numpy.where(degree > 0, 1 / numpy.sqrt(numpy.maximum(degree, 1e-30)), 0))
        return (2 * identity - scale @ part @ scale).tocsr()
    start = numpy.random.default_rng(seed).standard_normal((n, k - 1))
    values, vectors = scipy.sparse.linalg.lobpcg(shifted(W.maximum(0)), start, B=shifted((-W).maximum(0)),
                                                 largest=False, maxiter=200, tol=1e-6)
    label = KMeans(k, n_init=10, random_state=seed).fit(vectors / values).labels_
    return time.perf_counter() - before, label


def least_of(times, run):
    """(seconds, labels) of the fastest of some runs, which all find the same."""
    return min((run() for _ in range(times)), key=lambda found: found[0])


def compare(program, shape, seeds, peers, times):
    n, k, degree, flips, equal = shape
    found = {}
    for seed in range(1, seeds + 1):
        truth, i, j, weight = planted(*shape, seed)
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "graph"
            with open(path, "wb") as file:
                numpy.array([n, len(i)], dtype=numpy.int64).tofile(file)
                for values in (i, j, weight):
                    values.tofile(file)
            runs = {name: ours(program, name, path, k, seed, times) for name in ("leiden", "sponge")}
        for name, peer in peers.items():
            try:
                runs[name] = least_of(1 if name == "spinglass" else times,
                                      lambda: peer(n, k, i, j, weight, seed))
            except ImportError as missing:
                print(f"without {name}: {missing}")
        for name, run in runs.items():
            seconds, index = (run[0], adjusted_rand_index(truth, run[1])) if run else (numpy.nan, numpy.nan)
            found.setdefault(name, []).append((seconds, index))
    return {name: numpy.array(runs) for name, runs in found.items()}


RIVALS = {"leiden": "leidenalg", "sponge": "lobpcg"}


def report(shape, found):
    n, k, degree, flips, equal = shape
    cells = [f"{n:,}", str(k), str(degree), str(flips), "equal" if equal else "falling"]
    for name, runs in found.items():
        seconds, index = numpy.nanmean(runs, axis=0)
        spread = numpy.nanstd(runs[:, 1])
        cells.append(f"{index:.3f} ± {spread:.3f}, {seconds:.2f} s")
    for name, rival in RIVALS.items():
        if rival in found:
            cells.append(f"{numpy.nanmean(found[rival][:, 0]) / numpy.nanmean(found[name][:, 0]):.1f}")
    print("| " + " | ".join(cells) + " |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--grid", choices=GRIDS, default="small")
    parser.add_argument("--nodes", type=int, help="only the grid's graphs of this size")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--spinglass", action="store_true", help="minutes a graph")
    options = parser.parse_args()
    peers = {"leidenalg": leidenalg, "lobpcg": lobpcg}
    if options.spinglass:
        peers["spinglass"] = spinglass
    head = ["n", "k", "degree", "flips", "sizes", "leiden", "sponge", *peers,
            *(f"{rival} / {name}" for name, rival in RIVALS.items())]
    print("| " + " | ".join(head) + " |\n|" + "---|" * len(head), flush=True)
    for shape in GRIDS[options.grid]:
        if options.nodes in (None, shape[0]):
            report(shape, compare(options.program, shape, options.seeds, peers, options.times))


if __name__ == "__main__":
    main()
