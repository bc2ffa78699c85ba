// Token sets from their file to enrichment.json, and junk from the weights to the record.
#include <doctest/doctest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "random_matrix.hpp"
#include "temporary.hpp"
#include "yoneda/arrows/junk.hpp"
#include "yoneda/core/id_ranges.hpp"
#include "yoneda/io/atomic_file.hpp"
#include "yoneda/study/enrichment_file.hpp"
#include "yoneda/study/steps.hpp"
#include "yoneda/study/token_sets.hpp"

using namespace yoneda;
using Json = nlohmann::json;

namespace {

/// 200 tokens, of which the first 20 hardly ever occurred: they point the same way.
study::Sources sources(Vocabulary vocabulary = {}) {
  study::Sources made;
  made.sae.W_dec = random_matrix(30, 16, 1);
  auto rows = normals(200 * 16, 2);
  for (Index t = 1; t < 20; ++t)
    for (Index j = 0; j < 16; ++j) rows[t * 16 + j] = rows[j] + 0.001f * rows[t * 16 + j];
  made.model.W_U = Matrix::from(rows, 200, 16);
  made.vocabulary = std::move(vocabulary);
  return made;
}

Vocabulary words(std::vector<std::string> texts) {
  while (texts.size() < 200) texts.push_back("w" + std::to_string(texts.size()));
  return Vocabulary(std::move(texts));
}

std::vector<Id> range(Id first, Id end) {
  std::vector<Id> ids;
  for (Id id = first; id < end; ++id) ids.push_back(id);
  return ids;
}

}  // namespace

TEST_CASE("junk is kept unless it is to be dropped, and what is left out is recorded") {
  const study::Sources found = sources();
  study::ArrowStep step;
  step.k = 10;
  const auto kept = study::make_arrows(found, step);
  CHECK(kept.record.option("junk") == "keep");
  CHECK(kept.record.option("excluded", "none") == "none");
  CHECK(study::excluded_tokens(kept.record, 200).empty());
  CHECK(kept.notes.empty());

  step.drop_junk = true;
  const auto dropped = study::make_arrows(found, step);
  CHECK(dropped.record.option("junk") == "drop");
  CHECK(dropped.record.option("excluded") == "0-19");
  CHECK(dropped.record.option("junk_reference") == "found");
  CHECK(study::excluded_tokens(dropped.record, 200) == range(0, 20));
  ArrowOptions options;
  options.k = 10;
  const auto excluded = range(0, 20);
  options.excluded = excluded;
  const auto expected = logit_arrows(found.sae.W_dec, found.model, options);
  CHECK(dropped.arrows.positive_tokens == expected.positive_tokens);
  CHECK(dropped.arrows.negative_tokens == expected.negative_tokens);

  step.unused = "3,5-6";
  CHECK(study::make_arrows(found, step).record.option("junk_reference") == "given");
  CHECK(study::make_arrows(found, step).record.option("excluded") == "0-19");
}

TEST_CASE("a vocabulary that shows unused tokens is used, and a note says where they show") {
  const study::Sources found = sources(words({"<unused0>", "<unused1>", "<unused2>"}));
  study::ArrowStep step;
  step.k = 60;
  const auto kept = study::make_arrows(found, step);
  REQUIRE(kept.notes.size() == 1);
  CHECK(kept.notes[0].ends_with(
      " features keep tokens that the vocabulary shows to be unused; --junk drop leaves these and "
      "other under-trained tokens out"));
  step.drop_junk = true;
  const auto dropped = study::make_arrows(found, step);
  CHECK(dropped.record.option("junk_reference") == "vocabulary");
  CHECK(dropped.record.option("excluded") == "0-19");
  CHECK(dropped.notes.empty());
}

TEST_CASE("the null leaves out what the arrows leave out") {
  const study::Sources whole = sources();
  study::Sources part = sources();
  part.model.W_U = whole.model.W_U.slice(20, 180);
  study::ArrowStep step;
  step.k = 20;
  study::CheckStep check;
  check.samples = 30;
  const auto expected =
      study::make_check(study::make_graph(study::make_arrows(part, step), &part, {}), &part, check);
  step.drop_junk = true;
  const auto found = study::make_check(
      study::make_graph(study::make_arrows(whole, step), &whole, {}), &whole, check);
  REQUIRE(found.tests.size() == expected.tests.size());
  for (std::size_t i = 0; i < found.tests.size(); ++i) {
    CHECK(found.tests[i].observed == expected.tests[i].observed);
    CHECK(found.tests[i].draws == expected.tests[i].draws);
  }
  CHECK(found.null_tokens == 180);
}

TEST_CASE("junk flags that do not fit are refused") {
  study::ArrowStep step;
  step.k = 10;
  step.unused = "3";
  CHECK_THROWS_WITH(
      study::make_arrows(sources(), step),
      "tokens known to be unused serve to leave junk out, which --junk drop asks for");
  step.drop_junk = true;
  step.unused = "200";
  CHECK_THROWS_WITH(study::make_arrows(sources(), step),
                    "there is no token 200: they go from 0 to 199");
  step.unused = "three";
  CHECK_THROWS_AS(study::make_arrows(sources(), step), Error);
  step.unused = "";
  step.k = 91;
  CHECK_THROWS_WITH(study::make_arrows(sources(), step),
                    "k = 91 arrows at each end need at least 182 tokens; there are 180");
}

