#!/usr/bin/python3
"""yoneda run --dry-run and --config, and that every output names the command that made it.

usage: planning.py PROGRAM SOURCE_FOLDER
"""
import json
import os
import sys
import unittest

import numpy

from command_line import DEMO, PROGRAM, Scratch, read_safetensors, toy, write_safetensors, yoneda


class DryRun(Scratch):
    def test_it_says_what_run_would_do_and_writes_nothing(self):
        toy(self.folder, n=300, d=24, V=500)
        study = self.folder / "study"
        job = ("run", "--sae", self.folder / "sae", "--model", self.folder / "model.safetensors", "-k", 20,
               "--neighbors", 6, "--samples", 7, "--null-features", 100, "--null-tokens", 200, "-o", study)
        before = sorted(self.folder.rglob("*"))
        plan = json.loads(self.done(*job, "--dry-run", "--json"))
        text = self.done(*job, "--dry-run")
        self.assertEqual(sorted(self.folder.rglob("*")), before)
        self.assertEqual((plan["features"], plan["d_model"], plan["tokens"], plan["convention"]), (300, 24, 500, "folded"))
        self.assertEqual((plan["null"], plan["samples"], plan["null_features"], plan["null_tokens"]), ("gaussian", 7, 100, 200))
        self.assertEqual(plan["multiply_adds"], {"arrows": 300 * 500 * 24, "graph": 0, "null": 7 * 100 * 200 * 24})
        self.assertGreater(plan["measured_multiply_adds_per_second"], 0)
        self.assertAlmostEqual(plan["product_seconds"] * plan["measured_multiply_adds_per_second"],
                               sum(plan["multiply_adds"].values()), delta=1)
        self.assertEqual(plan["replaced"], [])
        for words in ("300 features, d_model 24", "500 tokens", "convention folded", "gaussian, 7 draws of 100 features over",
                      "multiply-adds", "memory", "nothing is written"):
            self.assertIn(words, text)
        for line in text.splitlines():
            if str(self.folder) not in line:
                self.assertLessEqual(len(line), 80, line)

        self.done(*job)
        # A header of metadata comes on top of what the shapes say.
        size = lambda name: (study / name).stat().st_size
        self.assertLess(plan["arrows_bytes"], size("arrows.safetensors"))
        self.assertLess(size("arrows.safetensors"), plan["arrows_bytes"] + 5000)
        self.assertLess(size("graph.safetensors"), plan["graph_bytes_at_most"] + 5000)
        before = {path: path.stat().st_mtime_ns for path in self.folder.rglob("*")}
        plan = json.loads(self.done(*job, "--dry-run", "--json"))
        self.assertEqual({path: path.stat().st_mtime_ns for path in self.folder.rglob("*")}, before)
        self.assertEqual(sorted(plan["replaced"]), sorted(path.name for path in study.iterdir()))
        self.assertIn("replaces the one that is there", self.done(*job, "--dry-run"))
        decoder = json.loads(self.done(*job, "--dry-run", "--json", "--kind", "decoder", "--null", "none"))
        self.assertEqual(decoder["multiply_adds"], {"arrows": 300 * 500 * 24, "graph": 300 * 300 * 24, "null": 0})

    def test_the_memory_is_about_what_is_used(self):
        random = numpy.random.default_rng(0)
        write_safetensors(self.folder / "sae.safetensors", {"W_dec": random.standard_normal((20000, 100)).astype("float32")})
        job = ("run", "--sae", self.folder / "sae.safetensors", "--model", DEMO / "words.safetensors", "--vocabulary",
               DEMO / "words.txt", "--samples", 1, "--null-features", 500, "--method", "kmeans", "--count", 4, "-o",
               self.folder / "study")
        plan = json.loads(self.done(*job, "--dry-run", "--json"))
        child = os.fork()
        if child == 0:
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, 1)
            os.dup2(null, 2)
            os.execv(PROGRAM, [PROGRAM, *map(str, job)])
        _, status, usage = os.wait4(child, 0)
        self.assertEqual(status, 0)
        used = usage.ru_maxrss * 1024
        print(f"memory: planned {plan['memory_bytes'] / 1e6:.0f} MB, used {used / 1e6:.0f} MB")
        self.assertLess(used / 2, plan["memory_bytes"])
        self.assertLess(plan["memory_bytes"], used * 2)

    def test_it_refuses_what_run_refuses(self):
        toy(self.folder)
        sources = ("--sae", self.folder / "sae", "--model", self.folder / "model.safetensors", "-o", self.folder / "new")
        for expected, more in (("at least 160 tokens", ("-k", 80)), ("take a count", ("--method", "leiden", "--count", 3)),
                               ("is refused for a profile graph", ("--null", "sign")), ("--neighbors: '0' is no", ("--neighbors", 0))):
            for dry in ((), ("--dry-run",)):
                self.refused(2, expected, "run", *sources, *more, *dry)
        write_safetensors(self.folder / "other.safetensors", {"W_dec": numpy.ones((40, 12), "float32")})
        for dry in ((), ("--dry-run",)):
            self.refused(2, "12", "run", "--sae", self.folder / "other.safetensors", "--model",
                         self.folder / "model.safetensors", "-o", self.folder / "new", *dry)


