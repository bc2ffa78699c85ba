#!/usr/bin/python3
"""Figures as a person draws them: files that open, the study's own numbers in them, texts without effect.

usage: plot.py PROGRAM SOURCE_FOLDER
"""
import json
import os
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

import numpy

from tensors import read_safetensors, write_safetensors

PROGRAM, SOURCE = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2])
FIGURES = ("logits", "moments", "quotient", "nulls", "map")
# What a shell, gnuplot or XML would act on, in words of a vocabulary.
HOSTILE = ["`touch {0}`", "\"; system(\"touch {0}\")", "'; system('touch {0}')", "@ink", "a'b", "\n!touch {0}",
           "<script>&amp;", "x\\", "%s %d", "]]>", "{{/Bold x}}", "\\", "''", "$(touch {0})", "\x1b[2J", "\xff"]


def yoneda(*arguments, **more):
    return subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True, **more)


def block(script, name):
    """The numbers of a data block of a script."""
    text = re.search(rf"^\${name} << END\n(.*?)^END$", script, re.MULTILINE | re.DOTALL)[1]
    return numpy.array([[float(cell) for cell in row.split()] for row in text.splitlines()])


class Plot(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp())
        cls.study, cls.touched = cls.folder / "study", cls.folder / "touched"
        random = numpy.random.default_rng(1)
        centers = random.standard_normal((6, 12))
        decoder = (centers[random.integers(0, 6, 90)] + 0.5 * random.standard_normal((90, 12))).astype("<f4")
        words = (centers[random.integers(0, 6, 300)] + random.standard_normal((300, 12))).astype("<f4")
        write_safetensors(cls.folder / "sae.safetensors", {"W_dec": decoder})
        write_safetensors(cls.folder / "model.safetensors", {"W_U": words})
        texts = [HOSTILE[i % len(HOSTILE)].format(cls.touched) + str(i) for i in range(300)]
        (cls.folder / "words.json").write_text(json.dumps(texts))
        made = yoneda("run", "--sae", cls.folder / "sae.safetensors", "--model", cls.folder / "model.safetensors",
                      "--decoder", "W_dec", "--unembedding", "W_U", "--vocabulary", cls.folder / "words.json",
                      "--feature-axis", "rows", "--neighbors", 6, "--count", 6, "-k", 20, "--samples", 20, "-o", cls.study)
        assert made.returncode == 0, made.stderr

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def script(self, what, *more):
        done = yoneda("plot", self.study, "--what", what, "--script", *more)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def drawn(self, name, *arguments):
        path = self.folder / name
        done = yoneda("plot", self.study, *arguments, "-o", path)
        self.assertEqual((done.returncode, done.stderr), (0, ""), arguments)
        return path.read_bytes()

    def test_files_open_and_repeat(self):
        for what in FIGURES:
            first = [self.drawn(f"a.{ending}", "--what", what) for ending in ("svg", "pdf", "png")]
            again = [self.drawn(f"b.{ending}", "--what", what, "--threads", 1) for ending in ("svg", "pdf", "png")]
            self.assertEqual(first, again, what)
            svg, pdf, png = first
            root = xml.etree.ElementTree.fromstring(svg)
            size = [int(root.get(side)) for side in ("width", "height")]
            self.assertTrue(pdf.startswith(b"%PDF-") and pdf.rstrip().endswith(b"%%EOF"))
            self.assertIn(b"(D:20000101000000", pdf)
            self.assertEqual(png[:8], b"\x89PNG\r\n\x1a\n")
            self.assertEqual(list(struct.unpack(">II", png[16:24])), [2 * side for side in size])
        self.assertFalse(self.touched.exists())

    def test_hostile_texts_are_text(self):
        words = "".join(xml.etree.ElementTree.fromstring(
            self.drawn("hostile.svg", "--what", "logits", "--feature", "0-23")).itertext())
        for shown in ("`touch", "system(", "@ink", "a\u2019b", "<script>", "{/Bold"):
            self.assertIn(shown, words)
        self.assertFalse(self.touched.exists())

    def test_logits_are_the_histograms(self):
        arrows = read_safetensors(self.study / "arrows.safetensors")[0]
        script = self.script("logits", "--feature", "3,17")
        for f in (3, 17):
            found = block(script, f"feature_{f}")
            counts = arrows["logit_histogram"][f]
            low, high = float(arrows["histogram_low"][f]), float(arrows["histogram_high"][f])
            kept = numpy.flatnonzero(counts)
            numpy.testing.assert_array_equal(found[:, 1], counts[kept])
            numpy.testing.assert_allclose(found[:, 0], low + (kept - 0.5) * (high - low) / 50, rtol=1e-6)
            self.assertEqual(found[:, 1].sum(), 300)
            # The coloured bars hold the kept arrows, and all of them.
            for end, side in ((1, "positive"), (-1, "negative")):
                self.assertGreaterEqual(found[found[:, 3] == end, 1].sum(), arrows[f"{side}_tokens"].shape[1])

    def test_moments_are_those_of_the_arrows(self):
        arrows = read_safetensors(self.study / "arrows.safetensors")[0]
        labels = json.loads((self.study / "categories.json").read_text())["labels"]
        found = block(self.script("moments", "--color", "category"), "features")
        for column, name in ((1, "skewness"), (2, "kurtosis")):
            numpy.testing.assert_array_equal(found[:, column].astype("<f4"), arrows[f"logit_{name}"])
        numpy.testing.assert_array_equal(found[:, 3].astype("<f4"), arrows["decoder_norm"])
        self.assertEqual(found[:, 4].tolist(), labels)

    def test_nulls_are_those_of_the_check(self):
        tests = json.loads((self.study / "check.json").read_text())["tests"]
        script = self.script("nulls")
        shown = [test for test in tests if None not in (test["observed"], test["null_mean"], test["null_sd"])]
        self.assertGreater(len(shown), 0)
        for i, test in enumerate(shown):
            draws = [draw for draw in test["draws"] if draw is not None]
            self.assertEqual(block(script, f"draws_{i}")[:, 0].tolist(), draws)
            self.assertIn(f"'{test['verdict']}, p = ", script)
            self.assertIn(f"set arrow from {test['observed']:.16g}".rstrip("0"), script)

    def test_nulls_of_a_users_diagrams_are_there(self):
        own = self.folder / "own"
        shutil.copytree(self.study, own)
        (self.folder / "d.toml").write_text('[objects]\na = { feature = 1 }\nb = { feature = 2 }\nc = { feature = 3 }\n'
                                            '[[equation]]\nname = "mine"\nleft = ["a", "b", "c"]\nright = ["a", "c"]\nbase = "real"\n')
        checked = yoneda("check", own, "--diagram", self.folder / "d.toml", "--samples", 30)
        self.assertIn(checked.returncode, (0, 1), checked.stderr)
        check = json.loads((own / "check.json").read_text())
        equation, = check["diagrams"]["equations"]
        script = yoneda("plot", own, "--what", "nulls", "--script").stdout
        self.assertIn("'mine: discrepancy'", script)
        self.assertEqual(block(script, f"draws_{len(check['tests'])}")[:, 0].tolist(), [draw for draw in equation["draws"] if draw is not None])
        self.assertIn(f"set arrow from {equation['discrepancy']:.16g}".rstrip("0"), script)

    def test_arrows_of_the_quotient_are_the_strongest(self):
        found = json.loads((self.study / "categories.json").read_text())
        weight = {(a["source"], a["target"]): a["weight"] for a in found["quotient"]["arrows"]}
        expected = set()
        for c in range(len(found["categories"])):
            mine = sorted(((w, pair) for pair, w in weight.items() if c in pair), key=lambda item: -item[0])
            expected |= {pair for w, pair in mine[:3] if w > 0}
            if mine and mine[-1][0] < 0:
                expected.add(mine[-1][1])
        drawn = {(int(a), int(b)): float(w) for a, b, w in
                 re.findall(r"^set arrow .*# (\d+) (\d+) (\S+)$", self.script("quotient"), re.MULTILINE)}
        self.assertEqual(set(drawn), expected)
        for pair, value in drawn.items():
            self.assertAlmostEqual(value, weight[pair], delta=1e-6 * abs(value))
        sizes = len(re.findall(r"^set object circle", self.script("quotient"), re.MULTILINE))
        self.assertEqual(sizes, len(found["categories"]))

    def test_single_files_do(self):
        for what, file in (("logits", "arrows.safetensors"), ("moments", "arrows.safetensors"),
                           ("quotient", "categories.json"), ("nulls", "check.json"), ("map", "graph.safetensors")):
            done = yoneda("plot", self.study / file, "--what", what, "--script")
            self.assertEqual((done.returncode, done.stderr), (0, ""), what)

    def test_scripts_draw_what_the_program_draws(self):
        path = self.folder / "by hand.svg"
        script = yoneda("plot", self.study, "--what", "nulls", "--script", "-o", path).stdout
        subprocess.run(["gnuplot", "--default-settings"], input=script, text=True, check=True)
        self.assertEqual(path.read_bytes(), self.drawn("by-program.svg", "--what", "nulls"))

    def test_without_gnuplot(self):
        path = self.folder / "none.svg"
        done = yoneda("plot", self.study, "--what", "nulls", "-o", path, env={**os.environ, "PATH": "/nowhere"})
        self.assertEqual(done.returncode, 3)
        self.assertIn("gnuplot-nox", done.stderr)
        self.assertFalse(path.exists())
        self.assertEqual(yoneda("plot", self.study, "--what", "nulls", "--script", "-o", "a'b.svg").returncode, 2)
        self.assertEqual(yoneda("plot", self.study, "--what", "nulls", "--script", env={"PATH": "/nowhere"}).returncode, 0)

    def test_bad_input(self):
        for said, arguments in (("ends in", (self.study, "--what", "nulls", "-o", "x.gif")),
                                ("ends in", (self.study, "--what", "nulls")),
                                ("fish", (self.study, "--what", "fish", "-o", "x.svg")),
                                ("90", (self.study, "--what", "logits", "--feature", "90", "-o", "x.svg")),
                                ("24", (self.study, "--what", "logits", "--feature", "0-24", "-o", "x.svg")),
                                ("missing", (self.folder / "missing", "--what", "map", "-o", "x.svg")),
                                ("categories", (self.study / "arrows.safetensors", "--what", "moments", "--color",
                                                "category", "-o", "x.svg")),
                                ("check.json", (self.study / "check.json", "--what", "quotient", "-o", "x.svg"))):
            done = yoneda("plot", *arguments, cwd=self.folder)
            self.assertEqual(done.returncode, 2, arguments)
            self.assertIn(said, done.stderr)
            self.assertFalse((self.folder / "x.svg").exists())


if __name__ == "__main__":
    sys.argv[1:] = []
    result = unittest.main(exit=False).result
    failed = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - failed} passed, {failed} failed")
    sys.exit(failed > 0)
