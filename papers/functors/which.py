"""Which features are reproducible: by what is known of each, and by category."""
import numpy

import maps
from common import VOCABULARY, WORDS
from experiments import CYCLES, WIDTHS, early_sae, sae
from features import properties, words
from measures import least_cosine, of_width, training_words

FIFTHS = 5
FIRM = 0.7              # a cosine that rotations never reach and words seldom
GROUPED = WIDTHS[1]     # the width whose features are sorted into categories
BELIEVED = 0.05         # false discovery rate over categories


def ranks(values):
    """Ascending from 1, equal values their mean."""
    _, back, counts = numpy.unique(values, return_inverse=True, return_counts=True)
    last = numpy.cumsum(counts)
    return (last - (counts - 1) / 2)[back]


def auc(values, marked):
    """How often a marked feature has the larger value than another one; ties count half. And over how
    many pairs."""
    ones = int(marked.sum())
    pairs = ones * (len(marked) - ones)
    if pairs == 0:
        return 0.5, 0
    return (ranks(values)[marked].sum() - ones * (ones + 1) / 2) / pairs, pairs


def auc_within(values, marked, groups):
    """The same over pairs of one group."""
    found = [auc(values[groups == group], marked[groups == group]) for group in numpy.unique(groups)]
    return sum(a * pairs for a, pairs in found) / sum(pairs for _, pairs in found)


def fifths(values):
    """0 to 4; equal values stay together."""
    return numpy.searchsorted(numpy.quantile(values, [0.2, 0.4, 0.6, 0.8]), values, side="left")


def marks_by_chance(three, samples):
    """Which features compose with words as B, and with a rotation as C, the rotation that comes
    nearest: {null: [samples, features]}"""
    A, B, C = three.rows
    training, turned = training_words(), maps.Rotated(C)
    through, direct = maps.nearest(A, B)[0], maps.nearest(A, C)[0]
    found = {"words": [], "rotations": []}
    for _ in range(samples):
        found["words"].append(maps.compose(A, three.words(training)[0], C, direct=direct))
        found["rotations"].append(maps.compose(A, B, turned.draw(three.random), through=through))
    return {by: numpy.array(marks) for by, marks in found.items()}


def by_words(runs, samples):
    """Reproducible and other features, for every SAE: by fifths of how many words they fire on, and
    by every property."""
    parts, rows = [], []
    for width in WIDTHS:
        for order in CYCLES:
            three, turn = of_width(runs, width, order), order[0]
            known = properties(sae(runs, width, turn), early_sae(runs, width, turn), words(WORDS))
            marked, chance = maps.compose(*three.rows), marks_by_chance(three, samples)
            fifth, where = fifths(known["words"]), {"width": width, "turns": order}
            for number in range(FIFTHS):
                here = fifth == number
                parts.append({**where, "fifth": number, "features": int(here.sum()),
                              "words_fired": float(numpy.median(known["words"][here])),
                              "share": float(marked[here].mean()),
                              **{by: float(found[:, here].mean()) for by, found in chance.items()}})
            for name, values in known.items():
                groups = fifth if name != "words" else numpy.zeros(width, int)
                whole = auc(values, marked)[0], auc_within(values, marked, groups)
                row = {**where, "property": name, "auc": whole[0], "within": whole[1]}
                for by, found in chance.items():
                    draws = numpy.array([(auc(values, drawn)[0], auc_within(values, drawn, groups))
                                         for drawn in found])
                    row[by] = {"mean": draws.mean(0).tolist(), "sd": draws.std(0, ddof=1).tolist(),
                               "p_upper": [(1 + (draws[:, i] >= whole[i]).sum()) / (1 + samples)
                                           for i in (0, 1)],
                               "p_lower": [(1 + (draws[:, i] <= whole[i]).sum()) / (1 + samples)
                                           for i in (0, 1)]}
                rows.append(row)
            print(f"  features of {width}, {order}", flush=True)
    return parts, rows


