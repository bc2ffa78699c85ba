"""How far maps compose, through SAEs and through what is put in their place."""
import itertools

import numpy

import maps
from common import WORDS
from experiments import CYCLES, TURNS, WIDTHS, sae, seed_of, start_of
from features import codes, directions, explained, unit, weights, words

LEVELS = tuple(round(0.05 * step, 2) for step in range(20))  # least cosines of the three steps
NULLS = ("B", "C", "B and C")
LOOKED_AT = 2048    # features of A in a draw, at most
TENTHS = 10          # every tenth word is kept apart by `yoneda train`
CLUSTERED = WIDTHS[:2]  # three times 8,192 words are more than there are


def training_words():
    rows = words(WORDS)
    return numpy.delete(rows, numpy.s_[TENTHS - 1::TENTHS], 0)


def held_out():
    return words(WORDS)[TENTHS - 1::TENTHS]


class Three:
    """Three SAEs as directions, with the centres that they see words from."""

    def __init__(self, runs, widths, turns, kind="random"):
        paths = [sae(runs, width, turn, kind) for width, turn in zip(widths, turns)]
        self.widths = widths
        self.rows = [directions(path) for path in paths]
        self.centres = [weights(path)["b_dec"] for path in paths]
        self.random = numpy.random.default_rng([*dict.fromkeys(widths), *turns])

    def look_at(self, count):
        """Some features of A, where there are more."""
        if len(self.rows[0]) > count:
            some = self.random.permutation(len(self.rows[0]))[:count]
            self.rows[0] = self.rows[0][numpy.sort(some)]

    def words(self, training):
        """B and C of words, none of them in both."""
        _, of_B, of_C = self.widths
        chosen = self.random.permutation(len(training))[:of_B + of_C]
        return [unit(training[some] - centre)
                for some, centre in zip(numpy.split(chosen, [of_B]), self.centres[1:])]


def of_width(runs, width, order, kind="random"):
    return Three(runs, (width,) * 3, order, kind)


def drawn(three, B, C):
    """The ways with B drawn again, C, both: {null: (A, B, C)}"""
    A, own_B, own_C = three.rows
    return {"B": (A, B, own_C), "C": (A, own_B, C), "B and C": (A, B, C)}


def least_cosine(A, B, C):
    """Of every feature whose maps compose the least of the three cosines; -1 of the others."""
    (through, first), (direct, last) = maps.nearest(A, B), maps.nearest(A, C)
    reached, back = numpy.unique(through, return_inverse=True)
    there, cosine = maps.nearest(B[reached], C)
    least = numpy.minimum(numpy.minimum(first, last), cosine[back])
    return numpy.where(there[back] == direct, least, -1)


def at_levels(least):
    return [float((least >= level).mean()) for level in LEVELS]


def p_of(observed, draws):
    """p upper and lower at every level; a draw that is as good counts."""
    count = 1 + len(draws)
    return {"p_upper": ((1 + (draws >= observed).sum(0)) / count).tolist(),
            "p_lower": ((1 + (draws <= observed).sum(0)) / count).tolist()}


def compositions(runs, samples):
    """The share of features whose maps compose with cosines of a level or more: of SAEs, with words
    or rotations as B, as C, as both."""
    training, rows = training_words(), []
    for width in WIDTHS:
        for order in CYCLES:
            three = of_width(runs, width, order)
            three.look_at(LOOKED_AT)
            observed = numpy.array(at_levels(least_cosine(*three.rows)))
            where = {"width": width, "turns": order}
            rows.append({**where, "by": "SAEs", "null": None, "share": observed.tolist()})
            turned = [maps.Rotated(each) for each in three.rows[1:]]
            for by in ("words", "rotations"):
                found = {null: [] for null in NULLS}
                for _ in range(samples):
                    others = (three.words(training) if by == "words" else
                              [each.draw(three.random) for each in turned])
                    for null, ways in drawn(three, *others).items():
                        found[null].append(at_levels(least_cosine(*ways)))
                for null, draws in found.items():
                    draws = numpy.array(draws)
                    rows.append({**where, "by": by, "null": null, "share": draws.mean(0).tolist(),
                                 "sd": draws.std(0, ddof=1).tolist(), **p_of(observed, draws)})
            print(f"  maps of {width}, {order}", flush=True)
    return rows