class Config(Scratch):
    def setUp(self):
        super().setUp()
        toy(self.folder)
        (self.folder / "conf").mkdir()
        self.config = self.folder / "conf" / "run.toml"

    def write(self, text):
        self.config.write_text(text)

    def test_a_file_says_the_same_as_flags(self):
        self.write('sae = "../sae"\nmodel = "../model.safetensors"\noutput = "made"\n\n[arrows]\nk = 10\n\n'
                   '[graph]\nneighbors = 4\nfloor = 0.05\n\n[categories]\nmethod = "leiden"\nhierarchy = true\njson = false\n'
                   '[check]\nsamples = 9\n')
        self.done("run", "--config", self.config)
        made, typed = self.folder / "conf" / "made", self.folder / "typed"
        self.done("run", "--sae", self.folder / "sae", "--model", self.folder / "model.safetensors", "-k", 10, "--neighbors", 4,
                  "--floor", 0.05, "--method", "leiden", "--hierarchy", "--samples", 9, "-o", typed)
        for name in ("arrows.safetensors", "graph.safetensors"):
            ours, theirs = read_safetensors(made / name)[0], read_safetensors(typed / name)[0]
            self.assertEqual(sorted(ours), sorted(theirs))
            for tensor in ours:
                self.assertEqual(ours[tensor].tobytes(), theirs[tensor].tobytes(), tensor)
        for name in ("categories", "check"):
            ours, theirs = self.valid(name, made / f"{name}.json"), self.valid(name, typed / f"{name}.json")
            for json_object in (ours, theirs):
                json_object.pop("command")
                for key in ("config", "config_hash", "config_flags"):
                    json_object["options"].pop(key, None)
            self.assertEqual(ours, theirs)
        record = self.valid("study", made / "study.json")
        self.assertEqual(record["command"], f"yoneda run --config {self.config}")
        self.assertEqual(record["options"]["config"], str(self.config))
        self.assertEqual(record["options"]["config_flags"],
                         "--sae ../sae --model ../model.safetensors --output made --k 10 --neighbors 4 --floor 0.05 "
                         "--method leiden --hierarchy --samples 9")
        self.assertRegex(record["options"]["config_hash"], "^[0-9a-f]{32}$")
        self.done("check", made, "--samples", 5)  # a study like any other

    def test_what_is_typed_wins(self):
        self.write('sae = "nowhere"\nmodel = "../model.safetensors"\nk = 10\nmethod = "leiden"\nsamples = 9\n')
        self.done("run", "--config", self.config, "--sae", self.folder / "sae", "-k", 5, "--method", "sponge",
                  "-o", self.folder / "study")
        options = self.valid("study", self.folder / "study" / "study.json")["options"]
        self.assertEqual((options["k"], options["method"], options["samples"]), ("5", "sponge", "9"))
        self.assertEqual(options["config_flags"], "--model ../model.safetensors --samples 9")
        # Not only behind the file, but before it, too.
        plan = json.loads(self.done("run", "-k", 6, "--sae", self.folder / "sae", "--config", self.config, "-o",
                                    self.folder / "x", "--dry-run", "--json"))
        self.assertEqual((plan["k"], plan["method"]), (6, "leiden"))

    def test_every_flag_of_run_is_a_key(self):
        """Each long name is known; a value that is none is refused with line and column, or taken as it is."""
        bash = yoneda("completion", "bash").stdout
        flags = bash.split("\n    run)\n      flags='")[1].split("'")[0].split()
        names = [flag[2:] for flag in flags if flag.startswith("--") and flag not in ("--help", "--config")]
        self.assertGreater(len(names), 30)
        for name in names:
            self.write(f"\n{name} = 'no such value'\n")
            ran = yoneda("run", "--config", self.config, "-o", self.folder / "new", "--dry-run")
            self.assertEqual(ran.returncode, 2)
            self.assertNotIn("unknown key", ran.stderr)

    def test_errors_name_line_and_column(self):
        for text, expected in (("\nk = 10\nnieghbors = 4\n", ":3:1: unknown key 'nieghbors', perhaps 'neighbors'"),
                               ("k = 10\nmethod = 'spong'\n", ":2:10: --method: 'spong' is none of"),
                               ("k = 'ten'\n", ":1:5: --k: 'ten' is no whole number"),
                               ("samples = 0\n", ":1:11: --samples: '0' is no whole number from 1 on"),
                               ("count = 'many'\n", ":1:9: --count: 'many'"), ("k = true\n", ":1:5: 'k' is a truth value"),
                               ("hierarchy = 1\n", ":1:13: 'hierarchy' is no truth value"),
                               ("k = 1\n[a]\nk = 2\n", ":3:1: 'k' is set twice, first in line 1"),
                               ("k = [1]\n", ":1:5: 'k' is a list"), ("k = 1979-05-27\n", ":1:5: 'k' is a date"),
                               ("k = \n", ":1:"), ("config = 'x'\n", ":1:1: unknown key 'config'")):
            self.write(text)
            self.refused(2, str(self.config) + expected, "run", "--config", self.config, "--sae", self.folder / "sae",
                         "--model", self.folder / "model.safetensors", "-o", self.folder / "new")


