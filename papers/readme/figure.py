#!/usr/bin/python3
"""The README's picture: the largest categories of a study on a circle, and the arrows between them.

usage: figure.py STUDY OUTPUT.svg      (needs gnuplot)

Blue: what one category raises the other raises. Orange: what one raises the other lowers. Width: the
mean signed weight between the two categories. Opposites stand apart: categories are ordered along the
circle by a walk that always goes to the most similar category left.
"""
import json
import math
import pathlib
import subprocess
import sys

study, output = pathlib.Path(sys.argv[1]), sys.argv[2]
SHOWN, WORDS, STRONGEST = 26, 2, 60
POSITIVE, NEGATIVE, INK = "#0072b2", "#d55e00", "#222222"  # Okabe, Ito 2008: safe for colour-blind readers

found = json.loads((study / "categories.json").read_text())
chosen = {c["id"]: c for c in found["categories"][:SHOWN]}
weight = {}
for arrow in found["quotient"]["arrows"]:
    pair = arrow["source"], arrow["target"]
    if pair[0] in chosen and pair[1] in chosen:
        weight[pair] = weight[pair[::-1]] = arrow["weight"]

order, left = [0], set(chosen) - {0}
while left:
    best = max(left, key=lambda c: (weight.get((order[-1], c), 0), -c))
    order.append(best)
    left.remove(best)
angle = {c: 2 * math.pi * i / len(order) for i, c in enumerate(order)}
place = {c: (math.cos(a), math.sin(a)) for c, a in angle.items()}


def quoted(text):
    text = "".join(c if c.isprintable() else "·" for c in text)
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


lines = [
    "set terminal svg size 900,900 font 'Helvetica,13' enhanced background '#ffffff'",
    f"set output {quoted(output)}",
    "unset border; unset tics; unset key; set size ratio -1",
    "set xrange [-1.75:1.75]; set yrange [-1.75:1.75]; set margins 0,0,0,0",
]
arrows = sorted({tuple(sorted(pair)): w for pair, w in weight.items()}.items(), key=lambda item: -abs(item[1]))[:STRONGEST]
largest = max(abs(w) for _, w in arrows)
curves = []
for (a, b), w in reversed(arrows):
    (x0, y0), (x1, y1) = place[a], place[b]
    # A quadratic Bézier curve bent towards the centre.
    curves.append(
        f"[t=0:1] '+' using ((1-t)**2*{x0:.4f}+t**2*{x1:.4f}+2*t*(1-t)*{0.25 * (x0 + x1):.4f}):"
        f"((1-t)**2*{y0:.4f}+t**2*{y1:.4f}+2*t*(1-t)*{0.25 * (y0 + y1):.4f}) with lines "
        f"lc rgb '{POSITIVE if w > 0 else NEGATIVE}' lw {0.8 + 5 * abs(w) / largest:.2f}")
for c, (x, y) in place.items():
    words = ", ".join(entry["text"] for entry in chosen[c]["raised"][:WORDS])
    flipped = math.cos(angle[c]) < 0
    turn = math.degrees(angle[c]) + (180 if flipped else 0)
    lines.append(
        f"set label {quoted(words)} at {1.07 * x:.4f},{1.07 * y:.4f} {'right' if flipped else 'left'} "
        f"rotate by {turn:.1f} noenhanced textcolor rgb '{INK}'")
    size = 0.012 + 0.028 * math.sqrt(chosen[c]["size"] / chosen[order[0]]["size"])
    lines.append(f"set object circle at {x:.4f},{y:.4f} size {size:.4f} fillcolor rgb '{INK}' fillstyle solid noborder front")
lines.append("set samples 60")
lines.append("plot sample " + ", \\\n  ".join(curves))
subprocess.run(["gnuplot"], input="\n".join(lines) + "\n", text=True, check=True)
