#include "yoneda/study/relations_file.hpp"

#include <algorithm>
#include <cmath>

#include "json.hpp"

namespace yoneda::study {
namespace {

constexpr std::string_view relations_format = "yoneda-relations/1";

Json null_json(const NullTest& test) {
  return {{"null_mean", number_or_null(test.null_mean)},
          {"null_sd", number_or_null(test.null_sd)},
          {"effect", number_or_null(test.effect)},
          {"p_upper", test.p_upper},
          {"p_lower", test.p_lower},
          {"verdict", name(test.verdict)},
          {"reason", test.reason}};
}

Json statistic_json(const RelationStatistic& statistic) {
  return {{"observed", number_or_null(statistic.observed())},
          {"verdict", name(statistic.verdict)},
          {"reason", statistic.reason},
          {"swap", null_json(statistic.swap)},
          {"re_pair", null_json(statistic.re_pair)}};
}

Json relation_pair_json(const PairResult& of, const Vocabulary& vocabulary) {
  return {{"a", word_json(of.pair.a, vocabulary)},
          {"b", word_json(of.pair.b, vocabulary)},
          {"cosine", of.cosine},
          {"rank", of.rank},
          {"reached", of.reached},
          {"rival", of.rival < 0 ? Json(nullptr) : word_json(of.rival, vocabulary)},
          {"rival_cosine", of.rival_cosine}};
}

Json test_json(const RelationTest& test, const Vocabulary& vocabulary) {
  Json pairs = Json::array();
  for (const PairResult& pair : test.pairs) pairs.push_back(relation_pair_json(pair, vocabulary));
  return {{"representation", test.representation},
          {"groups", test.units},
          {"q", statistic_json(test.q)},
          {"hit_at_1", statistic_json(test.hit)},
          {"mean_reciprocal_rank", statistic_json(test.mrr)},
          {"pairs", pairs},
          {"failures", test.failures},
          {"notes", test.notes}};
}

}  // namespace

const RelationTest* RelationTests::in(std::string_view representation) const {
  const auto found = std::ranges::find(tests, representation, &RelationTest::representation);
  return found == tests.end() ? nullptr : &*found;
}

std::optional<double> RelationTests::code_over_vector() const {
  const RelationTest *codes = in("codes"), *words = in("words");
  if (!codes || !words) return std::nullopt;
  const double ratio = preserved(*codes, *words);
  return std::isnan(ratio) ? std::nullopt : std::optional(ratio);
}

void write_relations(const std::string& path, const Relations& relations,
                     const Vocabulary& vocabulary, const Record& record) {
  Json json = to_json(record, relations_format);
  const RelationTest& first = relations.relations.front().tests.front();
  json["nulls"] = Json::array();
  for (const NullTest* null : {&first.q.swap, &first.q.re_pair})
    json["nulls"].push_back({{"kind", null->null_kind},
                             {"keeps", null->keeps},
                             {"samples", relations.options.samples},
                             {"seed", relations.options.seed}});
  json["alpha"] = relations.options.rule.alpha;
  json["variance_explained"] = number_or_null(relations.fve);
  json["relations"] = Json::array();
  for (const RelationTests& of : relations.relations) {
    Json tests = Json::array();
    for (const RelationTest& test : of.tests) tests.push_back(test_json(test, vocabulary));
    const auto ratio = of.code_over_vector();
    json["relations"].push_back({{"name", of.relation.name},
                                 {"pairs", of.relation.pairs.size()},
                                 {"pairs_left_out", of.relation.lost},
                                 {"words_missing", of.relation.missing},
                                 {"q_codes_over_words", ratio ? Json(*ratio) : Json(nullptr)},
                                 {"tests", tests}});
  }
  json["notes"] = relations.notes;
  write_json(path, json);
}

}  // namespace yoneda::study