class Commands(Scratch):
    def test_every_output_names_its_command(self):
        toy(self.folder)
        study, out = self.folder / "study", lambda name: self.folder / name
        self.done("run", "--sae", out("sae"), "--model", out("model.safetensors"), "-k", 10, "--neighbors", 4,
                  "--count", 5, "--samples", 20, "-o", study)
        out("sets.txt").write_text(": some\nword1\nword2\nword3\n")
        out("quads.txt").write_text(": pairs\nword1 word2 word3 word4\nword5 word6 word7 word8\nword9 word10 word11 word12\n"
                                    "word13 word14 word15 word16\n")
        out("d.toml").write_text('[objects]\na = { feature = 1 }\nb = { feature = 2 }\nc = { feature = 3 }\n'
                                 '[[equation]]\nleft = ["a", "b", "c"]\nright = ["a", "c"]\n')
        write_safetensors(out("rows.safetensors"), {"rows": numpy.random.default_rng(0).standard_normal((300, 8)).astype("float32")})
        made = [("arrows", "--sae", out("sae"), "--model", out("model.safetensors"), "-k", 5, "-o", out("a.safetensors")),
                ("graph", study, "-o", out("g.safetensors")), ("graph", study, "-o", out("g.tsv")),
                ("graph", study, "-o", out("g.mtx")), ("categories", study, "-o", out("c.json")),
                ("check", study, "--samples", 5, "-o", out("k.json")),
                ("check", study, "--equations", "triangles", "-o", out("e.json")),
                ("check", study, "--diagram", out("d.toml"), "-o", out("d.json")),
                ("graph", "--kind", "virtual", "--sae", out("sae"), "--to", out("sae"), "-o", out("v.tsv")),
                ("compose", out("sae"), out("sae"), out("sae"), "--samples", 5, "-o", out("m.json")),
                ("compare", out("sae"), study, "--samples", 5, "-o", out("f.json")),
                ("enrich", study, "--sets", out("sets.txt"), "--samples", 500, "-o", out("n.json")),
                ("views", study, "--rank", 1, "--samples", 5, "-o", out("w.json")),
                ("lattice", study, "--samples", 5, "-o", out("l.json")),
                ("relations", study, "--quads", out("quads.txt"), "--samples", 20, "-o", out("r.json")),
                ("train", "--activations", out("rows.safetensors"), "--features", 16, "--k", 2, "-o", out("trained"))]
        for arguments in made:
            ran = yoneda(*arguments)
            self.assertIn(ran.returncode, (0, 1), ran.stderr)
            path = arguments[-1]
            command = "yoneda " + " ".join(map(str, arguments))
            if path.suffix == ".safetensors":
                self.assertEqual(read_safetensors(path)[1]["command"], command)
            elif path.suffix == ".json":
                found = json.loads(path.read_text())
                self.assertEqual(found["command"], command)
            elif path.suffix in (".tsv", ".mtx"):
                comment = "#" if path.suffix == ".tsv" else "%"
                self.assertIn(f"{comment} made by: {command}\n", path.read_text())
                self.done("check", path, "--samples", 5)
            else:
                self.assertEqual(json.loads((path / "cfg.json").read_text())["metadata"]["command"], command)
        for name in ("study.json", "categories.json", "check.json"):
            self.assertTrue(json.loads((study / name).read_text())["command"].startswith("yoneda run --sae"), name)


if __name__ == "__main__":
    result = unittest.TextTestRunner(verbosity=1).run(unittest.defaultTestLoader.loadTestsFromModule(sys.modules["__main__"]))
    bad = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - bad - len(result.skipped)} passed, {bad} failed, {len(result.skipped)} skipped")
    sys.exit(bad > 0)
