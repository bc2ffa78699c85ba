"""What the papers share: running `yoneda`, drawing, tables, and filling in a text."""
import json
import pathlib
import re
import subprocess
import time

HERE = pathlib.Path(__file__).resolve().parent
DEMO = HERE.parent / "tools/demo"
STYLE = HERE.parent / "tools/plot-style.gp"  # the same that `yoneda plot` has
WORDS, VOCABULARY = DEMO / "words.safetensors", DEMO / "words.txt"


class Runs:
    """Runs `yoneda` in a work folder; what is there already is not made again."""

    def __init__(self, program, folder):
        self.program, self.folder = program, pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)

    def make(self, name, *arguments):
        """The path `name` in the work folder, made by a command that takes it as its -o."""
        path = self.folder / name
        if not path.exists():
            began = time.monotonic()
            self.run(*arguments, "-o", path)
            print(f"  {name}  ({time.monotonic() - began:.0f} s)", flush=True)
        return path

    def read(self, name, *arguments):
        return json.loads(self.make(name, *arguments).read_text())

    def run(self, *arguments):
        done = subprocess.run([self.program, *map(str, arguments)], capture_output=True, text=True)
        if done.returncode not in (0, 1):
            raise SystemExit(f"yoneda {' '.join(map(str, arguments))}\n{done.stderr}")
        return done.stdout


def train_on_demo(runs, name, width, seed, *more, directions="inputs", epochs=20, rate=0.003):
    """An SAE on the demo's words, by the demo's own recipe. SAEs that should owe nothing to each
    other need random directions: those that start at rows of the data share many of these rows."""
    return runs.make(name, "train", "--activations", WORDS, "--features", width, "--k", 12,
                     "--epochs", epochs, "--batch", 256, "--learning-rate", rate,
                     "--directions", directions, "--seed", seed, "--dtype", "f16", *more)


def one_row_a_line(results):
    """JSON that a diff can be read of."""
    def of(value):
        if not isinstance(value, list):
            return json.dumps(value)
        return "[\n" + ",\n".join(json.dumps(row) for row in value) + "\n]"
    return "{" + ",\n".join(f"{json.dumps(key)}: {of(value)}" for key, value in results.items()) + "}\n"


def draw(folder, name, size, script):
    """Runs a gnuplot script once for each format: SVG to look at, PDF to print."""
    for terminal, ending in (("svg", "svg"), ("pdfcairo", "pdf")):
        scale = 1 if terminal == "svg" else 1 / 100
        unit = "" if terminal == "svg" else "in"
        width, height = (f"{side * scale:g}{unit}" for side in size)
        font = "Helvetica,12" if terminal == "svg" else "Helvetica,9"
        text = (f'set terminal {terminal} size {width},{height} font "{font}"\n'
                f'set output "{folder / name}.{ending}"\nload "{STYLE}"\n{script}')
        subprocess.run(["gnuplot"], input=text, text=True, check=True)
    # The same figure has the same bytes whenever it is drawn.
    printed = folder / f"{name}.pdf"
    printed.write_bytes(re.sub(rb"\(D:\d{14}", b"(D:20000101000000", printed.read_bytes()))


def block(name, rows):
    return f"${name} << END\n" + "\n".join(" ".join(map(str, row)) for row in rows) + "\nEND\n"


def span(values, form="{:.3f}"):
    """a–b, or one number where both print alike."""
    low, high = (form.format(end) for end in (min(values), max(values)))
    if "+" not in form:  # no minus before what is printed as 0
        low, high = (end.lstrip("-") if float(end.replace(",", "")) == 0 else end
                     for end in (low, high))
    return low if low == high else f"{low}–{high}"


def table(head, rows):
    def line(cells):
        return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"
    rule = "|" + "|".join(["---"] + ["---:"] * (len(head) - 1)) + "|"
    return "\n".join([line(head), rule, *map(line, rows)])


def filled(template, known):
    """The text of a template with every {{name}} filled in."""
    return re.sub(r"\{\{(\w+)\}\}", lambda name: known[name.group(1)], template.read_text())
