"""Numbers and tables for the text, from the results alone."""
import itertools
import pathlib
import statistics

from common import filled, span, table
from experiments import ARROWS, LAMBDAS, NEIGHBORS, SEEDS, SPACES, WIDTHS


def verdicts(rows):
    """commutes 3/3, or what else there is."""
    counts = {}
    for row in rows:
        counts[row] = counts.get(row, 0) + 1
    return ", ".join(f"{name} {count}/{len(rows)}" for name, count in sorted(counts.items()))


def cycles_table(results):
    rows = []
    for kind, statistic in itertools.product(
            ("decoder", "profile"),
            ("triangle balance", "frustrated share of edges", "number of triangles")):
        for null in ("gaussian", "whitened-rotation"):
            here = [row for row in results["cycles"] if (row["kind"], row["statistic"],
                                                         row["null"]) == (kind, statistic, null)]
            if statistic == "number of triangles":
                effect = span([row["observed"] / row["null_mean"] for row in here], "{:.2f}") + " ×"
                observed, mean = "", ""
            else:
                observed = span([row["observed"] for row in here])
                mean = span([row["null_mean"] for row in here])
                effect = span([row["observed"] - row["null_mean"] for row in here], "{:+.3f}")
            rows.append((kind, statistic, null, observed, mean, effect,
                         verdicts([row["verdict"] for row in here])))
    return table(("graph", "statistic", "null", "SAE", "null mean", "difference", "verdicts"), rows)


COLUMNS = {"space": {space: space for space in SPACES}, "k": {k: f"k = {k}" for k in ARROWS}}


def by(column, rows, value):
    """Of every representation (or k) the mean, and how often it commutes."""
    cells = []
    for choice in COLUMNS[column]:
        here = [value(row) for row in rows if row[column] == choice]
        commuting = sum(verdict == "commutes" for _, verdict in here)
        cells.append(f"{statistics.mean(number for number, _ in here):.2f} ({commuting}/{len(here)})")
    return cells


def relations_table(column, found):
    rows = []
    names = list(dict.fromkeys(row["relation"] for row in found))
    for name, width in itertools.product(names, WIDTHS):
        here = [row for row in found if (row["relation"], row["width"]) == (name, width)]
        cells = by(column, here, lambda row: (row["hit_at_1"]["observed"], row["hit_at_1"]["verdict"]))
        rows.append((f'{name}, {here[0]["pairs"]} pairs', width, *cells))
    return table(("relation", "n", *COLUMNS[column].values()), rows)


def agreement_table(results):
    rows = []
    names = list(dict.fromkeys(row["relation"] for row in results["relations"]))
    for name in names:
        cells = []
        for space in ("words", "codes"):
            here = [row["q"] for row in results["relations"]
                    if (row["relation"], row["width"], row["space"]) == (name, 2048, space)]
            cells += [span([row["observed"] for row in here], "{:.2f}"),
                      span([row["re_pair"]["null_mean"] for row in here], "{:.2f}"),
                      verdicts([row["verdict"] for row in here])]
        rows.append((name, *cells))
    return table(("relation", "Q, words", "re-paired", "verdict", "Q, codes", "re-paired", "verdict"),
                 rows)


def grids_table(column, found):
    rows = []
    names = list(dict.fromkeys(row["name"] for row in found))
    for name, width in itertools.product(names, WIDTHS):
        here = [row for row in found if (row["name"], row["width"]) == (name, width)]
        cells = by(column, here, lambda row: (row["G"], row["verdict"]))
        rows.append((f'{name}, {here[0]["rows"]} × {here[0]["columns"]}', width, *cells))
    return table(("grid", "n", *COLUMNS[column].values()), rows)


def searches_table(results):
    rows = []
    for name, space in itertools.product(dict.fromkeys(row["name"] for row in results["searches"]),
                                         ("words", "codes")):
        here = [row for row in results["searches"] if (row["name"], row["space"]) == (name, space)]
        found = "; ".join(" ".join(words) for words in here[0]["words"][1:4])
        rows.append((" ".join(here[0]["words"][0]), space, found,
                     *(span([row[key] for row in here], "{:.2f}") for key in ("G", "near", "mismatched")),
                     verdicts([row["verdict"] for row in here])))
    return table(("from", "in", "first rows found (first seed)", "G", "near", "mismatched", "verdicts"), rows)


def mediation_table(results):
    rows = []
    for width in WIDTHS:
        here = [row for row in results["mediation"] if row["width"] == width]
        for at in range(len(here[0]["tests"])):
            tests = [row["tests"][at] for row in here]
            rows.append((width, tests[0]["k"], span([test["rho"] for test in tests]),
                         span([test["null_mean"] for test in tests]),
                         span([test["rho"] - test["null_mean"] for test in tests]),
                         verdicts([test["verdict"] for test in tests])))
    return table(("n", "k", "ρ", "null mean", "excess", "verdicts"), rows)


def squares_table(results):
    rows = []
    for width, statistic in itertools.product(WIDTHS, dict.fromkeys(
            row["statistic"] for row in results["squares"])):
        here = [row for row in results["squares"]
                if (row["width"], row["statistic"]) == (width, statistic)]
        form = "{:,.0f}" if statistic.startswith("number") else "{:.3f}"
        rows.append((width, statistic, span([row["observed"] for row in here], form),
                     span([row["null_mean"] for row in here], form),
                     verdicts([row["verdict"] for row in here])))
    return table(("n", "statistic", "SAEs", "null mean", "verdicts"), rows)


