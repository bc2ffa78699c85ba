#!/usr/bin/python3
"""Where the machine ends: files that are none, that shrink, that may not be read; no room; odd names; several at once;
signals. Whatever happens, people read one line, and no file is left half-written.

usage: limits.py PROGRAM SOURCE_FOLDER
"""
import json
import os
import pathlib
import random
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

import numpy

from command_line import PROGRAM, Scratch, toy
from tensors import read_safetensors, write_safetensors

LIMIT = 240  # seconds: only what hangs takes so long


def ran(*arguments, **how):
    how.setdefault("stdout", subprocess.PIPE)
    return subprocess.run([PROGRAM, *map(os.fsencode, map(os.fspath, map(as_path, arguments)))], stderr=subprocess.PIPE,
                          timeout=LIMIT, encoding="utf-8", errors="replace", **how)


def as_path(argument):
    return argument if isinstance(argument, (str, bytes, os.PathLike)) else str(argument)


def nobody():
    """For a child: root may read and write everything, so this one is root no longer."""
    if os.getuid() == 0:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)


def nobody_can_run():
    """Whether the program and its folders are open to others at all."""
    try:
        return subprocess.run([PROGRAM, "--version"], preexec_fn=nobody, capture_output=True).returncode == 0
    except OSError:
        return False


