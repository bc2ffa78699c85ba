"""What features of a narrow SAE split into in a wide one."""
import itertools

import numpy

from experiments import TURNS, WIDTHS, of_widths, sae
from features import codes, directions, weights
from measures import held_out

PAIRS = tuple(itertools.combinations(WIDTHS, 2))
SHOWN = 3  # trees


def up(runs, samples, turn, pair):
    """The comparison that begins with a pair of widths."""
    (third,) = set(WIDTHS) - set(pair)
    return of_widths(runs, samples, turn, (*pair, third))


def covered(fired, by, parts):
    """Over split features: of the words that one fires on, the share on which any of those given does."""
    shares = []
    for f, some in parts.items():
        here = fired[:, f]
        if here.any():
            shares.append(by[here][:, some].any(1).mean())
    return float(numpy.mean(shares))


def within(fired, by, parts):
    """The other way: of the words that those given fire on, the share on which the split one does."""
    shares = []
    for f, some in parts.items():
        here = by[:, some].any(1)
        if here.any():
            shares.append(fired[here, f].mean())
    return float(numpy.mean(shares))


def others(parts, A, B, by, random):
    """As many features of B for each that is split: the nearest of which it is not the nearest, and
    some that fire about as often as the parts."""
    cosines, order = A @ B.T, numpy.argsort(by.sum(0), kind="stable")
    place = numpy.argsort(order)
    near, alike = {}, {}
    for f, some in parts.items():
        beside = [g for g in numpy.argsort(-cosines[f])[:4 * len(some) + 8] if g not in set(some)]
        near[f] = beside[:len(some)]
        step = random.integers(1, 9, len(some)) * random.choice((-1, 1), len(some))
        alike[f] = order[numpy.clip(place[some] + step, 0, len(order) - 1)]
    return near, alike


def covers(runs, samples):
    """On words that training did not see, do parts fire where the split feature fires?"""
    rows, apart = [], held_out()
    for pair in PAIRS:
        for turn in TURNS:
            found = up(runs, samples, turn, pair)["steps"][0]
            parts = {row["feature"]: row["parts"] for row in found["features"]
                     if row["fate"] == "split"}
            paths = [sae(runs, width, turn) for width in pair]
            fired, by = (codes(weights(path), apart) > 0 for path in paths)
            near, alike = others(parts, *map(directions, paths), by, numpy.random.default_rng(turn))
            sizes = [len(some) for some in parts.values()]
            rows.append({"widths": pair, "turn": turn, "split": len(parts), "most": max(sizes),
                         "parts": float(numpy.mean(sizes)),
                         **{name: [covered(fired, by, some), within(fired, by, some)]
                            for name, some in (("own", parts), ("near", near), ("alike", alike))}})
    return rows


def called(row):
    return [word["text"] for word in row["raises"][:3]]


def trees(runs, samples):
    """The features of the first narrow SAE with most parts, and what these split into in turn."""
    first, second = up(runs, samples, TURNS[0], PAIRS[0])["steps"]
    most = sorted((row for row in first["features"] if row["fate"] == "split"),
                  key=lambda row: (-len(row["parts"]), row["feature"]))[:SHOWN]
    return [{"feature": row["feature"], "words": called(row),
             "parts": [{"feature": g, "words": called(first["back"][g]),
                        "cosine": first["back"][g]["cosine"],
                        "fate": second["features"][g]["fate"],
                        "parts": [called(second["back"][h]) for h in second["features"][g]["parts"]]}
                       for g in row["parts"]]} for row in most]
