"""How far a grouping of features follows their classes. Features of no class are left out, but for
precision: what else is in a category counts against it."""
import collections
import statistics

import numpy
import sklearn.metrics

from methods import LEAST

OPPOSITE = -0.3     # cosine from which two decoder rows count as opposites


def placed(labels):
    """Features without a category (-1) are one each."""
    free = max(labels) + 1
    return [label if label >= 0 else free + at for at, label in enumerate(labels)]


def best_categories(labels, classes):
    """{class: its category of the largest F1, and what precision is among labelled features}"""
    sizes = collections.Counter(labels)
    labelled = collections.Counter(label for label, name in zip(labels, classes) if name)
    shared = collections.Counter((name, label) for label, name in zip(labels, classes) if name)
    counts = collections.Counter(name for name in classes if name)
    best = {}
    for (name, label), both in shared.items():
        f1 = 2 * both / (sizes[label] + counts[name])
        found = {"features": counts[name], "category": label, "size": sizes[label], "f1": f1,
                 "precision": both / sizes[label], "recall": both / counts[name],
                 "precision_labelled": both / labelled[label]}
        if name not in best or (f1, -label) > (best[name]["f1"], -best[name]["category"]):
            best[name] = found
    return best


def mean_f1(best):
    return statistics.mean(of["f1"] for of in best.values() if of["features"] >= LEAST)


def of_labelled(labels, classes):
    """The same where features of no class do not count at all."""
    return best_categories(*zip(*((label, name) for label, name in zip(labels, classes) if name)))


def of(labels, classes, samples=0):
    """Scores over all classes, and of each; with `samples`, beside permuted classes."""
    labels = placed(labels)
    kept = [at for at, name in enumerate(classes) if name]
    ours, theirs = [labels[at] for at in kept], [classes[at] for at in kept]
    best = best_categories(labels, classes)
    found = {"ami": sklearn.metrics.adjusted_mutual_info_score(theirs, ours),
             "ari": sklearn.metrics.adjusted_rand_score(theirs, ours),
             "f1": mean_f1(best), "f1_labelled": mean_f1(of_labelled(labels, classes))}
    if samples:
        random, drawn = numpy.random.default_rng(1), []
        for _ in range(samples):
            permuted = list(classes)
            for at, other in zip(kept, random.permutation(kept)):
                permuted[at] = classes[other]
            drawn.append((mean_f1(best_categories(labels, permuted)),
                          mean_f1(of_labelled(labels, permuted))))
        found["f1_permuted"], found["f1_labelled_permuted"] = map(statistics.mean, zip(*drawn))
    return {"all": found, "classes": best}


def shape(labels):
    sizes = collections.Counter(label for label in labels if label >= 0)
    return {"largest": max(sizes.values()), "unplaced": sum(label < 0 for label in labels)}


def opposites(labels, rows):
    """Of the pairs of opposite decoder rows the share that one category holds, and what chance
    would have it hold: the share of all pairs."""
    labels = numpy.array(placed(labels))
    together = labels[:, None] == labels[None, :]
    upper = numpy.triu(numpy.ones_like(together), 1)
    opposite = (rows @ rows.T <= OPPOSITE) & upper
    return {"opposite_pairs": int(opposite.sum()), "opposites_together": float(together[opposite].mean()),
            "pairs_together": float(together[upper].mean())}


def opposite_labels(classes, rows):
    """How many pairs of opposites have a class each, and how often it is not the same."""
    first, second = numpy.nonzero(numpy.triu(rows @ rows.T <= OPPOSITE, 1))
    both = [(classes[a], classes[b]) for a, b in zip(first, second) if classes[a] and classes[b]]
    return {"opposites_labelled": len(both), "opposites_of_two_classes": sum(a != b for a, b in both)}


def uncut(labels, weights):
    """The share of a graph's negative weight that lies within categories."""
    labels, edges = numpy.array(placed(labels)), weights.tocoo()
    negative = -numpy.minimum(edges.data, 0)
    return float(negative[labels[edges.row] == labels[edges.col]].sum() / negative.sum())
