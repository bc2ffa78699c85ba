"""What a feature is about, told by lists of words and by no grouping of features."""
import pathlib

import numpy

import tensors
import wordnet

HERE = pathlib.Path(__file__).resolve().parent
TOP = 10            # words that speak for a feature
SHARE = 5           # of them that must be of one class


def class_senses(nouns):
    """{class: synsets} of classes.txt."""
    found = {}
    for line in (HERE / "classes.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            name, roots = line.split(":")
            kinds, _, topics = roots.partition(" topic ")
            found[name] = nouns.below(kinds.split()) | nouns.topic(nouns.below(topics.split()))
    return found


class Lists:
    """Which word is on which list: [words, classes] of 0 and 1.

    A word is on the list of a class where its most frequent sense as a noun is one of the class's;
    with `senses` = 2, where one of the two most frequent is."""

    def __init__(self, vocabulary, nouns=None):
        self.words = pathlib.Path(vocabulary).read_text().splitlines()
        nouns = nouns or wordnet.Nouns()
        classes = class_senses(nouns)
        self.names = [*classes, "first names"]
        senses = [nouns.senses_of(word) for word in self.words]
        self.of_senses = {
            most: self.listed([[not of_class.isdisjoint(of_word[:most])
                                for of_class in classes.values()] for of_word in senses])
            for most in (1, 2)}
        self.file_names = list(wordnet.FILES.values())
        first = [nouns.file[of_word[0]] if of_word else None for of_word in senses]
        self.of_files = numpy.array([[number == file for number in wordnet.FILES] for file in first])

    def listed(self, rows):
        own = set((HERE / "first-names.txt").read_text().split())
        return numpy.array([[*row, word in own] for row, word in zip(rows, self.words)])

    def sizes(self):
        return dict(zip(self.names, self.of_senses[1].sum(0).tolist()))


def classes_of(top, listed, names, share=SHARE):
    """The class of every feature, or None: at least `share` of its top words are on the list of one
    class, and fewer on any other. A feature without enough words (-1) has none."""
    hits = (listed[top] & (top >= 0)[:, :, None]).sum(1)
    best = hits.max(1)
    alone = (hits == best[:, None]).sum(1) == 1
    return [names[which] if enough else None
            for which, enough in zip(hits.argmax(1), (best >= share) & alone & (top >= 0).all(1))]


def raised(arrows):
    """The tokens a feature raises most."""
    return tensors.read(arrows)["positive_tokens"][:, :TOP]


def firing(sae, words, active=12):
    """The words on which a feature fires most, by the encoder alone; -1 beyond the last. The SAE
    keeps the `active` largest of a word's codes."""
    weights = {name: value.astype(numpy.float32)
               for name, value in tensors.read(sae / "sae_weights.safetensors").items()}
    (rows,) = tensors.read(words).values()
    codes = numpy.maximum((rows.astype(numpy.float32) - weights["b_dec"]) @ weights["W_enc"]
                          + weights["b_enc"], 0)
    codes[codes < -numpy.sort(-codes, axis=1)[:, active - 1:active]] = 0
    top = numpy.argsort(-codes, axis=0, kind="stable")[:TOP].T
    return numpy.where(numpy.take_along_axis(codes.T, top, axis=1) > 0, top, -1)


def of_features(lists, sae, words, arrows):
    """{reference: class of every feature or None}"""
    top, first = raised(arrows), lists.of_senses[1]
    return {
        "arrows": classes_of(top, first, lists.names),
        "arrows, 3 of 10": classes_of(top, first, lists.names, 3),
        "arrows, 7 of 10": classes_of(top, first, lists.names, 7),
        "arrows, two senses": classes_of(top, lists.of_senses[2], lists.names),
        "firing words": classes_of(firing(sae, words), first, lists.names),
        "lexicographer files": classes_of(top, lists.of_files, lists.file_names),
    }