TEST_CASE("token sets are read by name, with words as tokens write them") {
  const TemporaryFolder folder;
  const Vocabulary vocabulary = words({"red", " red", " green", "blue", ": x", ":"});
  io::write_text(folder / "s.txt",
                 ": colours \r\n  red\ngreen\n\n blue\nmauve\n#7\n:\tids\n#8\n#9\n#10\n#8\n:\n");
  const auto read = study::read_token_sets(folder / "s.txt", vocabulary, 200);
  REQUIRE(read.sets.size() == 2);
  CHECK(read.sets[0].name == "colours");
  CHECK(read.sets[0].tokens == std::vector<Id>{0, 1, 2, 3, 7});
  CHECK(read.sets[1].name == "ids");
  CHECK(read.sets[1].tokens == std::vector<Id>{5, 8, 9, 10});
  REQUIRE(read.notes.size() == 1);
  CHECK(read.notes[0] == "set 'colours': 1 of 5 words are no tokens: 'mauve'");
  CHECK(read.source.path == folder / "s.txt");
  CHECK(read.source.hash.size() == 32);
  const std::vector<Id> excluded{0, 1, 9};
  const auto fewer = study::read_token_sets(folder / "s.txt", vocabulary, 200, excluded);
  CHECK(fewer.sets[0].tokens == std::vector<Id>{2, 3, 7});
  CHECK(fewer.notes.front() ==
        "set 'colours': 2 of 5 words are no tokens or left out as junk: 'red', 'mauve'");
}

TEST_CASE("token sets that cannot be read are refused by line or name") {
  const TemporaryFolder folder;
  const auto refused = [&](const std::string& text, const std::string& message,
                           const Vocabulary& vocabulary = words({"red", "green", "blue"})) {
    io::write_text(folder / "s.txt", text);
    CHECK_THROWS_WITH(study::read_token_sets(folder / "s.txt", vocabulary, 200),
                      ((folder / "s.txt") + ": " + message).c_str());
  };
  refused("red\n", "line 1: a set begins with a line ': name'");
  refused("\n\n", "holds no set; one begins ': name'");
  refused("", "holds no set; one begins ': name'");
  refused(": a\nred\ngreen\nblue\n: a\nred\n", "line 5: there are two sets 'a'");
  refused(": empty\n: b\nred\n",
          "the set 'empty' (line 1) has 0 words and 0 known tokens; it takes at least 3");
  refused("\n: few\nred\ngreen\nmauve\n",
          "the set 'few' (line 2) has 3 words and 2 known tokens; it takes at least 3");
  refused(": a\nred\ngreen\nblue\n",
          "the set 'a' (line 1) has 3 words and 0 known tokens; it takes at least 3 (there is no "
          "vocabulary to look words up in: --vocabulary)",
          Vocabulary());
  CHECK_THROWS_AS(study::read_token_sets(folder / "missing", {}, 200), Error);
}

TEST_CASE("enrichment.json says what was found, in words and numbers") {
  const TemporaryFolder folder;
  const study::Sources found = sources(words({"\x1b[31m", "\xff"}));
  study::ArrowStep step;
  step.k = 10;
  step.drop_junk = true;
  step.unused = "0-2";
  const auto arrows = study::make_arrows(found, step);
  const std::vector<TokenSet> sets{{"a", {30, 40, 50}}, {"b", {60, 61, 62, 63}}};
  study::EnrichmentStep how;
  how.samples = 500;
  const Enrichment made = study::make_enrichment(found, arrows, sets, how);
  CHECK(made.convention == Convention::raw);
  const std::vector<std::string> notes{"a note"};
  study::write_enrichment(folder / "e.json", made, arrows, arrows.record, notes);
  const Json json = Json::parse(io::read_text(folder / "e.json"));
  CHECK(json["format"] == "yoneda-enrichment/1");
  CHECK(json["options"]["excluded"] == "0-19");
  CHECK(json["null"]["samples"] == 500);
  CHECK(json["notes"].back() == "a note");
  REQUIRE(json["sets"].size() == 2);
  const Json& set = json["sets"][1];
  CHECK(set["name"] == "b");
  CHECK(set["tokens"][3] == Json{{"token", 63}, {"text", "w63"}});
  CHECK(set["z"].size() == 30);
  CHECK(set["features"].size() >= 20);
  double before = 1e9;
  for (const Json& feature : set["features"]) {
    const Id f = feature["feature"];
    CHECK(feature["z"] == made.sets[1].z[f]);
    CHECK(feature["q"] == made.sets[1].q[f]);
    CHECK(feature["raised"].size() == 8);
    CHECK(std::abs(made.sets[1].z[f]) <= before);
    before = std::abs(made.sets[1].z[f]);
  }

  study::Sources other = sources();
  other.sae.W_dec = random_matrix(31, 16, 1);
  CHECK_THROWS_WITH(study::make_enrichment(other, arrows, sets, how),
                    "the arrows are of 30 features, these weights have 31");
  other.sae.W_dec = random_matrix(30, 16, 99);
  CHECK_THROWS_WITH_AS(study::make_enrichment(other, arrows, sets, how),
                       doctest::Contains("the arrows are of another SAE: row 0"), Error);
  const std::vector<TokenSet> left_out{{"junk", {1, 2, 40}}};
  CHECK_THROWS_WITH(study::make_enrichment(found, arrows, left_out, how),
                    "token set 'junk' holds token 1, which is left out");
}

TEST_CASE("all that is significant is listed, and as many more as are asked for") {
  SetEnrichment set;
  set.z = {1, -5, 3, -3, 0};
  set.q = {1, 0.01, 0.04, 0.2, 0.04};
  CHECK(study::strongest_features(set, 0.05, 1) == std::vector<Id>{1, 2, 4});
  CHECK(study::strongest_features(set, 0.05, 3) == std::vector<Id>{1, 2, 3, 4});
  CHECK(study::strongest_features(set, 0, 2) == std::vector<Id>{1, 2});
  CHECK(study::strongest_features(set, 0, 9).size() == 5);
}
