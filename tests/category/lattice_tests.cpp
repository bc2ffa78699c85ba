#include "yoneda/category/lattice_tests.hpp"

#include <doctest/doctest.h>
#include <omp.h>

#include "category/contexts.hpp"
#include "random_matrix.hpp"
#include "yoneda/stats/moments.hpp"

using namespace yoneda;

namespace {

/// Each of ten groups of features has six tokens of its own; beside them all is chance.
FormalContext planted_context(std::uint64_t seed) {
  Random random(seed);
  std::vector<std::vector<Id>> rows(200);
  for (Id f = 0; f < 200; ++f)
    for (Id t = 0; t < 300; ++t)
      if ((t < 60 && t % 10 == f % 10 && random.uniform() < 0.95) || random.uniform() < 0.03)
        rows[f].push_back(t);
  return FormalContext::from_rows(rows, 300);
}

Unembedding model_of(Matrix W_U) {
  Unembedding model;
  model.W_U = std::move(W_U);
  return model;
}

/// Words in bunches of four that point nearly the same way.
Matrix bunches(Index count, Index d, std::uint64_t seed) {
  const std::vector<float> centres = normals(count * d, seed),
                           noise = normals(4 * count * d, seed + 1);
  std::vector<float> rows(4 * count * d);
  for (Index t = 0; t < 4 * count; ++t)
    for (Index j = 0; j < d; ++j)
      rows[t * d + j] = centres[t / 4 * d + j] + 0.1f * noise[t * d + j];
  return Matrix::from(rows, 4 * count, d);
}

constexpr std::array both{ArrowEnd::positive, ArrowEnd::negative};

}  // namespace

TEST_CASE("figures are counts of all closed sets") {
  for (const FormalContext& context : small_contexts()) {
    LatticeTestOptions options;
    options.concepts.min_support = std::min<Index>(2, context.n());
    const LatticeFigures found = lattice_figures(context, options);
    LatticeFigures expected;
    for (const Tokens& tokens : closed_sets(context, options.concepts.min_support)) {
      const auto support = std::ssize(features_with(context, tokens));
      expected.widest = std::max(expected.widest, std::ssize(tokens));
      if (tokens.size() < 2) continue;
      ++expected.concepts;
      expected.largest = std::max(expected.largest, support);
    }
    CHECK(found.concepts == expected.concepts);
    CHECK(found.largest == expected.largest);
    CHECK(found.widest == expected.widest);
  }
}

TEST_CASE("planted groups stand out from contexts of the same margins") {
  LatticeTestOptions options;
  options.concepts.min_support = 10;
  options.samples = 39;
  const auto tests = lattice_against_margins(planted_context(1), options);
  REQUIRE(tests.size() == LatticeFigures::names.size());
  for (const NullTest& test : tests) CHECK(test.null_kind == "margins");
  CHECK(tests[0].verdict == Verdict::commutes);  // concepts
  CHECK(tests[1].verdict == Verdict::commutes);  // largest support
  CHECK(tests[1].observed >= 15);
  CHECK(tests[2].verdict == Verdict::commutes);  // most tokens
  CHECK(tests[2].observed == 6);
  CHECK(tests[2].null_mean < 3);
}

TEST_CASE("a context drawn from the margins null stands out no more than chance: p is uniform") {
  std::vector<double> upper, lower;
  LatticeTestOptions options;
  options.concepts.min_support = 3;
  options.samples = 19;
  for (std::uint64_t round = 0; round < 200; ++round) {
    options.seed = round;
    const auto tests = lattice_against_margins(random_context(20, 15, 0.4, round), options);
    upper.push_back(tests[0].p_upper);
    lower.push_back(tests[0].p_lower);
  }
  for (const auto& values : {upper, lower}) {
    CHECK(std::abs(moments(values).mean - 0.525) < 0.062);  // three standard errors
    CHECK(std::ranges::count_if(values, [](double p) { return p < 0.051; }) <= 20);
  }
}

TEST_CASE(
    "words that point the same way force concepts: swaps call it a discovery, directions no") {
  const Matrix W_dec = random_matrix(150, 16, 3);
  const Unembedding model = model_of(bunches(100, 16, 4));
  LatticeTestOptions options;
  options.concepts.min_support = 6;
  options.samples = 39;
  const ContextConstruction how{.k = 12};
  const auto context = contexts_of(W_dec, model, both, how)[0];
  const auto margins = lattice_against_margins(context, options);
  const auto directions = lattice_against_directions(W_dec, model, both, how, options);
  REQUIRE(directions.size() == 2);
  CHECK(margins[0].verdict == Verdict::commutes);
  CHECK(directions[0][0].observed == margins[0].observed);
  CHECK(directions[0][0].verdict == Verdict::does_not);
  CHECK(directions[0][0].null_mean > 5 * margins[0].null_mean);
  CHECK(reading_of(&margins[0], &directions[0][0]) ==
        "forced by the tokens: random directions give as much");
}

