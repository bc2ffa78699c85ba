#!/usr/bin/python3
"""What a person sees on a terminal and a program in a pipe: progress and colours, through a pseudo terminal.

usage: terminal.py PROGRAM SOURCE_FOLDER
"""
import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import time
import unittest

import numpy

from command_line import DEMO, PROGRAM, Scratch, toy, write_safetensors

PLAIN = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "TERM")}


def piped(*arguments, **environment):
    return subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True,
                          env={**PLAIN, "TERM": "xterm", **environment})


def on_terminal(*arguments, columns=80, until=None, **environment):
    """All that comes on a terminal of so many columns, and the exit code. `until`: is asked to stop, as by
    Ctrl-C, once that is shown."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = subprocess.Popen([PROGRAM, *map(str, arguments)], stdin=follower, stdout=follower, stderr=follower,
                               env={**PLAIN, "TERM": "xterm", **environment})
    os.close(follower)
    shown, begin = b"", time.monotonic()
    while time.monotonic() - begin < 300:
        try:
            more = os.read(leader, 65536)
        except OSError:  # the other end is closed
            break
        if not more:
            break
        shown += more
        if until and re.search(until, shown.decode(errors="replace")):
            process.send_signal(signal.SIGINT)
            until = None
    code = process.wait(timeout=60)
    os.close(leader)
    return shown.decode(), code


class Terminal(Scratch):
    def setUp(self):
        super().setUp()
        toy(self.folder)
        self.study = self.folder / "study"
        self.done("run", "--sae", self.folder / "sae", "--model", self.folder / "model.safetensors", "-k", 10,
                  "--neighbors", 4, "--count", 5, "--samples", 20, "-o", self.study)

    def long_job(self, *more, block=256):
        """Arrows that take seconds."""
        random = numpy.random.default_rng(0)
        write_safetensors(self.folder / "wide.safetensors", {"W_dec": random.standard_normal((30000, 100)).astype("float32")})
        return ("arrows", "--sae", self.folder / "wide.safetensors", "--model", DEMO / "words.safetensors",
                "--feature-axis", "rows", "--block", block, "-o", self.folder / "a.safetensors", *more)

    def test_a_bar_on_a_terminal(self):
        for columns in (80, 40):
            shown, code = on_terminal(*self.long_job(), columns=columns, until=r"logit arrows.*\d+%")
            self.assertEqual(code, 130)
            bars = re.findall(r"\r\033\[K(  [^\r\n]*)", shown)
            self.assertTrue(bars, shown)
            for bar in bars:
                self.assertLess(len(bar), columns)
            self.assertRegex(bars[-1], r"^  logit arrows │[█▏▎▍▌▋▊▉ ]+│ +\d+%  [\d,.]+ features/s  \d+:\d\d left$"
                             if columns == 80 else r"^  logit arrows │[█▏▎▍▌▋▊▉ ]+│ +\d+%$")
            # The line is cleared before the message comes.
            self.assertRegex(shown, r"\r\033\[Kyoneda: interrupted")

    def test_lines_where_they_are_asked_for(self):
        process = subprocess.Popen([PROGRAM, *map(str, self.long_job("--progress", "lines"))], stderr=subprocess.PIPE,
                                   stdout=subprocess.DEVNULL, text=True, env=PLAIN)
        line = next(line for line in process.stderr if not line.startswith("note: "))
        process.kill()
        process.communicate()
        self.assertRegex(line, r"^logit arrows: \d+%  [\d,.]+ features/s  \d+:\d\d left\n$")

    def test_quiet_elsewhere(self):
        for environment in ({}, {"TERM": "dumb"}):
            ran = piped("check", self.study, "--samples", 300, **environment)
            self.assertEqual((ran.returncode, ran.stderr), (0, ""))
        shown, code = on_terminal(*self.long_job(block=30000), TERM="dumb")
        self.assertEqual(code, 0, shown)
        self.assertNotIn("left", shown)
        self.assertNotIn("\033", shown)

    def test_colours_only_where_they_are_wanted(self):
        features = ("features", self.study, "--feature", 0)
        coloured = lambda text: "\033[" in text
        blue, orange = "\033[38;5;32mraises", "\033[38;5;166mlowers"
        for arguments, environment, expected in (
                (features, {}, True), (features, {"NO_COLOR": "1"}, False), (features, {"NO_COLOR": ""}, True),
                (features, {"TERM": "dumb"}, False), (features, {"CLICOLOR": "0"}, False),
                ((*features, "--color", "never"), {"CLICOLOR_FORCE": "1"}, False),
                ((*features, "--color", "always"), {"NO_COLOR": "1"}, True),
                ((*features, "--json"), {"CLICOLOR_FORCE": "1"}, False)):
            shown, code = on_terminal(*arguments, **environment)
            self.assertEqual(code, 0)
            self.assertEqual(coloured(shown), expected, (arguments, environment))
            if expected:
                self.assertIn(blue, shown)
                self.assertIn(orange, shown)
        for arguments, environment, expected in (
                (features, {}, False), (features, {"CLICOLOR_FORCE": "1"}, True), (features, {"CLICOLOR_FORCE": "0"}, False),
                (features, {"CLICOLOR_FORCE": "1", "NO_COLOR": "1"}, False), ((*features, "--color", "always"), {}, True),
                ((*features, "--json", "--color", "always"), {}, False)):
            ran = piped(*arguments, **environment)
            self.assertEqual((ran.returncode, ran.stderr), (0, ""))
            self.assertEqual(coloured(ran.stdout), expected, (arguments, environment))

    def test_colours_change_nothing_but_colour(self):
        for arguments in (("check", self.study, "--samples", 5), ("categories", self.study, "--count", 4),
                          ("features", self.study), ("--help",), ("categories", "--help"), ()):
            with_colours, without = piped("--color", "always", *arguments), piped("--color", "never", *arguments)
            self.assertEqual(re.sub(r"\033\[[0-9;]*m", "", with_colours.stdout), without.stdout)
            self.assertNotIn("\033", without.stdout)
            if arguments:
                self.assertIn("\033[", with_colours.stdout)

    def test_summaries_fit_the_terminal(self):
        for columns in (80, 120):
            for arguments in (("check", self.study, "--samples", 5), ("categories", self.study, "--count", 4, "--stability", 3),
                              ("features", self.study), ("features", self.study, "--feature", 3)):
                shown, _ = on_terminal(*arguments, columns=columns, NO_COLOR="1")
                for line in re.sub(r"\r\033\[K[^\r\n]*(?=\r\033\[K)|\r\033\[K", "", shown).splitlines():
                    if str(self.folder) not in line:
                        self.assertLessEqual(len(line), columns, line)


if __name__ == "__main__":
    result = unittest.TextTestRunner(verbosity=1).run(unittest.defaultTestLoader.loadTestsFromModule(sys.modules["__main__"]))
    bad = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - bad - len(result.skipped)} passed, {bad} failed, {len(result.skipped)} skipped")
    sys.exit(bad > 0)
