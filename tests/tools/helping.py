#!/usr/bin/python3
"""How the program explains itself: the overview, help whose examples run, guesses at misspelt words,
completion through the shells themselves, manual pages through their reader.

usage: helping.py PROGRAM SOURCE_FOLDER
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import numpy

from command_line import DEMO, PROGRAM, Scratch, read_safetensors, write_safetensors, yoneda


def names(text):
    """The commands that the overview lists: two blanks, a name, its meaning."""
    return re.findall(r"^  ([a-z]+)  +\S", text, re.MULTILINE)


COMMANDS = names(yoneda().stdout)


def lines(text):
    return [line for line in text.split("\n") if line]


class Help(Scratch):
    def test_the_program_alone_says_what_to_type(self):
        ran = yoneda()
        self.assertEqual((ran.returncode, ran.stderr), (0, ""))
        self.assertIn("SAE + model → arrows → graph → categories, check", ran.stdout)
        for line in ("yoneda demo", "yoneda inspect PATH", "yoneda run --sae SAE --model MODEL"):
            self.assertIn(line, ran.stdout)
        self.assertEqual(len(COMMANDS), len(set(COMMANDS)))
        for command in ("run", "categories", "train", "completion"):
            self.assertIn(command, COMMANDS)
        self.assertNotIn("manual", COMMANDS)  # the build calls it, nobody else
        self.assertNotIn("Other", lines(ran.stdout), "a command is in no group of tools/description.cpp")
        # What comes behind the checks is said only where there is such a command.
        shown = [command for command in ("report", "plot", "export") if command in COMMANDS]
        self.assertEqual(" → " + ", ".join(shown) in ran.stdout, bool(shown))
        self.assertEqual(yoneda("help").stdout, ran.stdout)

    def test_help_fits_80_columns_and_ends_with_examples(self):
        for command in COMMANDS:
            text = self.done(command, "--help")
            self.assertEqual(text, self.done("help", command))
            self.assertIn("\nExamples\n  yoneda " + command, text)
            for line in lines(text):
                self.assertLessEqual(len(line), 80, line)
            self.assertNotIn("\033", text)
        for line in lines(yoneda().stdout) + lines(self.done("--help")):
            self.assertLessEqual(len(line), 80, line)

    def test_every_example_runs(self):
        """In their order, in a folder where everything that they name stands for something."""
        path = pathlib.Path(self.folder)
        tensors = {}
        weights, _ = read_safetensors(DEMO / "sae" / "sae_weights.safetensors")
        for name, n in (("my-sae", 256), ("layer-0", 96), ("layer-5", 80), ("layer-9", 64),
                        ("sae-other", 128), ("narrow", 32), ("wide", 64), ("wider", 128)):
            (path / name).mkdir()
            (path / name / "cfg.json").write_text((DEMO / "sae" / "cfg.json").read_text().replace("2048", str(n)))
            tensors = {key: value[:, :n] if key == "W_enc" else value if key == "b_dec" else value[:n]
                       for key, value in weights.items()}
            write_safetensors(path / name / "sae_weights.safetensors",
                              {key: value.astype("float32") for key, value in tensors.items()})
        (path / "my-model").mkdir()
        shutil.copy(DEMO / "words.safetensors", path / "my-model" / "model.safetensors")
        shutil.copy(DEMO / "words.txt", path / "my-model" / "vocab.txt")
        (path / "sets.txt").write_text(": family\nmother\nfather\nson\ndaughter\nsister\nbrother\n")
        (path / "quads.txt").write_text(
            ": capital\nfrance paris italy rome\nspain madrid germany berlin\nrussia moscow japan tokyo\n"
            "egypt cairo greece athens\n")
        (path / "run.toml").write_text('sae = "my-sae"\nmodel = "my-model"\nmethod = "leiden"\nsamples = 5\n')
        random = numpy.random.default_rng(0)
        write_safetensors(path / "rows.safetensors", {"rows": random.standard_normal((500, 12)).astype("float32")})
        self.done("run", "--sae", path / "my-sae", "--model", path / "my-model", "--samples", 20, "-o", path / "yoneda-demo")

        environment = {**os.environ, "PATH": f"{path}/bin:{os.environ['PATH']}"}
        (path / "bin").mkdir()
        (path / "bin" / "yoneda").symlink_to(pathlib.Path(PROGRAM).resolve())
        count = 0
        for command in COMMANDS:
            examples = re.findall(r"^  (yoneda .*)$", yoneda(command, "--help").stdout.split("\nExamples\n")[1], re.MULTILINE)
            self.assertTrue(examples)
            for line in examples:
                count += 1
                if command == "demo":  # half a minute each, and run by other tests: only read
                    ran = subprocess.run(["bash", "-c", line + " --this-is-read"], cwd=path, env=environment,
                                         capture_output=True, text=True)
                    self.assertIn("unknown option '--this-is-read'", ran.stderr)
                    continue
                ran = subprocess.run(["bash", "-c", line], cwd=path, env=environment, capture_output=True, text=True)
                # A verdict may be a no; that is an answer.
                self.assertIn(ran.returncode, (0, 1) if "--require" in line else (0,), line + "\n" + ran.stderr)
        self.assertGreaterEqual(count, len(COMMANDS))

    def test_guesses(self):
        for arguments, guess in ((["catgories"], "did you mean categories?"), (["exmaine"], None),
                                 (["categories", "x", "--nieghbors"], None),
                                 (["graph", "x", "--nieghbors", "4"], "did you mean --neighbors?"),
                                 (["graph", "x", "--nieghbors=4"], "did you mean --neighbors?"),
                                 (["graph", "x", "--vocab", "y"], "did you mean --vocabulary?"),
                                 (["categories", "x", "--method", "spong"], "did you mean sponge?"),
                                 (["categories", "x", "--method", "louvain"], None),
                                 (["run", "--sea", "x"], "did you mean --sae?")):
            ran = yoneda(*arguments)
            self.assertEqual(ran.returncode, 2)
            self.assertEqual(len(lines(ran.stderr)), 1, ran.stderr)
            self.assertEqual("did you mean" in ran.stderr, guess is not None, ran.stderr)
            self.assertIn(guess or "", ran.stderr)


class Completion(Scratch):
    def script(self, shell):
        path = self.folder / f"yoneda.{shell}"
        path.write_text(self.done("completion", shell))
        return path

    def bash(self, *words):
        """What bash offers for the last of the words."""
        quoted = " ".join("'" + word + "'" for word in words)
        ran = subprocess.run(
            ["bash", "--norc", "-c", f"source {self.script('bash')}; COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}; "
             "_yoneda; printf '%s\\n' \"${COMPREPLY[@]}\""], capture_output=True, text=True, check=True, cwd=self.folder)
        self.assertEqual(ran.stderr, "")
        return lines(ran.stdout)

    def test_bash(self):
        subprocess.run(["bash", "-n", self.script("bash")], check=True)
        self.assertEqual(sorted(self.bash("yoneda", "")), sorted(COMMANDS))
        self.assertEqual(self.bash("yoneda", "cat"), ["categories"])
        self.assertEqual(self.bash("yoneda", "categories", "x", "--met"), ["--method"])
        flags = set(re.findall(r"(?<=[ ,])--?[a-z][a-z-]*(?=[ ,\n])", self.done("categories", "--help").split("\nExamples")[0]))
        self.assertLessEqual({"--method", "--count", "-o", "--threads", "--color", "--help"}, flags)
        self.assertLessEqual(flags, set(self.bash("yoneda", "categories", "x", "-")))
        self.assertIn("--method", self.bash("yoneda", "run", ""))  # no argument by position: only options
        self.assertEqual(self.bash("yoneda", "categories", "--method", "l"), ["laplacian", "leiden", "linkage"])
        self.assertEqual(self.bash("yoneda", "categories", "--method", "=", "sp"), ["sponge"])
        self.assertEqual(self.bash("yoneda", "categories", "--method", "="),
                         ["sponge", "laplacian", "leiden", "correlation", "linkage", "kmeans"])
        self.assertEqual(self.bash("yoneda", "--color", ""), ["auto", "always", "never"])
        self.assertEqual(self.bash("yoneda", "--threads", "2", "comp"), [c for c in COMMANDS if c.startswith("comp")])
        self.assertEqual(self.bash("yoneda", "completion", ""), ["bash", "zsh", "fish"])
        self.assertEqual(self.bash("yoneda", "categories", "--count", ""), sorted(self.bash("yoneda", "categories", "")))
        (self.folder / "my study").mkdir()
        self.assertIn("my study", self.bash("yoneda", "categories", "my"))
        self.assertEqual(self.bash("yoneda", "categories", "x", "--seed", ""), [])  # a number

    def test_zsh(self):
        if not shutil.which("zsh"):
            self.skipTest("skipped: zsh is not installed")
        script = self.script("zsh")
        subprocess.run(["zsh", "-n", script], check=True)
        ran = subprocess.run(["zsh", "-f", "-c", f"autoload -U compinit; compinit -u -D; source {script}; "
                              "print ${_comps[yoneda]}"], capture_output=True, text=True, check=True)
        self.assertEqual((ran.stdout.strip(), ran.stderr), ("_yoneda", ""))

    def test_fish(self):
        if not shutil.which("fish"):
            self.skipTest("skipped: fish is not installed")
        script = self.script("fish")
        subprocess.run(["fish", "-n", script], check=True)
        def offered(line):
            ran = subprocess.run(["fish", "-N", "-c", f"source {script}; complete -C '{line}'"], capture_output=True,
                                 text=True, check=True, env={**os.environ, "HOME": str(self.folder)})
            return [entry.split("\t")[0] for entry in lines(ran.stdout)]
        self.assertEqual(offered("yoneda cat"), ["categories"])
        self.assertEqual(offered("yoneda categories --met"), ["--method"])
        self.assertEqual(sorted(offered("yoneda categories --method l")), ["laplacian", "leiden", "linkage"])

    def test_manual_pages(self):
        self.done("manual", self.folder / "man1")
        pages = {page.name: page.read_text() for page in (self.folder / "man1").iterdir()}
        self.assertEqual(sorted(pages), sorted(["yoneda.1"] + [f"yoneda-{command}.1" for command in COMMANDS]))
        for name, text in pages.items():
            self.assertNotRegex(text, r"\b(19|20)\d\d-\d\d|January|November", name)  # no dates
            # Every line is text or a request that man pages have.
            for line in lines(text):
                if line.startswith((".", "'")):
                    self.assertRegex(line, r"^\.(TH|SH|TP|PP|B|BR|RI)\b", name)
        self.assertIn(r"\-\-method", pages["yoneda-categories.1"])
        if shutil.which("mandoc"):
            ran = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", *(self.folder / "man1").iterdir()],
                                 capture_output=True, text=True)
            problems = [line for line in lines(ran.stdout) if "missing date" not in line]
            self.assertEqual(problems, [])
        if not shutil.which("man") or not shutil.which("groff"):
            self.skipTest("skipped: man and groff are not installed")
        for page in (self.folder / "man1").iterdir():
            ran = subprocess.run(["man", "--warnings=w", "-l", page], capture_output=True, text=True,
                                 env={**os.environ, "MANWIDTH": "80", "LC_ALL": "C.UTF-8"})
            self.assertEqual((ran.returncode, ran.stderr), (0, ""), page)
            self.assertIn("EXAMPLES" if page.name != "yoneda.1" else "ENVIRONMENT", ran.stdout)


if __name__ == "__main__":
    result = unittest.TextTestRunner(verbosity=1).run(unittest.defaultTestLoader.loadTestsFromModule(sys.modules["__main__"]))
    for _, reason in result.skipped:
        print(reason)
    bad = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - bad - len(result.skipped)} passed, {bad} failed, {len(result.skipped)} skipped")
    sys.exit(bad > 0)
