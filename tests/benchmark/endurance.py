#!/usr/bin/python3
"""Large, killed, crowded: what the program holds, survives and loses (nothing). Prints a table and exits with 1 where
anything was lost.

  whole job   `run` on synthetic weights of Gemma Scope's size under --memory
  kills       the same job, killed at random times and resumed until it has been killed so often; every end is compared
              with an undisturbed one, byte by byte
  large graph arrows, graph, categories, check and report of very many features
  at once     eight runs into eight studies and eight into one

usage: endurance.py YONEDA [--features N] [--dimension D] [--vocabulary V] [--memory SIZE] [--kills K] [--graph N]
                           [--seed S] [--folder PATH] [--only PART]
"""
import argparse
import hashlib
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile

import weights
from watched import Watched

options = argparse.ArgumentParser()
options.add_argument("yoneda", type=os.path.abspath)
options.add_argument("--features", type=int, default=16384)
options.add_argument("--dimension", type=int, default=2304)
options.add_argument("--vocabulary", type=int, default=256000)
options.add_argument("--memory", default="4G")
options.add_argument("--kills", type=int, default=50)
options.add_argument("--graph", type=int, default=1_000_000)
options.add_argument("--seed", type=int, default=random.randrange(1 << 32))
options.add_argument("--folder", default=tempfile.gettempdir())
options.add_argument("--only", choices=["whole", "kills", "graph", "at-once"])
options = options.parse_args()

table, lost = [], []
UNITS = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
LIMIT = int(options.memory[:-1]) * UNITS[options.memory[-1]]


def amount(count):
    return f"{count / 1e9:.2f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"


def row(what, watched, more=""):
    table.append((what, f"{watched.seconds:.0f} s", amount(watched.own), amount(watched.peak), more))
    print(" | ".join(table[-1]), flush=True)


def require(holds, what):
    if not holds:
        lost.append(what)
        print("LOST:", what, flush=True)


def run(folder, *arguments, memory=options.memory, kill_after=None):
    return Watched([options.yoneda, *arguments, "--memory", memory], folder, kill_after)


def done(what, folder, *arguments, more="", **how):
    """Runs to a good end within the memory."""
    ended = run(folder, *arguments, **how)
    require(ended.code == 0, f"{what}: exit code {ended.code}: {ended.text[-600:]}")
    require(ended.own <= LIMIT, f"{what} held {amount(ended.own)} under --memory {options.memory}")
    row(what, ended, more)
    return ended


