"""Numbers and tables for the text, from the results alone."""
import itertools
import pathlib
import statistics

from common import filled, span, table

FATES = ("matched", "split", "absorbed", "lost")
NULLS = ("B", "C", "B and C")
LEVELS = tuple(round(0.05 * step, 2) for step in range(20))  # as in measures.py, which needs numpy
SHOWN_LEVELS = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9)
PROPERTIES = {
    "words": "words it fires on", "strength": "mean strength where it fires",
    "bias": "bias of the encoder", "encoder": "norm of the encoder's row",
    "early": "cosine with itself early on", "crowding": "largest cosine within its SAE"}
SURE = 0.05  # of a test on one side; half of it on each of two


def signed(values, form="{:.2f}"):
    """A range that may go below 0."""
    found = span(values, form)
    if min(values) >= 0 or not found.count("–"):
        return found.replace("-", "−")
    return found.replace("–", " to ").replace("-", "−")


def percent(values, form="{:.1f}"):
    return span([100 * value for value in values], form) + "%"


def chosen(rows, **where):
    return [row for row in rows if all(row[key] == value for key, value in where.items())]


def widths_of(results):
    return list(dict.fromkeys(row["width"] for row in results["saes"]))


def pairs_of(results):
    """(from, to): equal widths first, then wider, then narrower."""
    found = list(dict.fromkeys(tuple(row["widths"]) for row in results["steps"]))
    return sorted(found, key=lambda pair: ((pair[0] != pair[1]) + (pair[0] > pair[1]), pair))


def number(value):
    return f"{value:,}"


def arrow(widths):
    return " → ".join(map(number, widths))


def sides(tests, last=None):
    """How many of the tests lie above and below their null."""
    def under(test, key):
        p = test[key] if last is None else test[key][last]
        return p <= SURE / 2 + 1e-9
    above, below = (sum(under(test, key) for test in tests) for key in ("p_upper", "p_lower"))
    return above_or_below(above, below, len(tests), "above", "below")


def above_or_below(above, below, count, *names):
    """Of a count of tests."""
    return ", ".join(f"{name} {some}/{count}" for name, some in zip(names, (above, below))
                     if some) or "neither"


def saes_table(results):
    rows = []
    for width in widths_of(results):
        here = chosen(results["saes"], width=width)
        rows.append((number(width), percent([row["fve"] for row in here]),
                     percent([row["fve_apart"] for row in here]),
                     span([row["never"] for row in here], "{}"),
                     span([row["words"] for row in here], "{:.0f}")))
    return table(("features", "explained of words trained on", "of words held out", "never fire",
                  "words a feature fires on, median"), rows)


def share_at(row, level):
    return row["share"][LEVELS.index(level)]


def composed(results, width, by, null=None, level=0.0):
    return [share_at(row, level)
            for row in chosen(results["compositions"], width=width, by=by, null=null)]


def of_seeds(results, width, statistic, null="B"):
    return [row for row in chosen(results["tests"], statistic=statistic, null=null)
            if row["widths"] == [width] * 3]


def of_clusters(results, width, of, level=0.0):
    return [share_at(row, level) for row in chosen(results["clusters"], width=width, of=of)]


def composed_table(results):
    widths = widths_of(results)

    def cells(values):
        return [percent(values(width)) if values(width) else "" for width in widths]

    rows = [("three SAEs", *cells(lambda width: [row["observed"] for row in
                                                 of_seeds(results, width, "functoriality")]))]
    for null in NULLS:
        rows.append((f"{null} rotated", *cells(lambda width: [
            row["null_mean"] for row in of_seeds(results, width, "functoriality", null)])))
    for null in NULLS:
        rows.append((f"{null} of words", *cells(lambda width: composed(results, width, "words", null))))
    rows.append(("B of cluster centres", *cells(
        lambda width: of_clusters(results, width, "SAEs through cluster centres"))))
    for of in ("cluster centres", "words"):
        rows.append((f"no SAE: three times {of}", *cells(lambda width: of_clusters(results, width, of))))
    return table(("A → B → C as A → C", *(f"n = {number(width)}" for width in widths)), rows)


def kindest(results, width, level, by="words"):
    """The null of some kind that comes nearest at a level, by its mean over the arrangements."""
    return max(NULLS, key=lambda null: statistics.mean(composed(results, width, by, null, level)))


