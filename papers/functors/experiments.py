"""The SAEs and what `yoneda compare` says of them, as plain numbers.

Everything is kept in a work folder under the name of what made it, so that a second run, or one that
was interrupted, only does what is missing.
"""
import itertools

import tensors
from common import VOCABULARY, WORDS, train_on_demo

WIDTHS = (512, 2048, 8192)
TURNS = (0, 1, 2)           # which of the three SAEs of a width
CYCLES = ((0, 1, 2), (1, 2, 0), (2, 0, 1))  # every SAE once as A
DIRECTIONS = ("random", "inputs")
EPOCHS, EARLY = 20, 2       # of training, and of one that starts alike and stops early


def seed_of(width, turn):
    """No two SAEs share one: a seed draws the starts of a wide SAE as those of a narrow one, and the
    same order of the words."""
    return 10 * WIDTHS.index(width) + turn


def sae(runs, width, turn, directions="random"):
    name = f"sae-{width}-{seed_of(width, turn)}" + ("" if directions == "random" else f"-{directions}")
    return train_on_demo(runs, name, width, seed_of(width, turn), directions=directions)


def early_sae(runs, width, turn):
    """From the same start, on the same words in the same order, for a tenth of the time."""
    return train_on_demo(runs, f"early-{width}-{seed_of(width, turn)}", width, seed_of(width, turn),
                         directions="random", epochs=EARLY)


def start_of(runs, width, turn, directions):
    """Where an SAE starts: one that was trained with hardly any steps."""
    seed = seed_of(width, turn)
    return train_on_demo(runs, f"start-{width}-{seed}-{directions}", width, seed,
                         directions=directions, epochs=1, rate=1e-9)


def held_out_words(runs):
    """The tenth of the words that `yoneda train` keeps apart."""
    path = runs.folder / "held-out.safetensors"
    if not path.exists():
        ((name, rows),) = tensors.read(WORDS).items()
        tensors.write(path, name, rows[9::10])
    return path


def compared(runs, samples, saes):
    """compare.json of three SAEs; a test looks at 2,048 features of A at most."""
    name = "compare-" + "-".join(path.name.removeprefix("sae-") for path in saes) + f"-{samples}.json"
    return runs.read(name, "compare", *saes, "--model", WORDS, "--vocabulary", VOCABULARY,
                     "--activations", held_out_words(runs), "--samples", samples)


def of_seeds(runs, samples, width, order):
    return compared(runs, samples, [sae(runs, width, turn) for turn in order])


def of_widths(runs, samples, turn, widths):
    return compared(runs, samples, [sae(runs, width, turn) for width in widths])


def all_comparisons(runs, samples):
    """(widths, turns, compare.json) of every run."""
    for width, order in itertools.product(WIDTHS, CYCLES):
        yield (width,) * 3, order, of_seeds(runs, samples, width, order)
    for widths, turn in itertools.product(itertools.permutations(WIDTHS), TURNS):
        yield widths, (turn,) * 3, of_widths(runs, samples, turn, widths)


KEPT = ("observed", "null_mean", "null_sd", "p_upper", "p_lower", "verdict")


def tests_of(found):
    """Every test of a comparison: (statistic, null, counts, test)."""
    whole = found["functoriality"]
    for null, test in zip(("B", "C", "B and C"), whole["tests"]):
        yield "functoriality", null, {"looked_at": whole["looked_at"]}, test
    yield "naturality", "B", {}, found["naturality"]
    for name in ("coactivation", "virtual_weights"):
        part = found[name]
        yield name, "B", {key: part[key] for key in ("compared", "merged")}, part["test"]


def step_row(step, widths, turns):
    row = {"widths": widths, "turns": turns,
           **{key: step[key] for key in ("fates", "origins", "coverage", "coverage_back", "floor",
                                         "chance")}}
    pairs = step["one_to_one"]
    return {**row, "one_to_one": {"pairs": pairs["pairs"], "cosine": pairs["cosine"] / pairs["pairs"]}}


def comparisons(runs, samples):
    """Tests of all runs, and the maps of every pair of SAEs that a run begins with."""
    tests, steps = [], {}
    for widths, turns, found in all_comparisons(runs, samples):
        for statistic, null, counts, test in tests_of(found):
            tests.append({"widths": widths, "turns": turns, "statistic": statistic, "null": null,
                          **counts, **{key: test[key] for key in KEPT}})
        first = widths[:2], turns[:2]
        steps.setdefault(first, step_row(found["steps"][0], *first))
    return tests, list(steps.values())


def firmest(runs, samples, shown=8):
    """The features of the first SAE of each width that come back with the largest cosines."""
    rows = []
    for width in WIDTHS:
        found = of_seeds(runs, samples, width, CYCLES[0])
        best = sorted(found["functoriality"]["reproducible"], key=lambda row: -min(row["cosines"]))
        for row in best[:shown]:
            raised = found["steps"][0]["features"][row["feature"]]["raises"]
            rows.append({"width": width, "feature": row["feature"], "least": min(row["cosines"]),
                         "by_chance": row["by_chance"], "words": [word["text"] for word in raised[:3]]})
    return rows
