#!/usr/bin/python3
"""Do the papers say what their results say? Each text is made from results.json beside it.

usage: papers.py ROOT
"""
import importlib
import json
import pathlib
import sys

sys.dont_write_bytecode = True
papers = pathlib.Path(sys.argv[1]) / "papers"
figures = {"commuting-concepts": ("cycles", "relations", "mediation", "constraint"),
           "categories": ("scores",),
           "functors": ("maps", "reproducible", "fifths")}


def tables_of(paper):
    """Its module `tables`; papers call their modules alike."""
    for name in [name for name, module in sys.modules.items()
                 if str(getattr(module, "__file__", None) or "").startswith(f"{papers}/")]:
        del sys.modules[name]
    sys.path[:0] = [str(paper), str(papers)]
    return importlib.import_module("tables")


def same_at_50(results):
    """What is said of profiles beside the other representations, and again beside other k, is one
    number: is it in both places?"""
    for name in ("relations", "grids"):
        one = [row for row in results[name] if row["space"] == "profiles"]
        other = [row for row in results[f"{name}_by_k"] if row["k"] == 50]
        if not one or [without(row) for row in one] != [without(row) for row in other]:
            sys.exit(f"commuting-concepts/results.json: {name} in profiles are not {name}_by_k at 50")


def without(row):
    """A row without its k, and the share of variance, which only codes have."""
    return {key: value for key, value in row.items() if key not in ("k", "fve")}


same_at_50(json.loads((papers / "commuting-concepts/results.json").read_text()))
for folder, drawn in figures.items():
    paper = papers / folder
    written = (paper / "paper.md").read_text()
    made = tables_of(paper).text(json.loads((paper / "results.json").read_text()))
    for number, (found, expected) in enumerate(zip(written.splitlines(), made.splitlines()), 1):
        if found != expected:
            sys.exit(f"{folder}/paper.md:{number}: found\n{found}\nexpected\n{expected}")
    if written != made:
        sys.exit(f"{folder}/paper.md is longer or shorter than what results.json makes of paper.in.md")
    missing = [name for name in drawn
               if f"({name}.svg)" not in written or not (paper / f"{name}.svg").exists()]
    if missing:
        sys.exit(f"{folder}: figures missing: {missing}")