def across_widths(runs, samples):
    """The same of one SAE of each width, whatever the cosines, and beside words alone."""
    training, rows = training_words(), []
    for widths, turn in itertools.product(itertools.permutations(WIDTHS), TURNS):
        three = Three(runs, widths, (turn,) * 3)
        three.look_at(LOOKED_AT // 2)
        observed = float(maps.compose(*three.rows).mean())
        found = {null: [] for null in NULLS}
        for _ in range(samples):
            for null, ways in drawn(three, *three.words(training)).items():
                found[null].append(float(maps.compose(*ways).mean()))
        for null, draws in found.items():
            draws = numpy.array(draws)
            rows.append({"widths": widths, "turn": turn, "null": null, "observed": observed,
                         "null_mean": float(draws.mean()), "null_sd": float(draws.std(ddof=1)),
                         **{key: float(p) for key, p in p_of(observed, draws).items()}})
    return rows


def clustered(rows, start):
    """Centres of spherical k-means (Lloyd's steps) of length 1; one that gets no row stays."""
    centres = rows[start]
    for _ in range(20):
        label, _ = maps.nearest(rows, centres)
        sums = numpy.zeros_like(centres)
        numpy.add.at(sums, label, rows)
        kept = numpy.linalg.norm(sums, axis=1) > 0
        centres = centres.copy()
        centres[kept] = unit(sums[kept])
    return centres


def clusters(runs):
    """The same of cluster centres in place of SAEs: three from starts that share no word; and of
    three draws of words. Both see them from the centre of the first SAE."""
    training, rows = training_words(), []
    for width in CLUSTERED:
        seen = unit(training - weights(sae(runs, width, 0))["b_dec"])
        random = numpy.random.default_rng(width)
        starts = numpy.split(random.permutation(len(seen))[:3 * width], 3)
        centres = [clustered(seen, start) for start in starts]
        for name, three in (("cluster centres", centres), ("words", [seen[start] for start in starts])):
            for order in CYCLES:
                share = at_levels(least_cosine(*(three[turn] for turn in order)))
                rows.append({"width": width, "turns": order, "of": name, "share": share})
        for order in CYCLES:
            A, _, C = (directions(sae(runs, width, turn)) for turn in order)
            share = at_levels(least_cosine(A, centres[order[1]], C))
            rows.append({"width": width, "turns": order, "of": "SAEs through cluster centres",
                         "share": share})
    return rows


def saes(runs):
    """What every SAE explains, and how often its features fire."""
    rows, apart = [], held_out()
    for width in WIDTHS:
        for turn in TURNS:
            path = sae(runs, width, turn)
            held = weights(path)
            counts = (codes(held, words(WORDS)) > 0).sum(0)
            norms = numpy.linalg.norm(held["W_dec"], axis=1)
            rows.append({"width": width, "seed": seed_of(width, turn),
                         "fve": explained(held, training_words()), "fve_apart": explained(held, apart),
                         "never": int((counts == 0).sum()), "words": float(numpy.median(counts)),
                         "norms": [float(norms.min()), float(norms.max())]})
    return rows


def nearness(runs):
    """The median cosine of a feature with its nearest in another SAE, among as many words, and in a
    rotation of the other SAE."""
    training, rows = training_words(), []
    for width in WIDTHS:
        for order in CYCLES:
            three = of_width(runs, width, order)
            A, B, _ = three.rows
            others = {"SAEs": B, "words": three.words(training)[0],
                      "rotations": maps.Rotated(B).draw(three.random)}
            rows.append({"width": width, "turns": order,
                         **{by: float(numpy.median(maps.nearest(A, other)[1]))
                            for by, other in others.items()}})
    return rows


def two_orders(runs):
    """Is reproducible what goes through B and not through C? Of those that compose one way, how many
    do the other way, and how many would were the two independent."""
    rows = []
    for width in WIDTHS:
        for order in CYCLES:
            A, B, C = of_width(runs, width, order).rows
            one, other = maps.compose(A, B, C), maps.compose(A, C, B)
            rows.append({"width": width, "turns": order, "one": float(one.mean()),
                         "other": float(other.mean()), "both": float((one & other).mean())})
    return rows


def fates_by_chance(runs, comparisons, samples):
    """What would become of an SAE's features if the other SAE were rotated, or words."""
    training, rows = training_words(), []
    for row in comparisons:
        paths = [sae(runs, width, turn) for width, turn in zip(row["widths"], row["turns"])]
        A, B = map(directions, paths)
        random, turned = numpy.random.default_rng([*row["widths"], *row["turns"]]), maps.Rotated(B)
        stands = maps.Words(training, len(B), weights(paths[1])["b_dec"])
        floors = row["floor"]["forward"], row["floor"]["backward"]
        for by, null in (("words", stands), ("rotations", turned)):
            draws = [maps.fates(A, null.draw(random), floors) for _ in range(samples)]
            rows.append({"widths": row["widths"], "turns": row["turns"], "by": by,
                         **{fate: float(numpy.mean([draw[fate] for draw in draws]))
                            for fate in draws[0]},
                         "most_matched": max(draw["matched"] for draw in draws)})
    return rows


def shared_starts(runs):
    """The SAEs that start at words: how many starts they share, and what that does to the maps."""
    rows = []
    for width in WIDTHS:
        for order in CYCLES:
            starts = [directions(start_of(runs, width, turn, "inputs")) for turn in order]
            same = [maps.nearest(starts[0], other)[1] > 0.9999 for other in starts[1:]]
            held = of_width(runs, width, order, "inputs")
            found = maps.compose(*held.rows)
            both, neither = same[0] & same[1], ~same[0] & ~same[1]
            random_starts = maps.compose(*of_width(runs, width, order).rows)
            rows.append({"width": width, "turns": order, "shared": float(same[0].mean()),
                         "both": int(both.sum()), "share": float(found.mean()),
                         "of_both": float(found[both].mean()) if both.any() else None,
                         "of_neither": float(found[neither].mean()),
                         "random": float(random_starts.mean())})
    return rows
