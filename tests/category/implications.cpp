#include "yoneda/category/implications.hpp"

#include <doctest/doctest.h>

#include <map>

#include "category/contexts.hpp"

using namespace yoneda;

namespace {

Tokens joined(Tokens a, const Tokens& b) {
  a.insert(a.end(), b.begin(), b.end());
  std::ranges::sort(a);
  return a;
}

/// What follows from exact implications: their conclusions are added until nothing is new.
Tokens derived(Tokens tokens, const std::vector<Implication>& rules) {
  for (bool grown = true; grown;) {
    grown = false;
    for (const Implication& rule : rules)
      if (std::ranges::includes(tokens, rule.premise) &&
          !std::ranges::includes(tokens, rule.conclusion)) {
        Tokens more;
        std::ranges::set_union(tokens, rule.conclusion, std::back_inserter(more));
        tokens = more;
        grown = true;
      }
  }
  return tokens;
}

/// Sets that are not closed, and every token of which cuts the features: from the definition.
std::set<Tokens> generators_by_definition(const FormalContext& context, Index min_support) {
  std::set<Tokens> found;
  for (const Tokens& set : all_sets(context.V())) {
    const auto support = features_with(context, set).size();
    if (static_cast<Index>(support) < min_support || closed(context, set) == set) continue;
    bool minimal = true;
    for (const Id left_out : set) {
      Tokens rest = set;
      std::erase(rest, left_out);
      minimal &= features_with(context, rest).size() > support;
    }
    if (minimal) found.insert(set);
  }
  return found;
}

}  // namespace

TEST_CASE("exact implications run from every minimal generator to its closure, and hold") {
  for (const FormalContext& context : small_contexts())
    for (Index support = 1; support <= std::min<Index>(3, context.n()); ++support) {
      const auto rules = exact_implications(concept_lattice(context, {.min_support = support}));
      std::set<Tokens> premises;
      for (const Implication& rule : rules) {
        premises.insert(rule.premise);
        const Tokens having = features_with(context, rule.premise);
        CHECK(rule.premise_support == std::ssize(having));
        CHECK(rule.support == std::ssize(having));
        CHECK(rule.exact());
        CHECK(rule.confidence() == 1);
        for (const Id f : having)
          for (const Id t : rule.conclusion) CHECK(has(context, f, t));
        CHECK(joined(rule.premise, rule.conclusion) == closed(context, rule.premise));
      }
      CHECK(premises.size() == rules.size());
      CHECK(premises == generators_by_definition(context, support));
    }
}

TEST_CASE("all that holds of frequent tokens follows from the exact implications") {
  for (const FormalContext& context : small_contexts())
    for (Index support = 1; support <= std::min<Index>(2, context.n()); ++support) {
      const auto rules = exact_implications(concept_lattice(context, {.min_support = support}));
      for (const Tokens& set : all_sets(context.V()))
        if (std::ssize(features_with(context, set)) >= support)
          CHECK(derived(set, rules) == closed(context, set));
    }
}

TEST_CASE("partial implications run along covers, with the confidence that counting gives") {
  Index seen = 0;
  for (const FormalContext& context : small_contexts())
    for (Index support = 1; support <= std::min<Index>(3, context.n()); ++support) {
      const ConceptLattice lattice = concept_lattice(context, {.min_support = support});
      const auto rules = partial_implications(lattice, 1e-9);
      std::set<std::pair<Tokens, Tokens>> found;
      for (const Implication& rule : rules) {
        ++seen;
        const Tokens whole = joined(rule.premise, rule.conclusion);
        CHECK(closed(context, rule.premise) == rule.premise);
        CHECK(closed(context, whole) == whole);
        CHECK(rule.premise_support == std::ssize(features_with(context, rule.premise)));
        CHECK(rule.support == std::ssize(features_with(context, whole)));
        CHECK(rule.support < rule.premise_support);
        CHECK(rule.support >= support);
        found.insert({rule.premise, rule.conclusion});
      }
      CHECK(found.size() == rules.size());
      const Index to_bottom = lattice.bottom_added ? std::ssize(lattice.upper.back()) : 0;
      CHECK(std::ssize(rules) == lattice.cover_count() - to_bottom);
    }
  CHECK(seen > 500);
}

TEST_CASE("the confidence of any two closed sets is a product along covers") {
  const FormalContext context = random_context(12, 6, 0.6, 3);
  const ConceptLattice lattice = concept_lattice(context);
  std::map<std::pair<Tokens, Tokens>, double> confidence;
  for (const Implication& rule : partial_implications(lattice, 1e-9))
    confidence[{rule.premise, joined(rule.premise, rule.conclusion)}] = rule.confidence();
  Index longer = 0;
  for (Id a = 0; a < lattice.frequent(); ++a) {
    double product = 1;
    Id at = a;  // down along the first cover, as far as there are features
    while (!lattice.lower[at].empty() && lattice.lower[at][0] < lattice.frequent()) {
      const Id next = lattice.lower[at][0];
      product *= confidence.at({lattice.concepts[at].tokens, lattice.concepts[next].tokens});
      at = next;
      ++longer;
      CHECK(product ==
            doctest::Approx(
                static_cast<double>(features_with(context, lattice.concepts[at].tokens).size()) /
                static_cast<double>(features_with(context, lattice.concepts[a].tokens).size())));
    }
  }
  CHECK(longer > lattice.frequent());
}

TEST_CASE("the least confidence is met exactly, and the order is that of confidence") {
  // 4 of 5 features with token 0 have token 1, 2 of those 4 token 2
  const FormalContext context =
      FormalContext::from_rows({{0, 1, 2}, {0, 1, 2}, {0, 1}, {0, 1}, {0}, {}}, 3);
  const ConceptLattice lattice = concept_lattice(context);
  const auto rules = partial_implications(lattice, 0.8);
  REQUIRE(rules.size() == 2);
  CHECK(rules[0] == Implication{{}, {0}, 6, 5});
  CHECK(rules[1] == Implication{{0}, {1}, 5, 4});
  CHECK(partial_implications(lattice, 0.5).size() == 3);
  CHECK(partial_implications(lattice, 0.81).size() == 1);
  const auto exact = exact_implications(lattice);
  REQUIRE(exact.size() == 2);
  CHECK(exact[0] == Implication{{1}, {0}, 4, 4});
  CHECK(exact[1] == Implication{{2}, {0, 1}, 2, 2});
}

TEST_CASE("what cannot be asked for is refused") {
  const ConceptLattice lattice = concept_lattice(random_context(20, 8, 0.5, 4));
  for (const double confidence : {0.0, -1.0, 1.01, std::numeric_limits<double>::quiet_NaN()})
    CHECK_THROWS_WITH_AS(partial_implications(lattice, confidence),
                         doctest::Contains("a confidence lies above 0 and up to 1"), Error);
  const auto count = static_cast<Index>(exact_implications(lattice).size());
  REQUIRE(count > 1);
  CHECK(std::ssize(exact_implications(lattice, count)) == count);
  CHECK_THROWS_WITH_AS(exact_implications(lattice, count - 1),
                       doctest::Contains("exact implications"), Error);
}