def firm_ones(runs, samples):
    """The same properties of features whose maps compose with cosines of FIRM or more. Words do so
    with few features, so draws are put together."""
    rows, training = [], training_words()
    for width in WIDTHS:
        for order in CYCLES:
            three, turn = of_width(runs, width, order), order[0]
            known = properties(sae(runs, width, turn), early_sae(runs, width, turn), words(WORDS))
            A, _, C = three.rows
            marked = least_cosine(*three.rows) >= FIRM
            drawn = numpy.array([least_cosine(A, three.words(training)[0], C) >= FIRM
                                 for _ in range(samples)])
            for name, values in known.items():
                rows.append({"width": width, "turns": order, "property": name,
                             "firm": int(marked.sum()), "by_words": float(drawn.sum(1).mean()),
                             "auc": auc(values, marked)[0],
                             "words": auc(numpy.tile(values, samples), drawn.ravel())[0]})
    return rows


def categories_of(runs, turn):
    """The groups of the features of one SAE, by the tool's defaults."""
    name = f"{GROUPED}-{turn}"
    arrows = runs.make(f"arrows-{name}.safetensors", "arrows", "--sae", sae(runs, GROUPED, turn),
                       "--model", WORDS, "--vocabulary", VOCABULARY)
    graph = runs.make(f"graph-{name}.safetensors", "graph", arrows)
    return runs.read(f"categories-{name}.json", "categories", graph, "--arrows", arrows)


def dealt(marked, groups, random):
    """Marks dealt out again among features of one group."""
    found = marked.copy()
    for group in numpy.unique(groups):
        here = numpy.flatnonzero(groups == group)
        found[here] = marked[random.permutation(here)]
    return found


def believed(p):
    """Which of many p stand at a false discovery rate (Benjamini, Hochberg 1995)."""
    order = numpy.argsort(p)
    passed = numpy.flatnonzero(p[order] <= BELIEVED * numpy.arange(1, len(p) + 1) / len(p))
    kept = numpy.zeros(len(p), bool)
    kept[order[:passed[-1] + 1 if len(passed) else 0]] = True
    return kept


def by_category(runs, samples, deals):
    """In which categories features are reproducible more or less often than features elsewhere that
    fire on as many words: a test of all together, and categories one by one."""
    tests, rows = [], []
    for order in CYCLES:
        turn = order[0]
        made, three = categories_of(runs, turn), of_width(runs, GROUPED, order)
        labels = numpy.array(made["labels"])
        known = properties(sae(runs, GROUPED, turn), early_sae(runs, GROUPED, turn), words(WORDS))
        marked, chance = maps.compose(*three.rows), marks_by_chance(three, samples)["words"].mean(0)
        fifth, random = fifths(known["words"]), numpy.random.default_rng(turn)
        names = [c for c in range(len(made["categories"])) if (labels == c).any()]
        sizes = numpy.array([(labels == c).sum() for c in names])
        member = numpy.array([labels == c for c in names], numpy.float32)
        count = member @ marked
        draws = numpy.array([member @ dealt(marked, fifth, random) for _ in range(deals)])
        mean = draws.mean(0)
        spread = [float((((x - mean) ** 2) / sizes).sum()) for x in (count, *draws)]
        tests.append({"turn": turn, "categories": len(names), "spread": spread[0],
                      "null_mean": float(numpy.mean(spread[1:])),
                      "null_sd": float(numpy.std(spread[1:], ddof=1)),
                      "p_upper": float(numpy.mean(numpy.array(spread) >= spread[0]))})
        above = (1 + (draws >= count).sum(0)) / (1 + deals)
        below = (1 + (draws <= count).sum(0)) / (1 + deals)
        stands = believed(numpy.minimum(1, 2 * numpy.minimum(above, below)))
        for at, c in enumerate(names):
            rows.append({"turn": turn, "category": c, "features": int(sizes[at]),
                         "words": [word["text"] for word in made["categories"][c]["raised"][:6]],
                         "share": float(count[at] / sizes[at]), "expected": float(mean[at] / sizes[at]),
                         "through_words": float(member[at] @ chance / sizes[at]),
                         "p_upper": float(above[at]), "p_lower": float(below[at]),
                         "stands": bool(stands[at])})
    return tests, rows
