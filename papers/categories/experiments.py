"""The groupings and their scores: everything is kept in a work folder under the name of what made
it, so that a second run, or one that was interrupted, only does what is missing."""
import collections
import itertools
import json
import time

import peers
import references
import scores
import tensors
from common import DEMO, VOCABULARY, WORDS, train_on_demo
from methods import ASKED, COUNTS, HALF_COUNTS, METHODS, REFERENCE, SAES, SEEDS, matched

WIDTH = 2048


def sae(runs, seed):
    if seed == SAES[0]:
        return DEMO / "sae"
    return train_on_demo(runs, f"sae-{WIDTH}-{seed}", WIDTH, seed)


def arrows(runs, seed):
    return runs.make(f"arrows-{seed}.safetensors", "arrows", "--sae", sae(runs, seed), "--model",
                     WORDS, "--vocabulary", VOCABULARY, "-k", 50)


def half_of_the_words(runs, half):
    """Their vectors and texts in files of their own: every other ten words, most frequent first, so
    that both halves have as many rare ones, and as many that training did not see."""
    rows, texts = runs.folder / f"words-{half}.safetensors", runs.folder / f"words-{half}.txt"
    if not texts.exists():
        ((name, vectors),) = tensors.read(WORDS).items()
        tensors.write(rows, name, vectors[of_half(len(vectors), half)])
        words = VOCABULARY.read_text().splitlines()
        texts.write_text("".join(f"{words[at]}\n" for at in of_half(len(words), half)))
    return rows, texts


