#include "yoneda/category/concept_lattice.hpp"

#include <doctest/doctest.h>
#include <omp.h>

#include "category/contexts.hpp"

using namespace yoneda;

namespace {

/// One concept below another: strictly fewer features.
bool below(const Concept& a, const Concept& b) {
  return a.features != b.features && std::ranges::includes(b.features, a.features);
}

/// The covering relation from the order of all pairs.
std::vector<std::vector<Id>> covers_by_pairs(const std::vector<Concept>& concepts) {
  const auto count = static_cast<Id>(concepts.size());
  std::vector<std::vector<Id>> lower(count);
  for (Id a = 0; a < count; ++a)
    for (Id b = 0; b < count; ++b) {
      if (!below(concepts[b], concepts[a])) continue;
      bool next = true;
      for (Id c = 0; c < count; ++c)
        next &= !(below(concepts[b], concepts[c]) && below(concepts[c], concepts[a]));
      if (next) lower[a].push_back(b);
    }
  return lower;
}

}  // namespace

TEST_CASE("concepts are all closed sets of tokens, each once, in their order") {
  for (const FormalContext& context : small_contexts())
    for (Index support = 1; support <= context.n(); ++support) {
      const FrequentConcepts found = frequent_concepts(context, {.min_support = support});
      std::set<Tokens> sets;
      for (const Concept& each : found.concepts) {
        CHECK(each.features == features_with(context, each.tokens));
        CHECK(each.support() >= support);
        sets.insert(each.tokens);
      }
      CHECK(sets == closed_sets(context, support));
      CHECK(sets.size() == found.concepts.size());
      for (std::size_t i = 1; i < found.concepts.size(); ++i) {
        const Concept &a = found.concepts[i - 1], &b = found.concepts[i];
        CHECK((a.support() > b.support() || (a.support() == b.support() && a.tokens < b.tokens)));
      }
    }
}

TEST_CASE("a failure handed down spares a closure and loses nothing") {
  Index spared = 0;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const FormalContext context = random_context(30, 12, 0.6, seed);
    const FrequentConcepts found = frequent_concepts(context);
    CHECK(std::ssize(found.concepts) == std::ssize(closed_sets(context, 1)));
    CHECK(found.closures >= std::ssize(found.concepts) - 1);
    spared += found.spared;
  }
  CHECK(spared > 100);
}

TEST_CASE("a context of all but one has all 2^n concepts") {
  std::vector<std::vector<Id>> rows(12);
  for (Id f = 0; f < 12; ++f)
    for (Id t = 0; t < 12; ++t)
      if (t != f) rows[f].push_back(t);
  const ConceptLattice lattice = concept_lattice(FormalContext::from_rows(rows, 12));
  CHECK(lattice.concepts.size() == 4096);
  CHECK(lattice.bottom_added);  // no feature has all tokens: the empty extent
  CHECK(lattice.cover_count() == 12 * 2048);
}

TEST_CASE("covers are those of the order; top and bottom are the ends") {
  for (const FormalContext& context : small_contexts())
    for (Index support = 1; support <= std::min<Index>(3, context.n()); ++support) {
      const ConceptLattice lattice = concept_lattice(context, {.min_support = support});
      CHECK(lattice.lower == covers_by_pairs(lattice.concepts));
      for (Id c = 0; c < std::ssize(lattice.concepts); ++c)
        for (const Id d : lattice.upper[c]) CHECK(std::ranges::count(lattice.lower[d], c) == 1);
      CHECK(std::ssize(lattice.concepts.front().features) == context.n());
      CHECK(lattice.concepts.front().tokens == closed(context, {}));
      Tokens all(context.V());
      std::iota(all.begin(), all.end(), Id{0});
      CHECK(lattice.concepts.back().tokens == all);
      CHECK(lattice.concepts.back().features == features_with(context, all));
      CHECK(lattice.bottom_added == (std::ssize(features_with(context, all)) < support));
      for (Id c = 0; c < std::ssize(lattice.concepts); ++c) {
        CHECK(lattice.upper[c].empty() == (c == 0));
        CHECK(lattice.lower[c].empty() == (c + 1 == std::ssize(lattice.concepts)));
      }
    }
}