def levels_table(results):
    rows = []
    for width, level in itertools.product(widths_of(results), SHOWN_LEVELS):
        cells = [percent(composed(results, width, "SAEs", level=level))]
        for by in ("words", "rotations"):
            null = kindest(results, width, level, by)
            cells.append(percent(composed(results, width, by, null, level)) + f" ({null})")
        tests = [test for null in NULLS
                 for test in chosen(results["compositions"], width=width, by="words", null=null)]
        rows.append((number(width), f"{level:.1f}", *cells, above_all(tests, LEVELS.index(level))))
    return table(("n", "cosines from", "SAEs", "words", "rotations", "SAEs than words"), rows)


def above_all(tests, at):
    """against_all() of one level."""
    return against_all([[{key: test[key][at] for key in ("p_upper", "p_lower")}
                         for test in chosen(tests, null=null)] for null in NULLS])


def shares_of_fates(results, pair, fate):
    return [row["fates"][fate] / pair[0] for row in results["steps"] if tuple(row["widths"]) == pair]


def fates_by(results, pair, by, fate):
    return [row[fate] for row in results["fates_by_chance"]
            if (tuple(row["widths"]), row["by"]) == (pair, by)]


def fates_table(results):
    rows = []
    for pair in pairs_of(results):
        cells = [f"{percent(shares_of_fates(results, pair, fate), '{:.0f}')} "
                 f"({percent(fates_by(results, pair, 'words', fate), '{:.0f}')})" for fate in FATES]
        floors = [row["floor"]["forward"] for row in results["steps"] if tuple(row["widths"]) == pair]
        rows.append((arrow(pair), *cells, span(floors, "{:.2f}")))
    return table(("from → to", *FATES, "cosine from which a match counts"), rows)


def widths_table(results):
    rows = []
    for widths in dict.fromkeys(tuple(row["widths"]) for row in results["across"]):
        tests = [row for row in chosen(results["tests"], statistic="functoriality")
                 if tuple(row["widths"]) == widths]
        rotated = max(NULLS, key=lambda null: statistics.mean(
            row["null_mean"] for row in chosen(tests, null=null)))
        words = [[row for row in chosen(results["across"], null=null) if tuple(row["widths"]) == widths]
                 for null in NULLS]
        rows.append((arrow(widths), percent([row["observed"] for row in chosen(tests, null="B")]),
                     percent([row["null_mean"] for row in chosen(tests, null=rotated)]) + f" ({rotated})",
                     *(percent([row["null_mean"] for row in of_null]) for of_null in words),
                     against_all(words)))
    return table(("A → B → C", "SAEs", "rotated, nearest", *(f"{null} of words" for null in NULLS),
                  "SAEs than words"), rows)


def against_all(tests_of_nulls):
    """Of how many arrangements the SAEs lie above all nulls, and below one at least."""
    rows = list(zip(*tests_of_nulls))
    above = sum(all(test["p_upper"] <= SURE / 2 + 1e-9 for test in row) for row in rows)
    below = sum(any(test["p_lower"] <= SURE / 2 + 1e-9 for test in row) for row in rows)
    return above_or_below(above, below, len(rows), "more", "fewer")


def arrows_table(results):
    rows = []
    for pair in pairs_of(results):
        cells = []
        for statistic in ("naturality", "coactivation", "virtual_weights"):
            here = [row for row in chosen(results["tests"], statistic=statistic)
                    if tuple(row["widths"][:2]) == pair]
            cells.append(f"{signed([row['observed'] for row in here])} "
                         f"({signed([row['null_mean'] for row in here])}), {sides(here)}")
            if statistic == "coactivation":
                merged = percent([row["merged"] / (row["merged"] + row["compared"]) for row in here],
                                 "{:.0f}")
        rows.append((arrow(pair), *cells, merged))
    return table(("from → to", "token profiles", "co-activation", "virtual weights",
                  "pairs that fire together and are sent to one feature"), rows)