def digests(study):
    """Of every file in a study, and of none that should not be there."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(study.iterdir())}


def make_weights(home):
    sae = weights.gemma_scope(home, options.features, options.dimension)
    model = weights.gemma_model(home / "model", options.vocabulary, options.dimension, weights.normal_bf16)
    return sae, model


def job(sae, model):
    # With --resume from the start, so that the command which files record is always the same.
    return ("run", "--sae", sae, "--model", model, "--block", max(16, options.features // 16), "--resume", "-o", "study")


def whole(home, command):
    size = f"{options.features:,} x {options.dimension:,}, V = {options.vocabulary:,}"
    first = done(f"run, {size}", home, *command, more=f"--memory {options.memory}")
    return first.seconds, digests(home / "study")


def kills(home, command, duration, expected):
    chance = random.Random(options.seed)
    killed = ends = resumed = 0
    longest = most = 0
    other = home / "killed"
    other.mkdir()
    while killed < options.kills:
        ended = run(other, *command, kill_after=chance.uniform(0, duration))
        longest, most = longest + ended.seconds, max(most, ended.own)
        if ended.code == -9:
            killed += 1
            resumed += (other / "study" / "arrows.safetensors.partial").exists()
            continue
        require(ended.code == 0, f"after a kill: exit code {ended.code}: {ended.text[-600:]}")
        require(digests(other / "study") == expected, "a study that was killed and resumed differs from an undisturbed one")
        ends += 1
        shutil.rmtree(other / "study")
    last = run(other, *command)
    require(last.code == 0, f"after the last kill: exit code {last.code}: {last.text[-600:]}")
    require(digests(other / "study") == expected, "the study after the last kill differs from an undisturbed one")
    last.seconds, last.own = last.seconds + longest, max(most, last.own)
    row(f"{killed} kills", last, f"seed {options.seed}; {resumed} left blocks to go on from; {ends + 1} ends, all bit-identical")


def large_graph(home):
    # As many dimensions and tokens to a feature as keep a token from being everybody's, as in real models.
    n, d = options.graph, 64
    V = max(200, n // 4)
    sae = weights.plain(home / "wide.safetensors", {"W_dec": (n, d)}, seed=1)
    model = weights.plain(home / "words.safetensors", {"W_U": (V, d), "final_norm_weight": (d,)}, seed=2)
    study = home / "large"
    done(f"arrows of {n:,} features, V = {V:,}", home, "arrows", "--sae", sae, "--model", model, "-k", 10, "-o", "a.safetensors")
    done(f"graph of {n:,} features", home, "graph", "a.safetensors", "--neighbors", 8, "-o", "g.safetensors")
    done(f"categories of {n:,} features", home, "categories", "g.safetensors", "--arrows", "a.safetensors", "--method", "leiden",
         "-o", "c.json")
    done(f"check of {n:,} features", home, "check", "g.safetensors", "--arrows", "a.safetensors", "--samples", 20, "-o", "h.json")
    done(f"run, {n:,} features", home, "run", "--sae", sae, "--model", model, "-k", 10, "--neighbors", 8, "--method", "leiden",
         "--samples", 20, "--no-report", "-o", study)
    page = done(f"report of {n:,} features", home, "report", study)
    size = (study / "report.html").stat().st_size
    require(n <= 100_000 or "leaves out" in page.text, "a page of very many features does not say what it leaves out")
    require(size < 1e9, f"the page takes {amount(size)}")
    table[-1] = (*table[-1][:4], f"page of {amount(size)}")


def at_once(home):
    sae = weights.plain(home / "small.safetensors", {"W_dec": (400, 32)}, seed=3)
    model = weights.plain(home / "small-words.safetensors", {"W_U": (1000, 32), "final_norm_weight": (32,)}, seed=4)
    for what, names in (("eight studies", [f"study-{i}" for i in range(8)]), ("one study", ["shared"] * 8)):
        running = [subprocess.Popen([options.yoneda, "run", "--sae", sae, "--model", model, "-k", "10", "--samples", "10", "-o",
                                     home / name], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) for name in names]
        said = [(process.communicate()[1], process.returncode) for process in running]
        good = sum(code == 0 for _, code in said)
        told = sum(code == 3 and len(text.splitlines()) == 1 and "another yoneda" in text for text, code in said)
        require(good + told == 8 and good >= (8 if len(set(names)) == 8 else 1), f"eight runs into {what}: {said}")
        tensors = {(home / name / "categories.json").read_text().split('"labels"')[1] for name in set(names)}
        require(len(tensors) == 1, f"eight runs into {what}: results differ")
        for name in set(names):
            done(f"check after eight into {what}" if name == names[0] else f"check of {name}", home, "check", name, "--samples", 10,
                 more=f"{good} ended well, {told} were told to wait")
            require(run(home, "report", name).code == 0, f"report of {name}")


with tempfile.TemporaryDirectory(prefix="yoneda-endurance-", dir=options.folder) as scratch:
    home = pathlib.Path(scratch)
    if options.only in (None, "whole", "kills"):
        command = job(*make_weights(home))
        duration, expected = whole(home, command)
        if options.only != "whole":
            kills(home, command, duration, expected)
    if options.only in (None, "graph"):
        large_graph(home)
    if options.only in (None, "at-once"):
        at_once(home)

print("\n| what | time | own memory | with mapped files | |\n| --- | --- | --- | --- | --- |")
for line in table:
    print("| " + " | ".join(line) + " |")
print(f"{len(table)} passed, {len(lost)} failed")
sys.exit(bool(lost))
