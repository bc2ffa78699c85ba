#!/usr/bin/python3
"""The program as a person runs it: good input, bad input, exit codes, files, schemas.

usage: command_line.py PROGRAM SOURCE_FOLDER
"""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import jsonschema
import numpy

from tensors import read_safetensors, write_safetensors

PROGRAM, SOURCE = sys.argv[1], pathlib.Path(sys.argv[2])
SHARED = SOURCE.parent / "shared" / "data"
DEMO = SOURCE / "tools" / "demo"
FIXTURES = SOURCE / "tests" / "data"


def yoneda(*arguments, cwd=None):
    return subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True, cwd=cwd)


def silhouette(rows, labels):
    """The mean over all features that have a category, from the distances between all pairs."""
    unit = rows / numpy.linalg.norm(rows, axis=1, keepdims=True)
    distance, labels, values = 1 - unit @ unit.T, numpy.array(labels), []
    for i, own in enumerate(labels):
        if own < 0:
            continue
        others = (labels == own) & (numpy.arange(len(labels)) != i)
        near = distance[i, others].mean() if others.any() else None
        next_best = min(distance[i, labels == c].mean() for c in set(labels) - {own, -1})
        values.append((next_best - near) / max(near, next_best) if others.any() else 0)
    return numpy.mean(values)


class Scratch(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="yoneda-"))
        self.addCleanup(shutil.rmtree, self.folder)

    def done(self, *arguments):
        ran = yoneda(*arguments)
        self.assertEqual(ran.returncode, 0, ran.stderr)
        return ran.stdout

    def refused(self, code, expected, *arguments):
        """One line on standard error that holds `expected`, the exit code, and nothing new on disk."""
        before = sorted(self.folder.rglob("*"))
        ran = yoneda(*arguments)
        self.assertEqual(ran.returncode, code, ran.stdout + ran.stderr)
        lines = [line for line in ran.stderr.splitlines() if not line.startswith("note: ")]
        self.assertEqual(len(lines), 1, ran.stderr)
        self.assertIn(expected, lines[0])
        self.assertEqual(sorted(self.folder.rglob("*")), before)

    def valid(self, name, path):
        schema = json.loads((SOURCE / "schemas" / f"{name}.schema.json").read_text())
        found = json.loads(pathlib.Path(path).read_text())
        jsonschema.validate(found, schema)
        return found


def toy(folder, n=40, d=8, V=100, seed=0):
    """A SAELens folder, a model by tensor names and its words."""
    random = numpy.random.default_rng(seed)
    W_dec = random.standard_normal((n, d)).astype("float32")
    W_U = random.standard_normal((V, d)).astype("float32")
    sae = folder / "sae"
    sae.mkdir(exist_ok=True)
    (sae / "cfg.json").write_text(json.dumps({
        "architecture": "topk", "k": 4, "d_in": d, "d_sae": n, "dtype": "float32",
        "apply_b_dec_to_input": True, "normalize_activations": "none",
        "metadata": {"model_name": "toy", "hook_name": "blocks.1.hook_resid_post"}}))
    write_safetensors(sae / "sae_weights.safetensors", {
        "W_enc": W_dec.T.copy(), "W_dec": W_dec, "b_enc": numpy.zeros(n, "float32"), "b_dec": numpy.zeros(d, "float32")})
    write_safetensors(folder / "model.safetensors", {"W_U": W_U, "final_norm_weight": numpy.ones(d, "float32")})
    (folder / "vocab.json").write_text(json.dumps([f"word{i}" for i in range(V)]))
    return W_dec, W_U


class MainJob(Scratch):
    def test_run_writes_a_study_that_every_command_reads(self):
        toy(self.folder)
        study = self.folder / "study"
        text = self.done("run", "--sae", self.folder / "sae", "--model", self.folder / "model.safetensors",
                         "-k", 10, "--neighbors", 4, "--count", 5, "--samples", 20, "-o", study)
        for words in ("40 features", "5 categories", "Does the graph commute?", "null: gaussian, 20 draws", "check.json"):
            self.assertIn(words, text)
        record = self.valid("study", study / "study.json")
        self.assertEqual(record["convention"], "folded")
        check = self.valid("check", study / "check.json")
        self.assertEqual([test["null"] for test in check["tests"]], ["gaussian"] * 3)
        self.assertEqual([test["excess"] is None for test in check["tests"]], [True, True, False])
        frustration = check["frustration"]
        self.assertEqual(len(frustration["categories"]), 5)
        inside, between = (sum(c[part]["frustrated"] for c in frustration["categories"]) for part in ("inside", "between"))
        self.assertEqual(inside + between / 2, frustration["edges_at_most"])
        self.assertEqual(frustration["edges_at_least"], sum(c["at_least"] for c in frustration["components"]))
        self.assertIn("floor", frustration["feature_tests"])
        categories = self.valid("categories", study / "categories.json")
        self.assertEqual(len(categories["categories"]), 5)
        self.assertTrue(categories["categories"][0]["raised"][0]["text"].startswith("word"))
        tensors, metadata = read_safetensors(study / "arrows.safetensors")
        self.assertEqual(metadata["format"], "yoneda-arrows/1")
        self.assertEqual(tensors["positive_tokens"].shape, (40, 10))

        self.done("graph", study, "--kind", "decoder", "-o", self.folder / "decoder.tsv")
        self.done("graph", study, "--kind", "decoder", "-o", self.folder / "decoder.safetensors")
        text = self.done("check", self.folder / "decoder.safetensors", "--samples", 20, "-o", self.folder / "d.json")
        self.assertIn("isotropic directions in", text)
        isotropic = self.valid("check", self.folder / "d.json")["isotropic"]
        self.assertAlmostEqual(isotropic["observed"] - isotropic["predicted"], isotropic["excess"])
        self.assertNotIn("isotropic", check)
        self.done("graph", study, "--neighbors", 6)
        self.done("categories", study, "--count", 3, "--seed", 2)
        self.done("categories", study, "--method", "kmeans", "--count", 3)
        for method in (["leiden"], ["leiden", "--resolution", 2], ["leiden", "--objective", "potts", "--resolution", 0.1], ["leiden", "--objective", "potts"],
                       ["correlation"], ["laplacian", "--count", 4], ["laplacian", "--count", "auto", "--normalization", "random-walk"],
                       ["sponge", "--count", "auto", "--normalization", "none"], ["sponge", "--count", "stable"], ["linkage", "--count", 9],
                       ["kmeans", "--count", "auto"], ["leiden", "--consensus", 3], ["kmeans", "--count", 3, "--consensus", 4]):
            self.done("categories", study, "--method", *method)
            found = self.valid("categories", study / "categories.json")
            self.assertEqual(found["method"], method[0])
            self.assertLess(len(found["categories"]), 40)
            if "--count" in method and isinstance(method[-1], int) and "--consensus" not in method:
                self.assertEqual(len(found["categories"]), method[-1])
            self.assertEqual("counts" in found, "stable" in method or method == ["kmeans", "--count", "auto"])
            if "auto" in method and method[0] != "kmeans":
                self.assertEqual(found["options"]["count"], "auto")
                self.assertLessEqual(len(found["categories"]), 13)
        one, two = self.folder / "one.json", self.folder / "two.json"
        self.done("categories", study, "--method", "leiden", "-o", one)
        self.done("categories", study, "--count", 3, "-o", two)
        text = self.done("categories", "--compare", one, two)
        self.assertIn("categories of 40 features", text)
        self.assertIn("#0 word", text)
        found = json.loads(self.done("categories", "--compare", one, one, "--json"))
        self.assertEqual((found["adjusted_rand_index"], found["variation_of_information"]), (1, 0))
        self.assertEqual([(c["id"], c["jaccard"]) for c in found["categories"]],
                         [(c["most_like"], 1) for c in found["categories"]])
        a, b = (json.loads(path.read_text())["labels"] for path in (one, two))
        found = json.loads(self.done("categories", "--compare", one, two, "--json"))
        both = sum(x == 0 and y == found["categories"][0]["most_like"] for x, y in zip(a, b))
        either = sum(x == 0 or y == found["categories"][0]["most_like"] for x, y in zip(a, b))
        self.assertAlmostEqual(found["categories"][0]["jaccard"], both / either)
        self.assertEqual(yoneda("categories").returncode, 2)
        fewer = json.loads(two.read_text())
        fewer["labels"].pop()
        (self.folder / "fewer.json").write_text(json.dumps(fewer))
        self.refused(2, "groups 39: they are not of one SAE", "categories", "--compare", one, self.folder / "fewer.json")
        self.refused(2, "none.json", "categories", "--compare", one, self.folder / "none.json")
        self.assertEqual(yoneda("categories", study, "--compare", one, two).returncode, 2)
        self.refused(2, "sponge, laplacian, linkage and kmeans take a count", "categories", study, "--method", "leiden", "--count", 3)
        self.refused(2, "take a count", "categories", study, "--method", "correlation", "--count", "auto")
        self.refused(2, "'many' is no number of categories", "categories", study, "--count", "many")
        self.refused(2, "leiden is not normalized", "categories", study, "--method", "leiden", "--normalization", "none")
        self.refused(2, "laplacian has a random walk", "categories", study, "--normalization", "random-walk")
        self.refused(2, "sponge has no resolution", "categories", study, "--resolution", 2)
        self.refused(2, "sponge has no objective", "categories", study, "--objective", "potts")
        self.refused(2, "take a count", "run", "--sae", self.folder / "sae", "--model", self.folder / "model.safetensors",
                     "--method", "leiden", "--count", "auto", "-o", self.folder / "not made")
        self.assertFalse((self.folder / "not made").exists())
        self.refused(2, "all its runs agree", "categories", study, "--method", "linkage", "--consensus", 2)
        self.refused(2, "must be a number from 0 on", "categories", study, "--method", "leiden", "--resolution", -1)
        self.done("categories", study, "--method", "kmeans", "--count", 3)
        self.done("check", study, "--samples", 20)
        self.assertEqual(len(json.loads(self.done("check", study, "--samples", 5, "--json"))["tests"]), 3)

    def test_categories_say_what_stands_for_them_and_what_comes_back(self):
        study = self.folder / "study"
        toy(self.folder)
        self.done("run", "--sae", self.folder / "sae", "--model", self.folder / "model.safetensors",
                  "-k", 10, "--neighbors", 4, "--count", 5, "--samples", 20, "-o", study)
        text = self.done("categories", study, "--count", 6, "--stability", 5, "--hierarchy")
        for words in ("stable", "drawn again, features group alike", "6 categories join into"):
            self.assertIn(words, text)
        found = self.valid("categories", study / "categories.json")
        self.assertEqual(found["options"]["stability"], "5")
        self.assertEqual(found["hierarchy"]["leaves"], 6)
        weights = [join["weight"] for join in found["hierarchy"]["joins"]]
        self.assertEqual(weights, sorted(weights, reverse=True))
        for category in found["categories"]:
            self.assertLessEqual(set(category["exemplars"]), set(category["features"]))
            for other in category["neighbors"]:
                self.assertNotEqual(other["category"], category["id"])
        W_dec, _ = toy(self.folder)
        self.assertAlmostEqual(found["scores"]["silhouette"], silhouette(W_dec, found["labels"]), places=5)
        text = self.done("categories", study, "--show", 0)
        for words in ("category #0", "exemplars", "cohesion", "silhouette", "stability"):
            self.assertIn(words, text)
        self.assertEqual(text, self.done("categories", study / "categories.json", "--show", 0,
                                         "--arrows", study / "arrows.safetensors"))
        card = json.loads(self.done("categories", study, "--show", 0, "--json"))
        self.assertEqual((card["exemplars"], card["features"]), (found["categories"][0]["exemplars"], found["categories"][0]["features"]))
        self.refused(2, "there is no category 6: they go from 0 to 5", "categories", study, "--show", 6)
        for flags in (["--count", 3], ["--method", "leiden"], ["--stability", 5], ["-o", "x"]):
            self.assertEqual(yoneda("categories", study, "--show", 0, *flags).returncode, 2)
        for field, value, message in (("exemplars", [-1], "feature -1 is none of 40"), ("exemplars", [40], "feature 40 is none of 40"),
                                      ("opposite", {"category": 6, "weight": -1}, "category 6 is none of 6"),
                                      ("neighbors", [{"category": -1, "weight": 1}], "category -1 is none of 6")):
            damaged = json.loads((study / "categories.json").read_text())
            damaged["categories"][0][field] = value
            (self.folder / "damaged.json").write_text(json.dumps(damaged))
            self.refused(2, message, "categories", self.folder / "damaged.json", "--show", 0, "--arrows", study / "arrows.safetensors")
        self.refused(2, "too small for 35 categories", "categories", study, "--count", 35, "--stability", 5)
        (study / "arrows.safetensors").rename(self.folder / "away.safetensors")
        self.assertIn("exemplars", self.done("categories", study, "--show", 0))
        (self.folder / "away.safetensors").rename(study / "arrows.safetensors")
        self.refused(2, "none.json", "categories", self.folder / "none.json", "--show", 0)
        self.done("categories", study, "--stability", 5)  # the default: samples have as many
        self.assertEqual(len(self.valid("categories", study / "categories.json")["categories"]), 6)
        self.done("categories", study, "--count", 6, "--stability", 5, "-o", self.folder / "again.json")
        again = json.loads((self.folder / "again.json").read_text())
        self.assertEqual(again["scores"], found["scores"])

    def test_lone_features_take_no_category_from_linkage(self):
        edges = [(0, 1), (1, 2), (0, 2), (3, 4), (4, 5), (3, 5)]
        text = "".join(f"{a}\t{b}\t1\n" for a, b in edges) + "2\t3\t0.1\n9\t8\t0.05\n"
        (self.folder / "g.tsv").write_text(text)  # 6 and 7 have no edge
        ran = yoneda("categories", self.folder / "g.tsv", "--method", "linkage", "--count", 3, "-o", self.folder / "c.json")
        self.assertEqual(ran.returncode, 0, ran.stderr)
        labels = json.loads((self.folder / "c.json").read_text())["labels"]
        self.assertEqual(labels, [0, 0, 0, 1, 1, 1, -1, -1, 2, 2])
        self.refused(2, "linkage: 9 categories, but only 8 nodes have an edge", "categories", self.folder / "g.tsv",
                     "--method", "linkage", "--count", 9, "-o", self.folder / "c.json")

    def test_arrows_are_the_brute_force_ones(self):
        W_dec, W_U = toy(self.folder)
        self.done("arrows", "--sae", self.folder / "sae", "--model", self.folder / "model.safetensors",
                  "-k", 7, "-o", self.folder / "a.safetensors")
        tensors, _ = read_safetensors(self.folder / "a.safetensors")
        logits = W_dec.astype("float64") @ W_U.T.astype("float64")
        numpy.testing.assert_array_equal(tensors["positive_tokens"], numpy.argsort(-logits, 1, "stable")[:, :7])
        numpy.testing.assert_array_equal(tensors["negative_tokens"], numpy.argsort(logits, 1, "stable")[:, :7])
        numpy.testing.assert_allclose(tensors["logit_std"], logits.std(1), rtol=1e-3)

    def test_interrupted_arrows_go_on_with_resume(self):
        # Blocks so small that there are hundreds of chances to be interrupted between two of them.
        output, partial = self.folder / "a.safetensors", self.folder / "a.safetensors.partial"
        command = ["arrows", "--sae", DEMO / "sae", "--model", DEMO / "words.safetensors",
                   "--unembedding", "W_U", "--block", 8]
        running = subprocess.Popen([PROGRAM, *map(str, command), "-o", str(output)], stderr=subprocess.PIPE, text=True)
        while running.poll() is None and not partial.exists():
            time.sleep(0.002)
        running.send_signal(signal.SIGINT)
        _, error = running.communicate()
        self.assertEqual(running.returncode, 130, error)
        self.assertIn("--resume goes on from there", error)
        self.assertFalse(output.exists())
        self.assertTrue(list(partial.iterdir()))
        self.refused(2, "was made with another options", *command, "-k", 7, "--resume", "-o", output)
        self.done(*command, "--resume", "-o", output)
        self.assertFalse(partial.exists())
        self.done(*command, "-o", self.folder / "b.safetensors")
        resumed, whole = (read_safetensors(path)[0] for path in (output, self.folder / "b.safetensors"))
        self.assertEqual({k: v.tobytes() for k, v in resumed.items()}, {k: v.tobytes() for k, v in whole.items()})

    def test_same_bits_for_any_number_of_threads(self):
        toy(self.folder, n=200)
        files = []
        for threads in (1, 2, 3):
            study = self.folder / f"study{threads}"
            self.done("--threads", threads, "run", "--sae", self.folder / "sae", "--model", self.folder / "model.safetensors",
                      "-k", 10, "--samples", 20, "-o", study)
            tensors, _ = read_safetensors(study / "arrows.safetensors")
            graph, _ = read_safetensors(study / "graph.safetensors")
            check = json.loads((study / "check.json").read_text())
            labels = json.loads((study / "categories.json").read_text())["labels"]
            files.append(({k: v.tobytes() for k, v in {**tensors, **graph}.items()}, check["tests"], labels))
        self.assertEqual(files[0], files[1])
        self.assertEqual(files[0], files[2])

    def test_step_by_step_equals_run(self):
        toy(self.folder)
        sources = ("--sae", self.folder / "sae", "--model", self.folder / "model.safetensors")
        self.done("run", *sources, "-k", 10, "--count", 4, "--samples", 20, "-o", self.folder / "study")
        self.done("arrows", *sources, "-k", 10, "-o", self.folder / "a.safetensors")
        self.done("graph", self.folder / "a.safetensors", "-o", self.folder / "g.safetensors")
        self.done("categories", self.folder / "g.safetensors", "--arrows", self.folder / "a.safetensors", "--count", 4,
                  "-o", self.folder / "c.json")
        self.done("check", self.folder / "g.safetensors", "--samples", 20, "-o", self.folder / "k.json")
        both = [json.loads((self.folder / p).read_text()) for p in ("study/check.json", "k.json")]
        self.assertEqual(both[0]["tests"], both[1]["tests"])
        both = [json.loads((self.folder / p).read_text()) for p in ("study/categories.json", "c.json")]
        self.assertEqual(both[0]["categories"], both[1]["categories"])

    def test_sae_and_model_from_npz_by_name(self):
        W_dec, W_U = toy(self.folder)
        numpy.savez(self.folder / "s.npz", dictionary=W_dec)
        numpy.savez_compressed(self.folder / "m.npz", readout=W_U)
        self.done("arrows", "--sae", self.folder / "s.npz", "--decoder", "dictionary", "--model", self.folder / "m.npz",
                  "--unembedding", "readout", "-k", 7, "-o", self.folder / "a.safetensors")
        _, metadata = read_safetensors(self.folder / "a.safetensors")
        self.assertEqual(metadata["convention"], "raw")


