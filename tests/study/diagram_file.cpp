// Diagram files: what is read, where errors point, and that nothing in a file is ever a crash.
#include "yoneda/study/diagram_file.hpp"

#include <doctest/doctest.h>

#include "temporary.hpp"
#include "yoneda/core/random.hpp"
#include "yoneda/io/atomic_file.hpp"

using namespace yoneda;
using namespace yoneda::study;

namespace {

const std::string valid = R"(# What we believe.
[objects]
king   = { token = "king" }
royal  = { feature = 8 }
months = { tokens = ["may", "june"] }
zoo    = { category = 1 }
apple  = { token = "#4" }

[[equation]]
name = "royalty"
left = ["king", "royal", "zoo"]
right = ["king", "zoo"]

[[equation]]
left = ["king", "months", "royal"]
right = ["king", "apple", "royal"]
base = "real"
tolerance = 0.25
null = "random"
expect = "does not"

[[relation]]
name = "gender"
pairs = [["king", "queen"], ["may", "june"]]
in = "words"
expect = "commutes"

[[grid]]
rows = [["king", "queen"],
        ["may",  "june"],
        [" may", "␣june"]]
)";

const Vocabulary& words() {
  static const Vocabulary made({"king", "queen", "may", "june", "apple", " may", " june", " pear"});
  return made;
}

const Partition& categories() {
  static const Partition made{{0, 1, -1, 1, 0, 0, 0, 0, 1, 0}, 3};
  return made;
}

DiagramWorld world() {
  return {
      .features = 10, .V = 8, .vocabulary = &words(), .excluded = {}, .categories = &categories()};
}

/// What the error says after the file's name.
std::string complaint(const std::string& text, const DiagramWorld& in = world()) {
  try {
    const DiagramFile file = parse_diagram_file(text, "f.toml");
    looked_up(file, in);
    for (const auto& relation : file.relations)
      for (const auto& pair : relation.pairs)
        for (const auto& word : pair) looked_up(word, file.path, in);
  } catch (const Error& error) {
    const std::string what = error.what();
    REQUIRE(what.starts_with("f.toml:"));
    return what.substr(7);
  }
  return "no complaint";
}

const std::string nothing_left = "[[equation]]\nleft = ['a', 'b']\nright = ['a', 'c', 'b']\n";

std::string objects(const std::string& lines) {
  return "[objects]\n" + lines + "\n[[relation]]\npairs = [['may', 'june']]\n";
}

std::string equation(const std::string& lines) {
  return "[objects]\na = {token = 'king'}\nb = {token = 'queen'}\nc = {token = 'may'}\n"
         "[[equation]]\n" +
         lines;
}

}  // namespace

TEST_CASE("a diagram file is read as it is written, in its order") {
  const DiagramFile file = parse_diagram_file(valid, "f.toml");
  REQUIRE(file.objects.size() == 5);
  CHECK(file.objects[0].name == "king");
  CHECK(file.objects[1].type == ObjectType::feature);
  CHECK(file.objects[1].number == 8);
  CHECK(file.objects[2].words[1].text == "june");
  CHECK(file.objects[4].name == "apple");  // not alphabetical

  REQUIRE(file.equations.size() == 2);
  CHECK(file.equations[0].name == "royalty");
  CHECK(file.equations[0].left == std::vector<Id>{0, 1, 3});
  CHECK(file.equations[0].base == PathBase::sign);
  CHECK(file.equations[0].null == EquationNull::permute);
  CHECK_FALSE(file.equations[0].expect);
  CHECK(file.equations[1].name == "equation 2");
  CHECK(file.equations[1].base == PathBase::real);
  CHECK(file.equations[1].tolerance == 0.25);
  CHECK(file.equations[1].null == EquationNull::random);
  CHECK(file.equations[1].expect == Verdict::does_not);
  CHECK(file.equations[1].place.line == 14);

  REQUIRE(file.relations.size() == 1);
  CHECK(file.relations[0].pairs[1][0].text == "may");
  CHECK(file.relations[0].in == "words");
  REQUIRE(file.grids.size() == 1);
  CHECK(file.grids[0].rows == 3);
  CHECK(file.grids[0].columns == 2);
  CHECK(file.grids[0].in == "codes");

  const TemporaryFolder folder;
  io::write_text(folder / "d.toml", valid);
  CHECK(read_diagram_file(folder / "d.toml").equations.size() == 2);
  CHECK_THROWS_AS(read_diagram_file(folder / "none.toml"), Error);
}

