#include "yoneda/study/diagram_check_file.hpp"

#include "check_json.hpp"

namespace yoneda::study {
namespace {

Json verdict_json(std::optional<Verdict> verdict) {
  return verdict ? Json(name(*verdict)) : Json(nullptr);
}

/// What every outcome has: name, what was expected, what was found.
template <class Result>
Json outcome(const Result& result, std::optional<Verdict> verdict) {
  return {{"name", result.written.name},
          {"line", result.written.place.line},
          {"passed", passed(verdict, result.written.expect)},
          {"expect", verdict_json(result.written.expect)},
          {"verdict", verdict_json(verdict)},
          {"reason", result.reason}};
}

Json object_json(const NamedObject& object, const Members& members, const Vocabulary& vocabulary) {
  Json json{{"name", object.name}, {"type", name(object.type)}};
  if (object.type == ObjectType::category) json["category"] = object.number;
  if (members.of_tokens())
    json["tokens"] = words_json(members.ids, vocabulary, members.ids.size());
  else
    json["features"] = members.ids;
  return json;
}

Json side_json(const PathValue& side, const std::vector<Id>& path, const DiagramFile& file) {
  Json names = Json::array(), arrows = Json::array();
  for (const Id object : path) names.push_back(file.objects[object].name);
  for (const auto& arrow : side.arrows)
    arrows.push_back(
        arrow ? Json{{"weight", arrow->weight}, {"source", arrow->in_graph ? "graph" : "computed"}}
              : Json(nullptr));
  return {{"path", names}, {"arrows", arrows}, {"value", number_or_null(side.value)}};
}

Json draws_json(const NullTest& test) {
  Json draws = Json::array();
  for (const double draw : test.draws) draws.push_back(number_or_null(draw));
  return draws;
}

Json equation_json(const EquationResult& result, const DiagramFile& file, bool draws) {
  Json json = outcome(result, result.verdict);
  json["base"] = name(result.written.base);
  json["left"] = side_json(result.left, result.written.left, file);
  json["right"] = side_json(result.right, result.written.right, file);
  json["discrepancy"] = number_or_null(result.discrepancy);
  json["tolerance"] = result.written.tolerance;
  json["null"] = name(result.written.null);
  if (result.written.null == EquationNull::none || !result.discrepancy) return json;
  json["keeps"] = result.test.keeps;
  json["arrangements"] = result.arrangements;
  json["samples"] = result.test.samples;
  json["seed"] = result.test.seed;
  json["left_out"] = result.left_out;
  json["holding"] = result.holding;
  json["percentile"] = result.percentile;
  json["p"] = result.test.p_lower;
  json["null_mean"] = number_or_null(result.test.null_mean);
  json["null_sd"] = number_or_null(result.test.null_sd);
  if (!draws) return json;
  json["draws"] = draws_json(result.test);
  return json;
}

Json null_json(const NullTest& test, bool draws) {
  Json json{{"null", test.null_kind},
            {"keeps", test.keeps},
            {"null_mean", number_or_null(test.null_mean)},
            {"null_sd", number_or_null(test.null_sd)},
            {"p", test.p_upper},
            {"samples", test.samples},
            {"seed", test.seed},
            {"verdict", name(test.verdict)}};
  if (draws) json["draws"] = draws_json(test);
  return json;
}

Json statistic_json(const RelationStatistic& statistic, bool draws) {
  return {{"observed", number_or_null(statistic.observed())},
          {"verdict", name(statistic.verdict)},
          {"nulls", {null_json(statistic.swap, draws), null_json(statistic.re_pair, draws)}}};
}

Json pair_json(const PairResult& pair, const Vocabulary& vocabulary) {
  Json json{{"a", word_json(pair.pair.a, vocabulary)},
            {"b", word_json(pair.pair.b, vocabulary)},
            {"cosine", number_or_null(pair.cosine)},
            {"rank", pair.rank}};
  json["rival"] = pair.rival < 0 ? Json(nullptr) : word_json(pair.rival, vocabulary);
  return json;
}

// Draws are kept of the statistics that decide: Q of relations, G of grids.
Json relation_json(const RelationResult& result, const Vocabulary& vocabulary, bool draws) {
  Json json = outcome(result, result.verdict);
  json["in"] = result.written.in;
  json["agreement"] = statistic_json(result.test.q, draws);
  json["hit_at_1"] = statistic_json(result.test.hit, false);
  json["mean_reciprocal_rank"] = statistic_json(result.test.mrr, false);
  json["pairs"] = Json::array();
  for (const PairResult& pair : result.test.pairs)
    json["pairs"].push_back(pair_json(pair, vocabulary));
  return json;
}

Json grid_json(const GridResult& result, bool draws) {
  const ProductTest& test = result.test;
  Json json = outcome(result, result.verdict);
  json["in"] = result.written.in;
  json["rows"] = result.written.rows;
  json["columns"] = result.written.columns;
  json["words"] = Json::array();
  for (const WrittenWord& word : result.written.words) json["words"].push_back(word.text);
  json["G"] = number_or_null(test.G);
  json["F_rows"] = number_or_null(test.observed.F_rows());
  json["F_columns"] = number_or_null(test.observed.F_columns());
  json["p"] = test.p;
  json["nulls"] = {null_json(test.rows, draws), null_json(test.columns, draws)};
  json["kind_of_code"] = {{"local", test.kind.local},
                          {"compositional", test.kind.compositional},
                          {"superposed", test.kind.superposed}};
  return json;
}

/// The grid found, the row it was searched from first.
Json search_json(const SearchResult& result, const Vocabulary& vocabulary, bool draws) {
  const GridSearch& search = result.search;
  Json json = outcome(result, result.verdict);
  json["in"] = result.written.in;
  json["rows"] = Json::array();
  for (Index i = 0; i < search.grid.rows; ++i) {
    Json words = Json::array();
    for (Index j = 0; j < search.grid.columns; ++j)
      words.push_back(word_json(search.grid(i, j), vocabulary));
    json["rows"].push_back({{"words", words}, {"agreement", search.scores[i]}});
  }
  json["G"] = number_or_null(search.G);
  json["agreement"] = number_or_null(search.score);
  json["nulls"] = {null_json(search.near_G, draws), null_json(search.mismatched_G, draws)};
  return json;
}

Json diagrams(const DiagramCheck& check, const Vocabulary& vocabulary, const Record& record,
              bool draws) {
  const DiagramCounts found = counts(check);
  const auto source = record.sources.find("diagram");
  Json json{{"file", check.file.path},
            {"hash", source == record.sources.end() ? "" : source->second.hash},
            {"command", record.command},
            {"passed", found.failed == 0},
            {"checked", found.all},
            {"failed", found.failed},
            {"commuting", found.commuting}};
  for (const char* part : {"objects", "equations", "relations", "grids", "searches"})
    json[part] = Json::array();
  for (std::size_t i = 0; i < check.members.size(); ++i)
    json["objects"].push_back(object_json(check.file.objects[i], check.members[i], vocabulary));
  for (const EquationResult& result : check.equations)
    json["equations"].push_back(equation_json(result, check.file, draws));
  for (const RelationResult& result : check.relations)
    json["relations"].push_back(relation_json(result, vocabulary, draws));
  for (const GridResult& result : check.grids) json["grids"].push_back(grid_json(result, draws));
  for (const SearchResult& result : check.searches)
    json["searches"].push_back(search_json(result, vocabulary, draws));
  json["notes"] = check.notes;
  return json;
}

}  // namespace

std::string diagram_json(const DiagramCheck& check, const Vocabulary& vocabulary,
                         const Record& record, bool draws) {
  return diagrams(check, vocabulary, record, draws)
      .dump(1, ' ', true, Json::error_handler_t::replace);
}

void write_diagram_check(const std::string& path, const DiagramCheck& check, const GraphFile& graph,
                         const Vocabulary& vocabulary, const Record& record) {
  write_check_part(path, "diagrams", diagrams(check, vocabulary, record, true), graph, record);
}

}  // namespace yoneda::study