def of_half(count, half):
    return [at for at in range(count) if at // 10 % 2 == half]


def half_arrows(runs, seed, half):
    rows, texts = half_of_the_words(runs, half)
    return runs.make(f"arrows-{seed}-half-{half}.safetensors", "arrows", "--sae", sae(runs, seed),
                     "--model", rows, "--vocabulary", texts, "-k", 50)


def graph(runs, seed, kind):
    return runs.make(f"graph-{kind}-{seed}.safetensors", "graph", arrows_of(runs, seed, kind),
                     "--kind", "decoder" if kind == "decoder" else "profile", "--neighbors", 16)


def arrows_of(runs, seed, kind):
    """What a graph is made of; "half" is a profile graph of the second half of the words."""
    return half_arrows(runs, seed, 1) if kind == "half" else arrows(runs, seed)


def edges(runs, seed, kind, signs):
    """A graph as an edge list with other signs."""
    path = runs.folder / f"edges-{kind}-{seed}-{signs}.tsv"
    if not path.exists():
        kept = []
        signed = runs.make(f"edges-{kind}-{seed}.tsv", "graph", arrows_of(runs, seed, kind),
                           "--kind", "profile", "--neighbors", 16)
        for line in signed.read_text().splitlines():
            if line.startswith("#"):
                continue
            source, target, weight = line.split("\t")
            if signs == "absolute" or not weight.startswith("-"):
                kept.append(f"{source}\t{target}\t{weight.lstrip('-')}\n")
        path.write_text("".join(kept))
    return path


def seen_by(runs, method, which):
    """The graph that a method is given."""
    kind = method.graph or "profile"  # which k-means does not look at
    return graph(runs, which, kind) if method.signs == "kept" else edges(runs, which, kind, method.signs)


def several(labels):
    """How many categories have more than one member."""
    return sum(size > 1 for category, size in collections.Counter(labels).items() if category >= 0)


def file_name(method, which, seed, ending):
    plain = "".join(c if c.isalnum() else "-" for c in method.name.replace("|", "abs"))
    return f"{plain}-{which}-{seed}-{ending}.json"


def by_tool(runs, method, which, seed, *more):
    ending = "-".join(f"{m}" for m in more[1::2]) or "own"
    return runs.read(file_name(method, which, seed, ending), "categories",
                     seen_by(runs, method, which), "--arrows", arrows(runs, which),
                     *method.options, *more, "--seed", seed)


def resolution(runs, method, which, count):
    """At which a method makes about so many categories of several members, by bisection.

    It is searched with the first seed and used with all."""
    low, high, best = 0.01, 100.0, None
    for _ in range(12):
        middle = round((low * high) ** 0.5, 4)
        found = several(by_tool(runs, method, which, SEEDS[0], "--resolution", middle)["labels"])
        if best is None or abs(found - count) < abs(best[0] - count):
            best = found, middle
        if found == count:
            break
        low, high = (middle, high) if found < count else (low, middle)
    return best[1]


def by_peer(runs, method, which, count, seed):
    path = runs.folder / file_name(method, which, seed, count)
    if not path.exists():
        began = time.monotonic()
        shown = graph(runs, which, method.graph) if method.graph else None
        labels = peers.grouped(method, sae(runs, which), arrows_of(runs, which, method.graph), shown,
                               count, seed)
        path.write_text(json.dumps({"labels": labels}))
        print(f"  {path.name}  ({time.monotonic() - began:.0f} s)", flush=True)
    return json.loads(path.read_text())


def grouping(runs, method, which, count, seed):
    """What a method makes: {"labels": ..., and of the tool's methods more}."""
    if method.by == "peer":
        made = by_peer(runs, method, which, count, seed)
    elif method.by == "count":
        made = by_tool(runs, method, which, seed, "--count", count)
    elif method.by == "resolution":
        made = by_tool(runs, method, which, seed, "--resolution",
                       resolution(runs, method, which, count))
    else:
        made = by_tool(runs, method, which, seed)
    # The last features may have lost all their edges with their signs.
    made["labels"] += [-1] * (WIDTH - len(made["labels"]))
    return made


def wanted():
    """(method, SAE, K, seed): one seed everywhere, and all seeds for the first SAE and K. A method
    that finds K itself is asked once."""
    for count in COUNTS:
        for method in METHODS:
            if not matched(method) and count != COUNTS[0]:
                continue
            for which in SAES:
                all_seeds = which == SAES[0] and count == COUNTS[0]
                for seed in SEEDS if all_seeds else SEEDS[:1]:
                    yield method, which, count, seed


def words_of(made, category):
    """What the tool calls a category."""
    named = made["categories"][category] if "categories" in made else None
    return [word["text"] for word in named["raised"][:6]] if named else []


def on_half(method):
    return method._replace(name=f"{method.name} of half the words", graph="half")


def halves(runs, lists):
    """Profile graphs made of one half of the words, classes told by the other half."""
    rows = []
    for which in SAES:
        top = references.raised(half_arrows(runs, which, 0))
        listed = lists.of_senses[1][of_half(len(lists.words), 0)]
        classes = references.classes_of(top, listed, lists.names)
        for method, count in itertools.product(METHODS, HALF_COUNTS):
            if not matched(method):
                continue
            asked = on_half(method) if method.graph == "profile" else method
            labels = grouping(runs, asked, which, count, SEEDS[0])["labels"]
            rows.append({"method": method.name, "K": count, "sae": which,
                         "labelled": sum(c is not None for c in classes),
                         **scores.of(labels, classes)["all"]})
    return rows


def rounded(value):
    """For a results.json that can be looked through."""
    if isinstance(value, dict):
        return {key: rounded(of) for key, of in value.items()}
    if isinstance(value, list):
        return [rounded(of) for of in value]
    return round(value, 5) if isinstance(value, float) else value


def compute(runs, samples):
    lists = references.Lists(VOCABULARY)
    known = {which: references.of_features(lists, sae(runs, which), WORDS,
                                           arrows(runs, which)) for which in SAES}
    rows, classes = [], []
    for method, which, count, seed in wanted():
        made = grouping(runs, method, which, count, seed)
        labels = made["labels"]
        found = {name: scores.of(labels, reference, samples if (name, seed) == (REFERENCE, SEEDS[0]) else 0)
                 for name, reference in known[which].items()}
        row = {"method": method.name, "K": count if matched(method) else None, "sae": which,
               "seed": seed, "reached": several(labels),
               **scores.shape(labels), **scores.opposites(labels, peers.unit_rows(sae(runs, which)))}
        for kind in ("profile", "decoder"):
            row[f"uncut_{kind}"] = scores.uncut(labels, peers.weights(graph(runs, which, kind)))
        rows.append({**row, "scores": {name: of["all"] for name, of in found.items()}})
        if seed == SEEDS[0]:
            classes += [{"method": method.name, "K": row["K"], "sae": which, "class": name, **best,
                         "words": words_of(made, best["category"])}
                        for name, best in found[REFERENCE]["classes"].items() if name in ASKED]
    counts = [{"sae": which, "reference": name,
               "classes": dict(sorted(collections.Counter(c for c in reference if c).items())),
               **scores.opposite_labels(reference, peers.unit_rows(sae(runs, which)))}
              for which in SAES for name, reference in known[which].items()]
    return rounded({"samples": samples, "words": lists.sizes(), "references": counts,
                    "halves": halves(runs, lists), "runs": rows, "classes": classes})