class Check(Scratch):
    def edges(self, *lines):
        path = self.folder / "g.tsv"
        path.write_text("\n".join(lines) + "\n")
        return path

    def test_a_users_own_graph(self):
        graph = self.edges("0 1 1", "1 2 1", "0 2 -1")
        text = self.done("check", graph, "--samples", 20)
        self.assertIn("not balanced", text)
        self.assertIn("null: sign", text)
        self.assertIn("frustrated edges: between 33.3% and 33.3% of all", text)
        # every triangle with a negative product is a switched all-negative one, of eigenvalues 1, 1, -2
        e = numpy.e
        self.assertIn(f"walk balance: {(2 * e + e**-2) / (e**2 + 2 / e):.3g} (1 where balanced)", text)
        self.assertEqual(yoneda("check", graph, "--samples", 20, "--require", "balanced").returncode, 1)
        balanced = self.edges("0 1 1", "1 2 -1", "0 2 -1")
        self.assertEqual(yoneda("check", balanced, "--samples", 20, "--require", "balanced").returncode, 0)
        self.assertEqual(yoneda("check", balanced, "--samples", 20, "--require", "commutes").returncode, 1)

    def test_a_wrong_null_is_refused_with_the_reason(self):
        graph = self.edges("0 1 1", "1 2 1", "0 2 -1")
        self.refused(2, "a graph read from a file has none; use sign", "check", graph, "--null", "gaussian")
        toy(self.folder)
        study = self.folder / "study"
        self.done("run", "--sae", self.folder / "sae", "--model", self.folder / "model.safetensors", "-k", 10,
                  "--samples", 20, "-o", study)
        self.refused(2, "false discovery; use gaussian", "check", study, "--null", "sign")
        self.refused(2, "from the decoder alone", "check", study, "--null", "joint-rotation")
        self.done("graph", study, "--kind", "decoder", "-o", self.folder / "decoder.safetensors")
        self.refused(2, "each draw would be the graph itself", "check", self.folder / "decoder.safetensors",
                     "--null", "rotation")

    def test_every_null_of_a_profile_graph_and_of_a_users_own(self):
        toy(self.folder)
        study = self.folder / "study"
        self.done("run", "--sae", self.folder / "sae", "--model", self.folder / "model.safetensors", "-k", 10,
                  "--samples", 1, "-o", study)
        means = set()
        for null in ("gaussian", "whitened-rotation", "rotation"):
            text = self.done("check", study, "--null", null, "--samples", 20)
            self.assertIn(f"null: {null}, 20 draws", text)
            tests = self.valid("check", study / "check.json")["tests"]
            self.assertEqual([test["null"] for test in tests], [null] * 3)
            means.add(tests[2]["null_mean"])
        self.assertEqual(len(means), 3)
        graph = self.edges("0 1 1", "1 2 1", "0 2 -1", "3 4 1", "4 5 1", "3 5 1")
        self.done("check", graph, "--null", "rewire", "--samples", 20, "-o", self.folder / "check.json")
        tests = self.valid("check", self.folder / "check.json")["tests"]
        self.assertEqual([test["statistic"] for test in tests],
                         ["triangle balance", "frustrated share of edges", "number of triangles"])
        self.assertIn("10 attempted swaps per edge", tests[0]["keeps"])
        self.done("check", graph, "--null", "weights", "--samples", 20, "-o", self.folder / "check.json")
        tests = self.valid("check", self.folder / "check.json")["tests"]
        self.assertEqual([test["statistic"] for test in tests], ["triangle balance", "frustrated share of edges"])

    def test_without_its_sources_a_profile_graph_gets_no_verdict(self):
        toy(self.folder)
        self.done("run", "--sae", self.folder / "sae", "--model", self.folder / "model.safetensors", "-k", 10,
                  "--samples", 20, "-o", self.folder / "study")
        (self.folder / "model.safetensors").rename(self.folder / "moved.safetensors")
        ran = yoneda("check", self.folder / "study")
        self.assertEqual(ran.returncode, 0, ran.stderr)
        self.assertIn("is gone", ran.stderr)
        self.assertIn("no other is honest", ran.stderr)
        text = self.done("check", self.folder / "study", "--samples", 20, "--sae", self.folder / "sae",
                         "--model", self.folder / "moved.safetensors")
        self.assertIn("null: gaussian, 20 draws", text)

    def test_the_budget_is_kept_and_said(self):
        toy(self.folder, n=100, V=300)
        self.done("run", "--sae", self.folder / "sae", "--model", self.folder / "model.safetensors", "-k", 10,
                  "--samples", 20, "--null-features", 60, "--null-tokens", 150, "-o", self.folder / "study")
        check = self.valid("check", self.folder / "study" / "check.json")
        self.assertEqual((check["tests"][0]["features"], check["tests"][0]["tokens"]), (60, 150))
        self.assertIn("60 of 100 features", check["notes"][0])


def saelens(folder, hook, n=30, d=8, seed=0):
    """An SAELens folder on a hook point; its decoder and its encoder [n, d]."""
    random = numpy.random.default_rng(seed)
    W_dec, W_enc = (random.standard_normal((n, d)).astype("float32") for _ in range(2))
    folder.mkdir(exist_ok=True)
    (folder / "cfg.json").write_text(json.dumps({
        "architecture": "topk", "k": 4, "d_in": d, "d_sae": n, "dtype": "float32", "apply_b_dec_to_input": True,
        "normalize_activations": "none", "metadata": {"model_name": "toy", "hook_name": hook}}))
    write_safetensors(folder / "sae_weights.safetensors", {
        "W_enc": W_enc.T.copy(), "W_dec": W_dec, "b_enc": numpy.zeros(n, "float32"), "b_dec": numpy.zeros(d, "float32")})
    return W_dec, W_enc


class VirtualWeights(Scratch):
    """What one SAE writes and another reads, as a graph of both."""

    def setUp(self):
        super().setUp()
        self.a, self.b = self.folder / "a", self.folder / "b"
        self.W_dec, _ = saelens(self.a, "blocks.2.hook_resid_post", 30, seed=1)
        _, self.W_enc = saelens(self.b, "blocks.5.hook_resid_pre", 20, seed=2)
        self.out = self.folder / "v.safetensors"

    def graph(self, *arguments):
        return self.done("graph", "--kind", "virtual", *arguments)

    def expected(self, m):
        """The m strongest of every row and of every column of all products."""
        V = self.W_dec.astype("float64") @ self.W_enc.astype("float64").T
        kept = numpy.zeros(V.shape, bool)
        for f in range(30):
            kept[f, numpy.argsort(-abs(V[f]), kind="stable")[:m]] = True
        for g in range(20):
            kept[numpy.argsort(-abs(V[:, g]), kind="stable")[:m], g] = True
        return V, kept

    def test_the_strongest_products_of_both_sides(self):
        text = self.graph("--sae", self.a, "--to", self.b, "--neighbors", 3, "-o", self.out)
        for words in ("30 features write, 20 read", "node f < 30 is upstream feature f", "Feeds most", "Inhibits most"):
            self.assertIn(words, text)
        tensors, metadata = read_safetensors(self.out)
        self.assertEqual((metadata["kind"], metadata["directed"], metadata["upstream_features"]), ("virtual", "true", "30"))
        V, kept = self.expected(3)
        found = numpy.zeros(V.shape)
        for f in range(50):
            for i in range(tensors["row_offsets"][f], tensors["row_offsets"][f + 1]):
                found[f, tensors["columns"][i] - 30] = tensors["weights"][i]
        numpy.testing.assert_array_equal(found != 0, kept)
        numpy.testing.assert_allclose(found[kept], V[kept], rtol=1e-6)
        sources = json.loads(metadata["sources"])
        self.assertEqual([pathlib.Path(sources[role]["path"]).name for role in ("sae", "sae_to")], ["a", "b"])
        self.assertNotEqual(sources["sae"]["hash"], sources["sae_to"]["hash"])

    def test_json_names_features_and_files_say_whose(self):
        found = json.loads(self.graph("--sae", self.a, "--to", self.b, "-o", self.folder / "v.tsv", "--json"))
        self.assertEqual((found["kind"], found["upstream_features"], found["downstream_features"]), ("virtual", 30, 20))
        V, _ = self.expected(1)
        for best, expected in ((found["strongest_positive"][0], V.argmax()), (found["strongest_negative"][0], V.argmin())):
            self.assertEqual((best["upstream"], best["downstream"]), numpy.unravel_index(expected, V.shape))
            self.assertAlmostEqual(best["weight"], V[best["upstream"], best["downstream"]], places=5)
        lines = (self.folder / "v.tsv").read_text().splitlines()
        self.assertEqual(lines[0], "# yoneda graph, kind virtual")
        self.assertTrue(lines[1].startswith("# nodes from 0: f < 30 is feature f of "), lines[1])
        self.assertEqual(lines[2], "# node count 50")
        self.assertTrue(lines[3].startswith("# made by: yoneda graph"), lines[3])
        self.assertEqual(lines[4], "source\ttarget\tweight")
        for name in ("v.tsv", "v.mtx"):
            self.graph("--sae", self.a, "--to", self.b, "-o", self.folder / name)
            self.refused(2, "joint-rotation", "check", self.folder / name, "--null", "sign")
            found = json.loads(self.done("check", self.folder / name, "--json", "-o", self.folder / "check.json"))
            self.assertEqual((found["tests"], found["upstream_features"]), ([], 30))
            self.assertEqual(self.valid("check", self.folder / "check.json")["graph"]["upstream_features"], 30)
        self.graph("--sae", self.a, "--to", self.b, "-o", self.folder / "v.mtx")
        self.assertIn("% nodes from 0", (self.folder / "v.mtx").read_text())

    def test_same_bits_for_any_number_of_threads(self):
        files = []
        for threads in (1, 2, 3):
            self.done("--threads", threads, "graph", "--kind", "virtual", "--sae", self.a, "--to", self.b, "-o", self.out)
            files.append({name: tensor.tobytes() for name, tensor in read_safetensors(self.out)[0].items()})
        self.assertEqual(files[0], files[1])
        self.assertEqual(files[0], files[2])

    def test_studies_name_their_saes_and_give_words(self):
        V = 100
        write_safetensors(self.folder / "model.safetensors", {
            "W_U": numpy.random.default_rng(3).standard_normal((V, 8)).astype("float32"),
            "final_norm_weight": numpy.ones(8, "float32")})
        (self.folder / "vocab.json").write_text(json.dumps([f"word{i}" for i in range(V)]))
        for name in ("a", "b"):
            self.done("run", "--sae", self.folder / name, "--model", self.folder / "model.safetensors", "-k", 10,
                      "--samples", 1, "-o", self.folder / f"study_{name}")
        text = self.graph(self.folder / "study_a", "--to", self.folder / "study_b", "-o", self.out)
        self.assertRegex(text, r"#\d+ +→ #\d+ .*word\d+, word\d+.* → word\d+")
        studied = read_safetensors(self.out)[0]
        self.graph("--sae", self.a, "--to", self.b, "-o", self.out)
        plain = read_safetensors(self.out)[0]
        self.assertEqual(studied["weights"].tobytes(), plain["weights"].tobytes())
        self.graph(self.folder / "study_a" / "arrows.safetensors", "--to", self.b, "-o", self.out)
        (self.folder / "model.safetensors").unlink()  # not needed
        self.graph(self.folder / "study_a", "--to", self.folder / "study_b", "-o", self.out)
        saelens(self.b, "blocks.5.hook_resid_pre", 20, seed=9)
        self.refused(2, "the sae has changed since the study was made", "graph", "--kind", "virtual",
                     self.folder / "study_a", "--to", self.folder / "study_b", "-o", self.folder / "other.tsv")

    def test_check_counts_squares_beside_joint_rotations(self):
        self.graph("--sae", self.a, "--to", self.b, "--neighbors", 4, "-o", self.out)
        ran = yoneda("check", self.out, "--samples", 25, "-o", self.folder / "c.json")
        self.assertEqual(ran.returncode, 0, ran.stderr)
        self.assertIn("null: joint-rotation, 25 draws", ran.stdout)
        self.assertNotIn("triangles", ran.stdout)
        self.assertRegex(ran.stdout, r"multiply to − round (f\d+ – g\d+ – )+f\d+")
        V, kept = self.expected(4)
        S = numpy.where(kept, numpy.sign(V), 0)
        balanced = total = 0
        for f in range(30):
            for h in range(f):
                agree = (S[f] * S[h])[(S[f] != 0) & (S[h] != 0)]
                p, q = int((agree > 0).sum()), int((agree < 0).sum())
                balanced += p * (p - 1) // 2 + q * (q - 1) // 2
                total += (p + q) * (p + q - 1) // 2
        self.assertIn(f"{balanced:,} of {total:,} are balanced", ran.stdout)
        check = self.valid("check", self.folder / "c.json")
        self.assertEqual((check["squares"]["balanced"], check["squares"]["count"]), (balanced, total))
        self.assertEqual((check["triangles"]["count"], check["graph"]["directed"]), (0, True))
        tests = {test["statistic"]: test for test in check["tests"]}
        self.assertEqual(list(tests), ["square balance", "frustrated share of edges", "number of squares"])
        self.assertAlmostEqual(tests["square balance"]["observed"], balanced / total)
        self.assertEqual(tests["number of squares"]["observed"], total)
        for test in tests.values():  # random directions are no discovery
            self.assertEqual((test["null"], test["features"]), ("joint-rotation", 50))
            self.assertGreater(test["null_sd"], 0)
            self.assertLess(abs(test["observed"] - test["null_mean"]), 4 * test["null_sd"])
        found = json.loads(self.done("check", self.out, "--null", "none", "--json"))
        self.assertEqual((found["squares"], found["tests"]), (total, []))
        for null in ("gaussian", "whitened-rotation", "rotation", "sign", "rewire"):
            self.refused(2, f"the null '{null}' is refused for a virtual graph", "check", self.out, "--null", null)
        self.refused(2, "a virtual graph is of two, which its own file names",
                     "check", self.out, "--sae", self.a, "--model", self.a)

    def test_the_null_of_a_part_says_so(self):
        self.graph("--sae", self.a, "--to", self.b, "--neighbors", 4, "-o", self.out)
        self.done("check", self.out, "--samples", 3, "--null-features", 15, "-o", self.folder / "c.json")
        check = self.valid("check", self.folder / "c.json")
        self.assertEqual(check["tests"][0]["features"], 30)
        self.assertIn("15 of 30 features that write, 15 of 20 that read", check["notes"][0])

    def test_saes_that_are_gone_or_changed_cannot_be_drawn_again(self):
        self.graph("--sae", self.a, "--to", self.b, "-o", self.out)
        saelens(self.b, "blocks.5.hook_resid_pre", 20, seed=9)
        self.refused(2, "the sae_to has changed", "check", self.out)
        shutil.rmtree(self.b)
        ran = yoneda("check", self.out)
        self.assertEqual(ran.returncode, 0, ran.stderr)
        self.assertIn("the sae_to this was made from is gone", ran.stderr)
        self.assertIn("joint-rotation, which needs both SAEs", ran.stderr)
        self.refused(2, "the joint-rotation null makes the graph again", "check", self.out, "--null", "joint-rotation")

    def test_categories_are_of_one_sae(self):
        self.graph("--sae", self.a, "--to", self.b, "-o", self.out)
        self.refused(2, "a virtual graph joins the features of two SAEs", "categories", self.out, "-o", self.folder / "c.json")

    def test_inspect_says_which_node_is_which(self):
        self.graph("--sae", self.a, "--to", self.b, "-o", self.out)
        text = self.done("inspect", self.out)
        for words in ("30 features of one SAE lead to 20 of another", "30 + g feature g of 'sae_to'", "sae_to", "next: yoneda check"):
            self.assertIn(words, text)
        found = json.loads(self.done("inspect", self.out, "--json"))
        self.assertEqual((found["graph"]["kind"], found["graph"]["upstream_features"]), ("virtual", 30))

    def test_layers_of_one_folder(self):
        clt = FIXTURES / "sae" / "circuit-tracer" / "clt"
        text = self.graph("--sae", clt, "--layer", 0, "--to", clt, "--to-layer", 2, "-o", self.out)
        self.assertIn("6 features write, 6 read", text)
        self.refused(2, "choose one (--to-layer)", "graph", "--kind", "virtual", "--sae", clt, "--layer", 0, "--to", clt,
                     "-o", self.folder / "other.tsv")

    def test_what_makes_no_sense_is_refused(self):
        saelens(self.folder / "wide", "blocks.7.hook_resid_pre", d=9)
        saelens(self.folder / "mlp", "blocks.7.hook_mlp_out")
        saelens(self.folder / "heads", "blocks.1.attn.hook_z")
        write_safetensors(self.folder / "decoder.safetensors", {"W_dec": self.W_dec, "b_dec": numpy.zeros(8, "float32")})
        for words, arguments in (
                ("nothing flows back: name the earlier one first", ("--sae", self.b, "--to", self.a)),
                ("dimension 8, the downstream one reads one of dimension 9", ("--sae", self.a, "--to", self.folder / "wide")),
                ("is not the residual stream", ("--sae", self.a, "--to", self.folder / "mlp")),
                ("name the model (--model)", ("--sae", self.folder / "heads", "--to", self.b)),
                ("has no encoder", ("--sae", self.a, "--to", self.folder / "decoder.safetensors")),
                ("--to is missing", ("--sae", self.a)),
                ("--sae is missing", ("--to", self.b)),
                ("nowhere", ("--sae", self.a, "--to", self.folder / "nowhere")),
                ("nowhere", (self.folder / "nowhere", "--to", self.b)),
                ("two upstream SAEs are named", (self.a, "--sae", self.a, "--to", self.b)),
                ("'0' is no whole number from 1 on", ("--sae", self.a, "--to", self.b, "--neighbors", 0))):
            self.refused(2, words, "graph", "--kind", "virtual", *arguments, "-o", self.folder / "other.tsv")
        self.refused(2, "-o is missing", "graph", "--kind", "virtual", "--sae", self.a, "--to", self.b)
        self.refused(2, "add --kind virtual", "graph", "--sae", self.a, "--to", self.b, "-o", self.folder / "other.tsv")
        self.refused(2, "--to-layer: of the second SAE of a virtual graph", "graph", self.folder, "--to-layer", 1)
        self.refused(2, "name a study", "graph", "-o", self.folder / "other.tsv")
        self.assertEqual(yoneda("run", "--kind", "virtual", "--sae", self.a, "--model", self.a, "-o", self.out).returncode, 2)


