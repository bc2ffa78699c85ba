"""The experiments behind the text: each runs `yoneda` and returns plain numbers.

Everything is kept in a work folder under the name of what made it, so that a second run, or one that
was interrupted, only does what is missing.
"""
import itertools
import json
import pathlib

from common import VOCABULARY, WORDS, train_on_demo

HERE = pathlib.Path(__file__).resolve().parent

SEEDS = (1, 2, 3)
WIDTHS = (512, 2048)
ARROWS = (25, 50, 100)      # k: tokens kept at each end of a feature
NEIGHBORS = (8, 16, 32)     # m: strongest edges a feature keeps
SPACES = ("words", "reconstructions", "codes", "profiles", "top-rows")


def sae(runs, width, seed, *more):
    """An SAE on the demo's words, by the demo's own recipe."""
    name = f"sae-{width}-{seed}" + "".join(f"-{m}" for m in more[1::2])
    return train_on_demo(runs, name, width, seed, *more)


def arrows(runs, width, seed, k=50):
    return runs.make(f"arrows-{width}-{seed}-k{k}.safetensors", "arrows", "--sae",
                     sae(runs, width, seed), "--model", WORDS, "--vocabulary", VOCABULARY, "-k", k)


def graph(runs, width, seed, kind, k=50, m=16):
    name = f"graph-{kind}-{width}-{seed}-k{k}-m{m}.safetensors"
    return runs.make(name, "graph", arrows(runs, width, seed, k), "--kind", kind, "--neighbors", m)


def tests_of(runs, path, null, samples):
    """Every statistic of a graph beside one null."""
    name = f"check-{path.stem}-{null}-{samples}.json"
    found = runs.read(name, "check", path, "--null", null, "--samples", samples)
    return {test["statistic"]: {key: test[key] for key in
                                ("observed", "null_mean", "null_sd", "effect", "p_upper", "p_lower",
                                 "verdict")}
            for test in found["tests"]}


def cycles(runs, samples):
    """Which cycle statistics the construction forces: profile graphs over k and m, decoder graphs
    over m, for every width and seed."""
    rows = []
    for width, seed, m in itertools.product(WIDTHS, SEEDS, NEIGHBORS):
        for kind, k in [("decoder", 50), *(("profile", k) for k in ARROWS)]:
            path = graph(runs, width, seed, kind, k, m)
            for null in ("gaussian", "whitened-rotation"):
                for statistic, test in tests_of(runs, path, null, samples).items():
                    rows.append({"kind": kind, "width": width, "seed": seed, "k": k, "m": m,
                                 "null": null, "statistic": statistic, **test})
    return rows


def wrong_null(runs, samples):
    """What shuffled signs would have said of the same graphs. Yoneda refuses them for graphs that it
    made; an edge list without its head does not say what it is."""
    rows = []
    for width, seed, kind in itertools.product(WIDTHS, SEEDS, ("decoder", "profile")):
        edges = runs.make(f"edges-{kind}-{width}-{seed}.tsv", "graph", arrows(runs, width, seed),
                          "--kind", kind, "--neighbors", 16)
        bare = runs.folder / f"bare-{edges.name}"
        bare.write_text("".join(line for line in edges.open() if not line.startswith("#")))
        test = tests_of(runs, bare, "sign", samples)["triangle balance"]
        rows.append({"kind": kind, "width": width, "seed": seed, **test})
    return rows


def relations(runs, samples):
    """Six relations in every representation, for every width and seed."""
    rows = []
    for width, seed in itertools.product(WIDTHS, SEEDS):
        found = runs.read(f"relations-{width}-{seed}-{samples}.json", "relations",
                          arrows(runs, width, seed), "--quads", HERE / "relations.txt",
                          "--samples", samples)
        rows += tested(found, width=width, seed=seed)
    return rows


def relations_by_k(runs, samples):
    """The same relations in profiles, the one representation that k makes, for every k."""
    rows = []
    for width, seed, k in itertools.product(WIDTHS, SEEDS, ARROWS):
        found = runs.read(f"relations-{width}-{seed}-profiles-k{k}-{samples}.json", "relations",
                          arrows(runs, width, seed, k), "--quads", HERE / "relations.txt",
                          "--in", "profiles", "--samples", samples)
        rows += tested(found, width=width, seed=seed, k=k)
    return rows


def tested(found, **where):
    """A row of every relation in every representation it was tested in."""
    return [{"relation": relation["name"], "pairs": relation["pairs"], **where,
             "space": test["representation"], "fve": found["variance_explained"],
             **{key: of_statistic(test[key]) for key in ("q", "hit_at_1")}}
            for relation in found["relations"] for test in relation["tests"]]


def of_statistic(found):
    return {"observed": found["observed"], "verdict": found["verdict"],
            **{null: {key: found[null][key] for key in ("null_mean", "null_sd", "p_upper")}
               for null in ("swap", "re_pair")}}


def mediation(runs, samples):
    """Composition of three seeds of one width, every seed once in the middle."""
    rows = []
    for width in WIDTHS:
        for a, b, c in ((1, 2, 3), (2, 3, 1), (3, 1, 2)):
            found = runs.read(f"compose-{width}-{a}{b}{c}-{samples}.json", "compose",
                              *(sae(runs, width, seed) for seed in (a, b, c)),
                              "--samples", samples)
            rows.append({"width": width, "seeds": [a, b, c], "needed": found["needed"],
                         "curve": found["curve"],
                         "tests": [{key: test[key] for key in
                                    ("k", "rho", "null_mean", "null_sd", "effect", "p_upper",
                                     "verdict")} for test in found["tests"]]})
    return rows