TEST_CASE("objects are looked up by what they are") {
  const DiagramFile file = parse_diagram_file(valid, "f.toml");
  const std::vector<Members> found = looked_up(file, world());
  CHECK(found[0].ids == std::vector<Id>{0});
  CHECK(found[1].ids == std::vector<Id>{8});
  CHECK(found[2].ids == std::vector<Id>{2, 3});
  CHECK(found[3].ids == std::vector<Id>{1, 3, 8});
  CHECK(found[4].ids == std::vector<Id>{4});
  CHECK(found[2].of_tokens());
  CHECK_FALSE(found[3].of_tokens());
  const auto& grid = file.grids[0].words;
  CHECK(looked_up(grid[4], "f", world()) == 5);  // " may"
  CHECK(looked_up(grid[5], "f", world()) == 6);  // "␣june"
}

TEST_CASE("every complaint says line and column, what is wrong and what to do") {
  CHECK(complaint("") ==
        " holds nothing to check: write an [[equation]], a [[relation]], a [[grid]] or a "
        "[[search]]");
  CHECK(complaint("[objects]\na = { token = 'king' \n").starts_with("2:"));
  CHECK(complaint("[objetcs]\n") ==
        "1:2: unknown key 'objetcs', perhaps 'objects'; a diagram file has objects, equation, "
        "relation, grid or search");
  CHECK(
      complaint(objects("a = 3")) ==
      "2:5: object 'a' is a whole number; write a = { token = \"word\" }, or a feature, tokens or "
      "a category");
  CHECK(complaint(objects("a = { tokn = 'king' }")) ==
        "2:7: unknown key 'tokn', perhaps 'token'; an object is a feature, token, tokens or "
        "category");
  CHECK(complaint(objects("a = { token = 'king', feature = 3 }")) ==
        "2:5: object 'a' is 2 things; an object is one of feature, token, tokens or category");
  CHECK(complaint(objects("a = { feature = '3' }")) ==
        "2:17: 'feature' is a text, expected a whole number from 0 on");
  CHECK(complaint(objects("a = { feature = -3 }")) ==
        "2:17: 'feature' is -3, expected a whole number from 0 on");
  CHECK(complaint(objects("a = { tokens = [] }")) == "2:16: 'tokens' lists no word");
  CHECK(complaint(objects("a = { token = '' }")) == "2:15: 'token' holds an empty word");

  CHECK(complaint(equation("left = ['a', 'b']")) == "5:1: equation 'equation 1' has no 'right'");
  CHECK(complaint(equation("left = ['a']\nright = ['a', 'b']")) ==
        "6:8: 'left' is a path of one object; it takes at least two objects");
  CHECK(complaint(equation("left = ['a', 'b']\nright = ['a', 'c']")) ==
        "7:9: 'left' leads from 'a' to 'b', 'right' from 'a' to 'c'; the two paths of an equation "
        "have the same ends");
  CHECK(complaint(equation("left = ['a', 'b']\nright = ['a', 'b']")) ==
        "7:9: 'left' and 'right' are the same path: there is nothing to check");
  CHECK(complaint(equation("left = ['a', 'b', 'b']\nright = ['a', 'b']")) ==
        "6:19: a step from 'b' to itself");
  CHECK(complaint(equation("left = ['a', 'x']\nright = ['a', 'b']")) ==
        "6:14: there is no object 'x'; name it under [objects]");
  CHECK(complaint(nothing_left) == "2:9: there is no object 'a'; name it under [objects]");
  const std::string sides = "left = ['a', 'c', 'b']\nright = ['a', 'b']\n";
  CHECK(complaint(equation(sides)) == "no complaint");
  CHECK(complaint(equation(sides + "base = 'signs'")) ==
        "8:8: 'base' is 'signs', perhaps 'sign'; there are sign, weight, real, probability or "
        "lawvere");
  CHECK(complaint(equation(sides + "tolerance = -0.5")) ==
        "8:13: 'tolerance' is -0.5, expected a number from 0 on");
  CHECK(complaint(equation(sides + "tolerance = nan")) ==
        "8:13: 'tolerance' is nan, expected a number from 0 on");
  CHECK(complaint(equation(sides + "tolerance = true")) ==
        "8:13: 'tolerance' is a truth value, expected a number from 0 on");
  CHECK(complaint(equation(sides + "tolerance = 1")) == "no complaint");
  CHECK(complaint(equation(sides + "null = 'shuffle'")) ==
        "8:8: 'null' is 'shuffle'; there are permute, random or none");
  CHECK(complaint(equation(sides + "null = 'none'\nexpect = 'commutes'"))
            .starts_with("9:10: 'expect' names a verdict"));
  CHECK(complaint(equation("name = 'a'\n" + sides + "[[equation]]\nname = 'a'\n" + sides)) ==
        "10:8: there are two of the name 'a', the other in line 5");

  const std::string through =
      "[objects]\na = {token = 'king'}\nb = {token = 'queen'}\nc = {tokens = ['may', 'june']}\n"
      "[[equation]]\nleft = ['a', 'c', 'b']\nright = ['a', 'b']\n";
  CHECK(complaint(through) ==
        "6:14: 'c' is a token set between the ends of a path, which leads through each of its "
        "members; base 'sign' cannot join such paths to one: use real (their sum), probability or "
        "lawvere (the strongest)");
  CHECK(complaint(through + "base = 'probability'") == "no complaint");

  CHECK(complaint("[[relation]]\npairs = [['king', 'queen', 'may']]") ==
        "2:10: a pair of 3 words, expected two");
  CHECK(complaint("[[relation]]\npairs = [['king', 3]]") ==
        "2:19: 'pairs' is a whole number, expected a text in quotes");
  CHECK(complaint("[[relation]]\npairs = 'king'") == "2:9: 'pairs' is a text, expected a list");
  CHECK(complaint("[[grid]]\nrows = [['king', 'queen'],\n ['may']]") ==
        "3:2: row 2 of the grid has 1 words, the first has 2");
  CHECK(complaint("[[grid]]\nrows = [['king', 'queen']]") ==
        "2:8: a grid of 1 x 2; it takes at least two rows of two words");
  CHECK(complaint("[[search]]\nname = 's'") == "1:1: search 's' has no 'from'");
  CHECK(complaint("[[search]]\nfrom = ['king']") ==
        "2:8: a row to search from takes at least two words");
  CHECK(complaint("[[search]]\nfrom = ['king', 'queen']\nrows = 2") ==
        "3:8: 'rows' is 2; a grid is searched with at least three rows, and as many as its 2 "
        "columns");
  CHECK(complaint("[[search]]\nfrom = ['king', 'queen']\nmong = ['may']") ==
        "3:1: unknown key 'mong', perhaps 'among'; a search has name, from, rows, among, in or "
        "expect");
  CHECK(complaint("grid = 3") == "1:8: 'grid' is a whole number, expected a list");
}

