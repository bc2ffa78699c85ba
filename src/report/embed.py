#!/usr/bin/python3
"""Makes the page's parts into C++: page.html with style, d3 and program in place, cut where the data goes.

usage: embed.py FOLDER D3 OUTPUT.cpp SCRIPT.js ...

The page may run these scripts and no other: their SHA-256 stand in its Content-Security-Policy, so that nothing that
a vocabulary says can run, and nothing is asked of a network.
"""
import base64
import hashlib
import pathlib
import sys

folder, d3, output, scripts = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4:]


def text(name):
    return (folder / name).read_text(encoding="utf-8")


def fingerprint(source):
    return "'sha256-" + base64.b64encode(hashlib.sha256(source.encode()).digest()).decode() + "'"


style = text("style.css")
library = pathlib.Path(d3).read_text(encoding="utf-8")
program = "".join(text(name) for name in scripts)
for name, source in (("d3", library), ("the program", program)):
    if "</script" in source or "<!--" in source:
        raise SystemExit(f"embed.py: {name} holds what would end a script element")

policy = (f"default-src 'none'; base-uri 'none'; form-action 'none'; img-src data: blob:; style-src {fingerprint(style)}; "
          f"script-src {fingerprint(library)} {fingerprint(program)}")
page = text("page.html")
for name, source in (("policy", policy), ("style", style), ("library", library), ("program", program)):
    page = page.replace("{{" + name + "}}", source, 1)
before, after = page.split("{{data}}")


def bytes_of(name, source):
    numbers = ",".join(str(byte) for byte in source.encode())
    return f"const unsigned char {name}[] = {{{numbers}}};\n"


pathlib.Path(output).write_text(
    "#include <string_view>\n\nnamespace {\n"
    + bytes_of("before", before) + bytes_of("after", after) + bytes_of("licence", text("d3-licence.txt"))
    + "template <std::size_t n>\nstd::string_view view(const unsigned char (&bytes)[n]) {\n"
      "  return {reinterpret_cast<const char*>(bytes), n};\n}\n}  // namespace\n\n"
      "namespace yoneda::report {\n"
      "std::string_view page_before() { return view(before); }\n"
      "std::string_view page_after() { return view(after); }\n"
      "std::string_view d3_licence() { return view(licence); }\n"
      "}  // namespace yoneda::report\n")