class Compose(Scratch):
    """Mediated composition of three SAEs."""

    def setUp(self):
        super().setUp()
        self.a, self.b, self.c = (self.folder / name for name in "abc")
        self.W_a, _ = saelens(self.a, "blocks.2.hook_resid_post", 30, seed=1)
        self.W_b, self.E_b = saelens(self.b, "blocks.5.hook_resid_pre", 20, seed=2)
        _, self.E_c = saelens(self.c, "blocks.7.hook_resid_pre", 25, seed=3)

    def rho(self, k):
        a, b, e, c = (m.astype("float64") for m in (self.W_a, self.W_b, self.E_b, self.E_c))
        ab, bc, ac = a @ e.T, b @ c.T, a @ c.T
        total = 0
        for f in range(len(a)):
            best = numpy.argsort(-abs(ab[f]) * numpy.linalg.norm(bc, axis=1), kind="stable")[:k]
            total += numpy.corrcoef(ab[f, best] @ bc[best], ac[f])[0, 1]
        return total / len(a)

    def test_rho_is_that_of_numpy_with_a_verdict_each(self):
        out = self.folder / "c.json"
        text = self.done("compose", self.a, self.b, self.c, "--mediators", "1,4", "--samples", 25, "-o", out)
        for words in ("30 features of a, 20 of b between, 25 of c", "verdict", "Mediated worst through 4 features",
                      "null: joint-rotation, 25 draws, seed 1"):
            self.assertIn(words, text)
        found = self.valid("composition", out)
        self.assertEqual([test["k"] for test in found["tests"]], [1, 4, 20])
        for test in found["tests"]:
            self.assertAlmostEqual(test["rho"], self.rho(test["k"]), places=5)
            self.assertEqual(len(test["draws"]), 25)
        last = found["tests"][-1]
        self.assertEqual((last["verdict"], last["p_upper"]), ("forced", 1))
        for draw in last["draws"]:
            self.assertAlmostEqual(draw, last["rho"], places=5)
        self.assertEqual(len(found["curve"]["rho"]), 20)
        for name in ("a", "b", "c"):
            self.assertEqual(pathlib.Path(found["sources"][name]["path"]).name, name)

    def test_json_and_the_same_for_any_threads(self):
        run = lambda *more: json.loads(self.done(*more, "compose", self.a, self.b, self.c, "--samples", 5, "--json"))
        self.assertEqual(run("--threads", 1), run("--threads", 3))
        found = json.loads(self.done("compose", self.a, self.b, self.c, "--samples", 2, "--features", 7, "--json"))
        self.assertEqual((found["features"], [test["k"] for test in found["tests"]]), (7, [1, 4, 16, 20]))

    def test_what_makes_no_sense_is_refused(self):
        saelens(self.folder / "wide", "blocks.7.hook_resid_pre", d=9)
        write_safetensors(self.folder / "decoder.safetensors", {"W_dec": self.W_b, "b_dec": numpy.zeros(8, "float32")})
        for words, saes in (("nothing flows back", (self.b, self.a, self.c)),
                            ("dimension 8, the downstream one reads one of dimension 9", (self.a, self.b, self.folder / "wide")),
                            ("has no encoder", (self.a, self.folder / "decoder.safetensors", self.c)),
                            ("nowhere", (self.a, self.b, self.folder / "nowhere"))):
            self.refused(2, words, "compose", *saes)
        for flag in ("--samples", "--features", "--mediators"):
            self.assertEqual(yoneda("compose", self.a, self.b, self.c, flag, 0).returncode, 2)
        self.assertEqual(yoneda("compose", self.a, self.b).returncode, 2)


class Compare(Scratch):
    """What of one SAE is in another."""

    def setUp(self):
        super().setUp()
        toy(self.folder, n=80, d=24)
        random = numpy.random.default_rng(7)
        W = random.standard_normal((80, 24)).astype("float32")
        self.order = random.permutation(80)
        noise = lambda scale: scale * random.standard_normal((80, 24)).astype("float32")
        self.W = {"a": W, "b": (W + noise(0.2))[self.order], "c": W + noise(0.2)}
        for name, decoder in self.W.items():
            self.sae(name, decoder)

    def sae(self, name, decoder, hook="blocks.1.hook_resid_post"):
        folder = self.folder / name
        folder.mkdir()
        n, d = decoder.shape
        (folder / "cfg.json").write_text(json.dumps({
            "architecture": "topk", "k": 6, "d_in": d, "d_sae": n, "dtype": "float32", "apply_b_dec_to_input": True,
            "normalize_activations": "none", "metadata": {"model_name": "toy", "hook_name": hook}}))
        write_safetensors(folder / "sae_weights.safetensors", {
            "W_enc": decoder.T.copy(), "W_dec": decoder, "b_enc": numpy.zeros(n, "float32"),
            "b_dec": numpy.zeros(d, "float32")})
        return folder

    def compared(self, *arguments):
        out = self.folder / "compare.json"
        text = self.done("compare", *arguments, "--samples", 20, "-o", out)
        return text, self.valid("comparison", out)

    def test_matches_are_those_of_numpy(self):
        a, b, c = (self.W[name] / numpy.linalg.norm(self.W[name], axis=1, keepdims=True) for name in "abc")
        text, found = self.compared(self.folder / "a", self.folder / "b", self.folder / "c")
        for words in ("From A to B", "From B to C", "are matched", "Do the maps compose", "reproducible"):
            self.assertIn(words, text)
        step, cosines = found["steps"][0], a @ b.T
        self.assertEqual([row["match"] for row in step["features"]], cosines.argmax(1).tolist())
        self.assertEqual([row["match"] for row in step["back"]], cosines.argmax(0).tolist())
        # Nobody wants what another wants, so that the pairing is that of the nearest.
        self.assertEqual([row["one_to_one"] for row in step["features"]], cosines.argmax(1).tolist())
        self.assertAlmostEqual(step["one_to_one"]["cosine"], float(cosines.max(1).sum()), places=3)
        self.assertEqual(step["fates"], {"matched": 80, "split": 0, "absorbed": 0, "lost": 0})
        self.assertEqual(self.order[[row["match"] for row in step["features"]]].tolist(), list(range(80)))
        functoriality = found["functoriality"]
        self.assertEqual((functoriality["looked_at"], functoriality["commuting"]), (80, 80))
        self.assertEqual([test["observed"] for test in functoriality["tests"]], [1, 1, 1])
        self.assertIsNone(found["naturality"])
        self.assertEqual(found["virtual_weights"]["test"]["verdict"], "commutes")

    def test_with_a_model_features_have_words_and_naturality_is_numpys(self):
        model = self.folder / "model.safetensors"
        text, found = self.compared(self.folder / "a", self.folder / "b", "--model", model)
        self.assertIn("word", text)
        W_U = read_safetensors(model)[0]["W_U"].astype("float64")
        z_a, z_b = self.W["a"].astype("float64") @ W_U.T, self.W["b"].astype("float64") @ W_U.T
        rows = found["steps"][0]["features"]
        for f, row in enumerate(rows):
            self.assertAlmostEqual(row["unnatural"], 1 - numpy.corrcoef(z_a[f], z_b[row["match"]])[0, 1], places=4)
            self.assertEqual(row["raises"][0]["token"], int(z_a[f].argmax()))
            self.assertEqual(row["lowers"][0]["token"], int(z_a[f].argmin()))
        self.assertAlmostEqual(found["naturality"]["observed"], 1 - numpy.mean([row["unnatural"] for row in rows]),
                               places=4)

    def test_a_study_brings_its_model(self):
        self.done("run", "--sae", self.folder / "a", "--model", self.folder / "model.safetensors", "-k", 10,
                  "--samples", 20, "--no-report", "-o", self.folder / "study")
        _, found = self.compared(self.folder / "study", self.folder / "b")
        self.assertIn("raises", found["steps"][0]["features"][0])
        self.assertEqual(pathlib.Path(found["sources"]["a"]["path"]).name, "a")
        self.assertIn("model", found["sources"])

    def test_splits_lists_and_a_tree_over_three_widths(self):
        part = lambda W, seed: W + 0.6 * numpy.random.default_rng(seed).standard_normal(W.shape).astype("float32")
        wide = numpy.concatenate([self.W["a"], part(self.W["a"][:5], 1), part(self.W["a"][:5], 2)])
        wider = numpy.concatenate([wide, part(wide[:2], 3)])
        text, found = self.compared(self.folder / "a", self.sae("wide", wide), self.sae("wider", wider))
        self.assertIn("Split into most parts", text)
        self.assertIn("in turn 2 parts of C", text)
        fates = [row["fate"] for row in found["steps"][0]["features"]]
        self.assertGreaterEqual(fates[:5].count("split"), 4)
        self.assertEqual(fates[5:].count("split"), 0)
        split = fates.index("split")
        self.assertIn(split, found["steps"][0]["features"][split]["parts"])

    def test_coactivation_on_rows_and_any_number_of_threads(self):
        random = numpy.random.default_rng(3)
        gangs = random.integers(0, 20, (400, 2))
        rows = sum(self.W["a"][4 * gangs[:, i] + member] * random.uniform(0.5, 1.5, (400, 1))
                   for i in range(2) for member in range(4)).astype("float32")
        write_safetensors(self.folder / "rows.safetensors", {"x": rows})
        more = ["--activations", self.folder / "rows.safetensors"]
        text, found = self.compared(self.folder / "a", self.folder / "b", *more)
        self.assertIn("fire together", text)
        self.assertEqual(found["coactivation"]["test"]["verdict"], "commutes")
        run = lambda threads: self.done("--threads", threads, "compare", self.folder / "a", self.folder / "b",
                                        self.folder / "c", *more, "--samples", 5, "--json")
        self.assertEqual(run(1), run(3))

    def test_what_makes_no_sense_is_refused(self):
        a, b = self.folder / "a", self.folder / "b"
        other = self.sae("other", numpy.ones((10, 9), "float32"))
        self.refused(2, "dimension 9, SAE a to one of 24", "compare", a, other)
        self.refused(2, "nowhere", "compare", a, self.folder / "nowhere")
        self.refused(2, "does not fit", "compare", a, b, "--model", self.narrow_model())
        write_safetensors(self.folder / "short.safetensors", {"x": numpy.ones((30, 7), "float32")})
        self.refused(2, "inputs of dimension 7", "compare", a, b, "--activations", self.folder / "short.safetensors")
        self.refused(2, "draw more samples", "compare", a, b, "--samples", 2, "--chance", 0.001)
        for flag in ("--samples", "--features", "--candidates", "--chance"):
            self.assertEqual(yoneda("compare", a, b, flag, 0).returncode, 2)
        self.assertEqual(yoneda("compare", a).returncode, 2)

    def narrow_model(self):
        write_safetensors(self.folder / "narrow.safetensors", {"W_U": numpy.ones((50, 9), "float32")})
        return self.folder / "narrow.safetensors"

    def test_without_an_encoder_the_rest_is_compared(self):
        write_safetensors(self.folder / "decoder.safetensors", {"W_dec": self.W["b"]})
        out = self.folder / "compare.json"
        done = yoneda("compare", self.folder / "a", self.folder / "decoder.safetensors", self.folder / "c", "--samples", 5,
                      "-o", out)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("no test of virtual weights: SAE B has no encoder", done.stderr)
        found = self.valid("comparison", out)
        self.assertIsNone(found["virtual_weights"])
        self.assertEqual(found["functoriality"]["commuting"], 80)


