"""Numbers and tables for the text, from the results alone."""
import pathlib
import statistics

from common import filled, span, table
from methods import ASKED, COUNTS, DEFAULT, HALF_COUNTS, LEAST, METHODS, REFERENCE, SAES, SEEDS, matched

MATCHED = [method.name for method in METHODS if matched(method)]
FOUND = 0.5     # precision and recall from which a class is found


def plain(name):
    return "".join(c if c.isalnum() else "_" for c in name)


def runs_of(results, method, count, seed=SEEDS[0]):
    return [row for row in results["runs"]
            if (row["method"], row["K"], row["seed"]) == (method, count, seed)]


def scores_of(results, method, count, key, reference=REFERENCE):
    """One number for each SAE."""
    return [row["scores"][reference][key] for row in runs_of(results, method, count)]


def mean(results, method, count, key, reference=REFERENCE):
    return statistics.mean(scores_of(results, method, count, key, reference))


def spread(values, form="{:.2f}"):
    """mean (smallest–largest)"""
    return f"{form.format(statistics.mean(values))} ({span(values, form)})"


def main_table(results):
    rows = [(method, *(spread(scores_of(results, method, count, "ami")) for count in COUNTS),
             *(f"{mean(results, method, count, key):.2f}"
               for key in ("f1_labelled", "f1") for count in COUNTS)) for method in MATCHED]
    rows.append(("permuted classes", *("0" for _ in COUNTS), *(
        span([mean(results, method, count, key) for method in MATCHED], "{:.2f}")
        for key in ("f1_labelled_permuted", "f1_permuted") for count in COUNTS)))
    return table(("method", *(f"AMI, K = {count}" for count in COUNTS),
                  *(f"F1, {count}" for count in COUNTS),
                  *(f"F1 of all, {count}" for count in COUNTS)), rows)


def ari_table(results):
    rows = [(method, *(spread(scores_of(results, method, count, "ari")) for count in COUNTS))
            for method in MATCHED]
    return table(("method", *(f"ARI, K = {count}" for count in COUNTS)), rows)


def differences(results, method, other, count, key="ami"):
    """Of the same SAE, by two methods."""
    return [a - b for a, b in zip(scores_of(results, method, count, key),
                                  scores_of(results, other, count, key))]


def differences_table(results, count):
    """What signed methods gain over peers, and over themselves without signs."""
    rows = []
    for method in METHODS:
        if method.side == "signed" and matched(method):
            kind, by = method.graph, method.name.split(",")[0]
            others = ("k-means", "spectral, |cosine|", "k-means of profiles", f"spectral, |{kind}|",
                      f"{by}, |{kind}|", f"{by}, {kind} > 0")
            rows.append((method.name, *(
                spread(differences(results, method.name, other, count), "{:+.2f}")
                if other in MATCHED else "" for other in others)))
    return table(("AMI of", "− k-means", "− spectral, |cosine|", "− k-means of profiles",
                  "− spectral, |same graph|", "− itself, absolute weights", "− itself, positive weights alone"), rows)


def all_differences(results, side, kinds, others, key="ami"):
    """Of methods of a side and of graphs, over SAEs and K; `others` of a method's name before the comma."""
    return [difference for count in COUNTS for method in METHODS
            if matched(method) and method.side == side and method.graph in kinds
            for other in others(method.name.split(",")[0]) if other in MATCHED
            for difference in differences(results, method.name, other, count, key)]


