"""Lists of words from WordNet's noun files, as Debian's wordnet-base has them.

The format is that of wndb(5WN). A line of index.noun is a lemma and the synsets it is in, most
frequent sense first; a line of data.noun is a synset: its offset, its words, and its pointers.
"""
import pathlib

FOLDER = pathlib.Path("/usr/share/wordnet")
HYPONYM, INSTANCE, TOPIC_MEMBER = "~", "~i", "-c"

# The files that WordNet's makers sort their synsets into, lexnames(5WN): a number each.
FILES = {number: name for number, name in enumerate(
    "act animal artifact attribute body cognition communication event feeling food group location "
    "motive object person phenomenon plant possession process quantity relation shape state "
    "substance time".split(), 4)}

# Endings of plurals and what they stand for, as in morphy(7WN).
PLURALS = (("ses", "s"), ("xes", "x"), ("zes", "z"), ("ches", "ch"), ("shes", "sh"), ("men", "man"),
           ("ies", "y"), ("s", ""))


class Missing(Exception):
    """There is no WordNet here."""


def lines(path):
    """The entries of a file: its licence is in lines that begin with a space."""
    if not path.exists():
        raise Missing(f"{path} is missing (Debian: wordnet-base)")
    with path.open(encoding="utf-8") as file:
        yield from (line for line in file if not line.startswith(" "))


class Nouns:
    def __init__(self, folder=FOLDER):
        folder = pathlib.Path(folder)
        self.senses = dict(index_entry(line) for line in lines(folder / "index.noun"))
        self.pointers, self.file = {}, {}
        for line in lines(folder / "data.noun"):
            offset, number, pointers = synset(line)
            self.pointers[offset], self.file[offset] = pointers, number
        self.irregular = {plural: base for plural, base, *_ in map(str.split, lines(folder / "noun.exc"))}

    def sense(self, name):
        """The synset of "dog.1", the first sense of dog."""
        lemma, number = name.rsplit(".", 1)
        return self.senses[lemma][int(number) - 1]

    def below(self, names):
        """The synsets named, and all that are kinds or instances of them."""
        found, waiting = set(), [self.sense(name) for name in names]
        while waiting:
            here = waiting.pop()
            if here not in found:
                found.add(here)
                waiting += [to for symbol, to in self.pointers[here] if symbol in (HYPONYM, INSTANCE)]
        return found

    def topic(self, synsets):
        """The synsets that WordNet files under one of these as their topic."""
        return {to for here in synsets for symbol, to in self.pointers[here]
                if symbol == TOPIC_MEMBER}

    def senses_of(self, word):
        """Senses as a noun of a word, or of what it is the plural of, most frequent first."""
        for base in (word, self.irregular.get(word), *stems(word)):
            if base in self.senses:
                return self.senses[base]
        return []


def stems(word):
    return [word[:-len(ending)] + base for ending, base in PLURALS
            if word.endswith(ending) and len(word) > len(ending) + 1]


def index_entry(line):
    """lemma pos synset_cnt p_cnt [symbol...] sense_cnt tagsense_cnt offset..."""
    fields = line.split()
    return fields[0], fields[-int(fields[2]):]


def synset(line):
    """offset lex_filenum ss_type w_cnt [word lex_id...] p_cnt [symbol offset pos source/target...]

    w_cnt is hexadecimal, p_cnt decimal. Pointers to other parts of speech are left out."""
    fields = line.split(" | ", 1)[0].split()
    at = 4 + 2 * int(fields[3], 16)
    pointers = (fields[at + 1 + 4 * i:at + 4 + 4 * i] for i in range(int(fields[at])))
    return fields[0], int(fields[1]), [(symbol, to) for symbol, to, part in pointers if part == "n"]
