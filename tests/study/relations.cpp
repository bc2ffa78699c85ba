// Relations from their file to relations.json, and representations from the weights of a study.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "dense.hpp"
#include "random_matrix.hpp"
#include "temporary.hpp"
#include "yoneda/io/atomic_file.hpp"
#include "yoneda/sae/metrics.hpp"
#include "yoneda/study/quads.hpp"
#include "yoneda/study/relations_file.hpp"
#include "yoneda/study/representations.hpp"
#include "yoneda/study/steps.hpp"

using namespace yoneda;
using doctest::Approx;
using Json = nlohmann::json;

namespace {

study::QuadsFile read(const std::string& text, const Vocabulary& vocabulary) {
  const TemporaryFolder folder;
  io::write_text(folder / "capital.txt", text);
  return study::read_quads(folder / "capital.txt", vocabulary, vocabulary.size());
}

/// 40 tokens that are sums of four of the dictionary's directions, which the SAE knows.
study::Sources sources() {
  study::Sources made;
  const Index n = 16, d = 24, V = 40;
  std::vector<float> dictionary(n * d, 0.0f), rows(V * d, 0.0f);
  for (Index f = 0; f < n; ++f) dictionary[f * d + f] = 1;
  Random random(1);
  for (Index t = 0; t < V; ++t)
    for (int i = 0; i < 4; ++i)
      rows[t * d + random.below(n)] += 1 + static_cast<float>(random.uniform());
  made.sae.W_dec = Matrix::from(dictionary, n, d);
  made.sae.W_enc = made.sae.W_dec;
  made.sae.activation = Activation::topk;
  made.sae.k = 4;
  made.model.W_U = Matrix::from(rows, V, d);
  std::vector<std::string> texts;
  for (Index t = 0; t < V; ++t) texts.push_back("w" + std::to_string(t));
  made.vocabulary = Vocabulary(std::move(texts));
  return made;
}

}  // namespace

TEST_CASE("quadruples become distinct pairs; words are found as a person writes them") {
  const Vocabulary words({"paris", " paris", "France", " rome", "italy", "madrid", "spain", "x"});
  const auto file = read(
      ": capital cities\r\nParis France rome italy\nrome italy  madrid\tspain\nparis France lima "
      "peru\n\n"
      ": b\nx rome\nx x\nitaly spain\n",
      words);
  REQUIRE(file.relations.size() == 2);
  CHECK(file.relations[0].name == "capital cities");
  CHECK(file.relations[0].pairs == std::vector<IdPair>{{1, 2}, {3, 4}, {5, 6}});
  CHECK(file.relations[0].missing == std::vector<std::string>{"lima", "peru"});
  CHECK(file.relations[0].lost == 1);
  CHECK(file.relations[1].pairs == std::vector<IdPair>{{7, 3}, {4, 6}});
  REQUIRE(file.notes.size() == 2);
  CHECK(
      file.notes[0].find("1 of 5 pairs are left out, for 2 words are no tokens: 'lima', 'peru'") !=
      std::string::npos);
  CHECK(file.notes[1].find("a token with itself") != std::string::npos);
  CHECK(read("rome italy madrid spain\n", words).relations[0].name == "capital");  // the file's
}

