"""The figures, by gnuplot: SVG to look at, PDF to print. One style for all papers: tools/plot-style.gp."""
import pathlib
import statistics

import common
from common import block
from tables import (FATES, LEVELS, NULLS, chosen, fates_by, number, pairs_of, share_of_fifth,
                    shares_of_fates, widths_of)

HERE = pathlib.Path(__file__).resolve().parent
COLOURS = {"matched": "blue", "split": "orange", "absorbed": "sky", "lost": "pale"}
WORDS_DASH = {"B": 1, "C": 2, "B and C": 3}


def spread(values):
    """Mean, smallest, largest."""
    return statistics.mean(values), min(values), max(values)


def maps(results):
    """What becomes of the features of one SAE in another, and in as many words: means."""
    pairs, data, plots = pairs_of(results), "", []
    for by, shift, solid in (("SAEs", -0.2, "1"), ("words", 0.2, "0.45")):
        rows = []
        for place, pair in enumerate(pairs):
            shares = [statistics.mean(shares_of_fates(results, pair, fate) if by == "SAEs" else
                                      fates_by(results, pair, by, fate)) for fate in FATES]
            ends = [sum(shares[:at]) for at in range(len(FATES) + 1)]
            rows.append((place + shift, *ends))
        data += block(by, rows)
        for at, fate in enumerate(FATES):
            title = f'title "{fate}"' if by == "SAEs" else "notitle"
            plots.append(f"${by} using 1:(0):($1-0.18):($1+0.18):{at + 2}:{at + 3} with boxxyerror "
                         f"fs solid {solid} noborder lc rgb {COLOURS[fate]} {title}")
    tics = ", ".join(f'"{number(pair[0])}\\n→ {number(pair[1])}" {place}'
                     for place, pair in enumerate(pairs))
    common.draw(HERE, "maps", (820, 360), data + f"""
set bmargin 3.5
set xrange [-0.6:{len(pairs) - 0.4}]
set yrange [0:1]
set xtics ({tics}) scale 0
set ytics ("0" 0, "20%%" 0.2, "40%%" 0.4, "60%%" 0.6, "80%%" 0.8, "100%%" 1)
set ylabel "share of the first SAE's features" textcolor rgb ink
set key outside right center Left reverse invert
plot NaN with boxes fs solid 0.45 noborder lc rgb ink title "right: in words", \\
  NaN with boxes fs solid 1 noborder lc rgb ink title "left: in the other SAE", {", ".join(plots)}
""")


def curve(rows):
    """Level, mean, smallest and largest of the arrangements; a log scale has no 0."""
    found = []
    for at, level in enumerate(LEVELS):
        shares = [row["share"][at] for row in rows]
        if min(shares) > 0:
            found.append((level, *spread(shares)))
    return found


def reproducible(results):
    """How many features' maps compose with cosines of a level or more, at every width."""
    data, panels = "", ""
    for place, width in enumerate(widths_of(results)):
        curves = [("SAEs", chosen(results["compositions"], width=width, by="SAEs"),
                   "lw 2.5 lc rgb orange", "three SAEs")]
        curves += [(f"words{at}", chosen(results["compositions"], width=width, by="words", null=null),
                    f"lw 1.5 dt {WORDS_DASH[null]} lc rgb blue", f"{null} of words")
                   for at, null in enumerate(NULLS)]
        curves.append(("rotated", chosen(results["compositions"], width=width, by="rotations",
                                         null="C"), "lw 1.5 lc rgb ink", "C rotated"))
        centres = chosen(results["clusters"], width=width, of="cluster centres")
        if centres:
            curves.append(("centres", centres, "lw 1.5 lc rgb green", "cluster centres for SAEs"))
        plots = []
        for name, rows, style, title in curves:
            label = f"{name}_{width}"
            data += block(label, curve(rows))
            if name == "SAEs":
                plots.append(f"${label} using 1:3:4 with filledcurves fs solid 0.25 noborder "
                             "lc rgb orange notitle")
            plots.append(f'${label} using 1:2 with lines {style} title "{title}"')
        key = "set key at screen 0.5, screen 0.08 center maxrows 2 samplen 3" if place == 0 else "unset key"
        label = 'set ylabel "share of features" textcolor rgb ink' if place == 0 else "unset ylabel"
        panels += f'{key}\n{label}\nset title "n = {number(width)}"\nplot {", ".join(plots)}\n'
    common.draw(HERE, "reproducible", (860, 360), data + """
set multiplot layout 1,3
set bmargin 7
set logscale y
set xrange [0:0.95]
set yrange [0.001:1]
set ytics ("0.1%%" 0.001, "1%%" 0.01, "10%%" 0.1, "100%%" 1)
set xtics 0.2
set xlabel "least of the three cosines" textcolor rgb ink
""" + panels + "unset multiplot\n")


def fifths(results):
    """The same by how many words a feature fires on."""
    data, panels = "", ""
    styles = {"share": ("lw 2 pt 7 ps 0.7 lc rgb orange", "three SAEs"),
              "words": ("lw 1.5 pt 5 ps 0.6 lc rgb blue", "B of words"),
              "rotations": ("lw 1.5 pt 9 ps 0.6 lc rgb ink", "C rotated")}
    for place, width in enumerate(widths_of(results)):
        plots = []
        for key, (style, title) in styles.items():
            label = f"{key}_{width}"
            data += block(label, [(fifth + 1, *spread(share_of_fifth(results, width, fifth, key)))
                                  for fifth in range(5)])
            plots.append(f'${label} using 1:2:3:4 with yerrorlines {style} title "{title}"')
        counts = [statistics.mean(share_of_fifth(results, width, fifth, "words_fired"))
                  for fifth in range(5)]
        tics = ", ".join(f'"{count:,.0f}" {at + 1}' for at, count in enumerate(counts))
        key = "set key top left Left reverse" if place == 0 else "unset key"
        label = ('set ylabel "share that is reproducible" textcolor rgb ink' if place == 0 else
                 "unset ylabel")
        panels += (f'{key}\n{label}\nset xtics ({tics})\nset title "n = {number(width)}"\n'
                   f'plot {", ".join(plots)}\n')
    common.draw(HERE, "fifths", (860, 330), data + """
set multiplot layout 1,3
set xrange [0.6:5.4]
set yrange [0:0.65]
set ytics ("0" 0, "20%%" 0.2, "40%%" 0.4, "60%%" 0.6)
set xlabel "words a feature of this fifth fires on" textcolor rgb ink
""" + panels + "unset multiplot\n")
