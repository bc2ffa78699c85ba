#!/usr/bin/python3
"""Which refusals of the readers no test has seen: `unreached.py BUILD`.

BUILD is a folder of fuzzers (meson setup -Dfuzz=true), where the tests of io and ingest are built, too. Runs them
and asks clang, which counts regions and not lines, about every `throw` in src/io and src/ingest. Those that no test
reaches are printed, but the ones in unreached.txt, each there with its reason. Ends with a line that counts the
ones reached (passed), not reached (failed) and excused (skipped).
"""
import bisect
import collections
import json
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDERS = [ROOT / "src" / "io", ROOT / "src" / "ingest"]
PROGRAMS = ["io", "ingest"]
# Files damaged at every place, thousands of them, and those that are long to refuse: minutes under sanitizers.
LEFT_OUT = "*never more*,*no few bytes*,*no time to speak of*"


def run_tests(build):
    """Runs the programs, and returns what they counted as one profile."""
    raw = []
    for name in PROGRAMS:
        raw.append(build / f"{name}.profraw")
        ran = subprocess.run([build / "tests" / f"test_{name}", f"--test-case-exclude={LEFT_OUT}"], cwd=ROOT,
                             env={**os.environ, "LLVM_PROFILE_FILE": str(raw[-1])}, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True, errors="replace")
        if ran.returncode:
            sys.exit(f"{ran.stdout[-4000:]}\ntest_{name} fails: nothing is counted")
    profile = build / "readers.profdata"
    subprocess.run(["llvm-profdata-19", "merge", "-sparse", *raw, "-o", profile], check=True)
    return profile


def coverage(build, profile):
    programs = [build / "tests" / f"test_{name}" for name in PROGRAMS]
    objects = [word for program in programs[1:] for word in ("-object", program)]
    ran = subprocess.run(["llvm-cov-19", "export", "-instr-profile", profile, programs[0], *objects, *FOLDERS],
                         check=True, capture_output=True, text=True, cwd=ROOT)
    return json.loads(ran.stdout)["data"][0]


def throws_in(text):
    """Line and column, from 1, of every `throw` that is code, and its statement from the line's start on."""
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        code = re.sub(r'"(\\.|[^"\\])*"', lambda quoted: " " * len(quoted.group()), line).split("//")[0]
        for found in re.finditer(r"\bthrow\b", code):
            statement = " ".join(part.strip() for part in lines[number - 1:number + 5])
            yield number, found.start() + 1, statement[:statement.find(";", statement.find("throw")) + 1]


def count_at(segments, place):
    """How often the region around a place ran; None where the compiler saw none (a template nobody uses)."""
    at = bisect.bisect_right(segments, place, key=lambda segment: (segment[0], segment[1])) - 1
    return segments[at][2] if at >= 0 and segments[at][3] else None


Throw = collections.namedtuple("Throw", "path line text count")


def all_throws(files):
    for folder in FOLDERS:
        for path in sorted([*folder.rglob("*.cpp"), *folder.rglob("*.hpp")]):
            text = path.read_text()
            segments = files.get(str(path), [])
            for line, column, statement in throws_in(text):
                yield Throw(path.relative_to(ROOT), line, statement, count_at(segments, (line, column)))


def excused():
    """Pairs of a file and a piece of the statement."""
    lines = (ROOT / "tests" / "care" / "unreached.txt").read_text().splitlines()
    return [tuple(line.split(": ", 1)) for line in lines if line and not line.startswith("#")]


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: unreached.py BUILD")
    build = pathlib.Path(sys.argv[1]).resolve()
    found = coverage(build, run_tests(build))
    files = {os.path.realpath(file["filename"]): file["segments"] for file in found["files"]}
    excuses = excused()
    used = set()
    reached = missing = spared = 0
    for throw in all_throws(files):
        if throw.count:
            reached += 1
            continue
        excuse = next((pair for pair in excuses if pair[0] == str(throw.path) and pair[1] in throw.text), None)
        if excuse:
            used.add(excuse)
            spared += 1
        else:
            missing += 1
            print(f"{throw.path}:{throw.line}: {throw.text}")
    for path, text in set(excuses) - used:
        missing += 1
        print(f"unreached.txt: {path}: {text}: reached, or gone")
    lines = found["totals"]["lines"]
    print(f"{lines['covered']} of {lines['count']} lines ran ({lines['percent']:.1f}%)")
    print(f"{reached} passed, {missing} failed, {spared} skipped")
    sys.exit(missing > 0)


if __name__ == "__main__":
    main()
