#!/usr/bin/python3
"""The Hodge decomposition of `yoneda views` beside SciPy's lsqr on the same graph.

usage: hodge.py YONEDA

y = half the log ratio of both weights of a pair; its gradient is the least-squares fit of potential
differences, its curl that of sums round triangles to what is left (Jiang, Lim, Yao, Ye 2011). Ends with
`N passed, N failed, N skipped`.
"""
import itertools
import json
import pathlib
import subprocess
import sys
import tempfile

try:
    import numpy
    from scipy.sparse import lil_matrix
    from scipy.sparse.linalg import lsqr
except ImportError as missing:
    print(f"{missing}\n0 passed, 0 failed, 1 skipped")
    sys.exit(0)

NODES = 40
EXACT = {"atol": 1e-14, "btol": 1e-14, "iter_lim": 10_000}


def random_pairs(seed, density):
    """Both weights, of one sign and in float32, of some pairs i < j; a path joins all nodes."""
    random = numpy.random.default_rng(seed)
    pairs = {}
    for i, j in itertools.combinations(range(NODES), 2):
        if j == i + 1 or random.random() < density:
            sign = random.choice((1, -1))
            pairs[i, j] = [sign * float(w) for w in random.uniform(0.1, 2, 2).astype("float32")]
    return pairs


def with_scipy(pairs):
    """Shares of gradient, curl and the rest, and the potential about its mean."""
    edge = {pair: number for number, pair in enumerate(pairs)}
    y = numpy.array([numpy.log(there / back) / 2 for there, back in pairs.values()])
    differences = lil_matrix((len(edge), NODES))
    for (i, j), number in edge.items():
        differences[number, i], differences[number, j] = -1, 1
    potential = lsqr(differences.tocsr(), y, **EXACT)[0]
    gradient = differences @ potential
    triangles = [t for t in itertools.combinations(range(NODES), 3)
                 if all(pair in edge for pair in itertools.combinations(t, 2))]
    curl = numpy.zeros(len(y))
    if triangles:
        sums = lil_matrix((len(edge), len(triangles)))
        for number, (i, j, k) in enumerate(triangles):
            sums[edge[i, j], number] = sums[edge[j, k], number] = 1
            sums[edge[i, k], number] = -1
        curl = sums @ lsqr(sums.tocsr(), y - gradient, **EXACT)[0]
    shares = [part @ part / (y @ y) for part in (gradient, curl, y - gradient - curl)]
    return shares, len(triangles), potential - potential.mean()


def with_yoneda(program, pairs):
    with tempfile.TemporaryDirectory() as folder:
        graph, views = pathlib.Path(folder) / "graph.tsv", pathlib.Path(folder) / "views.json"
        graph.write_text("# directed\n" + "".join(
            f"{i}\t{j}\t{there!r}\n{j}\t{i}\t{back!r}\n" for (i, j), (there, back) in pairs.items()))
        subprocess.run([program, "views", graph, "--hodge", "--samples", "19", "-o", views], check=True,
                       stdout=subprocess.DEVNULL)
        return json.loads(views.read_text())["hodge"]


def differences(program, seed, density):
    """What the two disagree on."""
    pairs = random_pairs(seed, density)
    shares, triangles, potential = with_scipy(pairs)
    found = with_yoneda(program, pairs)
    wrong = [] if found["triangles"] == triangles else [f"{found['triangles']} triangles, {triangles}"]
    for name, share in zip(("gradient", "curl", "harmonic"), shares):
        if abs(found["share"][name] - share) > 1e-9:
            wrong.append(f"{name} {found['share'][name]}, {share}")
    ranking = found["rankings"][0]
    for node, ours in [(row["node"], row["potential"]) for end in ("highest", "lowest") for row in ranking[end]]:
        if abs(ours - potential[node]) > 1e-8:
            wrong.append(f"potential of {node}: {ours}, {potential[node]}")
    return wrong


def main():
    failed = 0
    cases = [(seed, density) for density in (0.0, 0.1, 0.3, 1.0) for seed in (1, 2)]
    for seed, density in cases:
        for line in (wrong := differences(sys.argv[1], seed, density)):
            print(f"seed {seed}, density {density}: {line}")
        failed += bool(wrong)
    print(f"{len(cases) - failed} passed, {failed} failed, 0 skipped")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