def held_out(results, sae, strength, key):
    """Over the seeds: mean of the relations, weighed by their pairs."""
    values = []
    for row in results["constraint"]:
        if row["sae"] != sae or row["lambda"] != strength:
            continue
        pairs = [(r["held_out"]["pairs"], r["held_out"][key]) for r in row["relations"]]
        values.append(sum(n * x for n, x in pairs) / sum(n for n, _ in pairs))
    return values


def fve(results, sae, strength):
    return [row["fve"] for row in results["constraint"]
            if (row["sae"], row["lambda"]) == (sae, strength)]


def constraint_table(results):
    rows = [("none", "", span(fve(results, "without", LAMBDAS[0]), "{:.4f}"),
             span(held_out(results, "without", LAMBDAS[0], "Q"), "{:.2f}"),
             span(held_out(results, "without", LAMBDAS[0], "hit"), "{:.2f}"))]
    for sae, strength in itertools.product(("constrained", "random equations"), LAMBDAS):
        rows.append((sae, strength, span(fve(results, sae, strength), "{:.4f}"),
                     span(held_out(results, sae, strength, "Q"), "{:.2f}"),
                     span(held_out(results, sae, strength, "hit"), "{:.2f}")))
    return table(("constraint", "λ", "variance explained, words held out", "Q held out", "hit@1 held out"), rows)


def values(results):
    """Everything paper.in.md may ask for."""
    needed = {width: [row["needed"] for row in results["mediation"] if row["width"] == width]
              for width in WIDTHS}
    explained = {width: [row["fve"] for row in results["relations"] if row["width"] == width]
                 for width in WIDTHS}
    found = {
        "widths": " and ".join(map(str, WIDTHS)), "seeds": str(len(SEEDS)),
        "ks": ", ".join(map(str, ARROWS)), "ms": ", ".join(map(str, NEIGHBORS)),
        "cycles_table": cycles_table(results), "agreement_table": agreement_table(results),
        "relations_table": relations_table("space", results["relations"]),
        "relations_by_k_table": relations_table("k", results["relations_by_k"]),
        "grids_table": grids_table("space", results["grids"]),
        "grids_by_k_table": grids_table("k", results["grids_by_k"]),
        "searches_table": searches_table(results),
        "mediation_table": mediation_table(results), "squares_table": squares_table(results),
        "constraint_table": constraint_table(results),
        "sign_balance": span([row["null_mean"] for row in results["wrong_null"]], "{:.2f}"),
        "sign_verdicts": verdicts([row["verdict"] for row in results["wrong_null"]]),
    }
    found["nothing_G"] = span([row["G"] for row in results["searches"]
                               if (row["name"], row["space"]) == ("nothing", "words")], "{:.2f}")

    def gains(strength, other):
        ours, theirs = (held_out(results, sae, strength, "hit") for sae in ("constrained", other))
        return ", ".join(f"{a - b:+.2f}" for a, b in zip(ours, theirs))

    first, last = LAMBDAS[0], LAMBDAS[-1]
    for name, strength in (("first", first), ("last", last)):
        found[f"{name}_lambda"] = str(strength)
        found[f"{name}_gain"] = gains(strength, "without")
        found[f"{name}_gain_control"] = gains(strength, "random equations")
    found["held_out_pairs"] = span([sum(r["held_out"]["pairs"] for r in row["relations"])
                                    for row in results["constraint"]], "{}")
    found["fve_cost"] = span([a - b for a, b in zip(fve(results, "without", last),
                                                    fve(results, "constrained", last))], "{:.4f}")
    for width in WIDTHS:
        found[f"needed_{width}"] = span([row["mediators"] for row in needed[width]], "{}")
        found[f"needed_null_{width}"] = span([row["null"] for row in needed[width]], "{}")
        found[f"fve_{width}"] = span(explained[width])
    for name, count in results["samples"].items():
        found[f"samples_{name}"] = str(count)
    return found | by_k(results)


def by_k(results):
    """How often profiles commute at every k, and which null they fall to."""
    relations, grids = results["relations_by_k"], results["grids_by_k"]
    hits = {k: [row["hit_at_1"] for row in relations if row["k"] == k] for k in ARROWS}

    def commuting(tests):
        return sum(test["verdict"] == "commutes" for test in tests)

    def falling(null):
        return sum(test[null]["p_upper"] > 0.05 for test in hits[50])

    def mean_G(name, width, k):
        return statistics.mean(row["G"] for row in grids
                               if (row["name"], row["width"], row["k"]) == (name, width, k))

    gains = [mean_G(name, width, ARROWS[-1]) - mean_G(name, width, ARROWS[0])
             for name, width in {(row["name"], row["width"]) for row in grids}]
    found = {"relation_cases": len(hits[50]), "grid_cases": len(grids) // len(ARROWS),
             "profiles_fall": len(hits[50]) - commuting(hits[50]),
             "profiles_fall_swap": falling("swap"), "profiles_fall_re_pair": falling("re_pair"),
             "grids_gain": span(gains, "{:+.2f}")}
    for k in ARROWS:
        found[f"profiles_hit_{k}"] = commuting(hits[k])
        found[f"profiles_q_{k}"] = commuting([row["q"] for row in relations if row["k"] == k])
        found[f"profiles_grids_{k}"] = commuting([row for row in grids if row["k"] == k])
    return {name: str(value) for name, value in found.items()}


def text(results):
    """paper.in.md with every {{name}} filled in."""
    return filled(pathlib.Path(__file__).resolve().parent / "paper.in.md", values(results))
