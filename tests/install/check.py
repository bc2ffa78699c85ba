#!/usr/bin/python3
"""Installs the build into a scratch folder, then builds and runs consumers of it through pkg-config
and CMake, and the installed program; and builds one that has the source as a subproject of Meson.

usage: check.py BUILD_FOLDER SOURCE_FOLDER COMPILER...
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

build, source, compiler = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3:]


def run(*command, **options):
    return subprocess.run(command, check=True, capture_output=True, text=True, **options).stdout


def cmake_consumer(prefix, scratch):
    """Both targets, from the prefix alone."""
    folder = scratch / "cmake"
    environment = {**os.environ, "CXX": " ".join(compiler)}
    run("cmake", "-S", str(source / "cmake"), "-B", str(folder), f"-DSOURCES={source}", f"-DCMAKE_PREFIX_PATH={prefix}",
        env=environment)
    run("cmake", "--build", str(folder))
    assert run(str(folder / "consumer")) == "not balanced 1\n"
    assert run(str(folder / "reader"), str(scratch / "g.graphml")) == "2 edges, -2.5\n"
    ran = subprocess.run(["cmake", "-S", str(source / "cmake"), "-B", str(scratch / "none"), f"-DSOURCES={source}"],
                         env=environment, capture_output=True, text=True)
    assert ran.returncode != 0 and "yoneda" in ran.stderr, ran.stderr  # nothing is found where nothing is


def meson_consumer(scratch):
    """The header-only half is built; of libyoneda, which takes minutes, that it could be."""
    project = scratch / "subproject"
    shutil.copytree(source / "meson", project)
    for name in ("consumer.cpp", "reader.cpp"):
        shutil.copy(source / name, project)
    (project / "subprojects").mkdir()
    (project / "subprojects" / "yoneda").symlink_to(source.parents[1])
    folder = project / "build"
    run("meson", "setup", "--wrap-mode=forcefallback", str(folder), str(project), env={**os.environ, "CXX": " ".join(compiler)})
    run("ninja", "-C", str(folder), "consumer")
    assert run(str(folder / "consumer")) == "not balanced 1\n"
    planned = run("ninja", "-C", str(folder), "-n", "reader")
    assert "libyoneda.a" in planned and "CLI" not in planned, planned[-2000:]


passed = skipped = 0
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

    if shutil.which("cmake"):
        cmake_consumer(prefix, scratch)
        passed += 1
    else:
        print("skipped: CMake is not installed")
        skipped += 1
    meson_consumer(scratch)
    passed += 1
print(f"{passed} passed, 0 failed, {skipped} skipped")