TEST_CASE("hostile quadruples: one line that says what is wrong") {
  const Vocabulary words({"a", "b", "c", "d"});
  const auto message = [&](const std::string& text) {
    try {
      read(text, words);
    } catch (const Error& error) {
      const std::string what = error.what();
      CHECK(what.find('\n') == std::string::npos);
      CHECK(what.find("capital.txt: ") != std::string::npos);
      return what.substr(what.find("capital.txt: ") + 13);
    }
    return std::string("nothing");
  };
  CHECK(message("") == "holds no words 'a b c d'");
  CHECK(message("\n  \n") == "holds no words 'a b c d'");
  CHECK(message(": r\na b c\n") ==
        "line 2: expected four words 'a b c d' or a pair 'a b', found 3 ('a', 'b', 'c')");
  CHECK(message(":\na b c d\n") == "line 1: a relation needs a name after the ':'");
  CHECK(message(": r\na b c d\n: r\n") == "line 3: there are two relations 'r'");
  CHECK(message(": r\na b x y\n") ==
        "the relation 'r' (line 1) has 2 pairs, of which 1 are of known tokens; it takes at least "
        "two");
  CHECK(message(std::string("\x1b[31m\0\xff a\n", 10)).find("it takes at least two") !=
        std::string::npos);
  CHECK(message(std::string(100'000, 'q') + " b c\n").size() < 400);
  CHECK_THROWS_AS(study::read_quads("/missing/file", words, 4), Error);
}

TEST_CASE("tokens that arrows leave out are no words") {
  const TemporaryFolder folder;
  io::write_text(folder / "q.txt", "a b\nc d\ne f\n");
  const Vocabulary words({"a", "b", "c", "d", "e", "f"});
  const std::vector<Id> junk{3};
  const auto file = study::read_quads(folder / "q.txt", words, 6, junk);
  CHECK(file.relations[0].pairs == std::vector<IdPair>{{0, 1}, {4, 5}});
  CHECK(file.relations[0].missing == std::vector<std::string>{"d"});
}

TEST_CASE("representations from a study's weights: codes where the SAE explains its input") {
  const study::Sources from = sources();
  study::ArrowStep step;
  step.k = 5;
  const study::ArrowsFile arrows = study::make_arrows(from, step);
  const study::TokenCodes codes = study::token_codes(from);
  CHECK(codes.fve > 0.99);
  CHECK(codes.fve == Approx(sae_metrics(from.sae, from.model.W_U).fve));
  for (const auto name : study::representation_names) {
    const Representation made = study::representation(from, &arrows, name);
    CHECK(made.name == name);
    CHECK(made.size() == 40);
  }
  CHECK(study::representation(from, nullptr, "codes").width() == 16);
  CHECK_THROWS_WITH(study::representation(from, nullptr, "profiles"),
                    "profiles are made from logit arrows: name a study that has them");
  CHECK_THROWS_WITH(study::representation(from, &arrows, "word"),
                    "there is no representation 'word'; there are words, reconstructions, codes, "
                    "profiles, top-rows");

  // The same SAE on vectors it was not made for: refused, with the measured fraction.
  study::Sources elsewhere = from;
  auto negated = to_vector(from.model.W_U);  // the SAE knows the directions up, not down
  for (float& value : negated) value = -value;
  elsewhere.model.W_U = Matrix::from(negated, 40, 24);
  const double fve = study::token_codes(elsewhere).fve;
  CHECK(fve < 0.3);
  try {
    study::representation(elsewhere, nullptr, "codes");
    FAIL("codes of an input that is not explained");
  } catch (const Error& error) {
    CHECK(error.kind == ErrorKind::value);
    CHECK(std::string(error.what()).find("of the variance of the rows of W_U, less than 0.3") !=
          std::string::npos);
    CHECK(std::string(error.what()).find("--activations") != std::string::npos);
  }
  CHECK(study::representation(elsewhere, nullptr, "words").size() == 40);
  // ... and accepted where what it reads is given instead
  study::RepresentationOptions options;
  options.activations = from.model.W_U;
  CHECK(study::representation(elsewhere, nullptr, "codes", options).size() == 40);
  CHECK((dense(std::get<Matrix>(study::representation(elsewhere, nullptr, "words", options).rows)) -
         dense(from.model.W_U))
            .norm() == 0);
  options.activations = random_matrix(39, 24, 3);
  CHECK_THROWS_WITH(study::representation(from, nullptr, "codes", options),
                    "the activations have 39 rows, one is needed for each of the 40 tokens");
  options.activations = random_matrix(40, 23, 3);
  CHECK_THROWS_WITH(study::representation(from, nullptr, "codes", options),
                    "the SAE reads a space of dimension 24, the activations have 23: name what it "
                    "reads for each token with --activations");
}

TEST_CASE("relations.json holds what was found") {
  const study::Sources from = sources();
  study::Relations found;
  found.options.samples = 19;
  found.fve = 0.9;
  study::RelationTests of{{"r", {}, {"lima"}, 1}, {}};
  for (Id i = 0; i < 9; ++i) of.relation.pairs.push_back({2 * i, 2 * i + 1});
  for (const auto name : {"words", "codes"})
    of.tests.push_back(relation_test(study::representation(from, nullptr, name), of.relation.pairs,
                                     found.options));
  found.relations.push_back(of);
  const TemporaryFolder folder;
  study::Record record;
  record.convention = "raw";
  study::write_relations(folder / "r.json", found, from.vocabulary, record);
  const Json json = Json::parse(io::read_text(folder / "r.json"));
  CHECK(json["format"] == "yoneda-relations/1");
  CHECK(json["variance_explained"] == 0.9);
  CHECK(json["nulls"][1]["kind"] == "re-pair");
  const Json& relation = json["relations"][0];
  CHECK(relation["pairs"] == 9);
  CHECK(relation["words_missing"][0] == "lima");
  REQUIRE(relation["tests"].size() == 2);
  const RelationTest& codes = of.tests[1];
  CHECK(relation["tests"][1]["q"]["observed"] == codes.q.observed());
  CHECK(relation["tests"][1]["hit_at_1"]["re_pair"]["p_upper"] == codes.hit.re_pair.p_upper);
  CHECK(relation["tests"][1]["pairs"][3]["a"]["text"] == "w6");
  CHECK(relation["tests"][1]["pairs"][3]["rank"] == codes.pairs[3].rank);
  CHECK(relation["tests"][1]["failures"].size() == codes.failures.size());
  REQUIRE(of.tests[0].q.observed() > 0);
  CHECK(relation["q_codes_over_words"] == codes.q.observed() / of.tests[0].q.observed());
}
