"""The figure, by gnuplot. One style for all papers: tools/plot-style.gp."""
import pathlib
import statistics

import common
from methods import COUNTS, METHODS, matched
from tables import scores_of

HERE = pathlib.Path(__file__).resolve().parent
COLOURS = {"signed": "orange", "rows": "ink", "unsigned": "blue"}
TITLES = {"signed": "signed", "rows": "decoder rows", "unsigned": "without signs"}


def scores(results):
    """AMI and F1 of every method at every K: mean, smallest and largest of the SAEs."""
    methods = [method for method in METHODS if matched(method)]
    tics = ", ".join(f'"{method.name}" {-place}' for place, method in enumerate(methods))
    bare = ", ".join(f'"" {-place}' for place in range(len(methods)))
    data, panels = "", ""
    for key, title in (("ami", "AMI"), ("f1_labelled", "mean F1 of the classes")):
        plots = []
        for at, count in enumerate(COUNTS):
            for side, colour in COLOURS.items():
                rows = []
                for place, method in enumerate(methods):
                    if method.side == side:
                        values = scores_of(results, method.name, count, key)
                        rows.append((-place - 0.22 * (at - 1), statistics.mean(values), min(values),
                                     max(values)))
                name = f"{key}_{side}_{count}"
                data += common.block(name, rows)
                plots.append(f"${name} using 2:1:3:4 with xerrorbars lc rgb {colour} "
                             f"pt {(6, 7, 5)[at]} ps 0.7 notitle")
        panels += f'set title "{title}"\nplot {", ".join(plots)}'
        if key == "ami":
            marks = ", ".join(f"NaN with points lc rgb ink pt {(6, 7, 5)[at]} ps 0.7 "
                              f'title "K = {count}"' for at, count in enumerate(COUNTS))
            sides = ", ".join(f'NaN with lines lw 3 lc rgb {colour} title "{TITLES[side]}"'
                              for side, colour in COLOURS.items())
            panels += f""", {marks}, {sides}
unset key
set ytics ({bare})
set lmargin at screen 0.61
set rmargin at screen 0.98
"""
        else:
            panels += "\n"
    common.draw(HERE, "scores", (860, 540), data + f"""
set multiplot
set yrange [{-len(methods) + 0.4}:0.6]
set xrange [0:0.9]
set ytics ({tics})
set grid xtics lc rgb "#e6e6e6" lw 0.6 lt 1
set lmargin at screen 0.21
set rmargin at screen 0.57
set tmargin at screen 0.92
set bmargin at screen 0.2
set key at screen 0.6, screen 0.065 center maxrows 3
""" + panels + "unset multiplot\n")