TEST_CASE("what is not there is said with what is") {
  CHECK(complaint(objects("a = { feature = 10 }")) ==
        "2:1: object 'a': there is no feature 10; the last of the 10 is 9");
  CHECK(complaint(objects("a = { category = 3 }")) ==
        "2:1: object 'a': there is no category 3; the last of the 3 is 2");
  CHECK(complaint(objects("a = { category = 2 }")) == "2:1: object 'a': category 2 is empty");
  CHECK(complaint(objects("a = { token = 'quen' }")) ==
        "2:15: 'quen' is no token; near it are 'queen'");
  CHECK(complaint(objects("a = { token = 'pear' }")) ==
        "2:15: 'pear' is no token; the vocabulary has it with a space before it: ' pear'");
  CHECK(complaint(objects("a = { token = 'xylophone' }")) == "2:15: 'xylophone' is no token");
  CHECK(complaint(objects("a = { token = '#8' }")).starts_with("2:15: '#8' is no token"));
  CHECK(complaint(objects("a = { tokens = ['king', 'may', 'king'] }")) ==
        "2:32: 'king' is in 'a' already");
  CHECK(complaint(objects("a = { token = 'king' }\nb = { token = '#0' }")) ==
        "3:1: object 'b': it is the same as 'a'");
  CHECK(complaint("[[relation]]\npairs = [['king', 'quen']]").starts_with("2:19: 'quen' is no"));

  DiagramWorld bare = world();
  bare.categories = nullptr;
  CHECK(complaint(objects("a = { category = 0 }"), bare) ==
        "2:1: object 'a': there is no categories.json; yoneda categories STUDY writes it");
  const Partition other{{0, 0}, 1};
  bare.categories = &other;
  CHECK(complaint(objects("a = { category = 0 }"), bare)
            .starts_with("2:1: object 'a': categories.json is of 2 features, the graph of 10"));
  bare.vocabulary = nullptr;
  CHECK(complaint(objects("a = { token = 'king' }"), bare)
            .starts_with("2:15: 'king' is no token: "
                         "there is no vocabulary"));
  const std::vector<Id> excluded{0};
  DiagramWorld without = world();
  without.excluded = excluded;
  CHECK(complaint(objects("a = { token = 'king' }"), without)
            .starts_with("2:15: 'king' is a token that the arrows leave out as junk"));
}