class Views(Scratch):
    """Hodge, sheaf and Lawvere views of one graph."""

    def edge_list(self, name, edges, directed=True):
        path = self.folder / name
        path.write_text(("# directed\n" if directed else "") + "".join(f"{u} {v} {w:.9g}\n" for u, v, w in edges))
        return path

    def study(self):
        toy(self.folder, n=60, d=8)
        study = self.folder / "study"
        self.done("run", "--sae", self.folder / "sae", "--model", self.folder / "model.safetensors", "-k", 20,
                  "--neighbors", 8, "--count", 3, "--samples", 5, "--no-report", "-o", study)
        return study

    def test_a_study_is_seen_as_far_as_it_allows(self):
        study = self.study()
        text = self.done("views", study, "--rank", 2, "--samples", 20)
        for words in ("profile graph of 60 nodes", "do categories turn into each other", "chance: 1", "Magnitude",
                      "No hodge view", "undirected weight", "null: gaussian, 20 draws", "word"):
            self.assertIn(words, text)
        found = self.valid("views", study / "views.json")
        self.assertEqual(list(found["refused"]), ["hodge"])
        self.assertEqual([test["statistic"] for test in found["sheaf"]["tests"]],
                         ["triangle holonomy", "smallest eigenvalue"])
        for edge in found["sheaf"]["edges"]:
            self.assertGreaterEqual(edge["pairs"], 6)
            O = numpy.array(edge["map"]).reshape(2, 2)
            numpy.testing.assert_allclose(O.T @ O, numpy.eye(2), atol=1e-9)
        self.assertEqual(sum(m["features"] for m in found["lawvere"]["magnitudes"]), 60)
        for of in found["lawvere"]["magnitudes"]:
            self.assertLess(of["magnitude"][0], of["magnitude"][1])
            self.assertLess(of["magnitude"][1], of["features"])
        one = json.loads(self.done("views", study, "--lawvere", "--category", 1, "--samples", 5, "--json", "-o",
                                   self.folder / "one.json"))
        self.assertEqual([m["category"] for m in one["lawvere"]["magnitudes"]], [1])
        self.assertEqual(one["lawvere"]["magnitudes"][0]["magnitude"], found["lawvere"]["magnitudes"][1]["magnitude"][1])
        self.assertNotIn("sheaf", one)
        run = lambda threads: self.done("--threads", threads, "views", study, "--samples", 5, "--json", "-o", self.folder / "t.json")
        self.assertEqual(run(1), run(3))

    def test_hodge_shares_are_those_of_numpy(self):
        random = numpy.random.default_rng(1)
        pairs = [(u, v) for u in range(12) for v in range(u + 1, 12) if random.random() < 0.4]
        y = random.standard_normal(len(pairs))
        edges = [e for (u, v), x in zip(pairs, y) for e in ((u, v, numpy.exp(x)), (v, u, numpy.exp(-x)))]
        path = self.edge_list("ratios.tsv", edges)
        text = self.done("views", path, "--hodge", "--samples", 25, "-o", self.folder / "h.json")
        self.assertIn("by chance", text)
        hodge = self.valid("views", self.folder / "h.json")["hodge"]
        D = numpy.zeros((len(pairs), 12))
        for e, (u, v) in enumerate(pairs):
            D[e, u], D[e, v] = -1, 1
        gradient = D @ numpy.linalg.lstsq(D, y, rcond=None)[0]
        self.assertAlmostEqual(hodge["share"]["gradient"], gradient @ gradient / (y @ y), places=6)
        C = [[{(a, b): 1, (b, c): 1, (a, c): -1}.get(pair, 0) for pair in pairs]
             for a, b in pairs for c in range(b + 1, 12) if (b, c) in pairs and (a, c) in pairs]
        curl = numpy.array(C).T @ numpy.linalg.lstsq(numpy.array(C).T, y, rcond=None)[0]
        self.assertAlmostEqual(hodge["share"]["curl"], curl @ curl / (y @ y), places=6)
        self.assertEqual(hodge["curl_rank"], numpy.linalg.matrix_rank(numpy.array(C)))
        self.assertEqual([test["null"] for test in hodge["tests"]], ["sign-flips"] * 2)

    def test_a_virtual_graph_has_its_own_hodge_view_alone(self):
        saelens(self.folder / "a", "blocks.2.hook_resid_post", 30, seed=1)
        saelens(self.folder / "b", "blocks.5.hook_resid_pre", 20, seed=2)
        graph = self.folder / "v.safetensors"
        self.done("graph", "--kind", "virtual", "--sae", self.folder / "a", "--to", self.folder / "b", "--neighbors", 4, "-o", graph)
        text = self.done("views", graph, "--samples", 25, "-o", self.folder / "v.json")
        for words in ("How loud they write", "How loud they read", "No lawvere view", "No sheaf view",
                      "Two SAEs of random directions beat permuted weights"):
            self.assertIn(words, text)
        found = self.valid("views", self.folder / "v.json")
        self.assertEqual(sorted(found["refused"]), ["lawvere", "sheaf"])
        self.assertIn("there is nothing to compose", found["refused"]["lawvere"])
        hodge = found["hodge"]
        self.assertEqual((hodge["cochain"], hodge["triangles"], hodge["curl_rank"]), ("layers", 0, 0))
        self.assertEqual(len(hodge["potentials"]), 50)
        m = hodge["edges"]
        self.assertAlmostEqual(hodge["chance"]["gradient"], (hodge["nodes"] - hodge["components"] - 1) / (m - 1))
        turned, permuted = hodge["tests"]
        self.assertEqual((turned["null"], permuted["null"]), ("joint-rotation", "permuted-weights"))
        self.assertAlmostEqual(permuted["null_mean"], hodge["chance"]["gradient"], delta=0.1)
        # Directions by chance: permuted weights would call them a discovery, turned ones do not.
        self.assertEqual((turned["verdict"], permuted["verdict"]), ("does not", "commutes"))
        self.assertEqual(turned["observed"], hodge["share"]["gradient"])

    def test_magnitude_of_a_graph_without_categories(self):
        path = self.edge_list("k4.tsv", [(u, v, 0.5) for u in range(4) for v in range(u)], directed=False)
        found = json.loads(self.done("views", path, "--lawvere", "--samples", 5, "--json"))["lawvere"]
        self.assertEqual(found["magnitudes"][0]["category"], None)
        self.assertAlmostEqual(found["magnitudes"][0]["magnitude"], 4 / (1 + 3 * 0.5), places=6)
        self.assertEqual((found["paths"], found["enriched_share"]), (12, 1))

    def test_what_a_graph_does_not_allow_is_refused(self):
        plain = self.edge_list("plain.tsv", [(0, 1, 0.5), (1, 2, 0.5), (0, 2, 0.1)], directed=False)
        loud = self.edge_list("loud.tsv", [(0, 1, 2), (1, 2, 0.5)], directed=False)
        one_way = self.edge_list("one_way.tsv", [(0, 1, 1), (1, 2, 1), (2, 0, 1)])
        layers = self.edge_list("layers.tsv", [(0, 2, 1), (1, 2, 2), (0, 3, 1)])
        for words, arguments in (("an undirected weight is the same both ways", (plain, "--hodge")),
                                 ("no two nodes", (one_way, "--hodge")),
                                 ("a sheaf is over categories, and there are none", (plain, "--sheaf")),
                                 ("a sheaf of categories needs an undirected graph", (one_way, "--sheaf")),
                                 ("has weight 2.0", (loud, "--lawvere")),
                                 ("nothing to compose", (layers, "--lawvere")),
                                 ("this graph has no categories", (plain, "--lawvere", "--category", 0)),
                                 ("--rank: '0' is no whole number from 1 on", (plain, "--rank", 0)),
                                 ("nowhere", (self.folder / "nowhere",))):
            self.refused(2, words, "views", *arguments, "--samples", 5)
        study = self.study()
        self.refused(2, "there is no category 7, only 0 to 2", "views", study, "--sheaf", "--category", 7)
        self.refused(2, "no two categories have 24 features paired one to one", "views", study, "--sheaf", "--rank", 8)
        text = self.done("views", loud, "--samples", 5)
        for view in ("hodge", "sheaf", "lawvere"):
            self.assertIn(f"No {view} view", text)


