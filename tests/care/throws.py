#!/usr/bin/python3
"""Which places that throw have no test reached? `tests/care/throws.py BUILD [FOLDER...]`

BUILD was configured with -Db_coverage=true -Doptimization=0, built, and its tests were run. Lists every line of
the folders (of files and their readers, if none is named) that throws and was compiled and never run, beside
those that tests/care/unreached.txt explains; ends with a line `N passed, N failed, N skipped`.
"""
import gzip
import json
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDERS = ["src/io", "src/ingest", "include/yoneda/io", "include/yoneda/ingest"]
throws = re.compile(r"^[^/\"]*\bthrow\b(?!;)")


def executed(build):
    """How often each line of each file ran, by the counters of all programs."""
    counters = [str(path.resolve()) for path in build.rglob("*.gcda")]
    counts = {}
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["gcov", "--json-format", *counters], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        for path in pathlib.Path(folder).glob("*.json.gz"):
            for file in json.loads(gzip.decompress(path.read_bytes()))["files"]:
                # gcov names files as the compiler was told them, from the build folder.
                seen = counts.setdefault((build / file["file"]).resolve(), {})
                for line in file["lines"]:
                    seen[line["line_number"]] = seen.get(line["line_number"], 0) + line["count"]
    return counts


def explained():
    """`file: the line's text` by the reason above it."""
    path = ROOT / "tests" / "care" / "unreached.txt"
    lines = path.read_text().splitlines() if path.exists() else []
    return {line.strip() for line in lines if line and not line.startswith("#")}


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    counts, known = executed(build), explained()
    reached = missed = 0
    used = set()
    for folder in sys.argv[2:] or FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.?pp")):
            ran = counts.get(path, {})
            for number, text in enumerate(path.read_text().splitlines(), 1):
                if not throws.match(text) or number not in ran:
                    continue
                place = f"{path.relative_to(ROOT)}: {text.strip()}"
                if ran[number]:
                    reached += 1
                elif place in known:
                    used.add(place)
                else:
                    missed += 1
                    print(f"{path.relative_to(ROOT)}:{number}: {text.strip()}")
    for place in sorted(known - used):
        missed += 1
        print(f"tests/care/unreached.txt: no longer true: {place}")
    print(f"{reached} passed, {missed} failed, {len(used)} skipped")
    sys.exit(missed > 0)


if __name__ == "__main__":
    main()
