#!/usr/bin/python3
"""Installs the build into a scratch folder, then builds and runs a header-only consumer of it through
pkg-config, and the installed program.

usage: check.py BUILD_FOLDER SOURCE_FOLDER COMPILER...
"""
import pathlib
import re
import subprocess
import sys
import tempfile

build, source, compiler = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3:]


def run(*command, **options):
    return subprocess.run(command, check=True, capture_output=True, text=True, **options).stdout


passed = 0
with tempfile.TemporaryDirectory() as scratch:
    scratch = pathlib.Path(scratch)
    run("meson", "install", "-C", build, "--no-rebuild", "--destdir", str(scratch))
    described = next(scratch.rglob("yoneda-headers.pc"))
    prefix = next(scratch.rglob("include/yoneda/yoneda.hpp")).parents[2]
    # As though the prefix had been this folder from the start.
    described.write_text(re.sub(r"^prefix=.*", f"prefix={prefix}", described.read_text(), flags=re.MULTILINE))
    flags = run("pkg-config", "--cflags", "--libs", str(described)).split()
    assert "-DEIGEN_DONT_PARALLELIZE" in flags, flags
    assert not any(flag.startswith("-lyoneda") for flag in flags), flags
    consumer = scratch / "consumer"
    run(*compiler, "-std=c++20", str(source / "consumer.cpp"), "-o", str(consumer), *flags)
    assert run(str(consumer)) == "not balanced 1\n"
    passed += 1

    program = next(scratch.rglob("bin/yoneda"))
    assert run(str(program), "--version").startswith("yoneda ")
    for name in ("words.safetensors", "words.txt", "NOTICE.md", "sae/cfg.json", "sae/sae_weights.safetensors"):
        assert (prefix / "share" / "yoneda" / "demo" / name).exists(), f"{name} is not installed"
    passed += 1
print(f"{passed} passed, 0 failed, 0 skipped")