def gains(results):
    """What the text says of differences: all of them lie in these spans."""
    def peers(_):
        return ("k-means", "k-means, scikit-learn", "spectral, |cosine|")
    signed = [method.name for method in METHODS if method.side == "signed"]
    found = {
        "gain_profile": all_differences(results, "signed", ("profile",), peers),
        "gain_profile_f1": all_differences(results, "signed", ("profile",), peers, "f1_labelled"),
        "gain_profile_all": all_differences(results, "signed", ("profile",), peers, "f1"),
        "gain_decoder": all_differences(results, "signed", ("decoder",), peers),
        "gain_unsigned_profile": all_differences(results, "unsigned", ("profile",), peers),
        "gain_over_positive": all_differences(results, "signed", ("profile",),
                                              lambda by: (f"{by}, profile > 0",)),
        "gain_over_absolute": all_differences(results, "signed", ("profile",),
                                              lambda by: (f"{by}, |profile|",)),
        "gain_over_profiles": all_differences(results, "signed", ("profile",),
                                              lambda _: ("k-means of profiles",)),
        "gain_of_profiles": [difference for count in COUNTS for difference in differences(
            results, "k-means of profiles", "k-means, scikit-learn", count)],
        "kmeans_apart": [difference for count in COUNTS for difference in differences(
            results, "k-means", "k-means, scikit-learn", count)],
    }
    known = {name: span(values, "{:+.2f}") for name, values in found.items()}
    known.update({f"{name}_mean": f"{round(statistics.mean(values), 2) + 0:+.2f}"  # + 0: no minus
                  for name, values in found.items()})
    decoder = found["gain_decoder"]
    known["gain_decoder_wins"] = f"{sum(value > 0 for value in decoder)} of {len(decoder)}"
    halves = [a - b for count in HALF_COUNTS for method in METHODS
              if method.name in signed and matched(method) and method.graph == "profile"
              for other in peers("") for a, b in zip(halves_of(results, method.name, count, "ami"),
                                                     halves_of(results, other, count, "ami"))]
    known["gain_halves"] = span(halves, "{:+.2f}")
    return known


def own(results, key, form="{}"):
    """Of the methods that find a number of their own."""
    return {method.name: span([row[key] for row in runs_of(results, method.name, None)], form)
            for method in METHODS if not matched(method)}


def opposites_table(results, count):
    rows = []
    for method in MATCHED:
        here = runs_of(results, method, count)
        rows.append((method, span([row["reached"] for row in here], "{}"),
                     span([row["largest"] for row in here], "{}"),
                     *(f"{100 * statistics.mean(row[key] for row in here):.1f}"
                       for key in ("opposites_together", "pairs_together", "uncut_profile",
                                   "uncut_decoder"))))
    return table(("method", "categories", "largest", "opposites together, %", "all pairs, %",
                  "negative weight together, profile, %", "decoder, %"), rows)


def halves_of(results, method, count, key):
    return [row[key] for row in results["halves"] if (row["method"], row["K"]) == (method, count)]


def references_table(results, count):
    """AMI by every way of telling what features are about."""
    names = list(results["runs"][0]["scores"])
    rows = []
    for method in MATCHED:
        halved = halves_of(results, method, count, "ami")
        rows.append((method, *(f"{mean(results, method, count, 'ami', name):.2f}" for name in names),
                     f"{statistics.mean(halved):.2f}"))
    return table(("method", *names, "other half"), rows)


def seeds_table(results):
    """The first SAE and K: how far the seed of the clustering alone moves the scores."""
    rows = []
    for method in MATCHED:
        here = [row["scores"][REFERENCE] for row in results["runs"]
                if (row["method"], row["K"], row["sae"]) == (method, COUNTS[0], SAES[0])]
        rows.append((method, *(f"{statistics.mean(values):.3f} ± {statistics.stdev(values):.3f}"
                               for values in ([of[key] for of in here] for key in ("ami", "f1_labelled", "f1")))))
    return table(("method", "AMI", "F1", "F1 of all"), rows)


OUTCOMES = ("category", "part", "split", "mixed", "too few")


def outcome(row):
    """A category of its own; most of it in one category that holds more, but no other class as much;
    cut into several such; or mixed with other classes."""
    if row["features"] < LEAST:
        return "too few"
    if row["precision_labelled"] < FOUND:
        return "mixed"
    if row["recall"] < FOUND:
        return "split"
    return "category" if row["precision"] >= FOUND else "part"


def class_row(results, method, count, sae, name):
    (found,) = (row for row in results["classes"] if (method, count, sae, name)
                == (row["method"], row["K"], row["sae"], row["class"]))
    return found


def asked_table(results):
    """The classes asked for, by the default method on the demo's SAE."""
    rows = []
    for name in ASKED:
        cells, words = [], ""
        for count in COUNTS:
            row = class_row(results, DEFAULT, count, SAES[0], name)
            cells.append(f'{row["size"]}: {row["precision"]:.2f} / {row["precision_labelled"]:.2f}, '
                         f'{row["recall"]:.2f}; {outcome(row)}')
        rows.append((name, row["features"], *cells, ", ".join(row["words"])))
    return table(("class", "features", *(f"K = {count}" for count in COUNTS),
                  f"raised by the category, K = {COUNTS[-1]}"), rows)