def covers_table(results):
    rows = []
    for pair in dict.fromkeys(tuple(row["widths"]) for row in results["covers"]):
        here = chosen(results["covers"], widths=list(pair))
        cells = [" / ".join(percent([row[name][side] for row in here], "{:.0f}")
                            for name in ("own", "near", "alike")) for side in (0, 1)]
        rows.append((arrow(pair), span([row["split"] for row in here], "{:,}"),
                     span([row["parts"] for row in here], "{:.1f}"),
                     span([row["most"] for row in here], "{}"), *cells))
    return table(("from → to", "split", "parts, mean", "most", "words of the whole on which parts fire",
                  "words of parts on which the whole fires"), rows)


def trees(results):
    lines = []
    for tree in results["trees"]:
        lines.append(f"- *{', '.join(tree['words'])}*:")
        for part in tree["parts"]:
            further = "; ".join(", ".join(words) for words in part["parts"])
            lines.append(f"  - {', '.join(part['words'])} ({part['cosine']:.2f})"
                         + (f" → {further}" if part["fate"] == "split" else ""))
    return "\n".join(lines)


def properties_table(results):
    rows = []
    for name, width in itertools.product(PROPERTIES, widths_of(results)):
        here = chosen(results["properties"], property=name, width=width)
        cells = []
        for at, key in enumerate(("auc", "within")):
            tests = [row["words"] for row in here]
            cells += [span([row[key] for row in here], "{:.2f}"),
                      span([test["mean"][at] for test in tests], "{:.2f}"), sides(tests, at)]
        rows.append((PROPERTIES[name], number(width), *(cells if name != "words" else
                                                        [*cells[:3], "", "", ""])))
    return table(("property", "n", "AUC", "with words", "SAEs lie", "AUC at like frequency",
                  "with words", "SAEs lie"), rows)


def firm_table(results):
    rows = []
    for width in widths_of(results):
        here = chosen(results["firm"], width=width)
        counts = [span([row[key] for row in chosen(here, property="words")], form)
                  for key, form in (("firm", "{}"), ("by_words", "{:.0f}"))]
        cells = []
        for name in PROPERTIES:
            of = chosen(here, property=name)
            cells.append(f"{span([row['auc'] for row in of], '{:.2f}')} "
                         f"({span([row['words'] for row in of], '{:.2f}')})")
        rows.append((number(width), f"{counts[0]} ({counts[1]})", *cells))
    return table(("n", "features", *PROPERTIES.values()), rows)


def firmest(results):
    lines = []
    for width in widths_of(results):
        listed = "; ".join(f"{', '.join(row['words'])} ({row['least']:.2f})"
                           for row in chosen(results["firmest"], width=width))
        lines.append(f"- {number(width)}: {listed}")
    return "\n".join(lines)


def share_of_fifth(results, width, fifth, key="share"):
    return [row[key] for row in chosen(results["fifths"], width=width, fifth=fifth)]


def fifths_table(results):
    rows = []
    for width in widths_of(results):
        for key, name in (("share", "SAEs"), ("words", "B of words"), ("rotations", "C rotated")):
            rows.append((number(width), name, *(percent(share_of_fifth(results, width, fifth, key))
                                                for fifth in range(5))))
    return table(("n", "B and C", "rarest fifth", "second", "third", "fourth", "most frequent"), rows)


def category_rows(results, turn, above, count=2):
    """Those of one SAE that are least likely by chance, in one direction."""
    key = "p_upper" if above else "p_lower"
    return sorted(chosen(results["categories"], turn=turn), key=lambda row: row[key])[:count]


def categories_table(results):
    turns = [test["turn"] for test in results["category_tests"]]
    rows = [(", ".join(row["words"]), row["turn"] + 1, row["features"], percent([row["share"]], "{:.0f}"),
             percent([row["expected"]], "{:.0f}"), percent([row["through_words"]], "{:.0f}"),
             f"{2 * min(row['p_upper'], row['p_lower']):.3f}")
            for above in (True, False) for turn in turns
            for row in category_rows(results, turn, above)]
    return table(("category", "SAE", "features", "reproducible", "expected", "with words", "p"), rows)


def starts_table(results):
    rows = []
    for width in widths_of(results):
        here = chosen(results["starts"], width=width)
        both = [row["of_both"] for row in here if row["of_both"] is not None]
        rows.append((number(width), percent([row["shared"] for row in here]),
                     span([row["both"] for row in here], "{:,}"),
                     percent(both, "{:.0f}") if both else "",
                     percent([row["of_neither"] for row in here]),
                     percent([row["share"] for row in here]), percent([row["random"] for row in here])))
    return table(("n", "starts that another SAE has too", "features whose start both have",
                  "reproducible: of these", "of those that share none", "of all",
                  "with random starts"), rows)


