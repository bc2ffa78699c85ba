#include "yoneda/study/lattice_file.hpp"

#include "json.hpp"
#include "test_json.hpp"
#include "yoneda/category/lattice_tests.hpp"

namespace yoneda::study {
namespace {

constexpr std::string_view lattice_format = "yoneda-lattice/1";

Json all_words(const std::vector<Id>& tokens, const Vocabulary& vocabulary) {
  return words_json(tokens, vocabulary, tokens.size());
}

Json concepts_json(const ConceptLattice& lattice, const Vocabulary& vocabulary) {
  Json concepts = Json::array();
  for (Index c = 0; c < lattice.frequent(); ++c) {
    const Concept& each = lattice.concepts[c];
    concepts.push_back({{"support", each.support()},
                        {"features", each.features},
                        {"tokens", all_words(each.tokens, vocabulary)}});
  }
  return concepts;
}

Json covers_json(const ConceptLattice& lattice) {
  Json covers = Json::array();
  for (Index c = 0; c < lattice.frequent(); ++c)
    for (const Id below : lattice.lower[c])
      if (below < lattice.frequent()) covers.push_back({c, below});
  return covers;
}

/// The bottom that was added has all tokens, so they are not listed.
Json bottom_json(const ConceptLattice& lattice) {
  return {{"added", lattice.bottom_added},
          {"support", lattice.concepts.back().support()},
          {"features", lattice.concepts.back().features},
          {"below", lattice.bottom_added ? Json(lattice.upper.back()) : Json::array()}};
}

Json implications_json(const std::vector<Implication>& rules, const Vocabulary& vocabulary) {
  Json made = Json::array();
  for (const Implication& rule : rules)
    made.push_back({{"premise", all_words(rule.premise, vocabulary)},
                    {"conclusion", all_words(rule.conclusion, vocabulary)},
                    {"premise_support", rule.premise_support},
                    {"support", rule.support},
                    {"confidence", rule.confidence()}});
  return made;
}

Json all_tests_json(const LatticeOfEnd& found) {
  Json tests = tests_json(found.margins);
  for (const NullTest& test : found.directions) tests.push_back(test_json(test));
  return tests;
}

/// What both nulls say of each figure, and the figure itself, of all features.
Json figures_json(const LatticeOfEnd& found) {
  Json made = Json::array();
  for (std::size_t i = 0; i < LatticeFigures::names.size(); ++i)
    made.push_back(
        {{"name", LatticeFigures::names[i]},
         {"value", found.figures.values()[i]},
         {"reading", reading_of(found.margins.empty() ? nullptr : &found.margins[i],
                                found.directions.empty() ? nullptr : &found.directions[i])}});
  return made;
}

Json end_json(const LatticeOfEnd& found, const Vocabulary& vocabulary) {
  return {{"end", name(found.end)},
          {"tokens", found.tokens},
          {"figures", figures_json(found)},
          {"tests", all_tests_json(found)},
          {"concepts", concepts_json(found.lattice, vocabulary)},
          {"covers", covers_json(found.lattice)},
          {"bottom", bottom_json(found.lattice)},
          {"exact", implications_json(found.exact, vocabulary)},
          {"partial", implications_json(found.partial, vocabulary)}};
}

}  // namespace

void write_lattices(const std::string& path, const Lattices& lattices, const ArrowsFile& arrows,
                    const Record& record) {
  Json json = to_json(record, lattice_format);
  json["features"] = lattices.n;
  json["vocabulary_size"] = lattices.V;
  json["k"] = lattices.k;
  json["min_support"] = lattices.min_support;
  json["confidence"] = lattices.confidence;
  json["null_features"] = lattices.null_features;
  json["null_tokens"] = lattices.null_tokens;
  json["ends"] = Json::array();
  for (const LatticeOfEnd& found : lattices.ends)
    json["ends"].push_back(end_json(found, arrows.vocabulary));
  json["notes"] = lattices.notes;
  write_json(path, json);
}

}  // namespace yoneda::study
