// From arrows to lattices: how much support, which part random directions are compared on, junk.
#include <doctest/doctest.h>

#include <algorithm>

#include "random_matrix.hpp"
#include "yoneda/category/lattice_tests.hpp"
#include "yoneda/study/lattice_file.hpp"
#include "yoneda/study/steps.hpp"

using namespace yoneda;

namespace {

/// 200 tokens, of which the first 20 hardly ever occurred: they are long, and point the same way.
study::Sources sources() {
  study::Sources made;
  made.sae.W_dec = random_matrix(60, 16, 1);
  auto rows = normals(200 * 16, 2);
  for (Index t = 19; t >= 0; --t)
    for (Index j = 0; j < 16; ++j) rows[t * 16 + j] = 3 * rows[j] + 0.001f * rows[t * 16 + j];
  made.model.W_U = Matrix::from(rows, 200, 16);
  return made;
}

study::ArrowsFile arrows_of(const study::Sources& from, bool drop_junk) {
  study::ArrowStep step;
  step.k = 12;
  step.drop_junk = drop_junk;
  return study::make_arrows(from, step);
}

study::LatticeStep small_step() {
  study::LatticeStep step;
  step.min_support = 5;
  step.samples = 3;
  return step;
}

}  // namespace

TEST_CASE("a support is a number of features or a share of them, and nothing else") {
  CHECK(study::support_of(1, 10) == 1);
  CHECK(study::support_of(10, 10) == 10);
  CHECK(study::support_of(0.002, 2048) == 5);
  CHECK(study::support_of(0.007, 1000) == 7);
  CHECK(study::support_of(0.3, 10) == 3);
  CHECK(study::support_of(0.31, 10) == 4);
  CHECK(study::support_of(1e-9, 10) == 1);
  const auto refused = [](double asked, const char* words) {
    CHECK_THROWS_WITH_AS(study::support_of(asked, 10), doctest::Contains(words), Error);
  };
  refused(0, "is a share of the features, below 1, or their number, from 1 on");
  refused(-3, "is a share of the features");
  refused(std::numeric_limits<double>::quiet_NaN(), "is a share of the features");
  refused(2.5, "from 1 on is a whole number of features");
  refused(11, "of 11 features is out of reach: there are 10");
  refused(std::numeric_limits<double>::infinity(), "is out of reach: there are 10");
}

TEST_CASE("the whole is compared where it fits the budget, and observed alike by both nulls") {
  const study::Sources from = sources();
  const auto arrows = arrows_of(from, false);
  const auto found = study::make_lattices(arrows, &from, small_step());
  REQUIRE(found.ends.size() == 2);
  CHECK(found.k == 12);
  CHECK(found.min_support == 5);
  CHECK(found.null_features == 60);
  CHECK(found.null_tokens == 200);
  CHECK(found.notes.empty());
  for (const auto& of : found.ends) {
    const auto context = token_context(arrows.arrows, of.end, 12);
    CHECK(of.lattice.concepts == concept_lattice(context, {.min_support = 5}).concepts);
    CHECK(of.figures == lattice_figures(of.lattice, exact_implications(of.lattice),
                                        partial_implications(of.lattice, 0.8)));
    const auto values = of.figures.values();
    for (std::size_t i = 0; i < values.size(); ++i) {
      CHECK(of.margins[i].observed == static_cast<double>(values[i]));
      CHECK(of.directions[i].observed == static_cast<double>(values[i]));
    }
  }
}

TEST_CASE("beyond the budget directions are compared on a part, at the same share of features") {
  const study::Sources from = sources();
  const auto arrows = arrows_of(from, false);
  study::LatticeStep step = small_step();
  step.min_support = 6;  // of 60; of 30 that is 3
  step.features = 30;
  step.tokens = 150;
  const auto found = study::make_lattices(arrows, &from, step);
  CHECK(found.null_features == 30);
  CHECK(found.null_tokens == 150);
  REQUIRE(found.notes.size() == 1);
  CHECK(found.notes[0] ==
        "random directions and the SAE's own are compared on the same random part: 30 of 60 "
        "features, 150 of 200 tokens, concepts of at least 3 features");
  CHECK(found.ends[0].directions[0].observed != found.ends[0].margins[0].observed);
}

TEST_CASE("tokens that the arrows leave out are in no concept, nor in the null") {
  const study::Sources from = sources();
  const auto with = study::make_lattices(arrows_of(from, false), &from, small_step());
  const auto without = study::make_lattices(arrows_of(from, true), &from, small_step());
  const auto holds_junk = [](const study::Lattices& lattices) {
    Index count = 0;
    for (const auto& of : lattices.ends)
      for (Index c = 0; c < of.lattice.frequent(); ++c)
        for (const Id t : of.lattice.concepts[c].tokens) count += t < 20;
    return count;
  };
  CHECK(holds_junk(with) > 100);
  CHECK(holds_junk(without) == 0);
  CHECK(without.null_tokens == 180);
  for (std::size_t end = 0; end < 2; ++end)  // tokens of one direction make concepts in any draw
    CHECK(with.ends[end].directions[0].null_mean >
          4 * without.ends[end].directions[0].null_mean + 10);
}

TEST_CASE("a support of all features is one of all features of a part, too") {
  const study::Sources from = sources();
  study::LatticeStep step = small_step();
  step.min_support = 60;
  step.features = 30;
  const auto found = study::make_lattices(arrows_of(from, false), &from, step);
  CHECK(found.min_support == 60);
  CHECK(found.null_features == 30);
  REQUIRE(found.notes.size() == 1);
  CHECK(found.notes[0].find("concepts of at least 30 features") != std::string::npos);
}

TEST_CASE("without sources swaps are left alone, with a note; other sources are refused") {
  const study::Sources from = sources();
  const auto arrows = arrows_of(from, false);
  const auto found = study::make_lattices(arrows, nullptr, small_step());
  CHECK(found.ends[0].directions.empty());
  CHECK(found.ends[0].margins.size() == 5);
  REQUIRE(found.notes.size() == 1);
  CHECK(found.notes[0].find("swaps alone call any lattice a discovery") != std::string::npos);

  study::Sources other = from;
  other.sae.W_dec = random_matrix(60, 16, 9);
  CHECK_THROWS_WITH_AS(study::make_lattices(arrows, &other, small_step()),
                       doctest::Contains("the arrows are of another SAE"), Error);
  other.sae.W_dec = random_matrix(50, 16, 9);
  CHECK_THROWS_WITH_AS(study::make_lattices(arrows, &other, small_step()),
                       doctest::Contains("the arrows are of 60 features"), Error);
  study::LatticeStep step = small_step();
  step.k = 13;
  CHECK_THROWS_WITH_AS(study::make_lattices(arrows, nullptr, step),
                       doctest::Contains("the arrows keep 12 tokens"), Error);
  step = small_step();
  step.confidence = 0;
  CHECK_THROWS_AS(study::make_lattices(arrows, nullptr, step), Error);
}
