#!/usr/bin/python3
"""Does papers/categories read WordNet's files right? On a few synsets in their format, made up here.

usage: wordnet.py ROOT
"""
import pathlib
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(sys.argv[1]) / "papers/categories"))
import wordnet  # noqa: E402

LICENCE = "  1 The licence is in lines that begin with spaces.  \n"

# thing > animal > bird > turkey (also a country), ox; thing > country, of which Turkey is an
# instance; nest has the topic animal, and so has the verb at 00000900. More than nine words are
# counted in hexadecimal.
DATA = LICENCE + """\
00000100 03 n 01 thing 0 002 ~ 00000200 n 0000 ~ 00000500 n 0000 | all there is
00000200 05 n 02 animal 0 beast 0 005 @ 00000100 n 0000 ~ 00000300 n 0000 ~ 00000600 n 0000 -c 00000700 n 0000 -c 00000900 v 0000 | it moves | so it is said
00000300 05 n 0a bird 0 b1 0 b2 0 b3 0 b4 0 b5 0 b6 0 b7 0 b8 0 b9 0 002 @ 00000200 n 0000 ~ 00000400 n 0000 | it flies
00000400 05 n 02 turkey 0 wild_turkey 0 001 @ 00000300 n 0000 | it gobbles
00000500 15 n 01 country 0 002 @ 00000100 n 0000 ~i 00000800 n 0000 | land
00000600 05 n 01 ox 0 001 @ 00000200 n 0000 | it pulls
00000700 06 n 01 nest 0 002 @ 00000100 n 0000 ;c 00000200 n 0000 | a home
00000800 15 n 01 Turkey 0 001 @i 00000500 n 0000 | a country
"""
INDEX = LICENCE + """\
animal n 1 3 @ ~ -c 1 1 00000200  
beast n 1 2 @ ~ 1 0 00000200  
bird n 1 2 @ ~ 1 1 00000300  
country n 1 2 @ ~i 1 1 00000500  
nest n 1 2 @ ;c 1 1 00000700  
ox n 1 1 @ 1 0 00000600  
thing n 1 1 ~ 1 1 00000100  
turkey n 2 2 @ @i 2 1 00000400 00000800  
"""


def expect(found, expected):
    if found != expected:
        sys.exit(f"found {found!r}, expected {expected!r}")


with tempfile.TemporaryDirectory() as folder:
    folder = pathlib.Path(folder)
    try:
        wordnet.Nouns(folder)
        sys.exit("read WordNet where there is none")
    except wordnet.Missing as error:
        expect("wordnet-base" in str(error), True)
    (folder / "data.noun").write_text(DATA)
    (folder / "index.noun").write_text(INDEX)
    (folder / "noun.exc").write_text("oxen ox\n")
    nouns = wordnet.Nouns(folder)

animals = {"00000200", "00000300", "00000400", "00000600"}
expect(nouns.below(["animal.1"]), animals)
expect(nouns.below(["country.1"]), {"00000500", "00000800"})  # an instance is below, too
expect(nouns.below(["turkey.2", "ox.1"]), {"00000800", "00000600"})
expect(nouns.topic(animals), {"00000700"})  # the verb is no noun
expect(nouns.senses_of("turkey"), ["00000400", "00000800"])  # most frequent first
expect(nouns.senses_of("birds"), ["00000300"])
expect(nouns.senses_of("oxen"), ["00000600"])
expect(nouns.senses_of("countries"), ["00000500"])
expect(nouns.senses_of("s"), [])
expect(nouns.senses_of("gobble"), [])
expect(wordnet.FILES[nouns.file["00000400"]], "animal")
expect(wordnet.FILES[nouns.file["00000800"]], "location")
