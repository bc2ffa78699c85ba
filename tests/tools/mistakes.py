#!/usr/bin/python3
"""What people type and have in their folders by mistake, and the one line that they read then, word for
word: tests/golden/mistakes.txt.

usage: mistakes.py PROGRAM SOURCE_FOLDER

YONEDA_ACCEPT=1 writes the file instead, for a person to read aloud and commit.
"""
import difflib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import numpy

from tensors import write_safetensors

PROGRAM, SOURCE = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2])
GOLDEN = SOURCE / "tests" / "golden" / "mistakes.txt"


def safetensors(path, arrays):
    write_safetensors(path, {name: array.astype("float32") for name, array in arrays.items()})


def make_sae(folder, n, d, random):
    folder.mkdir()
    (folder / "cfg.json").write_text(json.dumps({
        "architecture": "topk", "k": 4, "d_in": d, "d_sae": n, "dtype": "float32",
        "apply_b_dec_to_input": True, "normalize_activations": "none",
        "metadata": {"model_name": "toy", "hook_name": "blocks.1.hook_resid_post"}}))
    W_dec = random.standard_normal((n, d))
    safetensors(folder / "sae_weights.safetensors",
                {"W_enc": W_dec.T, "W_dec": W_dec, "b_enc": numpy.zeros(n), "b_dec": numpy.zeros(d)})


def prepare(folder):
    """A small SAE, model and study, and the files that are not what they should be."""
    random = numpy.random.default_rng(0)
    make_sae(folder / "sae", 40, 8, random)
    make_sae(folder / "wide-sae", 40, 12, random)
    safetensors(folder / "model.safetensors",
                {"W_U": random.standard_normal((100, 8)), "final_norm_weight": numpy.ones(8)})
    (folder / "vocab.json").write_text(json.dumps([f"word{i}" for i in range(100)]))
    (folder / "long.json").write_text(json.dumps([f"word{i}" for i in range(400)]))
    safetensors(folder / "bare.safetensors", {"W_dec": random.standard_normal((40, 8)), "b_dec": numpy.zeros(8)})
    ran = run(["run", "--sae", "sae", "--model", "model.safetensors", "-k", "10", "--neighbors", "4", "--count", "5",
               "--samples", "20", "-o", "study"], folder)
    assert ran.returncode == 0, ran.stderr
    shutil.copytree(folder / "study", folder / "half")
    (folder / "half" / "arrows.safetensors").unlink()
    shutil.copytree(folder / "sae", folder / "new-sae")
    ran = run(["run", "--sae", "new-sae", "--model", "model.safetensors", "-k", "10", "--samples", "20", "-o", "stale"], folder)
    assert ran.returncode == 0, ran.stderr
    make_sae(folder / "other", 40, 8, random)
    shutil.copy(folder / "other" / "sae_weights.safetensors", folder / "new-sae" / "sae_weights.safetensors")

    (folder / "lfs.safetensors").write_text(
        "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0123456789abcdef" * 4 + "\nsize 302008672\n")
    (folder / "page.safetensors").write_text("<!DOCTYPE html>\n<html><head><title>404</title></head></html>\n")
    whole = (folder / "bare.safetensors").read_bytes()
    (folder / "cut.safetensors").write_bytes(whole[:len(whole) - 100])
    (folder / "empty.safetensors").write_bytes(b"")
    (folder / "weights.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
    gguf = (SOURCE / "tests" / "data" / "gguf" / "llama.gguf").read_bytes()
    (folder / "cut.gguf").write_bytes(gguf[:900])
    (folder / "old.gguf").write_bytes(gguf[:4] + b"\1" + gguf[5:])
    (folder / "quantized.bin").write_bytes((SOURCE / "tests" / "data" / "llama2c" / "version2.bin").read_bytes())
    (folder / "notes.txt").write_text("remember the milk\n")
    (folder / "hers.json").write_text(json.dumps({"name": "package", "version": "1.0.0"}))
    (folder / "broken.toml").write_text('sae = "sae"\nmodel = "model.safetensors\n')
    (folder / "unknown.toml").write_text('[graph]\nnieghbors = 4\n')
    (folder / "value.toml").write_text('[categories]\nmethod = "spong"\n')
    (folder / "twice.toml").write_text('k = 5\n[arrows]\nk = 6\n')
    (folder / "list.toml").write_text('method = ["sponge", "leiden"]\n')
    (folder / "diagram.toml").write_text('[objects]\nking = { tokne = "word1" }\n')
    (folder / "sets.txt").write_text("word1\nword2\n")
    (folder / "nothing").mkdir()
    (folder / "occupied").write_text("a file\n")


def run(arguments, folder):
    # Nobody but the user's own words may say what is shown.
    environment = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "CLICOLOR_FORCE")}
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, cwd=folder, env=environment)


