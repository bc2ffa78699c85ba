#!/usr/bin/python3
"""Layers point one way, and every header stands alone: holds includes against layers.txt.

A header that some source of the build includes before anything else has compiled alone there; only
the others are compiled here.

usage: layers.py ROOT BUILD COMPILER [FLAGS...]
"""
import json
import pathlib
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

root = pathlib.Path(sys.argv[1])
build = pathlib.Path(sys.argv[2])
compiler = sys.argv[3:]
include = root / "include"

allowed = {}
for line in (root / "tests" / "layers.txt").read_text().splitlines():
    line = line.split("#")[0].strip()
    if line:
        folder, reach = line.split(":")
        allowed[folder.strip()] = {folder.strip(), *reach.split()}

# Headers that may pull in a heavy library, and the pattern of its headers.
sole_users = {"Spectra/": {"linear/eigenpairs.hpp", "cluster/component_spectrum.hpp",
                            "cluster/signed_laplacian.hpp", "cluster/sponge.hpp"},
              "boost/": {"graph/boost.hpp"}}
# Headers for a library that one may do without, and one of its own: skipped where it is missing.
optional = {"graph/boost.hpp": "boost/graph/graph_concepts.hpp"}
# The compiled half's headers name no third-party type; the header-only half needs Eigen alone.
header_only = {"core", "linear", "stats", "model", "sae", "arrows", "graph", "null", "category", "cluster"}
foreign = re.compile(r"/(nlohmann|fmt|zip|zipconf|CLI|oneapi|toml\+\+|xxhash)[./]")

first_include = re.compile(r'^#include ?[<"]([^>"]+)[>"]', re.MULTILINE)


def first_included(source):
    """What a source includes before anything else; of several compiled as one, the first of them."""
    found = first_include.findall(source.read_text())[:1]
    return first_included(source.parent / found[0]) if found and found[0].endswith(".cpp") else found


def included_first():
    """The headers that a source of the build includes before anything else."""
    entries = json.loads((build / "compile_commands.json").read_text())
    return {header for entry in entries for header in first_included(pathlib.Path(entry["directory"]) / entry["file"])}


def read(header, *flags):
    """What a compiler that is given the header alone says; its output is all that the header reaches."""
    return subprocess.run([*compiler, f"-I{include}", "-x", "c++", *flags, str(header)], capture_output=True, text=True)


def name_of(header):
    return header.relative_to(include / "yoneda").as_posix()


def missing(library):
    return bool(subprocess.run([*compiler, "-E", "-x", "c++", "-"], input=f"#include <{library}>",
                               capture_output=True, text=True).returncode)


def check(header):
    name = name_of(header)
    folder = name.split("/")[0] if "/" in name else None
    if folder and folder not in allowed:
        return [f"{name}: folder {folder} is not in layers.txt"]
    alone = f"yoneda/{name}" in proven
    listed = read(header, "-M") if alone else read(header, "-fsyntax-only", "-MD", "-MF", "-")
    if listed.returncode:
        return [f"{name} does not compile alone: {listed.stderr.strip().splitlines()[-1]}"]
    problems = []
    for path in listed.stdout.replace("\\\n", " ").split()[1:]:
        ours = re.search(r"include/yoneda/(\w+)/", path)
        if ours and folder and ours[1] not in allowed[folder]:
            problems.append(f"{name} reaches {path.split('include/')[-1]}, against layers.txt")
        if foreign.search(path):
            problems.append(f"{name} includes {path}")
        for library, users in sole_users.items():
            if f"/{library}" in path and name not in users:
                problems.append(f"{name} includes {library}")
    return sorted(set(problems))


proven = included_first()
headers = sorted((include / "yoneda").rglob("*.hpp"))
skipped = [h for h in headers if name_of(h) in optional and missing(optional[name_of(h)])]
headers = [h for h in headers if h not in skipped]
with ThreadPoolExecutor(2) as pool:
    results = list(pool.map(check, headers))
bad = sum(1 for problems in results if problems)
for problems in results:
    for problem in problems:
        print(problem)
print(f"{len(headers) - bad} passed, {bad} failed, {len(skipped)} skipped")
sys.exit(bad > 0)
