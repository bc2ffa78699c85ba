#include "yoneda/study/diagram_relations.hpp"

#include <doctest/doctest.h>

using namespace yoneda;
using namespace yoneda::study;

namespace {

const Vocabulary& words() {
  static const Vocabulary made({"france", "paris", "italy", "rome", "spain", "madrid", "#1"});
  return made;
}

DiagramRelations read(const std::string& text, const Vocabulary* vocabulary = &words()) {
  DiagramWorld world;
  world.V = 7;
  world.vocabulary = vocabulary;
  return code_relations(parse_diagram_file(text, "d.toml"), world);
}

const std::string capital = R"([[relation]]
name = "capital"
pairs = [["france", "paris"], ["italy", "rome"],
         ["spain", "madrid"]]
)";

}  // namespace

TEST_CASE("relations of a diagram become rows") {
  const DiagramRelations made = read(capital);
  REQUIRE(made.relations.size() == 1);
  CHECK(made.relations[0].name == "capital");
  CHECK(made.relations[0].pairs == std::vector<IdPair>{{0, 1}, {2, 3}, {4, 5}});
  CHECK(made.notes.empty());

  // A number names a row, unless a word is written so.
  const std::string numbers =
      "[[relation]]\nname = \"r\"\npairs = [[\"#0\", \"#1\"], [\"#2\", \"#3\"], [\"#4\", "
      "\"#5\"]]\n";
  CHECK(read(numbers).relations[0].pairs == std::vector<IdPair>{{0, 6}, {2, 3}, {4, 5}});
  CHECK(read(numbers, nullptr).relations[0].pairs == std::vector<IdPair>{{0, 1}, {2, 3}, {4, 5}});
}

TEST_CASE("relations that training should not keep are left out with a note") {
  std::string elsewhere = capital, failing = capital;
  elsewhere.replace(elsewhere.find("capital"), 7, "elsewhere").append("in = \"words\"\n");
  failing.replace(failing.find("capital"), 7, "failing").append("expect = \"does not\"\n");
  const DiagramRelations made = read(elsewhere + capital + "expect = \"commutes\"\n" + failing);
  REQUIRE(made.relations.size() == 1);
  CHECK(made.relations[0].name == "capital");
  CHECK(made.notes ==
        std::vector<std::string>{
            "relation 'elsewhere' is not trained on: it is in words, and training constrains codes",
            "relation 'failing' is not trained on: it is expected to be 'does not'"});
  CHECK_THROWS_WITH_AS(read(elsewhere),
                       "d.toml: holds no [[relation]] in codes that is expected to commute, so "
                       "there is nothing to train on",
                       Error);
}

TEST_CASE("relations are written as a diagram that reads back") {
  const Vocabulary odd({"fr\"an\\ce", "\x7f", "\xff", " \n\x01", "\u2423x", "é", "twice", "twice"});
  const std::vector<Relation> relations{{"a \"name\"", {{0, 1}, {2, 3}, {4, 5}, {6, 7}}},
                                        {"second", {{1, 0}, {3, 2}, {7, 4}}}};
  for (const Vocabulary& vocabulary : {odd, Vocabulary()}) {
    DiagramWorld world;
    world.V = 8;
    world.vocabulary = &vocabulary;
    const std::string text = diagram_of(relations, vocabulary);
    const auto read = code_relations(parse_diagram_file(text, "d.toml"), world);
    REQUIRE(read.relations.size() == 2);
    for (std::size_t r = 0; r < 2; ++r) {
      CHECK(read.relations[r].name == relations[r].name);
      CHECK(read.relations[r].pairs == relations[r].pairs);
    }
  }
  CHECK(diagram_of(relations, odd).find("é") != std::string::npos);
}

TEST_CASE("pairs that cannot be point into the file") {
  const auto with = [](const std::string& pair) {
    std::string text = capital;
    return text.replace(text.find("[\"spain\", \"madrid\"]"), 19, pair);
  };
  CHECK_THROWS_WITH_AS(read(with("[\"rome\", \"rome\"]")),
                       "d.toml:4:11: relation 'capital': the pair 'rome', 'rome' pairs a word with "
                       "itself",
                       Error);
  CHECK_THROWS_WITH_AS(read(with("[\"italy\", \"rome\"]")),
                       "d.toml:4:11: relation 'capital': the pair 'italy', 'rome' is given twice",
                       Error);
  CHECK_THROWS_WITH_AS(read(with("")),
                       "d.toml:1:1: relation 'capital': at least 3 pairs are needed, found 2",
                       Error);
  CHECK_THROWS_AS(read(with("[\"spain\", \"barcelona\"]")), Error);
  CHECK_THROWS_AS(read(with("[\"#7\", \"madrid\"]")), Error);  // the last row is 6
}