def squares(runs, samples):
    """4-cycles of the virtual weights from one seed to the next."""
    rows = []
    for width in WIDTHS:
        for a, b in ((1, 2), (2, 3), (3, 1)):
            path = runs.make(f"graph-virtual-{width}-{a}{b}.safetensors", "graph", "--kind",
                             "virtual", "--sae", sae(runs, width, a), "--to", sae(runs, width, b))
            for statistic, test in tests_of(runs, path, "joint-rotation", samples).items():
                rows.append({"width": width, "seeds": [a, b], "statistic": statistic, **test})
    return rows


def read_relations():
    """{name: [(a, b), ...]} of relations.txt."""
    found, name = {}, ""
    for line in (HERE / "relations.txt").read_text().splitlines():
        if line.startswith(":"):
            name = line[1:].strip()
            found[name] = []
        elif line.strip():
            found[name].append(tuple(line.split()))
    return found


def as_diagram(path, space="codes"):
    """relations.txt as a diagram file, which is what training reads."""
    lines = []
    for name, pairs in read_relations().items():
        listed = ", ".join(f'["{a}", "{b}"]' for a, b in pairs)
        lines.append(f'[[relation]]\nname = "{name}"\nin = "{space}"\npairs = [{listed}]\n')
    path.write_text("\n".join(lines))
    return path


LAMBDAS = (0.001, 0.003)


def constraint(runs):
    """Training under the relations, beside none and beside random equations of the same words."""
    rows = []
    diagram = as_diagram(runs.folder / "relations.toml")
    for seed, strength in itertools.product(SEEDS, LAMBDAS):
        path = runs.folder / f"constraint-{seed}-{strength}.json"
        if not path.exists():
            found = runs.run("train", "--activations", WORDS, "--features", 2048, "--k", 12,
                             "--epochs", 20, "--batch", 256, "--learning-rate", 0.003,
                             "--directions", "inputs", "--seed", seed, "--vocabulary", VOCABULARY,
                             "--diagram", diagram, "--lambda", strength, "--compare", "--json",
                             "-o", runs.folder / f"constrained-{seed}-{strength}")
            path.write_text(found)
            print(f"  {path.name}", flush=True)
        found = json.loads(path.read_text())
        for name, trained in (("constrained", found), ("without", found["without"]),
                              ("random equations", found["random_equations"])):
            rows.append({"seed": seed, "lambda": strength, "sae": name,
                         "fve": trained["held_out"]["fve"], "relations": trained["relations"]})
    return rows


def grids(runs, samples):
    """The grids of grids.toml in every representation, for every width and seed."""
    rows = []
    for width, seed, space in itertools.product(WIDTHS, SEEDS, SPACES):
        found = runs.read(f"grids-{width}-{seed}-{space}-{samples}.json", "check",
                          graph(runs, width, seed, "profile"), "--arrows",
                          arrows(runs, width, seed), "--diagram", grids_in(runs, space),
                          "--samples", samples)
        rows += added_up(found, width=width, seed=seed, space=space)
    return rows


def grids_by_k(runs, samples):
    """The same grids in profiles, for every k."""
    rows = []
    for width, seed, k in itertools.product(WIDTHS, SEEDS, ARROWS):
        found = runs.read(f"grids-{width}-{seed}-profiles-k{k}-{samples}.json", "check",
                          graph(runs, width, seed, "profile", k), "--arrows",
                          arrows(runs, width, seed, k), "--diagram", grids_in(runs, "profiles"),
                          "--samples", samples)
        rows += added_up(found, width=width, seed=seed, k=k, space="profiles")
    return rows


def grids_in(runs, space):
    """grids.toml for one representation."""
    path = runs.folder / f"grids-{space}.toml"
    path.write_text((HERE / "grids.toml").read_text().replace("rows = [",
                                                              f'in = "{space}"\nrows = ['))
    return path


def added_up(found, **where):
    """A row of every grid that was checked."""
    return [{**where, **{key: grid[key] for key in ("name", "rows", "columns", "verdict", "G",
                                                    "F_rows", "F_columns", "p", "kind_of_code")}}
            for grid in found["diagrams"]["grids"]]


def searches(runs, samples):
    """Grids grown from the rows of searches.toml: in the words, and in the codes of the wide SAEs."""
    text, rows = (HERE / "searches.toml").read_text(), []
    for space, seeds in (("words", SEEDS[:1]), ("codes", SEEDS)):
        diagram = runs.folder / f"searches-{space}.toml"
        diagram.write_text(text.replace("from = [", f'in = "{space}"\nfrom = ['))
        for seed in seeds:
            width = WIDTHS[-1]
            found = runs.read(f"searches-{width}-{seed}-{space}-{samples}.json", "check",
                              graph(runs, width, seed, "profile"), "--arrows",
                              arrows(runs, width, seed), "--diagram", diagram,
                              "--samples", samples)
            for search in found["diagrams"]["searches"]:
                near, mismatched = (null["null_mean"] for null in search["nulls"])
                words = [[word["text"] for word in row["words"]] for row in search["rows"]]
                rows.append({"space": space, "seed": seed, "name": search["name"], "words": words,
                             "G": search["G"], "near": near, "mismatched": mismatched,
                             "verdict": search["verdict"]})
    return rows