def best_table(results):
    """Of every class asked for the category of the largest F1 of any method of the tool."""
    rows = []
    for name in ASKED:
        tried = [row for row in results["classes"] if row["class"] == name and row["sae"] == SAES[0]
                 and row["words"]]
        row = max(tried, key=lambda row: row["f1"])
        rows.append((name, row["method"], row["K"] or "own", row["size"],
                     *(f"{row[key]:.2f}" for key in ("precision", "precision_labelled", "recall", "f1")),
                     ", ".join(row["words"])))
    return table(("class", "method", "K", "size", "precision", "among labelled", "recall", "F1",
                  "raised by the category"), rows)


def outcomes(results, method, count):
    """{outcome: how many of the classes asked for have it, over all SAEs}"""
    found = [outcome(row) for row in results["classes"]
             if (row["method"], row["K"]) == (method, count) and row["class"] in ASKED]
    return {kind: found.count(kind) for kind in OUTCOMES}


def outcomes_table(results):
    rows = []
    for method in MATCHED:
        cells = []
        for count in COUNTS:
            found = outcomes(results, method, count)
            cells.append(", ".join(str(found[kind]) for kind in OUTCOMES))
        rows.append((method, *cells))
    return table(("method", *(f"{', '.join(OUTCOMES)}: K = {count}" for count in COUNTS)), rows)


def values(results):
    """Everything paper.in.md may ask for."""
    references = {(row["sae"], row["reference"]): row for row in results["references"]}
    known = {
        "main_table": main_table(results), "ari_table": ari_table(results),
        "differences_table": differences_table(results, COUNTS[1]),
        "opposites_table": opposites_table(results, COUNTS[0]),
        "references_table": references_table(results, HALF_COUNTS[-1]),
        "seeds_table": seeds_table(results), "asked_table": asked_table(results),
        "best_table": best_table(results), "outcomes_table": outcomes_table(results),
        "samples": str(results["samples"]), "counts": ", ".join(map(str, COUNTS)),
        "saes": str(len(SAES)), "seeds": str(len(SEEDS)), "default": DEFAULT, "least": str(LEAST),
        "first_count": str(COUNTS[0]), "middle_count": str(COUNTS[1]), "last_count": str(COUNTS[-1]),
        "opposite_pairs": span([row["opposite_pairs"] for row in results["runs"]], "{:,}"),
        "classes": str(len(results["words"])),
        "classes_present": span([len(references[sae, REFERENCE]["classes"]) for sae in SAES], "{}"),
    }
    known.update(gains(results))
    for key in ("opposites_labelled", "opposites_of_two_classes"):
        known[key] = span([references[sae, REFERENCE][key] for sae in SAES], "{}")
    for name in results["runs"][0]["scores"]:
        known[f"labelled_{plain(name)}"] = span(
            [sum(references[sae, name]["classes"].values()) for sae in SAES], "{}")
    known["labelled_half"] = span([row["labelled"] for row in results["halves"]], "{}")
    for name in ASKED:
        known[f"features_{plain(name)}"] = span(
            [references[sae, REFERENCE]["classes"].get(name, 0) for sae in SAES], "{}")
    for name, value in own(results, "reached").items():
        known[f"reached_{plain(name)}"] = value
    for name, value in own(results, "largest", "{:,}").items():
        known[f"largest_{plain(name)}"] = value
    for method in METHODS:
        for count in COUNTS if matched(method) else (None,):
            for key in ("ami", "f1_labelled", "f1"):
                known[f"{key}_{plain(method.name)}_{count}"] = \
                    f"{mean(results, method.name, count, key):.2f}"
            known[f"largest_{plain(method.name)}_{count}"] = span(
                [row["largest"] for row in runs_of(results, method.name, count)], "{}")
    return known


def text(results):
    """paper.in.md with every {{name}} filled in."""
    return filled(pathlib.Path(__file__).resolve().parent / "paper.in.md", values(results))
