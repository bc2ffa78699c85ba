#!/usr/bin/python3
"""What report.html carries, read without the program: its data against the study, its markup against a hostile vocabulary.

usage: report.py PROGRAM SOURCE_FOLDER
"""
import base64
import hashlib
import html.parser
import json
import pathlib
import re
import shutil
import sys
import tempfile
import unittest
import zlib

import numpy

from command_line import yoneda
from tensors import read_safetensors, write_safetensors

N, D, V, K = 40, 16, 60, 12
HOSTILE = ["</script><script>document.title='taken'</script>", "<img src=x onerror=alert(1)>", "<!-- ", "-->", "\u2028", "\"};alert(1)//",
           "javascript:alert(1)", "&lt;b&gt;", "<style>*{display:none}</style>", "\x1b[31m", "{{data}}", "a\x00b"]


class Elements(html.parser.HTMLParser):
    """The page's elements as a parser of HTML sees them, and the text of each script and style."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.elements, self.raw, self.inside = [], [], None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag in ("script", "style"):
            self.inside = [tag, dict(attributes), ""]

    def handle_data(self, data):
        if self.inside:
            self.inside[2] += data

    def handle_endtag(self, tag):
        if self.inside and tag == self.inside[0]:
            self.raw.append(tuple(self.inside))
            self.inside = None


def contents(path):
    page = Elements(path.read_text(encoding="utf-8"))
    by_id = {attributes.get("id"): text for _, attributes, text in page.raw}
    data = json.loads(by_id["study-data"])
    block = zlib.decompress(base64.b64decode(by_id["study-arrays"], validate=True))
    kinds = {"f32": "<f4", "i32": "<i4", "u8": "u1"}
    arrays = {name: numpy.frombuffer(block, kinds[entry["type"]], entry["count"], entry["offset"]) for name, entry in data["arrays"].items()}
    return page, data, arrays


class Report(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="yoneda-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        numbers = numpy.random.default_rng(3)
        write_safetensors(cls.folder / "sae.safetensors", {"W_dec": numbers.normal(size=(N, D)).astype("float32")})
        write_safetensors(cls.folder / "model.safetensors", {"W_U": numbers.normal(size=(V, D)).astype("float32")})
        words = HOSTILE + [f"word{i}" for i in range(V - len(HOSTILE))]
        (cls.folder / "words.json").write_text(json.dumps(words))
        cls.study = cls.folder / "a <b>study"
        made = yoneda("run", "--sae", cls.folder / "sae.safetensors", "--model", cls.folder / "model.safetensors", "--unembedding", "W_U",
                      "--vocabulary", cls.folder / "words.json", "-k", K, "--neighbors", 5, "--samples", 9, "--count", 4, "-o", cls.study)
        assert made.returncode == 0, made.stderr
        made = yoneda("report", cls.study, "-o", cls.folder / "report.html", "--tokens", 7)
        assert made.returncode == 0, made.stderr
        cls.page, cls.data, cls.arrays = contents(cls.folder / "report.html")

    def test_the_main_job_makes_one(self):
        self.assertTrue((self.study / "report.html").exists())

    def test_features_are_those_of_the_arrows(self):
        arrows, _ = read_safetensors(self.study / "arrows.safetensors")
        for end in ("positive", "negative"):
            shown = self.arrays[f"{end}_tokens"].reshape(N, 7)
            numpy.testing.assert_array_equal(self.arrays["token_ids"][shown], arrows[f"{end}_tokens"][:, :7])
            numpy.testing.assert_array_equal(self.arrays[f"{end}_logits"].reshape(N, 7), arrows[f"{end}_logits"][:, :7])
        for name, stored in (("mean", "logit_mean"), ("std", "logit_std"), ("skewness", "logit_skewness"), ("kurtosis", "logit_kurtosis"),
                             ("min", "logit_min"), ("max", "logit_max"), ("decoder_norm", "decoder_norm"), ("histogram_low", "histogram_low")):
            numpy.testing.assert_array_equal(self.arrays[name], arrows[stored])
        counts = numpy.log1p(arrows["logit_histogram"].astype(float))
        expected = 255 * counts / counts.max(axis=1, keepdims=True)
        self.assertLessEqual(numpy.abs(self.arrays["histogram"].reshape(N, 52) - expected).max(), 0.5 + 1e-9)

    def test_edges_are_those_of_the_graph_the_strongest_first(self):
        graph, _ = read_safetensors(self.study / "graph.safetensors")
        rows = numpy.repeat(numpy.arange(N), numpy.diff(graph["row_offsets"]))
        once = rows < graph["columns"]
        expected = set(zip(rows[once].tolist(), graph["columns"][once].tolist(), graph["weights"][once].tolist()))
        found = list(zip(*(self.arrays[name].tolist() for name in ("source", "target", "weight"))))
        self.assertEqual(set(found), expected)
        self.assertEqual(len(found), len(expected))
        self.assertTrue((numpy.diff(numpy.abs(self.arrays["weight"])) <= 0).all())

    def test_frustration_is_the_share_of_unbalanced_triangles_by_weight(self):
        A = numpy.zeros((N, N))
        A[self.arrays["source"], self.arrays["target"]] = self.arrays["weight"]
        A += A.T
        signed, total = numpy.diag(A @ A @ A), numpy.diag(abs(A) @ abs(A) @ abs(A))
        with numpy.errstate(invalid="ignore"):
            numpy.testing.assert_allclose(self.arrays["frustration"], 0.5 * (1 - signed / total), atol=1e-5)

    def test_every_feature_has_a_place(self):
        self.assertEqual(len(self.arrays["x"]), N)
        self.assertTrue(numpy.isfinite(self.arrays["x"]).all() and numpy.isfinite(self.arrays["y"]).all())
        self.assertEqual(len(set(zip(self.arrays["x"].tolist(), self.arrays["y"].tolist()))), N)

    def test_categories_and_checks_are_the_files(self):
        stored = json.loads((self.study / "categories.json").read_text())
        self.assertEqual(self.arrays["labels"].tolist(), stored["labels"])
        for mine, theirs in zip(self.data["categories"]["categories"], stored["categories"], strict=True):
            self.assertEqual(mine, {key: value for key, value in theirs.items() if key != "features"})
        check = json.loads((self.study / "check.json").read_text())
        self.assertEqual(self.data["check"]["tests"], check["tests"])
        self.assertEqual(self.data["check"]["failures"], check["failures"])

    def test_a_vocabulary_writes_no_markup(self):
        plain = [tag for tag, _ in self.page.elements]
        for tag in ("img", "iframe", "object", "embed", "link", "base", "b"):
            self.assertNotIn(tag, plain)
        self.assertEqual(plain.count("style"), 1)
        self.assertEqual(plain.count("script"), 4)
        text = (self.folder / "report.html").read_text(encoding="utf-8")
        self.assertNotIn("taken'</script>", text)
        shown = self.data["texts"]
        self.assertTrue(any("taken" in token for token in shown), "the hostile tokens are among those shown")

    def test_only_its_own_scripts_may_run_and_nothing_is_fetched(self):
        policy = next(attributes["content"] for tag, attributes in self.page.elements if attributes.get("http-equiv") == "Content-Security-Policy")
        self.assertIn("default-src 'none'", policy)
        self.assertNotIn("unsafe", policy)
        executed = [text for tag, attributes, text in self.page.raw if tag == "script" and "type" not in attributes]
        self.assertEqual(len(executed), 2)
        for text in executed + [text for tag, _, text in self.page.raw if tag == "style"]:
            self.assertIn("'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'", policy)
        for tag, attributes in self.page.elements:
            for name in ("src", "href"):
                self.assertTrue(attributes.get(name, "#").startswith("#"), (tag, attributes))
        self.assertEqual([name for tag, attributes in self.page.elements for name in attributes if name.startswith("on")], [])

    def test_it_tells_how_it_was_made_and_not_where(self):
        self.assertIn("yoneda report", self.data["command"])
        self.assertIn("yoneda run", self.data["record"]["command"])
        self.assertEqual(self.data["record"]["sources"]["sae"]["path"], "sae.safetensors")
        self.assertEqual(self.data["title"], "a <b>study")
        slash = self.folder / "slash.html"
        self.assertEqual(yoneda("report", f"{self.study}/", "-o", slash).returncode, 0)
        self.assertEqual(contents(slash)[1]["title"], "a <b>study")
        self.assertIn("Mike Bostock", self.data["licence"])

    def test_the_same_study_gives_the_same_page_for_any_number_of_threads(self):
        for threads in (1, 2):
            again = self.folder / f"again{threads}.html"
            made = yoneda("--threads", threads, "report", self.study, "-o", again, "--tokens", 7)
            self.assertEqual(made.returncode, 0, made.stderr)
        _, data, arrays = contents(self.folder / "again1.html")
        _, _, more = contents(self.folder / "again2.html")
        for name in arrays:
            numpy.testing.assert_array_equal(arrays[name], more[name])
            numpy.testing.assert_array_equal(arrays[name], self.arrays[name])
        twice = self.folder / "again2.html"
        before = twice.read_bytes()
        yoneda("--threads", 2, "report", self.study, "-o", twice, "--tokens", 7)
        self.assertEqual(before, twice.read_bytes())

    def test_a_study_without_categories_and_check_is_shown(self):
        bare = self.folder / "bare"
        shutil.copytree(self.study, bare)
        for name in ("categories.json", "check.json", "report.html"):
            (bare / name).unlink()
        made = yoneda("report", bare)
        self.assertEqual(made.returncode, 0, made.stderr)
        _, data, arrays = contents(bare / "report.html")
        self.assertIsNone(data["categories"])
        self.assertIsNone(data["check"])
        self.assertEqual(set(arrays["labels"].tolist()), {-1})

    def test_what_is_no_study_is_refused(self):
        for path, expected in ((self.folder, "is a folder without study.json"), (self.folder / "none", "no such file or folder"),
                               (self.study / "graph.safetensors", "is a file and no study")):
            ran = yoneda("report", path)
            self.assertEqual(ran.returncode, 2)
            self.assertIn(expected, ran.stderr)
        damaged = self.folder / "damaged"
        shutil.copytree(self.study, damaged)
        (damaged / "graph.safetensors").unlink()
        ran = yoneda("report", damaged)
        self.assertEqual(ran.returncode, 2)
        self.assertIn("graph.safetensors", ran.stderr)
        shutil.copy(self.study / "graph.safetensors", damaged)
        (damaged / "check.json").write_text("{")
        ran = yoneda("report", damaged)
        self.assertEqual(ran.returncode, 2)
        self.assertIn("check.json", ran.stderr)
        ran = yoneda("report", self.study, "-o", self.folder / "no" / "such" / "report.html")
        self.assertEqual(ran.returncode, 2)

    def test_a_graph_of_another_sae_is_refused(self):
        other = self.folder / "other"
        shutil.copytree(self.study, other)
        write_safetensors(self.folder / "small.safetensors", {"W_dec": numpy.random.default_rng(5).normal(size=(9, D)).astype("float32")})
        small = self.folder / "small"
        made = yoneda("run", "--sae", self.folder / "small.safetensors", "--model", self.folder / "model.safetensors", "--unembedding", "W_U", "--feature-axis", "rows",
                      "-k", K, "--neighbors", 3, "--samples", 9, "--count", 2, "-o", small)
        self.assertEqual(made.returncode, 0, made.stderr)
        shutil.copy(small / "graph.safetensors", other)
        ran = yoneda("report", other)
        self.assertEqual(ran.returncode, 2)
        self.assertIn("make the graph again", ran.stderr)


if __name__ == "__main__":
    result = unittest.TextTestRunner(verbosity=1).run(unittest.defaultTestLoader.loadTestsFromModule(sys.modules["__main__"]))
    bad = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - bad} passed, {bad} failed")
    sys.exit(bad > 0)
