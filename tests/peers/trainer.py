#!/usr/bin/python3
"""Our TopK trainer against the same model in PyTorch, by autograd, from the same start.

usage: trainer.py TRAINER_START WORDS.safetensors

Both train on the same rows in the same order from the same weights. What must agree is the fraction
of variance explained on rows neither has seen. Prints both, the dead features and the ratio of the
times of training and evaluation (two threads each; only where PyTorch has a fast BLAS, for Debian's
default is the reference one, ten times slower: install libopenblas0-pthread). Ends with
`N passed, N failed, N skipped`.
"""
import json
import os
import pathlib
import struct
import subprocess
import sys
import tempfile
import time

# Settings of OpenBLAS that some machines carry slow PyTorch down; they are read when it is loaded.
if {"OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"} & set(os.environ):
    kept = {k: v for k, v in os.environ.items() if k not in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")}
    os.execve(sys.executable, [sys.executable, *sys.argv], kept)

try:
    import numpy
    import torch
except ImportError as missing:
    print(f"{missing}\n0 passed, 0 failed, 1 skipped")
    sys.exit(0)

THREADS = 2
TOLERANCE = 0.005  # of the variance: half a percentage point

CASES = [
    # the demo's options, half its epochs: no feature dies
    dict(name="demo", data="words", n=2048, k=12, epochs=10, batch=256, rate=0.003, dead_after=18000),
    # a rate that kills features, so that the auxiliary loss works all along
    dict(name="dying features", data="words", n=2048, k=12, epochs=3, batch=256, rate=0.01, dead_after=5000,
         revives=True),
    # sums of random atoms in a larger space
    dict(name="larger", data="atoms", n=8192, k=32, epochs=2, batch=1024, rate=0.001, dead_after=18000),
]


def random_atoms(rows=20480, d=256, atoms=4096, active=16):
    """Every row a sum of some of the atoms, unit vectors in random directions."""
    random = numpy.random.default_rng(0)
    directions = random.standard_normal((atoms, d), "float32")
    directions /= numpy.linalg.norm(directions, axis=1, keepdims=True)
    chosen, strengths = random.integers(0, atoms, (rows, active)), 0.5 + random.random((rows, active), "float32")
    return numpy.stack([strengths[i] @ directions[chosen[i]] for i in range(rows)])


def write_safetensors(path, name, values):
    header = json.dumps({name: {"dtype": "F32", "shape": list(values.shape), "data_offsets": [0, values.nbytes]}})
    header = header.encode() + b" " * (-len(header) % 8)
    pathlib.Path(path).write_bytes(struct.pack("<Q", len(header)) + header + values.tobytes())


def read_safetensors(path):
    raw = pathlib.Path(path).read_bytes()
    size = struct.unpack("<Q", raw[:8])[0]
    kinds = {"F32": "<f4", "F16": "<f2", "I32": "<i4"}
    tensors = {}
    for name, entry in json.loads(raw[8:8 + size]).items():
        if name != "__metadata__":
            begin, end = entry["data_offsets"]
            values = numpy.frombuffer(raw[8 + size + begin:8 + size + end], kinds[entry["dtype"]])
            tensors[name] = torch.from_numpy(values.reshape(entry["shape"]).copy())
    return tensors


def has_fast_blas():
    maps = pathlib.Path("/proc/self/maps").read_text()
    return any(library in maps for library in ("openblas", "libmkl_", "blis"))


class TopkSae(torch.nn.Module):
    """z = ReLU(TopK(W_enc (x - b_dec) + b_enc)), x_hat = W_dec^T z + b_dec; Gao et al. 2024."""

    def __init__(self, start, scale, k):
        super().__init__()
        self.k = k
        self.W_dec = torch.nn.Parameter(start["W_dec"].clone())
        self.W_enc = torch.nn.Parameter(start["W_enc"].clone())
        self.b_enc = torch.nn.Parameter(start["b_enc"] / scale)
        self.b_dec = torch.nn.Parameter(start["b_dec"] / scale)

    def pre_activations(self, x):
        return torch.nn.functional.linear(x - self.b_dec, self.W_enc, self.b_enc)

    @staticmethod
    def keep(pre, k):
        values, features = pre.topk(k, dim=1)
        return torch.zeros_like(pre).scatter(1, features, values.relu())

    def forward(self, x):
        z = self.keep(self.pre_activations(x), self.k)
        return z @ self.W_dec + self.b_dec


def loss(sae, x, dead, k_aux, weight):
    """The normalised reconstruction error (the data have unit variance) plus the auxiliary one."""
    pre = sae.pre_activations(x)
    z = sae.keep(pre, sae.k)
    x_hat = z @ sae.W_dec + sae.b_dec
    total = (x_hat - x).square().sum(dim=1).mean()
    if dead.any():
        e = (x - x_hat).detach()
        among_dead = pre.masked_fill(~dead, -torch.inf)
        z_aux = sae.keep(among_dead, min(k_aux, int(dead.sum())))
        e_hat = z_aux @ sae.W_dec
        spread = (e - e.mean(dim=0)).square().sum(dim=1).mean()
        total = total + weight * (e_hat - e).square().sum(dim=1).mean() / spread
    return total, z


def train(rows, start, case):
    d = rows.shape[1]
    scale = (rows - rows.mean(dim=0)).double().square().sum(dim=1).mean().sqrt().float()
    data = rows / scale
    sae = TopkSae(start, scale, case["k"])
    adam = torch.optim.Adam(sae.parameters(), lr=case["rate"], eps=6.25e-10)
    steps_per_epoch = len(data) // case["batch"]
    total, done = case["epochs"] * steps_per_epoch, 0
    silent = torch.zeros(case["n"], dtype=torch.int64)  # rows since each feature last fired
    for order in start["batch_order"].long():
        for batch in order[:steps_per_epoch * case["batch"]].split(case["batch"]):
            left, falling = total - done, 0.2 * total
            adam.param_groups[0]["lr"] = case["rate"] * min(1.0, left / falling)
            value, z = loss(sae, data[batch], silent >= case["dead_after"], d // 2, 1 / 32)
            adam.zero_grad()
            value.backward()
            with torch.no_grad():
                W, G = sae.W_dec, sae.W_dec.grad
                G -= (G * W).sum(dim=1, keepdim=True) * W
                adam.step()
                W /= W.norm(dim=1, keepdim=True)
                silent += case["batch"]
                silent[(z > 0).any(dim=0)] = 0
            done += 1
    return sae, scale


@torch.no_grad()
def explained(sae, rows, scale):
    x = rows / scale
    z = sae.keep(sae.pre_activations(x), sae.k)
    error = (x - z @ sae.W_dec - sae.b_dec).double().square().sum()
    spread = (x - x.mean(dim=0)).double().square().sum()
    return float(1 - error / spread), int((~(z > 0).any(dim=0)).sum())


def compare(program, words, case):
    with tempfile.TemporaryDirectory() as folder:
        data = words
        if case["data"] == "atoms":
            data = f"{folder}/atoms.safetensors"
            write_safetensors(data, "W_U", random_atoms())
        start_file = f"{folder}/start.safetensors"
        options = [case[key] for key in ("n", "k", "epochs", "batch", "rate", "dead_after")]
        ran = subprocess.run([program, data, "W_U", *map(str, options), start_file], check=True,
                             stdout=subprocess.PIPE, text=True,
                             env={**os.environ, "OMP_NUM_THREADS": str(THREADS)})
        ours = json.loads(ran.stdout)
        start = read_safetensors(start_file)
        rows = read_safetensors(data)["W_U"].float()
    training, held_out = rows[start["training_rows"].long()], rows[start["held_out_rows"].long()]
    before = time.perf_counter()
    sae, scale = train(training, start, case)
    fve, _ = explained(sae, held_out, scale)
    training_fve, dead = explained(sae, training, scale)
    seconds = time.perf_counter() - before
    agrees = abs(fve - ours["held_out"]) < TOLERANCE
    if case.get("revives"):
        agrees = agrees and ours["auxiliary"] > 0
    speed = f"{ours['seconds'] / case['epochs']:.3f} s an epoch"
    if has_fast_blas():
        speed += f" ({seconds / case['epochs']:.3f}), {seconds / ours['seconds']:.1f} times as fast"
    print(f"{case['name']}: held-out variance explained {ours['held_out']:.4f} (PyTorch {fve:.4f}), "
          f"training {ours['training']:.4f} ({training_fve:.4f}), dead {ours['dead']} ({dead}), "
          f"{speed}: {'agrees' if agrees else 'DISAGREES'}", flush=True)
    return agrees


def main(program, words):
    torch.set_num_threads(THREADS)
    results = [compare(program, words, case) for case in CASES]
    print(f"{sum(results)} passed, {len(results) - sum(results)} failed, 0 skipped")
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