class Limits(Scratch):
    def setUp(self):
        super().setUp()
        toy(self.folder, n=60, d=8, V=100)
        self.sae, self.model = self.folder / "sae", self.folder / "model.safetensors"

    def job(self, out="study", sae=None, model=None, more=()):
        return ("run", "--sae", sae or self.sae, "--model", model or self.model, "-k", 10, "--neighbors", 4, "--count", 3,
                "--samples", 5, "-o", self.folder / out, *more)

    def one_line(self, code, expected, *arguments, **how):
        before = sorted(self.folder.rglob("*"))
        found = ran(*arguments, **how)
        lines = [line for line in found.stderr.splitlines() if not line.startswith("note: ")]
        self.assertEqual(found.returncode, code, found.stderr)
        self.assertEqual(len(lines), 1, found.stderr)
        for words in [expected] if isinstance(expected, str) else expected:
            self.assertIn(words, lines[0])
        self.assertEqual(sorted(self.folder.rglob("*")), before)
        return lines[0]

    def whole(self, study):
        """A study that opens, with nothing beside it that was not finished."""
        for command in ("check", "report", "features"):
            more = ["--samples", "5"] if command == "check" else []
            found = ran(command, study, *more)
            self.assertEqual(found.returncode, 0, found.stderr)
        self.assertEqual([path.name for path in study.iterdir() if ".tmp" in path.name or ".partial" in path.name], [])

    # ---- what is no file

    def test_what_is_no_file_is_named_and_not_waited_for(self):
        pipe, folder, door = self.folder / "pipe", self.folder / "empty", self.folder / "door"
        os.mkfifo(pipe)
        folder.mkdir()
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(door))
            for path, words in ((pipe, "is a pipe"), (door, "is a socket"), ("/dev/zero", "is a device"),
                                ("/dev/full", "is a device")):
                for arguments in (("inspect", path), self.job(sae=path), self.job(model=path), ("check", path),
                                  ("graph", path, "-o", self.folder / "new"), self.job(more=("--vocabulary", path)),
                                  self.job(more=("--config", path)), ("export", path, "--to", "dot", "-o", self.folder / "new")):
                    self.one_line(2, (str(path), words), *arguments)
        self.one_line(2, "is a folder", "check", folder)
        self.one_line(2, "is a folder", *self.job(more=("--config", folder)))

    def test_loops_of_links(self):
        loop = self.folder / "loop"
        loop.symlink_to("loop")
        for arguments in (("inspect", loop), self.job(sae=loop), self.job(model=loop), ("check", loop), self.job("loop"),
                          self.job("loop/study"), ("features", loop)):
            self.one_line(2, ("loop", "Too many levels of symbolic links"), *arguments)
        # A folder that holds itself.
        (self.sae / "again").symlink_to(self.sae)
        self.assertEqual(ran(*self.job()).returncode, 0)

    def test_shapes_without_end(self):
        for shape, size in (([1 << 62, 4], 64), ([(1 << 63) - 1, 8], 64), ([1 << 32, 1 << 31], 1 << 40), ([1 << 33, 8], 1 << 38)):
            path = self.folder / "large.safetensors"
            header = json.dumps({"W_dec": {"dtype": "F32", "shape": shape, "data_offsets": [0, size]}}).encode()
            with open(path, "wb") as file:
                file.write(len(header).to_bytes(8, "little") + header)
                file.truncate(8 + len(header) + size)  # a hole takes no disk
            found = ran(*self.job(sae=path))
            self.assertIn(found.returncode, (2, 3), found.stderr)
            said = [line for line in found.stderr.splitlines() if not line.startswith("note: ")]
            self.assertEqual(len(said), 1, found.stderr)
            self.assertTrue(str(path) in said[0] or "out of memory" in said[0], said)
        path = self.folder / "large.npy"
        header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775807, 8), }"
        path.write_bytes(b"\x93NUMPY\1\0" + (len(header) + 1).to_bytes(2, "little") + header + b"\n")
        self.one_line(2, str(path), "inspect", path)

    # ---- memory

    def test_less_memory_changes_no_bit(self):
        toy(self.folder, n=20000, d=8, V=300)  # more than 64M holds at once
        found = []
        for memory in ("64M", "1G"):
            arrows = self.folder / f"arrows-{memory}.safetensors"
            self.assertEqual(ran("arrows", "--sae", self.sae, "--model", self.model, "-k", 10, "--memory", memory, "-o", arrows).returncode, 0)
            found.append(read_safetensors(arrows)[0])
        self.assertEqual(found[0].keys(), found[1].keys())
        for name, values in found[0].items():
            self.assertEqual(values.tobytes(), found[1][name].tobytes(), name)

    def test_what_memory_cannot_hold(self):
        path, n, d = self.folder / "many.safetensors", 3_000_000, 8
        header = json.dumps({"W_dec": {"dtype": "F32", "shape": [n, d], "data_offsets": [0, 4 * n * d]}}).encode()
        header += b" " * (-len(header) % 8)
        with open(path, "wb") as file:
            file.write(len(header).to_bytes(8, "little") + header)
            file.truncate(8 + len(header) + 4 * n * d)  # a hole takes no disk
        job = self.job(sae=path)
        self.one_line(3, ("3000000 features needs about", "--memory"), *job, "--dry-run", "--memory", "500M")
        for text, words in (("4X", "is no amount of memory"), ("-1", "is no amount of memory"), ("1M", "is too little")):
            found = ran(*self.job(), "--memory", text)
            self.assertEqual(found.returncode, 2, found.stderr)
            self.assertIn(words, found.stderr)

    # ---- files that change

    def test_files_that_shrink_while_they_are_read(self):
        sae, model = self.folder / "many.safetensors", self.folder / "words.safetensors"
        normals = numpy.random.default_rng(0)
        write_safetensors(sae, {"W_dec": normals.standard_normal((20000, 64)).astype("float32")})
        # Read in place, again for every block of features.
        write_safetensors(model, {"W_U": normals.standard_normal((20000, 64)).astype("float32"),
                                  "final_norm_weight": numpy.ones(64, "float32")})
        (self.folder / "vocab.json").unlink()  # which is of fewer tokens
        running = subprocess.Popen([PROGRAM, *map(str, self.job(sae=sae, model=model)), "--block", "256", "--threads", "1",
                                    "--progress", "lines"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        seen = []
        for line in running.stderr:  # until rows are being read
            seen.append(line)
            if line.startswith("logit arrows"):
                break
        os.truncate(model, 4096)
        said = running.communicate(timeout=LIMIT)[1].splitlines()
        self.assertEqual(running.returncode, 3, (seen, said))
        last = [line for line in said if line.startswith("yoneda: ")]
        self.assertEqual(len(last), 1, said)
        self.assertIn(f"{model}: cannot be read any more: it was shortened", last[0])
        self.assertEqual([path for path in self.folder.rglob("*.tmp")], [])

    # ---- permissions

    def test_what_may_not_be_read_or_written(self):
        if not nobody_can_run():
            return print("skipped: root may read everything, and nobody else may run the program")
        os.chmod(self.folder, 0o755)
        (self.folder / "open").mkdir()
        os.chmod(self.folder / "open", 0o777)
        self.assertEqual(ran(*self.job()).returncode, 0)
        study = self.folder / "study"
        shut = self.folder / "shut"
        shutil.copytree(self.sae, shut)
        os.chmod(shut / "sae_weights.safetensors", 0)
        try:
            self.one_line(2, ("sae_weights.safetensors", "Permission denied"), *self.job("open/new", sae=shut), preexec_fn=nobody)
            os.chmod(shut, 0)
            self.one_line(2, ("shut", "Permission denied"), *self.job("open/new", sae=shut), preexec_fn=nobody)
            os.chmod(shut, 0o755)
            # A study to look at only.
            for path in (study, *study.iterdir()):
                os.chmod(path, 0o555)
            for arguments in (("features", study), ("check", study, "--samples", 5, "-o", "/dev/null"), ("export", study, "--to", "dot", "-o", "/dev/null")):
                found = ran(*arguments, preexec_fn=nobody)
                self.assertEqual(found.returncode, 0, found.stderr)
            for arguments in (("check", study, "--samples", 5), ("categories", study), ("report", study), ("graph", study), self.job()):
                self.one_line(2, (str(study), "cannot be written: Permission denied"), *arguments, preexec_fn=nobody)
            self.one_line(2, ("new", "Permission denied"), *self.job("new"), preexec_fn=nobody)
        finally:
            for path in (study, shut):
                os.chmod(path, 0o755)

    # ---- no room

    def test_no_room_for_a_file(self):
        self.assertEqual(ran(*self.job()).returncode, 0)
        study = self.folder / "study"
        before = {path.name: path.read_bytes() for path in study.iterdir()}

        def small():
            resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))
        for arguments in (self.job(), ("categories", study, "--method", "leiden"), ("report", study), ("graph", study, "--neighbors", 9),
                          ("arrows", "--sae", self.sae, "--model", self.model, "-k", 20, "-o", self.folder / "a.safetensors"),
                          ("export", study, "--to", "graphml", "-o", self.folder / "g.graphml")):
            self.one_line(3, "cannot be written: File too large", *arguments, preexec_fn=small)
        self.assertEqual({path.name: path.read_bytes() for path in study.iterdir()}, before)

        self.one_line(3, "/dev/full: cannot be written: No space left on device", "report", study, "-o", "/dev/full")
        with open("/dev/full", "w") as full:
            self.one_line(3, "standard output cannot be written: No space left on device", "features", study, stdout=full)

    def test_a_full_disk(self):
        disk = self.folder / "disk"
        disk.mkdir()
        if os.getuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", disk], capture_output=True).returncode:
            return print("skipped: nobody but root mounts a small disk")
        try:
            self.one_line(3, ("disk/study", "cannot be written: No space left on device"), *self.job("disk/study"))
            self.assertEqual(list(disk.iterdir()), [])
        finally:
            subprocess.run(["umount", disk])

    # ---- names

    def test_names_of_any_bytes(self):
        for name in (b"with space", b"it's \"quoted\" $(x) `y`", b"two\nlines", "Überprüfung 猫".encode(), b"latin-1 \xe9\xff", b"-dash", b"file:"):
            home = pathlib.Path(os.fsdecode(os.path.join(os.fsencode(self.folder), b"in " + name)))
            home.mkdir()
            sae, model, study = home / os.fsdecode(name), home / os.fsdecode(name + b".safetensors"), home / "a study"
            shutil.copytree(self.sae, sae)
            shutil.copy(self.model, model)
            for out in (study, home / os.fsdecode(b"out " + name)):
                found = ran(*self.job(out, sae, model))
                self.assertEqual(found.returncode, 0, found.stderr)
                record = json.loads((out / "study.json").read_text())
                self.whole(out)
                # The weights are found again: without them there would be no null.
                found = ran("check", out, "--samples", 5)
                self.assertIn("gaussian", found.stdout)
                self.assertNotIn("gone", found.stderr)
            if b"\xff" in name:
                self.assertTrue(record["sources"]["sae"]["path"].endswith("latin-1%20%E9%FF"))
            os.unlink(model)
            found = ran("check", study, "--samples", 5)
            self.assertIn("is gone", found.stderr)
            self.assertEqual(len(found.stderr.splitlines()), 2, found.stderr)
            self.one_line(2, "no such file", *self.job(sae=home / "nowhere"))

    def test_the_command_recorded_is_one_that_a_shell_takes(self):
        for name in (b"it's [here] #1", b"two\nlines of it's \\", b"latin-1 \xe9"):
            odd = self.folder / os.fsdecode(name)
            shutil.copytree(self.sae, odd)
            self.assertEqual(ran(*self.job(sae=odd)).returncode, 0)
            command = json.loads((self.folder / "study" / "study.json").read_text())["command"]
            self.assertNotIn("\n", command)
            words = subprocess.run(["bash", "-c", f"printf '%s\\0' {command}"], capture_output=True).stdout.split(b"\0")
            self.assertIn(os.fsencode(odd), words)

    # ---- several at once

    def test_eight_at_once_into_one_study(self):
        job = [PROGRAM, *map(str, self.job(more=("--seed", 1)))]
        for _ in range(3):
            running = [subprocess.Popen(job, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) for _ in range(8)]
            said = [(process.communicate(timeout=LIMIT)[1], process.returncode) for process in running]
            self.assertIn(0, [code for _, code in said])
            for text, code in said:
                if code != 0:
                    self.assertEqual(code, 3, text)
                    self.assertEqual(len(text.splitlines()), 1, text)
                    self.assertIn("another yoneda is writing this study now", text)
            self.whole(self.folder / "study")

    def test_steps_of_one_study_at_once(self):
        self.assertEqual(ran(*self.job()).returncode, 0)
        study = self.folder / "study"
        steps = [("check", study, "--samples", 5), ("categories", study), ("report", study), ("views", study, "--samples", 5),
                 ("check", study, "--samples", 5), ("categories", study, "--method", "leiden")]
        running = [subprocess.Popen([PROGRAM, *map(str, step)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) for step in steps]
        for process in running:
            text = process.communicate(timeout=LIMIT)[1]
            self.assertEqual(process.returncode, 0, text)
        self.whole(study)

    # ---- the end comes early

    def test_a_reader_that_has_seen_enough(self):
        toy(self.folder, n=4000, d=8, V=100)
        self.assertEqual(ran(*self.job(more=("--no-report",))).returncode, 0)
        features = f"'{PROGRAM}' features '{self.folder}/study' --most 4000"
        found = subprocess.run(["bash", "-c", f"set -o pipefail; {features} | head -1"], capture_output=True, text=True)
        self.assertIn(found.returncode, (0, 128 + signal.SIGPIPE))
        self.assertEqual(found.stderr, "")

    def test_ended_by_a_signal_at_any_time(self):
        toy(self.folder, n=300, d=8, V=400)
        arrows = self.folder / "arrows.safetensors"
        job = ("arrows", "--sae", self.sae, "--model", self.model, "-k", 10, "--block", 4, "-o", arrows)
        begin = time.monotonic()
        self.assertEqual(ran(*job).returncode, 0)
        duration = time.monotonic() - begin
        expected = read_safetensors(arrows)[0]
        seed = random.randrange(1 << 32)
        print(f"signals at times of seed {seed}")
        chance = random.Random(seed)
        for sent in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGKILL) * 4:
            arrows.unlink()  # which was there from the run before
            running = subprocess.Popen([PROGRAM, *map(str, job)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            time.sleep(chance.uniform(0, duration))
            running.send_signal(sent)
            said = running.communicate(timeout=LIMIT)[1]
            self.assertIn(running.returncode, (0, -sent, 128 + sent), said)
            lines = [line for line in said.splitlines() if not line.startswith("note: ")]
            self.assertLessEqual(len(lines), 1, said)
            self.assertTrue(arrows.exists() or running.returncode != 0, "it says that it has written")
            if sent != signal.SIGKILL:
                self.assertEqual(list(self.folder.rglob("*.tmp")), [])
            found = ran(*job, "--resume")
            self.assertEqual(found.returncode, 0, found.stderr)
            for name, values in read_safetensors(arrows)[0].items():
                self.assertEqual(values.tobytes(), expected[name].tobytes(), name)
            self.assertEqual([path.name for path in self.folder.glob("arrows*")], ["arrows.safetensors"])


if __name__ == "__main__":
    result = unittest.TextTestRunner(verbosity=1).run(unittest.defaultTestLoader.loadTestsFromModule(sys.modules["__main__"]))
    bad = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - bad - len(result.skipped)} passed, {bad} failed, {len(result.skipped)} skipped")
    sys.exit(bad > 0)