TEST_CASE("a search: what is written, and what is not") {
  const DiagramFile file = parse_diagram_file(
      "[[search]]\nfrom = ['king', 'queen']\n[[search]]\nname = 's'\nfrom = ['king', 'queen', "
      "'may']\nrows = 4\namong = ['june']\nin = 'words'\nexpect = 'forced'",
      "f");
  REQUIRE(file.searches.size() == 2);
  CHECK(file.searches[0].name == "search 1");
  CHECK(file.searches[0].rows == 8);
  CHECK(file.searches[0].among.empty());
  CHECK(file.searches[0].in == "codes");
  CHECK(file.searches[1].from.size() == 3);
  CHECK(file.searches[1].rows == 4);
  CHECK(file.searches[1].among[0].text == "june");
  CHECK(file.searches[1].in == "words");
  CHECK(file.searches[1].expect == Verdict::forced);
}

TEST_CASE("no damage to a file is more than an error that names it") {
  const auto survives = [](const std::string& text) {
    try {
      const DiagramFile file = parse_diagram_file(text, "f.toml");
      looked_up(file, world());
      for (const auto& grid : file.grids)
        for (const auto& word : grid.words) looked_up(word, file.path, world());
    } catch (const Error& error) {
      const std::string what = error.what();
      REQUIRE((error.kind == ErrorKind::format || error.kind == ErrorKind::value));
      REQUIRE(what.starts_with("f.toml:"));
      REQUIRE(what.find('\n') == what.npos);
    }
  };
  for (std::size_t size = 0; size < valid.size(); ++size) survives(valid.substr(0, size));
  Random random(1);
  for (int round = 0; round < 4000; ++round) {
    std::string text = valid;
    for (Index flips = 1 + random.below(3); flips > 0; --flips)
      text[random.below(static_cast<Index>(text.size()))] = static_cast<char>(random.below(256));
    survives(text);
  }
  for (int round = 0; round < 1000; ++round) {  // a part of the file twice, or not at all
    const auto at = [&] { return random.below(static_cast<Index>(valid.size())); };
    survives(valid.substr(0, at()) + valid.substr(at()));
  }
  survives(std::string(100'000, '['));
  survives("a = " + std::string(100'000, '['));
  survives("a = " + std::string(50'000, '{'));
}
