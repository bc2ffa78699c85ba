#!/usr/bin/python3
"""Do the papers say what their results say? Each text is made from results.json beside it.

usage: papers.py ROOT
"""
import json
import pathlib
import sys

sys.dont_write_bytecode = True
paper = pathlib.Path(sys.argv[1]) / "papers/commuting-concepts"
sys.path.insert(0, str(paper))
import tables  # noqa: E402

written = (paper / "paper.md").read_text()
made = tables.text(json.loads((paper / "results.json").read_text()))
for number, (found, expected) in enumerate(zip(written.splitlines(), made.splitlines()), 1):
    if found != expected:
        sys.exit(f"paper.md:{number}: found\n{found}\nexpected\n{expected}")
if written != made:
    sys.exit("paper.md is longer or shorter than what results.json makes of paper.in.md")
missing = [name for name in ("cycles", "relations", "mediation", "constraint")
           if f"({name}.svg)" not in written or not (paper / f"{name}.svg").exists()]
if missing:
    sys.exit(f"figures missing: {missing}")
