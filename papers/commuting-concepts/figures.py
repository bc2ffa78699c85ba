"""The figures, by gnuplot: SVG to look at, PDF to print. One style for all papers: tools/plot-style.gp."""
import pathlib
import statistics

import common
from common import block
from experiments import LAMBDAS, SPACES, WIDTHS
from tables import held_out

HERE = pathlib.Path(__file__).resolve().parent
COLOURS = {"words": "ink", "reconstructions": "blue", "codes": "orange", "profiles": "green",
           "top-rows": "purple"}


def draw(name, size, script):
    common.draw(HERE, name, size, script)


def spread(values):
    """Mean, smallest, largest."""
    return statistics.mean(values), min(values), max(values)


def cycles(results):
    """Triangle balance of the graphs, of their honest nulls, and of shuffled signs."""
    kinds = [(kind, width) for kind in ("decoder", "profile") for width in WIDTHS]
    points = {"observed": [], "gaussian": [], "whitened-rotation": [], "sign": []}
    for place, (kind, width) in enumerate(kinds):
        here = [row for row in results["cycles"] if row["statistic"] == "triangle balance"
                and (row["kind"], row["width"], row["k"], row["m"]) == (kind, width, 50, 16)]
        points["observed"].append((place, *spread([row["observed"] for row in here])))
        for null in ("gaussian", "whitened-rotation"):
            points[null].append((place, *spread([row["null_mean"] for row in here
                                                 if row["null"] == null])))
        points["sign"].append((place, *spread([row["null_mean"] for row in results["wrong_null"]
                                               if (row["kind"], row["width"]) == (kind, width)])))
    tics = ", ".join(f'"{kind}\\nn = {width}" {place}' for place, (kind, width) in enumerate(kinds))
    data = "".join(block(name.replace("-", "_"), rows) for name, rows in points.items())
    titles = {"observed": ("orange", 7, "the SAE"), "gaussian": ("blue", 5, "gaussian null"),
              "whitened-rotation": ("sky", 9, "whitened rotation"),
              "sign": ("ink", 2, "shuffled signs (refused)")}
    plots = ", ".join(
        f'${name.replace("-", "_")} using ($1+{shift}):2:3:4 with yerrorbars lc rgb {colour} '
        f'pt {mark} ps 0.9 title "{title}"'
        for (name, (colour, mark, title)), shift in zip(titles.items(), (-0.15, -0.05, 0.05, 0.15)))
    draw("cycles", (640, 330), data + f"""
set bmargin 3.5
set xrange [-0.6:3.6]
set yrange [0.4:1.05]
set xtics ({tics})
set ylabel "balanced triangles" textcolor rgb ink
set key outside right center
plot {plots}
""")


def relations(results, width):
    """hit@1 of every relation in every space: mean, smallest and largest of the seeds."""
    names = list(dict.fromkeys(row["relation"] for row in results["relations"]))
    data, plots = "", []
    for at, space in enumerate(SPACES):
        rows = []
        for place, name in enumerate(names):
            here = [row["hit_at_1"] for row in results["relations"]
                    if (row["relation"], row["width"], row["space"]) == (name, width, space)]
            null = statistics.mean(row["re_pair"]["null_mean"] for row in here)
            swap = statistics.mean(row["swap"]["null_mean"] for row in here)
            rows.append((place + (at - 2) * 0.16, *spread([row["observed"] for row in here]),
                         null, swap))
        label = space.replace("-", "_")
        data += block(label, rows)
        plots.append(f'${label} using 1:2:(0.14) with boxes fs solid 0.75 noborder '
                     f'lc rgb {COLOURS[space]} title "{space}"')
        plots.append(f'${label} using 1:3:(0):($4-$3) with vectors nohead lc rgb ink lw 1.2 notitle')
        plots.append(f'${label} using 1:6 with points pt 2 ps 0.5 lc rgb ink '
                     + ('title "swapped, mean"' if at == 4 else "notitle"))
    tics = ", ".join(f'"{name}" {place}' for place, name in enumerate(names))
    draw("relations", (760, 340), data + f"""
set xrange [-0.6:{len(names) - 0.4}]
set yrange [0:1.02]
set xtics ({tics})
set ylabel "second word comes first (hit@1)" textcolor rgb ink
set key outside right center
plot {", ".join(plots)}
""")


def mediation(results):
    """ρ by the number of mediators, of the SAE and of random ones, over three arrangements."""
    data, plots = "", []
    for width, colour in zip(WIDTHS, ("blue", "orange")):
        here = [row["curve"] for row in results["mediation"] if row["width"] == width]
        count = len(here[0]["rho"])
        data += block(f"w{width}", [
            (k + 1, *spread([curve["rho"][k] for curve in here]),
             *spread([curve["null_mean"][k] for curve in here])) for k in range(count)])
        plots += [f'$w{width} using 1:2 with lines lw 2 lc rgb {colour} title "n = {width}"',
                  f'$w{width} using 1:5 with lines lw 1.5 dt 2 lc rgb {colour} '
                  f'title "n = {width}, b jointly rotated"']
    draw("mediation", (640, 330), data + f"""
set logscale x 2
set xrange [1:256]
set yrange [0.25:1]
set xlabel "features of b followed (k)" textcolor rgb ink
set ylabel "ρ_k" textcolor rgb ink
set key bottom right
plot 0.9 with lines lc rgb pale lw 1 notitle, {", ".join(plots)}
""")


def constraint(results):
    """Agreement of held-out differences and words found, by the strength of the constraint."""
    data = ""
    for key in ("Q", "hit"):
        for sae in ("constrained", "random equations", "without"):
            data += block(f"{key}_{sae.split()[0]}",
                          [(strength, *spread(held_out(results, sae, strength, key)))
                           for strength in LAMBDAS])
    panels = ""
    for key, title in (("Q", "agreement Q of pairs held out"),
                       ("hit", "hit@1 of pairs held out")):
        panels += f"""
set title "{title}"
plot ${key}_without using 1:2 with lines lw 1.5 lc rgb ink title "no constraint", \\
  ${key}_constrained using 1:2:3:4 with yerrorlines pt 7 ps 0.7 lc rgb orange title "the relations", \\
  ${key}_random using 1:2:3:4 with yerrorlines pt 5 ps 0.7 lc rgb blue title "random equations"
unset key
"""
    draw("constraint", (760, 320), data + """
set multiplot layout 1,2
set logscale x
set xrange [0.0008:0.004]
set yrange [0:1]
set xtics (0.001, 0.003)
set xlabel "λ" textcolor rgb ink
set key bottom left
""" + panels + "unset multiplot\n")