TEST_CASE("features that repeat each other stand out from random directions too") {
  const Matrix few = random_matrix(15, 16, 5);
  std::vector<float> rows;
  const std::vector<float> noise = normals(150 * 16, 6);
  for (Index f = 0; f < 150; ++f)
    for (Index j = 0; j < 16; ++j) rows.push_back(few(f % 15, j) + 0.1f * noise[f * 16 + j]);
  const Matrix W_dec = Matrix::from(rows, 150, 16);
  LatticeTestOptions options;
  options.concepts.min_support = 6;
  options.samples = 39;
  const auto tests =
      lattice_against_directions(W_dec, model_of(bunches(100, 16, 7)), both, {.k = 12}, options);
  for (const auto& of_end : tests) {
    CHECK(of_end[0].null_kind == "gaussian");
    CHECK(of_end[0].verdict == Verdict::commutes);
    CHECK(reading_of(nullptr, &of_end[0]) == "more than random directions give");
  }
}

TEST_CASE("gaussian directions are a draw from the gaussian null: p is uniform") {
  const Unembedding model = model_of(bunches(20, 6, 8));
  LatticeTestOptions options;
  options.concepts.min_support = 4;
  options.samples = 19;
  std::vector<double> p;
  for (std::uint64_t round = 0; round < 150; ++round) {
    options.seed = round;
    p.push_back(lattice_against_directions(random_matrix(40, 6, 100 + round), model, both, {.k = 5},
                                           options)[0][0]
                    .p_upper);
  }
  CHECK(std::abs(moments(p).mean - 0.525) < 0.072);  // three standard errors
  CHECK(std::ranges::count_if(p, [](double value) { return value < 0.051; }) <= 16);
}

TEST_CASE("the same for any number of threads, and for the same seed alone") {
  const Matrix W_dec = random_matrix(60, 8, 9);
  const Unembedding model = model_of(bunches(30, 8, 10));
  LatticeTestOptions options;
  options.concepts.min_support = 3;
  options.samples = 20;
  const auto context = contexts_of(W_dec, model, both, {.k = 8})[1];
  const auto draws = [&] {
    std::vector<std::vector<double>> made;
    for (const NullTest& test : lattice_against_margins(context, options))
      made.push_back(test.draws);
    for (const auto& of_end : lattice_against_directions(W_dec, model, both, {.k = 8}, options))
      for (const NullTest& test : of_end) made.push_back(test.draws);
    return made;
  };
  const int before = omp_get_max_threads();
  std::vector<std::vector<std::vector<double>>> found;
  for (const int threads : {1, 2, 5}) {
    omp_set_num_threads(threads);
    found.push_back(draws());
  }
  omp_set_num_threads(before);
  CHECK(found[1] == found[0]);
  CHECK(found[2] == found[0]);
  options.seed = 2;
  CHECK(draws() != found[0]);
}

TEST_CASE("what may be read from the two nulls") {
  const auto test = [](Verdict verdict, double p_lower) {
    NullTest made;
    made.verdict = verdict;
    made.p_lower = p_lower;
    return made;
  };
  const NullTest more = test(Verdict::commutes, 1), equal = test(Verdict::does_not, 0.5),
                 less = test(Verdict::does_not, 0.01), unsure = test(Verdict::underpowered, 1);
  CHECK(reading_of(&more, &more) == "more than random directions give");
  CHECK(reading_of(&more, &less) == "less than random directions give");
  CHECK(reading_of(&more, &unsure) == "too few random directions to tell");
  CHECK(reading_of(&equal, &equal) == "no more than random directions give");
  NullTest near = equal, far = equal;  // both too close to tell; one on average as much
  near.observed = far.observed = 100;
  near.null_mean = 96;
  far.null_mean = 94;
  CHECK(reading_of(&more, &near) == "forced by the tokens: random directions give as much");
  CHECK(reading_of(&more, &far) == "no more than random directions give");
  CHECK(reading_of(&more, nullptr) == "more than swaps give, as any directions may");
  CHECK(reading_of(&equal, nullptr) == "no more than swaps give");
  CHECK(reading_of(nullptr, nullptr) == "not compared");
}

TEST_CASE("what cannot be asked for is refused, of a draw as well") {
  LatticeTestOptions options;
  options.samples = 0;
  const FormalContext context = random_context(20, 10, 0.5, 1);
  const Matrix W_dec = random_matrix(20, 4, 1);
  const Unembedding model = model_of(random_matrix(30, 4, 2));
  CHECK_THROWS_WITH_AS(lattice_against_margins(context, options),
                       "a null test needs at least one sample, not 0", Error);
  CHECK_THROWS_WITH_AS(lattice_against_directions(W_dec, model, both, {.k = 3}, options),
                       "a null test needs at least one sample, not 0", Error);
  options.samples = 5;
  const FormalContext blocks = FormalContext::from_rows(
      {{0, 1, 2}, {0, 1, 2}, {0, 1, 2}, {3, 4, 5}, {3, 4, 5}, {3, 4, 5}}, 6);
  options.concepts.most = std::ssize(frequent_concepts(blocks).concepts);
  CHECK_THROWS_WITH_AS(lattice_against_margins(blocks, options),
                       doctest::Contains("a draw of the null 'margins' has more than 3 concepts"),
                       Error);
  options = {};
  std::vector<float> values = normals(80, 1);
  values[7] = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_AS(
      lattice_against_directions(Matrix::from(values, 20, 4), model, both, {.k = 3}, options),
      Error);
  CHECK_THROWS_AS(
      lattice_against_margins(context, {}, Progress([](Stage, double) { return false; })), Error);
}
