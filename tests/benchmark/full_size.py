#!/usr/bin/python3
"""A Gemma Scope layer and its model at full size: inspected without their weights, loaded in the
memory of what is kept. No time is asserted.

usage: full_size.py YONEDA LOAD_WEIGHTS
"""
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

import weights

YONEDA, LOAD = sys.argv[1], sys.argv[2]
MB = 1 << 20
N, D, V = 16384, 2304, 256000


def measured(*command):
    """What a command prints, and the most memory that it held, by a shell's account of its children."""
    script = ("import resource, subprocess, sys\n"
              "ran = subprocess.run(sys.argv[1:], capture_output=True, text=True)\n"
              "sys.stdout.write(ran.stdout); sys.stderr.write(ran.stderr)\n"
              "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)\n"
              "sys.exit(ran.returncode)")
    ran = subprocess.run(["/usr/bin/python3", "-c", script, *map(str, command)], capture_output=True, text=True)
    return ran.returncode, ran.stdout, int(ran.stderr.split()[-1]) * 1024


class FullSize(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="yoneda-full-"))
        if shutil.disk_usage(cls.folder).free < 2_000 * MB:
            shutil.rmtree(cls.folder)
            raise unittest.SkipTest("less than 2 GB of room for temporary files")
        cls.sae = weights.gemma_scope(cls.folder, N, D)
        cls.model = weights.gemma_model(cls.folder / "model", V, D, weights.hole)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder, ignore_errors=True)

    def test_inspected_without_the_weights(self):
        for path, words in ((self.sae, "16,384 features"), (self.model, "256,000 tokens, d_model 2,304")):
            code, text, peak = measured(YONEDA, "inspect", path)
            self.assertEqual(code, 0, text)
            self.assertIn(words, text)
            self.assertLess(peak, 40 * MB)

    def test_loaded_in_the_memory_of_what_is_kept(self):
        for sae, model, least in ((self.sae, "-", 2 * N * D * 4), ("-", self.model, V * D * 2)):
            code, text, _ = measured(LOAD, sae, model)
            self.assertEqual(code, 0, text)
            found = json.loads(text)
            self.assertGreater(found["kept"], least)
            self.assertLess(found["peak"], 1.05 * found["kept"] + 64 * MB)

    def test_compressed_ones_too(self):
        n, d = 8192, 1024
        sae = weights.gemma_scope(self.folder / "packed", n, d, compressed=True)
        code, text, _ = measured(LOAD, sae, "-")
        self.assertEqual(code, 0, text)
        found = json.loads(text)
        self.assertGreater(found["kept"], 2 * n * d * 4)
        self.assertLess(found["peak"], 1.05 * found["kept"] + 64 * MB)


if __name__ == "__main__":
    result = unittest.TextTestRunner(verbosity=1).run(unittest.defaultTestLoader.loadTestsFromModule(sys.modules["__main__"]))
    bad = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - bad - len(result.skipped)} passed, {bad} failed, {len(result.skipped)} skipped")
    sys.exit(bad > 0)