SOURCES = "--sae sae --model model.safetensors"
MISTAKES = {
    "Words": [
        "catgories study", "graph-study", "categories study --nieghbors 4", "graph study --nieghbors 4",
        "run --sea sae --model model.safetensors -o new", "categories study --method spong",
        "categories study --method louvain", "check study --null gausian", "features study --sort kurtoses",
        "--treads 2 features study", "features study --color sometimes", "completion tcsh", "help catgories"],
    "Values": [
        f"run {SOURCES} -k 80 -o new", f"run {SOURCES} -k ten -o new", f"run {SOURCES} -k 0 -o new",
        f"arrows {SOURCES} -k -3 -o new.safetensors", f"run {SOURCES} -k 5 -k 6 -o new",
        "categories study --count 100", "categories study --count many", "categories study --count -1",
        "categories study --method leiden --count 3", "graph study --neighbors 0", "graph study --floor -1",
        "check study --samples 0", "check study --null rewire", "categories study --seed -1",
        "features study --feature 40", "features study --token nothing", "categories study --show 17",
        "relations study --quads notes.txt --in code", "views study --hodge", "views study --sheaf --rank 20",
        "views study --lawvere --category 9", "lattice study --min-support 0",
        "lattice study --min-support 99", "lattice study --k 60", "lattice study --max-concepts 3", "lattice study --side up"],
    "What is missing": [
        f"run --model model.safetensors -o new", "run --sae sae -o new", f"run {SOURCES}", "categories", "inspect",
        "check", "run --sae", "check study --tolerance 0.1", "categories --compare study",
        "categories study sae", "categories study --show 1 --method leiden", "enrich study"],
    "Paths": [
        "inspect nowhere", "features stduy", "categories nowhere", "check nothing", "features half",
        "graph sae -o new.tsv", "run --sae nowhere --model model.safetensors -o new",
        "run --sae sae --model nowhere -o new", "run --sae sae --model nothing -o new", f"run {SOURCES} -o occupied",
        f"run {SOURCES} -o /proc/new", "graph study -o nowhere/graph.tsv", f"run {SOURCES} --vocabulary nowhere.json -o new",
        "run --sae sae --model model.safetensors --config nowhere.toml -o new", "check study --diagram nowhere.toml"],
    "Files that are not what they should be": [
        "run --sae model.safetensors --model sae -o new", "run --sae wide-sae --model model.safetensors -o new",
        "run --sae bare.safetensors --decoder W_dce --model model.safetensors -o new",
        f"run {SOURCES} --unembedding W_V -o new", "run --sae lfs.safetensors --model model.safetensors -o new",
        "run --sae page.safetensors --model model.safetensors -o new", "inspect cut.safetensors",
        "run --sae cut.safetensors --model model.safetensors -o new", "inspect weights.h5",
        "run --sae sae --model cut.gguf -o new", "run --sae sae --model old.gguf -o new",
        "run --sae sae --model quantized.bin -o new", "run --sae empty.safetensors --model model.safetensors -o new",
        f"run {SOURCES} --vocabulary long.json -o new", "categories hers.json", "check hers.json",
        "categories --compare hers.json study/categories.json", "features study/graph.safetensors",
        "check study/arrows.safetensors", "graph study/graph.safetensors", "check notes.txt",
        "check stale", "enrich study --sets sets.txt", "check study --diagram diagram.toml",
        "relations study --quads notes.txt"],
    "Settings": [f"run --config {name}.toml {SOURCES} -o new" for name in
                 ("broken", "unknown", "value", "twice", "list")],
}

failures, found = [], ["Lines that people read after a mistake, each below what was typed. Made by tests/tools/mistakes.py.\n"]
with tempfile.TemporaryDirectory(prefix="yoneda-") as scratch:
    scratch = pathlib.Path(scratch)
    prepare(scratch)
    before = sorted(map(str, scratch.rglob("*")))
    count = 0
    for heading, lines in MISTAKES.items():
        found.append(f"\n{heading}\n")
        for line in lines:
            count += 1
            ran = run(line.split(), scratch)
            said = [text for text in ran.stderr.splitlines() if not text.startswith("note: ")]
            if ran.returncode != 2:
                failures.append(f"{line}: exit code {ran.returncode}: {ran.stdout}{ran.stderr}")
            if len(said) != 1 or ran.stdout:
                failures.append(f"{line}: not one line: {ran.stdout}{ran.stderr}")
            if "\033" in ran.stderr:
                failures.append(f"{line}: escape codes where there is no terminal")
            found.append(f"\n$ yoneda {line}\n" + "\n".join(said).replace(str(scratch), "...") + "\n")
    after = sorted(map(str, scratch.rglob("*")))
    if after != before:
        failures.append(f"written in spite of an error: {set(after) ^ set(before)}")

text = "".join(found)
if os.environ.get("YONEDA_ACCEPT"):
    GOLDEN.parent.mkdir(exist_ok=True)
    GOLDEN.write_text(text)
different = list(difflib.unified_diff(GOLDEN.read_text().splitlines(), text.splitlines(), str(GOLDEN), "found", lineterm=""))
print("\n".join(different + failures))
print(f"{count if not (different or failures) else 0} passed, {len(failures) + bool(different)} failed")
sys.exit(bool(different or failures))