def values(results):
    """What the text calls by name."""
    found = {name: make(results) for name, make in {
        "saes_table": saes_table, "composed_table": composed_table, "levels_table": levels_table,
        "fates_table": fates_table, "widths_table": widths_table, "arrows_table": arrows_table,
        "covers_table": covers_table, "trees": trees, "properties_table": properties_table,
        "fifths_table": fifths_table, "firm_table": firm_table, "firmest": firmest,
        "categories_table": categories_table, "starts_table": starts_table}.items()}
    found |= {f"samples_{name}": str(count) for name, count in results["samples"].items()}
    found["lost_rotated"] = percent([row["lost"] for row in chosen(results["fates_by_chance"],
                                                                   by="rotations")], "{:.0f}")
    ends = widths_of(results)[0], widths_of(results)[-1]
    found["split_up"] = percent(shares_of_fates(results, ends, "split"), "{:.0f}")
    found["split_up_words"] = percent(fates_by(results, ends, "words", "split"), "{:.0f}")
    found["deals"] = number(results["samples"]["deals"])
    matched = [(row["fates"]["matched"] / row["widths"][0], chance["most_matched"])
               for row, chance in zip(results["steps"], chosen(results["fates_by_chance"], by="words"))]
    found["more_matched"] = str(sum(own > most for own, most in matched))
    found["pairs"] = str(len(matched))
    found["norms"] = span([end for row in results["saes"] for end in row["norms"]], "{:.4f}")
    for width in widths_of(results):
        found |= of_width(results, width)
    return found | of_categories(results)


def of_width(results, width):
    tests = {null: of_seeds(results, width, "functoriality", null) for null in NULLS}
    orders = chosen(results["orders"], width=width)
    starts = chosen(results["starts"], width=width)
    found = {
        "share": percent([row["observed"] for row in tests["B"]]),
        "rotated": percent([row["null_mean"] for null in NULLS for row in tests[null]]),
        "B_words": percent(composed(results, width, "words", "B")),
        "tight": percent(composed(results, width, "SAEs", level=0.8)),
        "tight_words": percent([share for null in NULLS
                                for share in composed(results, width, "words", null, 0.8)]),
        "clusters": percent(of_clusters(results, width, "cluster centres")) if
        of_clusters(results, width, "cluster centres") else "",
        "again": percent([row["both"] / row["one"] for row in orders], "{:.0f}"),
        "again_chance": percent([row["other"] for row in orders], "{:.0f}"),
        **{f"near_{by}": span([row[by] for row in chosen(results["nearness"], width=width)], "{:.2f}")
           for by in ("SAEs", "words", "rotations")},
        "fired": span([row["words"] for row in chosen(results["saes"], width=width)], "{:.0f}"),
        "shared": percent([row["shared"] for row in starts], "{:.0f}"),
        "without": percent(of_clusters(results, width, "words")) if
        of_clusters(results, width, "words") else "",
        "times": span([a / b for a, b in zip(share_of_fifth(results, width, 4),
                                             share_of_fifth(results, width, 0))], "{:.1f}"),
        "times_words": span([a / b for a, b in zip(share_of_fifth(results, width, 4, "words"),
                                                   share_of_fifth(results, width, 0, "words"))],
                            "{:.1f}"),
    }
    return {f"{name}_{width}": value for name, value in found.items()}


def of_categories(results):
    tests, rows = results["category_tests"], results["categories"]
    return {
        "category_counts": span([test["categories"] for test in tests], "{}"),
        "category_spread": span([test["spread"] for test in tests], "{:.1f}"),
        "category_spread_null": span([test["null_mean"] for test in tests], "{:.1f}"),
        "category_p": span([test["p_upper"] for test in tests]),
        "categories_standing": str(sum(row["stands"] for row in rows)),
        "category_agreement": "{:.2f}".format(statistics.correlation(
            [row["share"] - row["expected"] for row in rows],
            [row["through_words"] - row["expected"] for row in rows])),
        "categories_all": str(len(rows)),
    }


def text(results):
    """paper.in.md with every {{name}} filled in."""
    return filled(pathlib.Path(__file__).resolve().parent / "paper.in.md", values(results))
