#!/usr/bin/python3
"""Maps of signed graphs beside what others draw, on the same graphs: time and what is kept.

usage: layout.py LAYOUT [STUDY...] [--sizes N...] [--peers-up-to N]

Graphs: the profile graphs of studies, and planted ones like them (groups of about 45 nodes on a circle,
20 edges a node, a third of them negative, to the group opposite; a tenth of the edges anywhere).
Peers: igraph's DrL and Fruchterman-Reingold, and networkx's spring layout, on the positive edges alone,
for none knows of signs. Prints seconds of processor time, how many times ours that is, the share of a
node's positive neighbours (at most 15) among its 15 nearest on the map, and the mean length of positive
and of negative edges over that of all pairs. One thread. Peers that are missing are left out.
"""
import argparse
import json
import os
import pathlib
import struct
import subprocess
import tempfile
import time

import numpy


def planted(n, seed=1):
    random = numpy.random.default_rng(seed)
    k = max(8, n // 45)
    group = random.integers(0, k, n)
    order = numpy.argsort(group, kind="stable")
    first = numpy.searchsorted(group[order], numpy.arange(k + 1))
    source = numpy.repeat(numpy.arange(n), 10)
    target = group[source].copy()
    near = random.random(len(source)) > 0.6
    target[near] = (target[near] + random.integers(-3, 4, near.sum())) % k
    negative = random.random(len(source)) < 0.33
    target[negative] = (target[negative] + k // 2) % k
    size = numpy.maximum(numpy.diff(first), 1)[target]
    other = order[numpy.minimum(first[target] + (random.random(len(source)) * size).astype(int), n - 1)]
    stray = random.random(len(source)) < 0.1
    other[stray] = random.integers(0, n, stray.sum())
    weight = (0.1 + 0.4 * random.random(len(source))) * numpy.where(negative, -1, 1)
    low, high = numpy.minimum(source, other), numpy.maximum(source, other)
    _, kept = numpy.unique(low * n + high, return_index=True)
    kept = kept[low[kept] != high[kept]]
    return n, low[kept], high[kept], weight[kept].astype(numpy.float32)


def of_study(folder):
    data = (pathlib.Path(folder) / "graph.safetensors").read_bytes()
    length = struct.unpack("<Q", data[:8])[0]
    head, data = json.loads(data[8:8 + length]), data[8 + length:]

    def tensor(name, kind):
        begin, end = head[name]["data_offsets"]
        return numpy.frombuffer(data[begin:end], kind)
    offsets, columns = tensor("row_offsets", "<i8"), tensor("columns", "<i4")
    source = numpy.repeat(numpy.arange(len(offsets) - 1), numpy.diff(offsets))
    once = source < columns
    return len(offsets) - 1, source[once], columns[once], tensor("weights", "<f4")[once]


def ours(program, graph, rounds=None):
    n, source, target, weight = graph
    with tempfile.NamedTemporaryFile() as file:
        numpy.array([n, len(source)], "<i8").tofile(file)
        for values, kind in ((source, "<i4"), (target, "<i4"), (weight, "<f4")):
            values.astype(kind).tofile(file)
        file.flush()
        ran = subprocess.run([program, file.name, *([str(rounds)] if rounds is not None else [])], text=True,
                             check=True, stdout=subprocess.PIPE, env={**os.environ, "OMP_NUM_THREADS": "1"})
    lines = ran.stdout.split("\n", 1)
    return float(lines[0]), numpy.fromstring(lines[1], sep=" ").reshape(n, 2)


def timed(draw):
    before = time.process_time()
    places = draw()
    return time.process_time() - before, numpy.array(places)


def igraph_of(graph):
    import igraph
    n, source, target, weight = graph
    keep = weight > 0
    made = igraph.Graph(n=n, edges=numpy.stack([source[keep], target[keep]], 1).tolist())
    made.es["weight"] = weight[keep].tolist()
    return made


def drl(graph):
    import random
    random.seed(1)
    made = igraph_of(graph)
    return timed(lambda: made.layout_drl(weights="weight").coords)


def fruchterman_reingold(graph):
    import random
    random.seed(1)
    made = igraph_of(graph)
    return timed(lambda: made.layout_fruchterman_reingold(weights="weight").coords)


def spring(graph):
    import networkx
    n, source, target, weight = graph
    made = networkx.Graph()
    made.add_nodes_from(range(n))
    made.add_weighted_edges_from((int(i), int(j), float(w)) for i, j, w in zip(source, target, weight) if w > 0)
    return timed(lambda: [place for _, place in sorted(networkx.spring_layout(made, seed=1).items())])


def nearest(places, count=15):
    """Ids of the nearest nodes of every node, by a grid of bins wide enough for most."""
    try:
        from scipy.spatial import cKDTree
        return cKDTree(places).query(places, count + 1)[1]
    except ImportError:
        blocks = []
        for rows in numpy.array_split(places, max(1, len(places) // 500)):
            distance = ((rows[:, None] - places[None]) ** 2).sum(2)
            blocks.append(numpy.argpartition(distance, count, axis=1)[:, :count + 1])
        return numpy.concatenate(blocks)


def quality(graph, places):
    n, source, target, weight = graph
    positive = weight > 0
    pairs = numpy.concatenate([source[positive] * n + target[positive], target[positive] * n + source[positive]])
    degree = numpy.bincount(pairs // n, minlength=n)
    near = nearest(places)
    found = numpy.isin(numpy.arange(n)[:, None] * n + near, pairs).sum(1)
    kept = (found[degree > 0] / numpy.minimum(15, degree[degree > 0])).mean()

    def length(i, j):
        return numpy.hypot(*(places[i] - places[j]).T).mean()
    random = numpy.random.default_rng(1)
    usual = length(*random.integers(0, n, (2, 100_000)))
    return kept, *(length(source[some], target[some]) / usual if some.any() else numpy.nan
                   for some in (positive, weight < 0))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("studies", nargs="*")
    parser.add_argument("--sizes", type=int, nargs="*", default=[2048, 16_000, 100_000])
    parser.add_argument("--peers-up-to", type=int, default=2048, help="nodes")
    options = parser.parse_args()
    graphs = {str(study): of_study(study) for study in options.studies}
    graphs |= {f"planted, {n:,} nodes": planted(n) for n in options.sizes}
    print("| graph | edges | map | seconds | times ours | neighbours kept | positive | negative |\n"
          "| --- | ---: | --- | ---: | ---: | ---: | ---: | ---: |", flush=True)
    for name, graph in graphs.items():
        n = graph[0]
        draw = {"ours": lambda: ours(options.program, graph), "its start": lambda: ours(options.program, graph, 0),
                "random": lambda: (numpy.nan, numpy.random.default_rng(1).random((n, 2)))}
        if n <= options.peers_up_to:
            draw |= {"DrL": lambda: drl(graph), "Fruchterman-Reingold": lambda: fruchterman_reingold(graph),
                     "networkx spring": lambda: spring(graph)}
        base = None
        for method, run in draw.items():
            try:
                seconds, places = run()
            except ImportError as missing:
                print(f"without {method}: {missing}")
                continue
            base = base or seconds
            kept, pulled, pushed = quality(graph, places)
            print(f"| {name} | {len(graph[1]):,} | {method} | {seconds:.2f} | {seconds / base:.1f} | {kept:.3f} | "
                  f"{pulled:.2f} | {pushed:.2f} |", flush=True)


if __name__ == "__main__":
    main()
