#!/usr/bin/python3
"""Runs a program and holds its output against a file: golden.py EXPECTED PROGRAM [ARGS...].

YONEDA_ACCEPT=1 writes the file instead, for a person to read and commit.
"""
import difflib
import os
import pathlib
import subprocess
import sys

expected, command = pathlib.Path(sys.argv[1]), sys.argv[2:]
found = subprocess.run(command, check=True, capture_output=True, text=True).stdout
if os.environ.get("YONEDA_ACCEPT"):
    expected.write_text(found)
different = list(difflib.unified_diff(expected.read_text().splitlines(), found.splitlines(),
                                      str(expected), "found", lineterm=""))
print("\n".join(different))
print("0 passed, 1 failed" if different else "1 passed, 0 failed")
sys.exit(bool(different))