class BadInput(Scratch):
    def setUp(self):
        super().setUp()
        toy(self.folder)
        self.sae, self.model = self.folder / "sae", self.folder / "model.safetensors"

    def run_arguments(self, **changed):
        arguments = {"sae": self.sae, "model": self.model, "k": 10, "output": self.folder / "out", **changed}
        return ["run"] + [word for name, value in arguments.items() for word in (f"--{name}", value)]

    def test_missing_files(self):
        self.refused(2, "nowhere", *self.run_arguments(sae=self.folder / "nowhere"))
        self.refused(2, "nowhere", *self.run_arguments(model=self.folder / "nowhere"))
        self.refused(2, "nowhere", "check", self.folder / "nowhere")
        self.refused(2, "nowhere", "graph", self.folder / "nowhere", "-o", self.folder / "g.tsv")
        self.refused(2, "nowhere", "inspect", self.folder / "nowhere")

    def test_truncated_safetensors(self):
        whole = self.model.read_bytes()
        for size in (4, 20, len(whole) // 2, len(whole) - 1):
            self.model.write_bytes(whole[:size])
            self.refused(2, "model.safetensors", *self.run_arguments())

    def test_wrong_tensor_name(self):
        self.refused(2, "W_wrong", *self.run_arguments(unembedding="W_wrong"))

    def test_dimensions_that_do_not_fit(self):
        write_safetensors(self.model, {"W_U": numpy.ones((50, 7), "float32"), "final_norm_weight": numpy.ones(7, "float32")})
        self.refused(2, "7", *self.run_arguments())

    def test_nan_weights(self):
        W = numpy.ones((50, 8), "float32")
        W[3, 4] = numpy.nan
        write_safetensors(self.model, {"W_U": W, "final_norm_weight": numpy.ones(8, "float32")})
        self.refused(2, "NaN", *self.run_arguments())

    def test_k_too_large(self):
        self.refused(2, "need at least 102 tokens; there are 100", *self.run_arguments(k=51))
        self.refused(2, "there are 100", *self.run_arguments(k=101))
        self.refused(2, "'0' is no whole number from 1 on", *self.run_arguments(k=0))

    def test_unwritable_output(self):
        (self.folder / "file").write_text("in the way")
        self.refused(2, "file", *self.run_arguments(output=self.folder / "file" / "study"))
        self.refused(2, "file", *self.run_arguments(output=self.folder / "file"))
        self.refused(2, "none", "arrows", "--sae", self.sae, "--model", self.model, "-k", 10,
                     "-o", self.folder / "none" / "a.safetensors")

    def test_changed_source_under_a_study(self):
        study = self.folder / "study"
        self.done(*self.run_arguments(output=study, samples=20))
        toy(self.folder, seed=1)
        self.refused(2, "has changed since the study was made", "check", study)

    def test_usage(self):
        for arguments in (["frobnicate"], ["run"], ["run", "--sae"], ["run", "--convention", "none"], ["demo", "--samples", "-3"]):
            ran = yoneda(*arguments)
            self.assertEqual(ran.returncode, 2, arguments)
            self.assertTrue(ran.stderr)

    def test_a_file_of_another_kind(self):
        self.refused(2, "yoneda-arrows", "graph", self.model, "-o", self.folder / "g.tsv")
        (self.folder / "x.npz").write_bytes(b"PK\x05\x06" + b"\0" * 18)
        self.refused(2, "x.npz", *self.run_arguments(sae=self.folder / "x.npz"))

    def test_more_categories_than_features(self):
        self.refused(2, "41", *self.run_arguments(count=41))


class Vocabulary(Scratch):
    """Token texts from the file to the screen and to the outputs."""

    V = 100

    def setUp(self):
        super().setUp()
        toy(self.folder, V=self.V)
        self.model = self.folder / "model.safetensors"
        self.study = self.folder / "study"
        # Every fifth token is a word, control characters, half a character, a line turned round, a comma.
        self.tokens = [(b" w%d", b"\x1b[3%dm", b"\xe7\x8c%d", b"\xe2\x80\xae%d", b",%d")[i % 5] % i for i in range(self.V)]

    def write_tokenizer(self):
        """As GPT-2 stores bytes: printable Latin-1 as itself, the others as U+0100 and on."""
        printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
        others = [b for b in range(256) if b not in printable]
        character = {b: chr(b) if b in printable else chr(256 + others.index(b)) for b in range(256)}
        stored = {"".join(map(character.get, token)): i for i, token in enumerate(self.tokens)}
        (self.folder / "tokenizer.json").write_text(json.dumps({
            "added_tokens": [], "decoder": {"type": "ByteLevel"}, "model": {"type": "BPE", "vocab": stored, "merges": []}}))

    def arguments(self, *more):
        return ("run", "--sae", self.folder / "sae", "--model", self.model, "-k", 10, "--count", 5, "--samples", 20,
                "-o", self.study, *more)

    def test_tokenizer_json_comes_first_and_its_bytes_arrive(self):
        self.write_tokenizer()
        text = self.done(*self.arguments())
        arrows, _ = read_safetensors(self.study / "arrows.safetensors")
        offsets, data = arrows["token_offsets"], arrows["token_bytes"].tobytes()
        self.assertEqual([data[a:b] for a, b in zip(offsets, offsets[1:])], self.tokens)
        record = self.valid("study", self.study / "study.json")
        self.assertEqual(record["sources"]["vocabulary"]["dialect"], "tokenizer.json, byte-level BPE")
        for shown in ("raises (␣ is a space)", "␣w", "\\x1b[3", "\\xe7\\x8c", "\\u{202e}", "',"):
            self.assertIn(shown, text)
        self.assertEqual([c for c in text if c != "\n" and not c.isprintable()], [])
        for category in self.valid("categories", self.study / "categories.json")["categories"]:
            for word in category["raised"] + category["lowered"]:
                self.assertEqual(word["text"], self.tokens[word["token"]].decode(errors="replace"))

    def test_json_on_the_screen_is_ascii_with_ids(self):
        self.write_tokenizer()
        text = self.done(*self.arguments("--json"))
        self.assertEqual([c for c in text if c != "\n" and not " " <= c <= "~"], [])
        for category in json.loads(text)["categories"]["categories"]:
            for word in category["raised"]:
                self.assertEqual(word["text"], self.tokens[word["token"]].decode(errors="replace"))

    def test_added_tokens_belong_to_the_study(self):
        vocabulary = {f"word{i}": i for i in range(self.V - 1)}
        (self.folder / "vocab.json").write_text(json.dumps(vocabulary))
        (self.folder / "added_tokens.json").write_text(json.dumps({"<new>": self.V - 1}))
        self.done(*self.arguments())
        arrows, _ = read_safetensors(self.study / "arrows.safetensors")
        self.assertTrue(arrows["token_bytes"].tobytes().endswith(b"word98<new>"))
        (self.folder / "added_tokens.json").write_text(json.dumps({"<other>": self.V - 1}))
        self.refused(2, "added_tokens.json has changed since the study was made", "check", self.study)

    def test_more_tokens_than_rows(self):
        (self.folder / "vocab.json").write_text(json.dumps([f"word{i}" for i in range(self.V + 1)]))
        self.refused(2, "has 101 tokens, the unembedding only 100 rows", *self.arguments())

    def test_a_token_too_many_in_a_large_vocabulary_is_left_out(self):
        toy(self.folder, V=2000)
        (self.folder / "vocab.json").write_text(json.dumps([f"word{i}" for i in range(2001)]))
        ran = yoneda("arrows", "--sae", self.folder / "sae", "--model", self.model, "-k", 10, "-o", self.folder / "a.safetensors")
        self.assertEqual(ran.returncode, 0, ran.stderr)
        self.assertIn("the last 1 tokens have no row", ran.stderr)
        self.assertEqual(read_safetensors(self.folder / "a.safetensors")[0]["token_offsets"].shape, (2001,))


class Junk(Scratch):
    """Under-trained tokens: kept, as other tools do, or left out of everything that follows."""

    def setUp(self):
        super().setUp()
        self.W_dec, W_U = toy(self.folder, d=16, V=200)
        self.W_U = W_U.copy()
        self.W_U[:20] = W_U[0] + 0.001 * W_U[:20]
        write_safetensors(self.folder / "model.safetensors", {"W_U": self.W_U, "final_norm_weight": numpy.ones(16, "float32")})
        self.sources = ("--sae", self.folder / "sae", "--model", self.folder / "model.safetensors")

    def test_dropped_tokens_are_in_no_arrow_and_in_the_record(self):
        text = self.done("arrows", *self.sources, "-k", 9, "--junk", "drop", "-o", self.folder / "a.safetensors")
        self.assertIn("20 tokens left out as junk: word0, word1,", text)
        arrows, metadata = read_safetensors(self.folder / "a.safetensors")
        options = json.loads(metadata["options"])
        self.assertEqual((options["junk"], options["excluded"], options["junk_reference"]), ("drop", "0-19", "found"))
        logits = self.W_dec.astype("float64") @ self.W_U[20:].T.astype("float64")
        numpy.testing.assert_array_equal(arrows["positive_tokens"], 20 + numpy.argsort(-logits, 1, "stable")[:, :9])
        numpy.testing.assert_array_equal(arrows["negative_tokens"], 20 + numpy.argsort(logits, 1, "stable")[:, :9])
        numpy.testing.assert_allclose(arrows["logit_std"], logits.std(1), rtol=1e-3)

    def test_a_study_without_junk_is_checked_without_it(self):
        study = self.folder / "study"
        text = self.done("run", *self.sources, "-k", 10, "--junk", "drop", "--unused", "0,3-4", "--samples", 20, "-o", study)
        self.assertIn("20 tokens left out", text)
        options = self.valid("study", study / "study.json")["options"]
        self.assertEqual((options["excluded"], options["junk_reference"]), ("0-19", "given"))
        check = self.valid("check", study / "check.json")
        self.assertEqual(check["tests"][0]["tokens"], 180)
        again = json.loads(self.done("check", study, "--samples", 20, "--json"))
        self.assertEqual([t["observed"] for t in again["tests"]], [t["observed"] for t in check["tests"]])

    def test_what_a_vocabulary_shows_is_noted_and_used(self):
        (self.folder / "vocab.json").write_text(json.dumps(
            [f"<unused{i}>" if i < 5 else f"word{i}" for i in range(200)]))
        ran = yoneda("arrows", *self.sources, "-k", 60, "-o", self.folder / "a.safetensors")
        self.assertEqual(ran.returncode, 0, ran.stderr)
        self.assertIn("features keep tokens that the vocabulary shows to be unused; --junk drop", ran.stderr)
        found = json.loads(self.done("arrows", *self.sources, "-k", 60, "--junk", "drop", "-o", self.folder / "b.safetensors", "--json"))
        self.assertEqual(found["excluded"], 20)
        options = json.loads(read_safetensors(self.folder / "b.safetensors")[1]["options"])
        self.assertEqual(options["junk_reference"], "vocabulary")

    def test_where_there_is_none_nothing_is_left_out(self):
        toy(self.folder, d=16, V=200)
        ran = yoneda("arrows", *self.sources, "-k", 9, "--junk", "drop", "-o", self.folder / "a.safetensors")
        self.assertEqual(ran.returncode, 0, ran.stderr)
        self.assertIn("no tokens are known to be unused", ran.stderr)
        self.assertNotIn("left out", ran.stdout)

    def test_bad_input(self):
        arguments = ("arrows", *self.sources, "-k", 9, "-o", self.folder / "a.safetensors")
        self.refused(2, "--junk drop asks for", *arguments, "--unused", "3")
        self.refused(2, "there is no token 200", *arguments, "--junk", "drop", "--unused", "200")
        self.refused(2, "'x' is no token", *arguments, "--junk", "drop", "--unused", "x")
        self.assertEqual(yoneda(*arguments, "--junk", "hide").returncode, 2)


class Features(Scratch):
    def setUp(self):
        super().setUp()
        self.W_dec, self.W_U = toy(self.folder)
        self.arrows = self.folder / "a.safetensors"
        self.done("arrows", "--sae", self.folder / "sae", "--model", self.folder / "model.safetensors", "-k", 7, "-o", self.arrows)
        self.logits = self.W_dec.astype("float64") @ self.W_U.T.astype("float64")
        self.z = (self.logits - self.logits.mean(1, keepdims=True)) / self.logits.std(1, keepdims=True)

    def json(self, *arguments):
        return json.loads(self.done("features", self.arrows, *arguments, "--json"))

    def test_every_order_is_that_of_the_logits(self):
        z, logits = self.z, self.logits
        values = {"skewness": (z**3).mean(1), "kurtosis": (z**4).mean(1), "norm": numpy.linalg.norm(self.W_dec, axis=1),
                  "mean": logits.mean(1), "std": logits.std(1), "min": logits.min(1), "max": logits.max(1),
                  "range": numpy.ptp(logits, 1), "peak": z.max(1), "trough": -z.min(1)}
        for name, value in values.items():
            # A product in bfloat16, where the processor has one, knows a skewness near 0 to about 0.001.
            near = 1e-2 if name in ("skewness", "kurtosis") else 1e-5
            for flags, order in ((), numpy.argsort(-value)), (("--ascending",), numpy.argsort(value)):
                found = self.json("--sort", name, "--most", 40, *flags)["list"]
                numpy.testing.assert_allclose([f[name] for f in found], value[order], rtol=1e-2, atol=near, err_msg=name)
        self.assertEqual([f["feature"] for f in self.json("--sort", "id", "--most", 3)["list"]], [0, 1, 2])

    def test_a_table_and_a_feature_for_a_person(self):
        text = self.done("features", self.arrows, "--most", 5)
        self.assertEqual(len(text.splitlines()), 8)
        for words in ("40 features over 100 tokens, the 5 of largest kurtosis", "skewness", "raises", "lowers", "word"):
            self.assertIn(words, text)
        self.assertTrue(all(len(line) <= 110 for line in text.splitlines()))
        text = self.done("features", self.arrows, "--feature", "3,7-8")
        for words in ("feature 3\n", "feature 8\n", "kurtosis", "all logits, from", "│", f"word{self.logits[3].argmax()} "):
            self.assertIn(words, text)
        found = self.json("--feature", "7")["list"][0]
        self.assertEqual(sum(found["histogram"]["counts"]), 100)
        self.assertEqual([t["token"] for t in found["raised"]], list(numpy.argsort(-self.logits[7], kind="stable")[:7]))

    def test_the_features_of_a_token(self):
        for name in ("word17", "#17", "17"):
            found = self.json("--token", name, "--most", 40)["list"]
            self.assertEqual([t["token"] for t in found], [17])
            ranks = numpy.argsort(numpy.argsort(-self.logits, 1), 1)[:, 17] + 1
            expected = sorted((-self.z[f, 17], f, ranks[f]) for f in range(40) if ranks[f] <= 7)
            self.assertEqual([(a["feature"], a["rank"]) for a in found[0]["raised"]], [(f, r) for _, f, r in expected])
            numpy.testing.assert_allclose([a["z"] for a in found[0]["raised"]], [-z for z, _, _ in expected], rtol=1e-3)
        self.assertIn("'word17', token 17: raised by", self.done("features", self.arrows, "--token", "word17"))

    def test_hostile_tokens_do_not_reach_the_terminal(self):
        (self.folder / "vocab.json").write_text(json.dumps([f"\x1b[{i}m,\n\u202e" for i in range(100)]))
        self.done("arrows", "--sae", self.folder / "sae", "--model", self.folder / "model.safetensors", "-k", 7, "-o", self.arrows)
        for arguments in ((), ("--feature", "0"), ("--token", "#3"), ("--json",)):
            text = self.done("features", self.arrows, *arguments)
            self.assertEqual([c for c in text if c != "\n" and not c.isprintable()], [])

    def test_bad_input(self):
        self.refused(2, "there is no feature 40", "features", self.arrows, "--feature", "40")
        self.refused(2, "'a-b' is no feature", "features", self.arrows, "--feature", "a-b")
        self.refused(2, "names no feature", "features", self.arrows, "--feature", ",")
        self.refused(2, "no token is 'nothing'", "features", self.arrows, "--token", "nothing")
        self.refused(2, "no token is '#100'", "features", self.arrows, "--token", "#100")
        self.refused(2, "nowhere", "features", self.folder / "nowhere")
        self.refused(2, "expected a 'yoneda-arrows' file", "features", self.folder / "model.safetensors")
        for arguments in (("--sort", "beauty"), ("--most", "0"), ("--feature", "1", "--token", "2")):
            self.assertEqual(yoneda("features", self.arrows, *arguments).returncode, 2)


class Enrich(Scratch):
    def setUp(self):
        super().setUp()
        self.W_dec, self.W_U = toy(self.folder, n=60, d=12, V=300)
        self.kind = list(range(0, 60, 3))
        self.W_U = self.W_U.copy()
        self.W_U[self.kind] += 1.0
        self.W_dec = self.W_dec.copy()
        self.W_dec[5] = 2 + 0.2 * self.W_dec[5]
        self.W_dec[6] = -2 + 0.2 * self.W_dec[6]
        sae = read_safetensors(self.folder / "sae" / "sae_weights.safetensors")[0]
        write_safetensors(self.folder / "sae" / "sae_weights.safetensors", {**sae, "W_dec": self.W_dec})
        write_safetensors(self.folder / "model.safetensors", {"W_U": self.W_U, "final_norm_weight": numpy.ones(12, "float32")})
        self.study = self.folder / "study"
        self.done("run", "--sae", self.folder / "sae", "--model", self.folder / "model.safetensors", "-k", 10, "--samples", 20,
                  "-o", self.study)
        self.sets = self.folder / "sets.txt"
        self.write_sets({"kind": self.kind, "any": [1, 100, 200]})

    def write_sets(self, sets):
        self.sets.write_text("".join(f": {name}\n" + "".join(f"word{t}\n" for t in tokens) for name, tokens in sets.items()))

    def test_planted_features_are_found_and_the_file_says_so(self):
        text = self.done("enrich", self.study, "--sets", self.sets)
        for words in ("60 features against 2 token sets", "kind: commutes", "any: does not", "Of 60 features, 1 raise and 1 lower",
                      "null: gaussian, 100,000 directions, seed 1", "enrichment.json"):
            self.assertIn(words, text)
        found = self.valid("enrichment", self.study / "enrichment.json")
        kind = found["sets"][0]
        self.assertEqual([t["token"] for t in kind["tokens"]], self.kind)
        self.assertEqual({kind["features"][0]["feature"], kind["features"][1]["feature"]}, {5, 6})
        self.assertGreater(kind["coherence"], 2)
        logits = self.W_dec.astype("float64") @ self.W_U.T.astype("float64")
        z = (logits - logits.mean(1, keepdims=True)) / logits.std(1, keepdims=True)
        for s, tokens in zip(found["sets"], (self.kind, [1, 100, 200])):
            numpy.testing.assert_allclose(s["z"], z[:, tokens].mean(1), rtol=1e-4, atol=1e-6)

    def test_the_same_for_any_number_of_threads(self):
        found = []
        for threads in (1, 2, 3):
            self.done("--threads", threads, "enrich", self.study, "--sets", self.sets, "--samples", 3000)
            found.append(json.loads((self.study / "enrichment.json").read_text())["sets"])
        self.assertEqual(found[0], found[1])
        self.assertEqual(found[0], found[2])

    def test_too_few_draws_are_said_to_be(self):
        self.write_sets({"any": [1, 100, 200]})
        ran = yoneda("enrich", self.study, "--sets", self.sets, "--samples", 50, "--json")
        self.assertEqual(ran.returncode, 0, ran.stderr)
        self.assertIn("no set counts until 24 of its features reach it; with 1200 a single one counts", ran.stderr)
        self.assertEqual(json.loads(ran.stdout)["sets"][0]["verdict"], "underpowered")

    def test_unknown_words_are_noted_and_arrows_do_alone(self):
        self.sets.write_text(": s\nword1\nword2\nnothing\nword3\n")
        ran = yoneda("enrich", self.study / "arrows.safetensors", "--sets", self.sets, "--samples", 2000)
        self.assertEqual(ran.returncode, 0, ran.stderr)
        self.assertIn("set 's': 1 of 4 words are no tokens: 'nothing'", ran.stderr)
        self.assertNotIn("wrote", ran.stdout)

    def test_bad_input(self):
        self.sets.write_text(": few\nword1\nnothing\n")
        self.refused(2, "the set 'few' (line 1) has 2 words and 1 known tokens; it takes at least 3", "enrich", self.study,
                     "--sets", self.sets)
        self.sets.write_text("word1\n")
        self.refused(2, "line 1: a set begins", "enrich", self.study, "--sets", self.sets)
        self.refused(2, "missing.txt", "enrich", self.study, "--sets", self.folder / "missing.txt")
        self.write_sets({"kind": self.kind})
        text = yoneda("enrich", self.study, "--sets", self.sets, "--samples", 0).stderr
        self.assertIn("--samples: '0' is no whole number from 1 on", text)
        self.refused(2, "between 0 and 1", "enrich", self.study, "--sets", self.sets, "--rate", 0)
        self.assertEqual(yoneda("enrich", self.study, "--sets", self.sets, "--samples", "0").returncode, 2)
        (self.folder / "model.safetensors").rename(self.folder / "moved.safetensors")
        self.refused(2, "name it and the model with --sae and --model", "enrich", self.study, "--sets", self.sets)


class Lattice(Scratch):
    """Features 0 to 9 all raise the bunch of tokens 0 to 4; the rest is chance."""

    def setUp(self):
        super().setUp()
        W_dec, W_U = toy(self.folder, n=60, d=12, V=300)
        W_U = W_U.copy()
        W_U[:5] = 3 * W_U[0] + 0.3 * W_U[:5]
        W_dec = W_dec.copy()
        W_dec[:10] = W_U[0] + 0.1 * W_dec[:10]
        sae = read_safetensors(self.folder / "sae" / "sae_weights.safetensors")[0]
        write_safetensors(self.folder / "sae" / "sae_weights.safetensors", {**sae, "W_dec": W_dec})
        write_safetensors(self.folder / "model.safetensors", {"W_U": W_U, "final_norm_weight": numpy.ones(12, "float32")})
        self.study = self.folder / "study"
        self.done("run", "--sae", self.folder / "sae", "--model", self.folder / "model.safetensors", "-k", 12, "--samples", 20,
                  "-o", self.study)

    def tokens(self, end, k):
        return read_safetensors(self.study / "arrows.safetensors")[0][f"{end}_tokens"][:, :k].tolist()

    def concepts(self, end, k, support):
        """The closed sets of tokens, as intersections of rows, and who has them."""
        rows = [frozenset(row) for row in self.tokens(end, k)]
        sets = {frozenset(range(300))}
        for row in rows:
            sets |= {known & row for known in sets}
        found = {tokens: [f for f, row in enumerate(rows) if tokens <= row] for tokens in sets}
        return {tokens: features for tokens, features in found.items() if len(features) >= support}

    def test_the_file_holds_every_concept_cover_and_implication(self):
        text = self.done("lattice", self.study, "--min-support", 3, "-k", 10, "--samples", 39)
        found = self.valid("lattice", self.study / "lattice.json")
        self.assertEqual((found["k"], found["min_support"], found["features"], found["notes"]), (10, 3, 60, []))
        self.assertEqual([end["end"] for end in found["ends"]], ["positive", "negative"])
        for end in found["ends"]:
            expected = self.concepts(end["end"], 10, 3)
            got = {frozenset(t["token"] for t in c["tokens"]): c["features"] for c in end["concepts"]}
            self.assertEqual(got, expected)
            self.assertEqual(len(got), len(end["concepts"]))
            sets = [frozenset(c["features"]) for c in end["concepts"]]
            below = [{j for j, b in enumerate(sets) if b < a} for a in sets]
            covers = {(i, j) for i, under in enumerate(below) for j in under if not any(j in below[m] for m in under)}
            self.assertEqual({tuple(cover) for cover in end["covers"]}, covers)
            self.assertTrue(end["bottom"]["added"])
            self.assertEqual(set(end["bottom"]["below"]), {i for i, under in enumerate(below) if not under})
            rows = [frozenset(row) for row in self.tokens(end["end"], 10)]
            for kind in ("exact", "partial"):
                for rule in end[kind]:
                    premise, conclusion = ({t["token"] for t in rule[part]} for part in ("premise", "conclusion"))
                    having = [row for row in rows if premise <= row]
                    self.assertEqual(len(having), rule["premise_support"])
                    self.assertEqual(sum(conclusion <= row for row in having), rule["support"])
                    self.assertEqual(rule["confidence"], rule["support"] / rule["premise_support"])
                    self.assertTrue(rule["confidence"] == 1 if kind == "exact" else 0.8 <= rule["confidence"] < 1)
            values = {figure["name"]: figure["value"] for figure in end["figures"]}
            self.assertEqual(values["number of concepts of two tokens or more"], sum(len(t) > 1 for t in expected))
            self.assertEqual(values["most tokens of a concept"], max(map(len, expected)))
            self.assertEqual({test["null"] for test in end["tests"]}, {"margins", "gaussian"})
            self.assertEqual(len(end["tests"]), 10)
        for words in ("60 features with their 10 first tokens at each end", "What features raise", "What features lower",
                      "all raise", "all lower", "if a feature raises word", "random directions: null gaussian, 39 draws, seed 1",
                      "swaps: null margins", "lattice.json"):
            self.assertIn(words, text)

    def test_a_planted_bunch_is_seen_and_both_nulls_speak(self):
        ran = yoneda("lattice", self.study, "--min-support", 8, "--side", "positive", "--samples", 39, "--json")
        self.assertEqual(ran.returncode, 0, ran.stderr)
        found = json.loads(ran.stdout)
        end, = found["ends"]
        figure = {figure["name"]: figure for figure in end["figures"]}["most tokens of a concept"]
        self.assertGreaterEqual(figure["value"], 5)
        self.assertEqual(figure["margins"]["verdict"], "commutes")
        self.assertLess(figure["margins"]["null_mean"], figure["gaussian"]["null_mean"])
        self.assertLessEqual({0, 1, 2, 3, 4}, max(self.concepts("positive", 12, 8), key=len))

    def test_the_same_for_any_number_of_threads(self):
        found = []
        for threads in (1, 2, 3):
            self.done("--threads", threads, "lattice", self.study, "--min-support", 3, "--samples", 18)
            found.append(json.loads((self.study / "lattice.json").read_text())["ends"])
        self.assertEqual(found[0], found[1])
        self.assertEqual(found[0], found[2])

    def test_arrows_alone_have_swaps_alone(self):
        arrows = self.folder / "arrows.safetensors"
        (self.study / "arrows.safetensors").rename(arrows)
        (self.folder / "model.safetensors").rename(self.folder / "moved.safetensors")
        ran = yoneda("lattice", arrows, "--samples", 20)
        self.assertEqual(ran.returncode, 0, ran.stderr)
        self.assertIn("swaps alone call any lattice a discovery", ran.stderr)
        self.assertNotIn("random directions", ran.stdout)
        self.assertNotIn("wrote", ran.stdout)
        self.refused(2, "name it and the model with --sae and --model", "lattice", arrows, "--null", "gaussian")
        self.assertNotIn("swaps", self.done("lattice", arrows, "--null", "none"))
        self.assertIn("random directions", self.done("lattice", arrows, "--samples", 3, "--sae", self.folder / "sae", "--model",
                                                     self.folder / "moved.safetensors"))

    def test_bad_input(self):
        self.refused(2, "is a share of the features, below 1, or their number", "lattice", self.study, "--min-support", 0)
        self.refused(2, "of 61 features is out of reach: there are 60", "lattice", self.study, "--min-support", 61)
        self.refused(2, "is a whole number of features", "lattice", self.study, "--min-support", 1.5)
        self.refused(2, "the arrows keep 12 tokens at each end", "lattice", self.study, "--k", 13)
        self.refused(2, "more than 20 concepts have at least 2 features: ask for a larger support", "lattice", self.study,
                     "--min-support", 2, "--max-concepts", 20)
        self.refused(2, "a confidence lies above 0 and up to 1", "lattice", self.study, "--confidence", 1.5)
        self.refused(2, "expected a 'yoneda-arrows' file", "lattice", self.folder / "model.safetensors")
        for arguments in (("--samples", 0), ("--k", 0), ("--side", "left"), ("--null", "rotation"), ("--to", "dot")):
            self.assertEqual(yoneda("lattice", self.study, *arguments).returncode, 2)
        self.assertFalse((self.study / "lattice.json").exists())


class Relations(Scratch):
    """Token 2i + 1 is token 2i plus one difference; the SAE knows every direction, up and down."""

    def setUp(self):
        super().setUp()
        self.W_dec, self.W_U = toy(self.folder, n=24, d=12, V=300)
        random = numpy.random.default_rng(5)
        difference = 2 * random.standard_normal(12)
        self.W_U = self.W_U.copy()
        for i in range(12):
            self.W_U[2 * i + 1] = self.W_U[2 * i] + difference + 0.4 * random.standard_normal(12)
        write_safetensors(self.folder / "model.safetensors", {"W_U": self.W_U, "final_norm_weight": numpy.ones(12, "float32")})
        self.write_sae(numpy.concatenate([numpy.eye(12), -numpy.eye(12)]).astype("float32"), k=12)
        self.study = self.folder / "study"
        self.done("run", "--sae", self.folder / "sae", "--model", self.folder / "model.safetensors", "-k", 10, "--samples", 20,
                  "-o", self.study)
        self.quads = self.folder / "doubling.txt"
        self.quads.write_text("".join(f"word{2 * i} word{2 * i + 1} Word{2 * j} word{2 * j + 1}\n"
                                      for i in range(12) for j in range(12) if i != j))

    def write_sae(self, W_dec, k):
        sae = self.folder / "sae"
        write_safetensors(sae / "sae_weights.safetensors", {
            "W_enc": W_dec.T.copy(), "W_dec": W_dec, "b_enc": numpy.zeros(24, "float32"), "b_dec": numpy.zeros(12, "float32")})
        config = json.loads((sae / "cfg.json").read_text())
        (sae / "cfg.json").write_text(json.dumps({**config, "k": k}))

    def values(self, X):
        """Q, hit@1 and MRR by their definitions."""
        X = X.astype("float64")
        D = numpy.array([X[2 * i + 1] - X[2 * i] for i in range(12)])
        cosines, ranks = [], []
        for i in range(12):
            mean = numpy.delete(D, i, 0).mean(0)
            cosines.append(D[i] @ mean / numpy.linalg.norm(D[i]) / numpy.linalg.norm(mean))
            near = X @ (X[2 * i] + mean) / numpy.linalg.norm(X, axis=1)
            near[2 * i] = -numpy.inf
            ranks.append((near >= near[2 * i + 1]).sum())
        ranks = numpy.array(ranks)
        return numpy.mean(cosines), (ranks == 1).mean(), (1 / ranks).mean()

    def test_a_planted_relation_commutes_in_vectors_and_in_codes(self):
        text = self.done("relations", self.study, "--quads", self.quads)
        for words in ("variance explained by the codes: 1", "doubling", "reconstructions", "top-rows", "Q of codes over Q of words",
                      "commutes", "furthest from commuting", "1,000 draws each, seed 1", "relations.json"):
            self.assertIn(words, text)
        found = self.valid("relations", self.study / "relations.json")
        relation = found["relations"][0]
        self.assertEqual((relation["name"], relation["pairs"]), ("doubling", 12))
        self.assertIn("quads", found["sources"])
        tests = {test["representation"]: test for test in relation["tests"]}
        self.assertEqual(list(tests), ["words", "reconstructions", "codes", "profiles", "top-rows"])
        codes = numpy.maximum(numpy.concatenate([self.W_U, -self.W_U], 1), 0)
        for name, rows in (("words", self.W_U), ("reconstructions", self.W_U), ("codes", codes)):
            q, hit, mrr = self.values(rows)
            self.assertAlmostEqual(tests[name]["q"]["observed"], q, 5)
            self.assertAlmostEqual(tests[name]["hit_at_1"]["observed"], hit, 9)
            self.assertAlmostEqual(tests[name]["mean_reciprocal_rank"]["observed"], mrr, 9)
            self.assertEqual(tests[name]["q"]["verdict"], "commutes")
            self.assertEqual(len(tests[name]["failures"]), round(12 * (1 - hit)))
        self.assertIn("holds      relations.json", self.done("inspect", self.study))

    def test_the_same_for_any_number_of_threads(self):
        found = []
        for threads in (1, 2, 3):
            found.append(self.done("--threads", threads, "relations", self.study, "--quads", self.quads, "--in", "words,codes",
                                   "--samples", 50, "--json"))
        self.assertEqual(json.loads(found[0])["tests"][1]["representation"], "codes")
        self.assertEqual(found[0], found[1])
        self.assertEqual(found[0], found[2])

    def test_codes_of_what_the_sae_does_not_read_are_refused_with_the_measured_fraction(self):
        random = numpy.random.default_rng(6)
        self.write_sae(random.standard_normal((24, 12)).astype("float32"), k=4)
        weights = ("--sae", self.folder / "sae", "--model", self.folder / "model.safetensors")
        ran = yoneda("relations", self.study, "--quads", self.quads, "--samples", 50, "--json", *weights)
        self.assertEqual(ran.returncode, 0, ran.stderr)
        self.assertIn("note: without reconstructions, codes and top-rows: the SAE explains -", ran.stderr)
        found = json.loads(ran.stdout)
        self.assertLess(found["variance_explained"], 0.3)
        self.assertEqual([test["representation"] for test in found["tests"]], ["words", "profiles"])
        self.refused(2, "less than 0.3", "relations", self.study, "--quads", self.quads, "--in", "codes", *weights)

    def test_activations_instead_of_the_unembedding(self):
        numpy.save(self.folder / "x.npy", 3 * self.W_U)
        found = json.loads(self.done("relations", self.study, "--quads", self.quads, "--samples", 50, "--in", "words", "--json",
                                     "--activations", self.folder / "x.npy", "-o", self.folder / "r.json"))
        self.assertAlmostEqual(found["tests"][0]["q"]["observed"], self.values(self.W_U)[0], 5)
        self.assertIn("activations", self.valid("relations", self.folder / "r.json")["sources"])
        numpy.save(self.folder / "x.npy", self.W_U[:-1])
        self.refused(2, "x.npy: the activations have 299 rows, one is needed for each of the 300 tokens", "relations", self.study,
                     "--quads", self.quads, "--activations", self.folder / "x.npy", "--in", "codes")

    def test_missing_words_and_bad_input(self):
        self.quads.write_text(": r\nword0 word1 word2 word3\nword0 word1 lima peru\nword4 word5\n")
        ran = yoneda("relations", self.study, "--quads", self.quads, "--in", "words", "--json")
        self.assertEqual(ran.returncode, 0, ran.stderr)
        self.assertIn("relation 'r': 1 of 4 pairs are left out, for 2 words are no tokens: 'lima', 'peru'", ran.stderr)
        q = json.loads(ran.stdout)["tests"][0]["q"]
        self.assertEqual(q["verdict"], "underpowered")
        self.assertIn("There are 3 pairs; a verdict takes at least 8", q["reason"])
        self.refused(2, "there is no representation 'word'", "relations", self.study, "--quads", self.quads, "--in", "word")
        self.quads.write_text("word0 word1 word2\n")
        self.refused(2, "doubling.txt: line 1: expected four words", "relations", self.study, "--quads", self.quads)
        self.quads.write_text(": r\nlima peru rome italy\n")
        self.refused(2, "it takes at least two", "relations", self.study, "--quads", self.quads)
        self.refused(2, "missing.txt", "relations", self.study, "--quads", self.folder / "missing.txt")
        self.assertEqual(yoneda("relations", self.study).returncode, 2)
        (self.folder / "model.safetensors").rename(self.folder / "moved.safetensors")
        self.quads.write_text("word0 word1 word2 word3\n")
        self.refused(2, "name them with --sae and --model", "relations", self.study, "--quads", self.quads)


class Train(Scratch):
    def test_trains_on_npy_and_writes_what_run_reads(self):
        random = numpy.random.default_rng(0)
        dictionary = random.standard_normal((24, 12)).astype("float32")
        codes = (random.random((2000, 24)) < 0.1) * random.random((2000, 24))
        numpy.save(self.folder / "x.npy", (codes @ dictionary).astype("float32"))
        text = self.done("train", "--activations", self.folder / "x.npy", "--features", 24, "--k", 3, "--epochs", 20,
                         "--batch", 100, "-o", self.folder / "sae")
        self.assertIn("of the variance explained", text)
        again = json.loads(self.done("train", "--activations", self.folder / "x.npy", "--features", 24, "--k", 3,
                                     "--epochs", 20, "--batch", 100, "-o", self.folder / "again", "--json"))
        self.assertGreater(again["held_out"]["fve"], 0.5)
        weights = [(self.folder / name / "sae_weights.safetensors").read_bytes() for name in ("sae", "again")]
        self.assertEqual(weights[0], weights[1])
        write_safetensors(self.folder / "m.safetensors", {"W_U": dictionary})
        self.done("arrows", "--sae", self.folder / "sae", "--model", self.folder / "m.safetensors", "-k", 3,
                  "-o", self.folder / "a.safetensors")

    def test_bad_input(self):
        numpy.save(self.folder / "x.npy", numpy.full((100, 4), numpy.nan, "float32"))
        arguments = ("train", "--activations", self.folder / "x.npy", "--features", 8, "-o", self.folder / "sae")
        self.refused(2, "NaN", *arguments, "--k", 2, "--batch", 10)
        numpy.save(self.folder / "x.npy", numpy.random.default_rng(0).random((100, 4)).astype("float32"))
        self.refused(2, "k", *arguments, "--k", 9, "--batch", 10)
        self.refused(2, "missing.npy", "train", "--activations", self.folder / "missing.npy", "--features", 8, "--k", 2,
                     "-o", self.folder / "sae")

    def planted(self, things=40, copies=5, d=16):
        """Things plain and marked, in several rows each; the relation leads from plain to marked."""
        random = numpy.random.default_rng(3)
        unit = lambda x: x / numpy.linalg.norm(x, axis=-1, keepdims=True)
        plain, mark = unit(random.standard_normal((things, d))), unit(random.standard_normal(d))
        rows = numpy.concatenate([plain, plain + 0.8 * mark] * copies)
        rows += 0.05 * random.standard_normal(rows.shape)
        numpy.save(self.folder / "x.npy", rows.astype("float32"))
        words = [f"plain{i}" for i in range(things)] + [f"marked{i}" for i in range(things)]
        words += [f"other{i}" for i in range(len(rows) - len(words))]
        (self.folder / "words.txt").write_text("\n".join(words) + "\n")
        pairs = [[f"plain{i}", f"marked{i}"] for i in range(things)]
        (self.folder / "d.toml").write_text(f'[[relation]]\nname = "marked"\npairs = {json.dumps(pairs)}\n')
        return ("train", "--activations", self.folder / "x.npy", "--features", 160, "--k", 2, "--epochs", 60, "--batch", 60,
                "--learning-rate", 0.005, "--directions", "inputs", "-o", self.folder / "sae")

    def test_constrains_the_relations_of_a_diagram(self):
        train = self.planted()
        diagram = ("--diagram", self.folder / "d.toml", "--vocabulary", self.folder / "words.txt")
        both = json.loads(self.done(*train, *diagram, "--lambda", 0.3, "--compare", "--json"))
        held_out = lambda summary: summary["relations"][0]["held_out"]
        self.assertEqual(both["relations"][0]["name"], "marked")
        self.assertEqual(held_out(both)["pairs"], 20)
        self.assertGreater(held_out(both)["Q"], held_out(both["without"])["Q"] + 0.3)
        self.assertGreater(held_out(both)["Q"], held_out(both["random_equations"])["Q"] + 0.3)
        constrained = (self.folder / "sae" / "sae_weights.safetensors").read_bytes()
        text = self.done(*train, *diagram, "--lambda", 0.3)
        self.assertEqual(constrained, (self.folder / "sae" / "sae_weights.safetensors").read_bytes())
        for words in ("marked, trained", "marked, held out", "lambda 0.3", f"{held_out(both)['Q']:.3f}"):
            self.assertIn(words, text)
        # The pairs held out are a diagram of their own, and none of their words was trained on.
        self.assertEqual((self.folder / "sae" / "held-out.toml").read_text().count('["plain'), 20)
        write_safetensors(self.folder / "m.safetensors", {"W_U": numpy.load(self.folder / "x.npy")})
        self.done("arrows", "--sae", self.folder / "sae", "--model", self.folder / "m.safetensors", "-k", 3,
                  "-o", self.folder / "a.safetensors")
        # Without a weight the relations are measured only, and the SAE is that of no diagram.
        alone = json.loads(self.done(*train, *diagram, "--json"))
        self.assertEqual(held_out(alone), held_out(both["without"]))
        measured = (self.folder / "sae" / "sae_weights.safetensors").read_bytes()
        self.done(*train)
        self.assertEqual(measured, (self.folder / "sae" / "sae_weights.safetensors").read_bytes())

    def test_bad_constraints(self):
        train = self.planted()
        diagram = ("--diagram", self.folder / "d.toml", "--vocabulary", self.folder / "words.txt")
        self.refused(2, "lambda", *train, *diagram, "--lambda", -1)
        self.refused(2, "lambda", *train, *diagram, "--lambda", "nan")
        self.refused(2, "takes a --lambda", *train, *diagram, "--compare")
        # Two stars: whichever is trained on, its second words cannot be dealt out otherwise.
        stars = [[f"plain{i}", f"marked{i // 5}"] for i in range(10)]
        (self.folder / "stars.toml").write_text(f"[[relation]]\nname = 'stars'\npairs = {json.dumps(stars)}\n")
        self.refused(2, "stars", *train, "--diagram", self.folder / "stars.toml", "--vocabulary",
                     self.folder / "words.txt", "--lambda", 1, "--compare")
        self.assertFalse((self.folder / "sae").exists())
        usage = yoneda(*train, "--lambda", 1)
        self.assertEqual(usage.returncode, 2)
        self.assertIn("--lambda requires --diagram", usage.stderr)
        self.refused(2, "between 0 and 1", *train, *diagram, "--lambda", 1, "--hold-out", 1)
        self.refused(2, "pairs held out", *train, *diagram, "--lambda", 1, "--hold-out", 0.05)
        self.refused(2, "no vocabulary", *train, "--diagram", self.folder / "d.toml", "--lambda", 1)
        (self.folder / "words.txt").write_text("one\ntwo\n")
        self.refused(2, "2 words for 400 rows", *train, *diagram, "--lambda", 1)
        self.refused(2, "missing.toml", *train, "--diagram", self.folder / "missing.toml")


class Inspect(Scratch):
    def test_says_what_it_is_and_what_to_type_next(self):
        toy(self.folder)
        text = self.done("inspect", self.folder / "sae")
        for words in ("SAELens", "40 features", "hook_resid_post", "W_dec", "yoneda run --sae"):
            self.assertIn(words, text)
        text = self.done("inspect", self.folder / "model.safetensors")
        for words in ("W_U", "100 x 8", "--model"):
            self.assertIn(words, text)
        self.done("run", "--sae", self.folder / "sae", "--model", self.folder / "model.safetensors", "-k", 10,
                  "--samples", 20, "-o", self.folder / "study")
        self.assertIn("a study", self.done("inspect", self.folder / "study"))
        for name in ("arrows.safetensors", "graph.safetensors"):
            self.assertIn("yoneda", self.done("inspect", self.folder / "study" / name))
        self.assertEqual(json.loads(self.done("inspect", self.folder / "sae", "--json"))["dialect"], "SAELens")

    def test_a_graph_is_one_in_every_format_that_is_read(self):
        edges = self.folder / "edges.tsv"
        edges.write_text("0 1 0.5\n1 2 -0.25\n2 3 0.75\n")
        for ending in ("tsv", "csv", "mtx", "npz", "graphml", "safetensors"):
            path = self.folder / f"graph.{ending}"
            self.done("export", edges, "--to", ending, "-o", path)
            text = self.done("inspect", path)
            for words in ("4 nodes, 3 edges", f"next: yoneda check {path}"):
                self.assertIn(words, text, ending)
            self.assertEqual(self.described(path)["graph"]["edges"], 3, ending)

    def test_a_broken_graph_is_refused_with_its_line(self):
        edges = self.folder / "edges.tsv"
        edges.write_text("0 1 0.5\n1 two -0.25\n")
        self.refused(2, "edges.tsv, line 2", "inspect", edges)

    def described(self, *arguments):
        return json.loads(self.done("inspect", *arguments, "--json"))

    def test_every_dialect_is_named_with_its_axis_and_place(self):
        for path, dialect, features, words in (
                ("saelens/6_jumprelu", "SAELens", 6, "blocks.5.hook_resid_post, layer 5 of gpt2"),
                ("sparsify/run/layers.5", "sparsify", 8, "layers.5, layer 5 of EleutherAI/pythia-70m"),
                ("gemma-scope-2b-pt-att/layer_20/width_16k/average_l0_71", "Gemma Scope", 6, "W_O leads to the stream"),
                ("llama-scope/Llama3_1-8B-Base-L24R-2x", "Llama Scope", 8, "normalised (scale) by 0.5"),
                ("openai/resid_post_mlp_v5_32k/autoencoders/8.pt", "OpenAI", 6, "features are its columns"),
                ("dictionary_learning/topk/trainer_0", "dictionary_learning", 6, "topk, k = 3"),
                ("qwen-scope/square", "Qwen Scope", 4, "features are its columns")):
            text = self.done("inspect", FIXTURES / "sae" / path)
            self.assertIn(words, text)
            self.assertIn("next: yoneda run --sae", text)
            found = self.described(FIXTURES / "sae" / path)
            self.assertEqual((found["kind"], found["dialect"], found["features"]), ("sae", dialect, features), path)
            self.assertEqual(found["health"]["zero_rows"], 0)

    def test_a_choice_that_must_be_made_is_said_and_taken(self):
        folder = FIXTURES / "sae" / "circuit-tracer" / "clt"
        self.assertIn("choose one (--layer)", self.done("inspect", folder))
        self.assertIn("choose one (--target-layer)", self.done("inspect", folder, "--layer", 0))
        text = self.done("inspect", folder, "--layer", 0, "--target-layer", 2)
        self.assertIn("blocks.0.hook_resid_mid → blocks.2.hook_mlp_out", text)
        self.assertIn("--layer 0 --target-layer 2 --model MODEL", text)

    def test_health_counts_dead_rows_and_nan(self):
        W_dec, _ = toy(self.folder)
        W_dec[3] = 0
        W_dec[5, 2] = numpy.nan
        write_safetensors(self.folder / "x.safetensors", {"W_dec": W_dec, "b_dec": numpy.zeros(8, "float32")})
        health = self.described(self.folder / "x.safetensors")["health"]
        self.assertEqual((health["zero_rows"], health["not_finite_rows"]), (1, 1))
        norms = numpy.delete(numpy.linalg.norm(W_dec.astype("float64"), axis=1), (3, 5))
        numpy.testing.assert_allclose((health["norm_least"], health["norm_most"]), (norms.min(), norms.max()))

    def test_fit_with_a_model(self):
        toy(self.folder)
        text = self.done("inspect", self.folder / "sae", "--model", self.folder / "model.safetensors")
        self.assertIn("writes to the stream", text)
        (self.folder / "other").mkdir()
        toy(self.folder / "other", d=6)
        found = self.described(self.folder / "sae", "--model", self.folder / "other" / "model.safetensors")
        self.assertFalse(found["fits_model"])

    def test_models_and_vocabularies(self):
        found = self.described(FIXTURES / "model" / "llama_bin")
        self.assertEqual((found["kind"], found["tokens"], found["d_model"], found["norm"]), ("model", 7, 4, "RMSNorm"))
        text = self.done("inspect", FIXTURES / "model" / "llama" / "vocab.json")
        self.assertIn("a vocabulary", text)


class Checkpoints(Scratch):
    """SAEs as their ecosystems save them, from the command line to arrows."""

    def arrows(self, sae, *more):
        fixture = FIXTURES / "sae" / sae
        W_U = numpy.random.default_rng(0).standard_normal((50, 4)).astype("float32")
        write_safetensors(self.folder / "m.safetensors", {"W_U": W_U, "final_norm_weight": numpy.ones(4, "float32")})
        self.done("arrows", "--sae", fixture, "--model", self.folder / "m.safetensors", "-k", 5,
                  "-o", self.folder / "a.safetensors", *more)
        return W_U, read_safetensors(self.folder / "a.safetensors")[0]

    def test_the_same_arrows_from_every_dialect(self):
        W_dec = ((numpy.arange(24) * 37 % 101 - 50) / 8).reshape(6, 4)
        for sae in ("saelens/6_standard", "sparsify/run/layers.5.mlp", "openai/tied/8.pt",
                    "gemma-scope-2b-pt-res/layer_20/width_16k/average_l0_71",
                    "gemma-scope-2-4b-pt/resid_post/layer_17_width_16k_l0_small", "dictionary_learning/jumprelu/trainer_0",
                    "dictionary_learning/autoencoder/trainer_0", "goodfire/Llama-3.1-8B-Instruct-SAE-l19.pth",
                    "circuit-tracer/llama-relu/layer_0.safetensors", "plain/nested.pt"):
            W_U, arrows = self.arrows(sae)
            logits = W_dec @ W_U.T.astype("float64")
            numpy.testing.assert_array_equal(arrows["positive_tokens"], numpy.argsort(-logits, 1, "stable")[:, :5], sae)
            numpy.testing.assert_array_equal(arrows["negative_tokens"], numpy.argsort(logits, 1, "stable")[:, :5], sae)

    def test_a_study_of_a_chosen_decoder_opens_again(self):
        self.arrows("circuit-tracer/clt", "--layer", 0, "--target-layer", 1)
        self.done("graph", self.folder / "a.safetensors", "--kind", "decoder", "--neighbors", 2,
                  "-o", self.folder / "g.tsv")

    def test_only_what_was_read_counts_in_a_study(self):
        model = self.folder / "model"
        shutil.copytree(FIXTURES / "model" / "llama", model)
        self.done("arrows", "--sae", FIXTURES / "sae" / "saelens" / "6_standard", "--model", model, "-k", 3,
                  "-o", self.folder / "a.safetensors")
        sources = json.loads(read_safetensors(self.folder / "a.safetensors")[1]["sources"])
        names = sorted(pathlib.Path(path).name for path in sources["model"]["files"])
        self.assertEqual(names, ["config.json", "model-00002-of-00002.safetensors", "model.safetensors.index.json"])
        (model / "model-00001-of-00002.safetensors").write_bytes(b"another shard")
        self.done("graph", self.folder / "a.safetensors", "--kind", "decoder", "--neighbors", 2, "-o", self.folder / "g.tsv")

    def test_code_in_a_checkpoint_is_refused_by_name(self):
        for name, words in (("calls_os_system", "system"), ("calls_getattr", "getattr"), ("torchscript", "TorchScript"),
                            ("big_endian", "byte order"), ("legacy_valid", "before 1.6")):
            path = FIXTURES / "hostile" / "pt" / f"{name}.pt"
            self.refused(2, words, "arrows", "--sae", path, "--model", path, "-o", self.folder / "a.safetensors")


class Containers(Scratch):
    """Models in one file of their own."""

    def test_inspect_says_what_they_are(self):
        for name, dialect, norm in (("gguf/llama.gguf", "GGUF (llama)", "RMSNorm"),
                                    ("gguf/gpt2.gguf", "GGUF (gpt2)", "LayerNorm"),
                                    ("llama2c/version1_untied.bin", "llama2.c", "RMSNorm")):
            shown = json.loads(self.done("inspect", FIXTURES / name, "--json"))
            self.assertEqual((shown["kind"], shown["dialect"], shown["norm"]), ("model", dialect, norm))
        self.assertIn("(Q6_K, 7 x 256)", self.done("inspect", FIXTURES / "gguf" / "quantized.gguf"))
        for name in ("gguf/vocabulary.gguf", "llama2c/tokenizer.bin"):
            self.assertEqual(json.loads(self.done("inspect", FIXTURES / name, "--json"))["kind"], "vocabulary")

    def test_arrows_of_a_quantized_model(self):
        W = read_safetensors(FIXTURES / "gguf" / "quantized.safetensors")[0]["token_embd.weight"]
        W_dec = numpy.random.default_rng(0).standard_normal((5, 256)).astype("float32")
        write_safetensors(self.folder / "sae.safetensors", {"W_dec": W_dec})
        self.done("arrows", "--sae", self.folder / "sae.safetensors", "--model", FIXTURES / "gguf" / "quantized.gguf",
                  "--convention", "raw", "-k", 3, "-o", self.folder / "a.safetensors")
        logits = W_dec.astype("float64") @ W.astype("float64").T
        tokens = read_safetensors(self.folder / "a.safetensors")[0]["positive_tokens"]
        numpy.testing.assert_array_equal(tokens, numpy.argsort(-logits, 1, "stable")[:, :3])


class Stories(Scratch):
    """A real model: TinyStories with 260K parameters, and an SAE on its fourth block."""

    def setUp(self):
        super().setUp()
        self.data = SHARED / "stories260K"
        if not self.data.exists():
            self.skipTest("no shared data")

    def test_run_folded_and_raw(self):
        weights = self.data / "sae_after_block4.safetensors"
        tensors, _ = read_safetensors(weights)
        for convention, gain in (("folded", tensors["final_norm_weight"]), ("raw", 1)):
            study = self.folder / convention
            self.done("run", "--sae", weights, "--model", weights, "--convention", convention, "--samples", 20, "-o", study)
            arrows, metadata = read_safetensors(study / "arrows.safetensors")
            self.assertEqual(metadata["convention"], convention)
            logits = (tensors["W_dec"] * gain).astype("float32").astype("float64") @ tensors["W_U"].T.astype("float64")
            numpy.testing.assert_array_equal(arrows["positive_tokens"], numpy.argsort(-logits, 1, "stable")[:, :50])
            numpy.testing.assert_array_equal(arrows["negative_tokens"], numpy.argsort(logits, 1, "stable")[:, :50])
            self.valid("check", study / "check.json")
            offsets, data = arrows["token_offsets"], arrows["token_bytes"].tobytes()
            words = [data[a:b] for a, b in zip(offsets, offsets[1:])]
            self.assertEqual(words[3:259], [bytes([b]) for b in range(256)])


    def test_a_checkpoint_of_llama2c_gives_the_same_arrows(self):
        weights, model = self.data / "sae_after_block4.safetensors", self.data / "stories260K.bin"
        shown = json.loads(self.done("inspect", model, "--json"))
        self.assertEqual((shown["kind"], shown["dialect"], shown["tokens"], shown["d_model"]),
                         ("model", "llama2.c", 512, 64))
        self.assertIn("512 tokens", self.done("inspect", self.data / "tok512.bin"))
        files = []
        for source in (weights, model):
            files.append(self.folder / f"{source.stem}.safetensors")
            self.done("arrows", "--sae", weights, "--model", source, "--vocabulary", self.data / "tok512.bin",
                      "-o", files[-1])
        (one, _), (other, _) = map(read_safetensors, files)
        for name, values in one.items():
            numpy.testing.assert_array_equal(values, other[name])


class Equations(Scratch):
    """yoneda check --equations: what a graph itself suggests."""

    def graph(self, edges, name="g.tsv", directed=True):
        path = self.folder / name
        path.write_text(("# directed\n" if directed else "") + "".join(f"{u}\t{v}\t{w}\n" for u, v, w in edges))
        return path

    def potentials(self, n=14, seed=0):
        """w(u, v) = p(v) / p(u): every two paths with the same ends agree."""
        random = numpy.random.default_rng(seed)
        p = random.choice([-1, 1], n) * 2.0 ** random.integers(0, 5, n)
        return [(u, v, p[v] / p[u]) for u in range(n) for v in range(u + 1, n) if random.random() < 0.6]

    def test_every_shape_of_a_graph_that_commutes_and_of_one_that_does_not(self):
        edges = self.potentials()
        spoilt = [(u, v, -w if i == 20 else w) for i, (u, v, w) in enumerate(edges)]
        good, bad = self.graph(edges), self.graph(spoilt, "bad.tsv")
        for shape in ("triangles", "squares", "paths", "sweep"):
            text = self.done("check", good, "--equations", shape, "--base", "weight", "--samples", 99,
                             "--require", "commutes")
            self.assertIn("(100.0%)", text)
            self.assertIn("verdict: commutes", text)
            ran = yoneda("check", bad, "--equations", shape, "--samples", 1, "--require", "commutes")
            self.assertEqual(ran.returncode, 1, ran.stderr)
            self.assertIn("those that fail, worst first", ran.stdout)
            self.assertIn(f"{spoilt[20][0]} → ", ran.stdout)

    def test_counts_are_those_of_numpy_and_the_file_is_valid(self):
        random = numpy.random.default_rng(1)
        W = numpy.triu(random.standard_normal((12, 12)), 1) * (random.random((12, 12)) < 0.6)
        path = self.graph([(u, v, W[u, v]) for u, v in zip(*W.nonzero())])
        out = self.folder / "check.json"
        found = json.loads(self.done("check", path, "--equations", "triangles", "--json", "-o", out))
        A, S = (W != 0).astype(int), numpy.sign(W).astype(int)
        self.assertEqual(found["total"], int(((A @ A) * A).sum()))
        self.assertEqual(2 * found["holding"] - found["total"], int(((S @ S) * S).sum()))
        written = self.valid("check", out)["equations"]
        self.assertEqual(len(written["test"].pop("draws")), 200)
        self.assertEqual(written, found)
        many = [self.done("--threads", t, "check", path, "--equations", "squares", "--json") for t in (1, 3)]
        one, three = (json.loads(text) for text in many)
        one.pop("command"), three.pop("command")
        self.assertEqual(one, three)

    def test_bad_input(self):
        undirected = self.graph([(0, 1, 1), (1, 2, 1), (0, 2, 1)], directed=False)
        self.refused(2, "says `# directed`", "check", undirected, "--equations", "paths")
        cycle = self.graph([(0, 1, 1), (1, 2, 1), (2, 0, 1)], "cycle.tsv")
        self.refused(2, "a potential sweep needs a graph without directed cycles", "check", cycle, "--equations", "sweep")
        self.refused(2, "is no probability", "check", self.graph([(0, 1, 3), (1, 2, 1), (0, 2, 1)], "l.tsv"),
                     "--equations", "triangles", "--base", "probability")
        self.refused(2, "ask what its paths say with --equations", "check", cycle)
        self.refused(2, "--longest is of --equations paths", "check", cycle, "--equations", "triangles", "--longest", 4)
        self.refused(2, "leave out --equations", "check", cycle, "--equations", "triangles", "--require", "balanced")
        for more in (["--equations", "pentagons"], ["--base", "sign"], ["--most", 3],
                     ["--equations", "triangles", "--null", "sign"],
                     ["--equations", "triangles", "--diagram", "x.toml"],
                     ["--equations", "triangles", "--most", 0], ["--equations", "triangles", "--base", "signs"]):
            self.assertEqual(yoneda("check", cycle, *more).returncode, 2, more)


class Diagrams(Scratch):
    """yoneda check --diagram: beliefs as a regression test."""

    def setUp(self):
        super().setUp()
        self.W_dec, self.W_U = toy(self.folder)
        self.study = self.folder / "study"
        self.done("run", "--sae", self.folder / "sae", "--model", self.folder / "model.safetensors",
                  "-k", 10, "--neighbors", 4, "--count", 5, "--samples", 5, "-o", self.study)

    def diagram(self, text):
        path = self.folder / "beliefs.toml"
        path.write_text(text)
        return path

    def equation(self, rest, left='["a", "f", "b"]', right='["a", "b"]'):
        return self.diagram('[objects]\na = { token = "word1" }\nb = { token = "word2" }\n'
                            "f = { feature = 3 }\ng = { feature = 4 }\nc = { category = 0 }\n"
                            f'[[equation]]\nname = "e"\nleft = {left}\nright = {right}\n{rest}\n')

    def test_values_are_those_of_the_matrices(self):
        path = self.equation('base = "real"\ntolerance = 2\nnull = "random"')
        found = json.loads(self.done("check", self.study, "--diagram", path, "--json"))
        W, U = self.W_dec.astype("float64"), self.W_U.astype("float64")
        U -= U.mean(0)
        def cosine(x, y):
            return x @ y / numpy.linalg.norm(x) / numpy.linalg.norm(y)
        left, right = cosine(U[1], W[3]) * cosine(W[3], U[2]), cosine(U[1], U[2])
        equation = found["equations"][0]
        self.assertAlmostEqual(equation["left"]["value"], left, 6)
        self.assertAlmostEqual(equation["right"]["value"], right, 6)
        self.assertAlmostEqual(equation["discrepancy"], abs(left - right) / max(abs(left), abs(right)), 5)
        self.assertEqual(equation["verdict"], "forced")
        self.assertEqual([a["source"] for a in equation["left"]["arrows"]], ["computed", "computed"])

    def test_check_json_keeps_the_graph_and_gains_diagrams(self):
        path = self.equation('base = "real"\ntolerance = 2\nnull = "random"', left='["c", "f", "b"]', right='["c", "b"]')
        before = json.loads((self.study / "check.json").read_text())
        text = self.done("check", self.study, "--diagram", path)
        for words in ("✓ e", "forced", "category 0", "base real", "1 of 1 as believed", "check.json"):
            self.assertIn(words, text)
        after = self.valid("check", self.study / "check.json")
        self.assertEqual(after.pop("diagrams")["equations"][0]["samples"], 999)
        self.assertEqual(after, before)
        # Checking the graph again keeps them, of the same graph.
        self.done("check", self.study, "--samples", 5)
        self.assertIn("diagrams", self.valid("check", self.study / "check.json"))
        # Beside a study: the diagrams alone.
        self.done("check", self.study, "--diagram", path, "-o", self.folder / "alone.json")
        alone = self.valid("check", self.folder / "alone.json")
        self.assertNotIn("balance", alone)
        self.assertTrue(alone["diagrams"]["passed"])

    def test_exit_codes_say_whether_the_belief_holds(self):
        holds, fails = ('null = "none"\nbase = "real"\ntolerance = 2', 'null = "none"\nbase = "real"')
        self.done("check", self.study, "--diagram", self.equation(holds))
        ran = yoneda("check", self.study, "--diagram", self.equation(fails))
        self.assertEqual(ran.returncode, 1, ran.stderr)
        self.assertIn("✗ e", ran.stdout)
        self.assertIn("required, and not so: ", ran.stderr)
        self.assertIn("('e')", ran.stderr)
        # A verdict that was expected, and one that was not.
        expected = 'base = "real"\nnull = "random"\nexpect = "does not"'
        self.done("check", self.study, "--diagram", self.equation(expected))
        forced = 'base = "real"\ntolerance = 2\nnull = "random"\n'
        self.done("check", self.study, "--diagram", self.equation(forced))
        self.assertEqual(yoneda("check", self.study, "--diagram", self.equation(forced + 'expect = "commutes"')).returncode, 1)
        self.assertEqual(yoneda("check", self.study, "--diagram", self.equation(forced), "--require", "commutes").returncode, 1)

    def test_relations_and_grids(self):
        pairs = ", ".join(f'["word{i}", "word{i + 20}"]' for i in range(10))
        rows = ", ".join(f'["word{i}", "word{i + 20}", "word{i + 40}"]' for i in range(6))
        path = self.diagram(f'[[relation]]\npairs = [{pairs}]\nin = "words"\nexpect = "does not"\n'
                            f'[[grid]]\nrows = [{rows}]\nin = "words"\nexpect = "does not"\n')
        found = self.done("check", self.study, "--diagram", path)
        self.assertIn("10 pairs in words: word0 → word20", found)
        check = self.valid("check", self.study / "check.json")
        self.assertEqual(check["diagrams"]["relations"][0]["verdict"], "does not")
        self.assertEqual(len(check["diagrams"]["relations"][0]["pairs"]), 10)
        self.assertEqual(check["diagrams"]["grids"][0]["columns"], 3)

    def test_a_search_grows_a_grid_from_one_row(self):
        path = self.diagram('[[search]]\nname = "s"\nfrom = ["word1", "word2"]\nrows = 4\nin = "words"\n'
                            'expect = "does not"\n')
        text = self.done("check", self.study, "--diagram", path, "--samples", 19)
        self.assertIn("from word1, word2, in words:", text)
        found = self.valid("check", self.study / "check.json")["diagrams"]["searches"][0]
        self.assertEqual([w["text"] for w in found["rows"][0]["words"]], ["word1", "word2"])
        self.assertEqual(len(found["rows"]), 4)
        again = self.done("--threads", 1, "check", self.study, "--diagram", path, "--samples", 19)
        self.assertEqual(text, again)

    def test_a_users_own_graph_is_all_that_is_known(self):
        graph = self.folder / "own.tsv"
        graph.write_text("0\t1\t0.5\n1\t2\t-0.5\n0\t2\t-0.3\n2\t3\t0.1\n")
        objects = "[objects]\na = { feature = 0 }\nb = { feature = 1 }\nc = { feature = 2 }\nd = { feature = 3 }\n"
        def found(left, right):
            path = self.diagram(objects + f"[[equation]]\nleft = {left}\nright = {right}\n")
            ran = yoneda("check", graph, "--diagram", path, "--json")
            return ran.returncode, json.loads(ran.stdout)["equations"][0]
        code, equation = found(["a", "b", "c"], ["a", "c"])
        # A triangle is the same equation from any of its corners: its objects alone force it.
        self.assertEqual((code, equation["verdict"], equation["discrepancy"]), (0, "forced", 0))
        self.assertEqual((equation["samples"], equation["left_out"]), (5, 18))
        self.assertEqual({a["source"] for a in equation["left"]["arrows"]}, {"graph"})
        code, equation = found(["a", "c", "d"], ["a", "d"])
        self.assertEqual((code, equation["verdict"]), (1, "does not"))
        self.assertIn("There is no arrow from a to d", equation["reason"])

    def test_same_bits_for_any_number_of_threads(self):
        path = self.equation('base = "real"\ntolerance = 2\nnull = "random"')
        found = [self.done("--threads", t, "check", self.study, "--diagram", path, "--json", "-o", self.folder / f"{t}.json")
                 for t in (1, 3)]
        drawn = [json.loads((self.folder / f"{t}.json").read_text())["diagrams"]["equations"] for t in (1, 3)]
        self.assertEqual(drawn[0], drawn[1])
        self.assertEqual(json.loads(found[0])["equations"], json.loads(found[1])["equations"])

    def test_bad_input(self):
        def bad(expected, text, *more):
            self.refused(2, expected, "check", self.study, "--diagram", self.diagram(text), *more)
        self.diagram("")
        bad("beliefs.toml: holds nothing to check", "")
        bad("beliefs.toml:1:", "[objects\n")
        bad("beliefs.toml:2:15: 'wrd1' is no token", "[objects]\na = { token = \"wrd1\" }\n[[relation]]\npairs = [[\"word1\", \"word2\"]]\n")
        bad("beliefs.toml:2:1: object 'a': there is no feature 40", "[objects]\na = { feature = 40 }\n[[relation]]\npairs = [[\"word1\", \"word2\"]]\n")
        bad("beliefs.toml:2:10: a pair of 1 words", "[[relation]]\npairs = [[\"word1\"]]\n")
        self.refused(2, "none.toml", "check", self.study, "--diagram", self.folder / "none.toml")
        path = self.equation('null = "none"')
        self.refused(2, "--require balanced asks about the whole graph", "check", self.study, "--diagram", path, "--require", "balanced")
        self.assertEqual(yoneda("check", self.study, "--diagram", path, "--null", "sign").returncode, 2)


class Demo(Scratch):
    def test_the_embedded_data(self):
        study = self.folder / "demo"
        text = self.done("demo", "-o", study, "--samples", 20)
        self.assertIn("2,048 features", text)
        check = self.valid("check", study / "check.json")
        self.assertAlmostEqual(check["triangles"]["balance"], 0.997, delta=0.003)
        self.assertEqual(check["tests"][0]["verdict"], "forced")
        # triangle balance alone misleads: nearly all balance, and a sixth of the edges still must be frustrated
        frustration = check["frustration"]
        self.assertGreater(frustration["share_at_least"], 0.15)
        self.assertLess(frustration["share_at_least"], frustration["share_at_most"])
        self.assertGreater(frustration["at_least_by_factorisation"], frustration["components"][0]["by_packing"])
        self.assertIn("frustrated edges: between", text)
        self.assertIn("more frustrated than null features of like degree", text)
        self.assertGreater(check["tests"][2]["excess"], 1.2)
        tensors, _ = read_safetensors(study / "arrows.safetensors")
        W_U = read_safetensors(DEMO / "words.safetensors")[0]["W_U"].astype("float64")
        W_dec = read_safetensors(DEMO / "sae" / "sae_weights.safetensors")[0]["W_dec"].astype("float64")
        logits = W_dec @ W_U.T
        best = numpy.argsort(-logits, 1, "stable")[:, :50]
        worst = numpy.argsort(logits, 1, "stable")[:, :50]
        # float64 products in another order of summation may swap near-ties: compare the logits kept.
        for tokens, kept in ((tensors["positive_tokens"], best), (tensors["negative_tokens"], worst)):
            numpy.testing.assert_allclose(numpy.take_along_axis(logits, tokens.astype(int), 1),
                                          numpy.take_along_axis(logits, kept, 1), rtol=0, atol=1e-12)

        # The features that talk of months, and those that raise a word.
        found = json.loads(self.done("enrich", study, "--sets", SOURCE / "examples" / "sets.txt", "--json"))
        self.assertEqual([s["name"] for s in found["sets"]], ["family", "months", "colours", "numbers", "fruit"])
        for s in found["sets"]:
            self.assertEqual(s["verdict"], "commutes", s["name"])
            self.assertGreater(s["coherence"], 1.5)
            z = (logits - logits.mean(1, keepdims=True)) / logits.std(1, keepdims=True)
            best = z[:, s["tokens"]].mean(1)
            self.assertEqual(s["features"][0]["feature"], numpy.abs(best).argmax())
        self.valid("enrichment", study / "enrichment.json")

        # Beliefs that hold, and some that do not.
        text = self.done("check", study, "--diagram", SOURCE / "examples" / "beliefs.toml")
        self.assertIn("5 of 5 as believed", text)
        diagrams = self.valid("check", study / "check.json")["diagrams"]
        self.assertEqual([r["verdict"] for r in diagrams["relations"] + diagrams["grids"]], ["commutes"] * 3)
        ran = yoneda("check", study, "--diagram", SOURCE / "examples" / "doubts.toml")
        self.assertEqual(ran.returncode, 1, ran.stdout)
        self.assertIn("1 of 3 as believed", ran.stdout)
        self.assertIn("'march', token", self.done("features", study, "--token", "march"))


if __name__ == "__main__":
    result = unittest.TextTestRunner(verbosity=1).run(unittest.defaultTestLoader.loadTestsFromModule(sys.modules["__main__"]))
    bad = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - bad - len(result.skipped)} passed, {bad} failed, {len(result.skipped)} skipped")
    sys.exit(bad > 0)