TEST_CASE("with the bottom it is a lattice: every two concepts have one nearest below both") {
  for (const FormalContext& context : small_contexts()) {
    const ConceptLattice lattice =
        concept_lattice(context, {.min_support = std::min<Index>(2, context.n())});
    const auto& all = lattice.concepts;
    const auto at_most = [&](const Concept& a, const Concept& b) { return a == b || below(a, b); };
    for (const Concept& a : all)
      for (const Concept& b : all) {
        std::vector<const Concept*> under;
        for (const Concept& c : all)
          if (at_most(c, a) && at_most(c, b)) under.push_back(&c);
        const auto largest = std::ranges::count_if(under, [&](const Concept* c) {
          return std::ranges::all_of(under, [&](const Concept* d) { return at_most(*d, *c); });
        });
        CHECK(largest == 1);
      }
  }
}

TEST_CASE("a planted block is a concept of its size, however rare its tokens") {
  Random random(7);
  std::vector<std::vector<Id>> rows(300);
  for (Id f = 0; f < 300; ++f)
    for (Id t = 0; t < 200; ++t)
      if ((f % 20 == 3 && t % 40 == 5) || random.uniform() < 0.03) rows[f].push_back(t);
  const FrequentConcepts found =
      frequent_concepts(FormalContext::from_rows(rows, 200), {.min_support = 15});
  const auto planted = std::ranges::find_if(found.concepts, [](const Concept& each) {
    return each.tokens == Tokens{5, 45, 85, 125, 165};
  });
  REQUIRE(planted != found.concepts.end());
  CHECK(planted->support() == 15);
  for (const Id f : planted->features) CHECK(f % 20 == 3);
}

TEST_CASE("the same for any number of threads") {
  const FormalContext context = random_context(120, 40, 0.3, 5);
  const int before = omp_get_max_threads();
  std::vector<ConceptLattice> found;
  for (const int threads : {1, 2, 5}) {
    omp_set_num_threads(threads);
    found.push_back(concept_lattice(context, {.min_support = 6}));
  }
  omp_set_num_threads(before);
  CHECK(found[0].concepts.size() > 500);
  for (const ConceptLattice& other : found) {
    CHECK(other.concepts == found[0].concepts);
    CHECK(other.lower == found[0].lower);
    CHECK(other.closures == found[0].closures);
    CHECK(other.spared == found[0].spared);
  }
}

TEST_CASE("what cannot be asked for is refused, and too many concepts are an error, not a cut") {
  const FormalContext context = random_context(20, 10, 0.5, 1);
  const auto message = [&](const ConceptOptions& options, const FormalContext& of) -> std::string {
    try {
      concept_lattice(of, options);
    } catch (const Error& error) {
      CHECK(error.kind == ErrorKind::value);
      return error.what();
    }
    return "not refused";
  };
  CHECK(message({.min_support = 0}, context) == "a concept has a support of at least 1, not 0");
  CHECK(message({.min_support = 21}, context) == "no concept has 21 features: there are 20");
  CHECK(message({}, FormalContext::from_rows({}, 4)) == "no concept has 1 features: there are 0");
  const auto count = static_cast<Index>(closed_sets(context, 2).size());
  CHECK(frequent_concepts(context, {.min_support = 2, .most = count}).concepts.size() ==
        static_cast<std::size_t>(count));
  CHECK(
      message({.min_support = 2, .most = count - 1}, context) ==
      "more than " + std::to_string(count - 1) +
          " concepts have at least 2 features: ask for a larger support, or take fewer tokens per "
          "feature");
  CHECK_THROWS_AS(concept_lattice(context, {}, Progress([](Stage, double) { return false; })),
                  Error);
}
