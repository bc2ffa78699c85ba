#include "yoneda/null/enrichment.hpp"

#include <doctest/doctest.h>
#include <omp.h>

#include <limits>

#include "dense.hpp"
#include "random_matrix.hpp"

using namespace yoneda;
using doctest::Approx;

namespace {

/// V tokens in d dimensions of unequal strength and a common part; those of `set` share a direction
/// besides, as the tokens of a set worth naming do.
Unembedding language(Index V, Index d, const std::vector<Id>& set, double shared = 2) {
  Random random(11);
  std::vector<double> common(d), own(d);
  for (double& x : common) x = random.normal();
  for (double& x : own) x = random.normal();
  std::vector<float> rows;
  for (Id t = 0; t < V; ++t) {
    const double along = std::ranges::find(set, t) == set.end() ? 0 : shared;
    for (Index j = 0; j < d; ++j)
      rows.push_back(static_cast<float>(0.5 * common[j] + along * own[j] +
                                        random.normal() * (1 + 2.0 / static_cast<double>(1 + j))));
  }
  Unembedding model;
  model.W_U = Matrix::from(std::move(rows), V, d);
  return model;
}

/// Standardised logits of all tokens [n, V], from the whole matrix of logits at once.
Eigen::MatrixXd standardised(const Eigen::MatrixXd& W, const Eigen::MatrixXd& U) {
  Eigen::MatrixXd logits = W * U.transpose();
  logits.colwise() -= logits.rowwise().mean().eval();
  const Eigen::VectorXd std = logits.array().square().rowwise().mean().sqrt();
  return logits.array().colwise() / std.array();
}

Eigen::VectorXd mean_over(const Eigen::MatrixXd& z, const std::vector<Id>& tokens) {
  Eigen::VectorXd sum = Eigen::VectorXd::Zero(z.rows());
  for (const Id token : tokens) sum += z.col(token);
  return sum / static_cast<double>(tokens.size());
}

double share_below(std::span<const double> p, double alpha) {
  return static_cast<double>(std::ranges::count_if(p, [&](double x) { return x <= alpha; })) /
         static_cast<double>(p.size());
}

/// A set of 30 tokens.
const std::vector<Id> coherent = [] {
  std::vector<Id> tokens;
  for (Id t = 0; t < 30; ++t) tokens.push_back(3 * t + 1);
  return tokens;
}();

}  // namespace

TEST_CASE("z is the mean standardised logit over the vocabulary, in every convention") {
  const Index V = 400, d = 10, n = 30;
  Unembedding model = language(V, d, coherent);
  model.gain = normals(d, 2);
  const Matrix W_dec = random_matrix(n, d, 3);
  const std::vector<TokenSet> sets{{"coherent", coherent}, {"any", {399, 0, 7, 7, 0}}};
  const Eigen::VectorXd gain =
      Eigen::Map<const Eigen::VectorXf>(model.gain.data(), d).cast<double>();
  EnrichmentOptions options;
  options.samples = 100;
  for (const Convention convention :
       {Convention::raw, Convention::folded, Convention::centered, Convention::transformer_lens}) {
    CAPTURE(name(convention));
    model.norm = convention == Convention::folded ? Norm::rms : Norm::layer;
    options.convention = convention;
    Eigen::MatrixXd W = dense(W_dec);
    if (convention == Convention::centered || convention == Convention::transformer_lens)
      W.colwise() -= W.rowwise().mean().eval();
    if (convention != Convention::raw) W = W * gain.asDiagonal();
    const Eigen::MatrixXd z = standardised(W, dense(model.W_U));
    const Enrichment found = enrichment(W_dec, model, sets, options);
    CHECK(found.convention == convention);
    CHECK(found.sets[1].tokens == std::vector<Id>{0, 7, 399});
    for (const SetEnrichment& set : found.sets) {
      const Eigen::VectorXd expected = mean_over(z, set.tokens);
      for (Index f = 0; f < n; ++f) REQUIRE(set.z[f] == Approx(expected[f]).epsilon(1e-5));
    }
  }
}

TEST_CASE("tokens left out are as though the vocabulary lacked them") {
  const Unembedding model = language(300, 6, coherent);
  const Matrix W_dec = random_matrix(20, 6, 4);
  Unembedding part = model;
  part.W_U = without_rows(model.W_U, std::vector<Id>{0, 299, 100});
  const std::vector<TokenSet> whole{{"s", {5, 50, 101}}}, shifted{{"s", {4, 49, 99}}};
  EnrichmentOptions options;
  options.samples = 500;
  const auto expected = enrichment(W_dec, part, shifted, options);
  options.excluded = {0, 299, 100};
  const auto found = enrichment(W_dec, model, whole, options);
  CHECK(found.sets[0].z == expected.sets[0].z);
  CHECK(found.sets[0].q == expected.sets[0].q);
}

TEST_CASE("in three isotropic dimensions z is uniform, as Archimedes knew") {
  // tokens at ±2 e_j: covariance 4/3 I; features at ±e_j: second moment I / 3
  std::vector<float> axes;
  for (Index i = 0; i < 6; ++i)
    for (Index j = 0; j < 3; ++j) axes.push_back(i / 2 == j ? (i % 2 ? -1.0f : 1.0f) : 0.0f);
  std::vector<float> tokens = axes;
  for (float& x : tokens) x *= 2;
  Unembedding model;
  model.W_U = Matrix::from(tokens, 6, 3);
  const Matrix W_dec = Matrix::from(axes, 6, 3);
  EnrichmentOptions options;
  options.samples = 200'000;
  // 2 e_1, 2 e_2, 2 e_3: the best direction is the diagonal, with z = 2/3 √3 / √(4/3) = 1
  const auto found = enrichment(W_dec, model, std::vector<TokenSet>{{"s", {0, 2, 4}}}, options);
  const SetEnrichment& set = found.sets[0];
  CHECK(set.best == Approx(1));
  CHECK(set.null_mean == Approx(0).epsilon(0.01));
  CHECK(set.null_sd == Approx(1 / std::sqrt(3.0)).epsilon(0.01));
  for (Index f = 0; f < 6; ++f) {
    CHECK(set.z[f] == Approx(f % 2 ? -1 / std::sqrt(3.0) : 1 / std::sqrt(3.0)));
    CHECK(set.p_upper[f] == Approx((1 - set.z[f]) / 2).epsilon(0.01));
    CHECK(set.p_lower[f] == Approx((1 + set.z[f]) / 2).epsilon(0.01));
    CHECK(set.p[f] == Approx(1 - std::abs(set.z[f])).epsilon(0.01));
  }
}

TEST_CASE("the null is the whole pipeline on gaussian rows, and calls 5% of them significant") {
  const Index V = 500, d = 12, n = 400;
  const Unembedding model = language(V, d, coherent);
  const Matrix W_dec = random_matrix(n, d, 5);
  const Eigen::MatrixXd root = second_moment_root(W_dec), U = dense(model.W_U);
  const std::vector<TokenSet> sets{{"coherent", coherent}};
  std::vector<double> by_pipeline, p, p_upper, shuffled;
  EnrichmentOptions options;
  options.samples = 20'000;
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const Matrix drawn = gaussian_rows(root, n, seed);
    const Eigen::VectorXd z = mean_over(standardised(dense(drawn), U), coherent);
    by_pipeline.insert(by_pipeline.end(), z.begin(), z.end());
    const auto found = enrichment(drawn, model, sets, options);
    p.insert(p.end(), found.sets[0].p.begin(), found.sets[0].p.end());
    p_upper.insert(p_upper.end(), found.sets[0].p_upper.begin(), found.sets[0].p_upper.end());
    CHECK(found.sets[0].coherence > 3.5);
  }
  // 4,000 directions: 5% ± 1% is three standard errors
  for (const auto* values : {&p, &p_upper}) {
    CHECK(share_below(*values, 0.05) == Approx(0.05).epsilon(0.2));
    CHECK(share_below(*values, 0.5) == Approx(0.5).epsilon(0.05));
  }
  // the same law as the pipeline's: Kolmogorov and Smirnov at 1%
  std::ranges::sort(p_upper);
  double distance = 0;
  for (std::size_t i = 0; i < p_upper.size(); ++i)
    distance = std::max(distance, std::abs(p_upper[i] - static_cast<double>(i + 1) / 4000));
  CHECK(distance < 1.63 / std::sqrt(4000.0));
  const NullSummary pipeline = null_summary(by_pipeline);
  const auto law = enrichment(W_dec, model, sets, options).sets[0];
  CHECK(law.null_sd == Approx(pipeline.sd).epsilon(0.05));
}

TEST_CASE("shuffled tokens would call most random directions significant") {
  const Index V = 500, d = 12, n = 300;
  const Unembedding model = language(V, d, coherent);
  const Matrix W_dec = random_matrix(n, d, 6);
  const Eigen::MatrixXd z = standardised(dense(W_dec), dense(model.W_U));
  const Eigen::VectorXd observed = mean_over(z, coherent);
  std::vector<double> p;
  for (Index f = 0; f < n; ++f) {
    Random random(7, static_cast<std::uint64_t>(f));
    std::vector<double> null;
    for (int draw = 0; draw < 199; ++draw)
      null.push_back(std::abs(
          mean_over(z.row(f), sample_sorted(V, static_cast<Index>(coherent.size()), random))[0]));
    p.push_back(permutation_p(std::abs(observed[f]), null).upper);
  }
  CHECK(share_below(p, 0.05) > 0.6);
  EnrichmentOptions options;
  options.samples = 20'000;
  const auto found = enrichment(W_dec, model, std::vector<TokenSet>{{"s", coherent}}, options);
  CHECK(share_below(found.sets[0].p, 0.05) < 0.09);
  CHECK(found.sets[0].verdict == Verdict::does_not);
}

TEST_CASE("planted features are found with their sign, and a set without any is not") {
  const Index V = 600, d = 24, n = 500;
  const std::vector<Id> other{201, 303, 405, 507, 204, 306};
  const Unembedding model = language(V, d, coherent, 2.5);
  auto W = normals(n * d, 18);
  const Eigen::MatrixXd U = dense(model.W_U);
  const Eigen::VectorXd towards =
      (mean_over(U.transpose(), coherent) - U.colwise().mean().transpose()).normalized();
  for (const Index f : {10, 20, 30})
    for (Index j = 0; j < d; ++j) W[f * d + j] += static_cast<float>(14 * towards[j]);
  for (Index j = 0; j < d; ++j) W[40 * d + j] -= static_cast<float>(14 * towards[j]);
  const auto found = enrichment(Matrix::from(W, n, d), model,
                                std::vector<TokenSet>{{"planted", coherent}, {"other", other}});
  const SetEnrichment& set = found.sets[0];
  CHECK(set.verdict == Verdict::commutes);
  CHECK(set.raised_by == 3);
  CHECK(set.lowered_by == 1);
  CHECK(set.reason ==
        "Of 500 features, 3 raise and 1 lower its 30 tokens more than random directions do (q <= "
        "0.05).");
  for (const Index f : {10, 20, 30}) CHECK(set.q[f] <= 0.05);
  CHECK(set.z[40] < 0);
  CHECK(set.p_lower[40] < 0.01);
  // the other set has none; what q allows is a false discovery in twenty
  CHECK(found.sets[1].raised_by + found.sets[1].lowered_by <= 1);
  for (const Index f : {10, 20, 30, 40}) CHECK(found.sets[1].q[f] > 0.05);
  CHECK(found.notes.empty());
}

TEST_CASE("q is that of selected sets, from the definition") {
  const Unembedding model = language(200, 8, coherent);
  const Index n = 25, S = 3;
  const std::vector<TokenSet> sets{{"a", coherent}, {"b", {1, 2, 4}}, {"c", {70, 80, 90, 100}}};
  // A step-up test at rate `level` rejects p <= r level / m for the largest r that r values reach.
  const auto rejected = [](std::span<const double> p, double level) {
    Index most = 0;
    for (const double bar : p) {
      const auto reach = std::ranges::count_if(p, [&](double x) { return x <= bar; });
      if (bar <= static_cast<double>(reach) * level / static_cast<double>(p.size()))
        most = std::max<Index>(most, reach);
    }
    return most;
  };
  EnrichmentOptions options;
  options.samples = 300;
  for (const double rate : {0.02, 0.2, 0.5, 0.9}) {
    CAPTURE(rate);
    options.rate = rate;
    const auto found = enrichment(random_matrix(n, 8, 9), model, sets, options);
    // R sets are selected where R of them hold a rejection at rate R / S.
    Index R = S;
    const auto holds = [&](const SetEnrichment& set, Index selected) {
      return rejected(set.p, rate * static_cast<double>(selected) / static_cast<double>(S)) > 0;
    };
    while (R > 0 &&
           std::ranges::count_if(found.sets, [&](const auto& set) { return holds(set, R); }) < R)
      --R;
    for (const SetEnrichment& set : found.sets) {
      const bool selected = R > 0 && holds(set, R);
      const Index expected =
          selected ? rejected(set.p, rate * static_cast<double>(R) / static_cast<double>(S)) : 0;
      CHECK(set.raised_by + set.lowered_by == expected);
      CHECK(std::ranges::count_if(set.q, [&](double q) { return q <= rate; }) == expected);
    }
  }
}

TEST_CASE("a set that many features raise lends nothing to sets of nonsense") {
  const Index V = 600, d = 24, n = 2000, planted = 25;
  const Unembedding model = language(V, d, coherent, 2.5);
  const Eigen::MatrixXd U = dense(model.W_U);
  const Eigen::VectorXd towards =
      (mean_over(U.transpose(), coherent) - U.colwise().mean().transpose()).normalized();
  EnrichmentOptions options;
  options.samples = 20'000;
  Index called = 0;
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    auto W = normals(n * d, 30 + seed);
    for (Index f = 0; f < planted; ++f)
      for (Index j = 0; j < d; ++j) W[f * d + j] += static_cast<float>(16 * towards[j]);
    std::vector<TokenSet> sets{{"planted", coherent}};
    Random random(seed);
    for (int i = 0; i < 5; ++i)
      sets.push_back({"nonsense " + std::to_string(i), sample_sorted(V, 5, random)});
    const auto found = enrichment(Matrix::from(W, n, d), model, sets, options);
    CHECK(found.sets[0].verdict == Verdict::commutes);
    CHECK(found.sets[0].raised_by > planted / 2);
    for (int i = 1; i <= 5; ++i) called += found.sets[i].verdict == Verdict::commutes;
  }
  CHECK(called <= 3);  // of 40; one rate over all pairs of feature and set calls about seven
}

TEST_CASE("too few draws: a note says what would do, and the verdict is underpowered") {
  const Unembedding model = language(200, 8, coherent);
  EnrichmentOptions options;
  options.samples = 99;
  const auto found =
      enrichment(random_matrix(50, 8, 10), model, std::vector<TokenSet>{{"s", coherent}}, options);
  CHECK(found.sets[0].verdict == Verdict::underpowered);
  CHECK(found.sets[0].reason.starts_with("Even a feature made for it, with z = "));
  CHECK(found.sets[0].reason.ends_with("would not stand out alone among 50 tests (p = 0.01)."));
  REQUIRE(found.notes.size() == 1);
  CHECK(found.notes[0] ==
        "99 random directions give no p below 0.01, and over 50 tests (features times sets) "
        "no set counts until 10 of its features reach it; with 1000 a single one counts");
}

TEST_CASE("a feature that moves no logit is never significant; a decoder of such is refused") {
  const Unembedding model = language(200, 8, coherent);
  auto W = normals(20 * 8, 11);
  std::fill_n(W.begin() + 5 * 8, 8, 0.0f);
  EnrichmentOptions options;
  options.samples = 1000;
  const std::vector<TokenSet> sets{{"s", coherent}};
  const auto found = enrichment(Matrix::from(W, 20, 8), model, sets, options);
  CHECK(found.sets[0].z[5] == 0);
  CHECK(found.sets[0].p[5] == 1);
  CHECK_THROWS_WITH(enrichment(Matrix::from(std::vector<float>(80, 0.0f), 10, 8), model, sets),
                    "no feature moves any logit: there is nothing to compare");
  Unembedding constant;
  constant.W_U = Matrix::from(std::vector<float>(200 * 8, 0.3f), 200, 8);
  CHECK_THROWS_WITH(enrichment(Matrix::from(W, 20, 8), constant, sets),
                    "no feature moves any logit: there is nothing to compare");
}

TEST_CASE("fewer features than dimensions, and a vocabulary of low rank") {
  const Unembedding model = language(100, 12, coherent);
  EnrichmentOptions options;
  options.samples = 2000;
  const std::vector<TokenSet> sets{{"s", coherent}};
  const auto few = enrichment(random_matrix(4, 12, 12), model, sets, options);
  CHECK(few.sets[0].best > 0);
  Unembedding flat;
  auto rows = normals(100 * 12, 13);
  for (Index t = 0; t < 100; ++t) std::fill_n(rows.begin() + t * 12 + 3, 9, 1.0f);
  flat.W_U = Matrix::from(rows, 100, 12);
  const Matrix W_dec = random_matrix(40, 12, 14);
  const auto found = enrichment(W_dec, flat, sets, options);
  const Eigen::VectorXd expected =
      mean_over(standardised(dense(W_dec), dense(flat.W_U)), found.sets[0].tokens);
  for (Index f = 0; f < 40; ++f) CHECK(found.sets[0].z[f] == Approx(expected[f]).epsilon(1e-5));
  CHECK(std::isfinite(found.sets[0].null_sd));
}

TEST_CASE("the same for any number of threads") {
  const Unembedding model = language(300, 20, coherent);
  const Matrix W_dec = random_matrix(150, 20, 15);
  EnrichmentOptions options;
  options.samples = 3000;
  const int before = omp_get_max_threads();
  std::vector<Enrichment> results;
  for (const int threads : {1, 2, 5}) {
    omp_set_num_threads(threads);
    results.push_back(enrichment(W_dec, model, std::vector<TokenSet>{{"s", coherent}}, options));
  }
  omp_set_num_threads(before);
  for (const Enrichment& other : results) {
    CHECK(other.sets[0].z == results[0].sets[0].z);
    CHECK(other.sets[0].p == results[0].sets[0].p);
    CHECK(other.sets[0].null_sd == results[0].sets[0].null_sd);
  }
}

TEST_CASE("bad input is refused by name") {
  const Unembedding model = language(100, 8, coherent);
  const Matrix W_dec = random_matrix(10, 8, 16);
  const auto run = [&](std::vector<Id> tokens, EnrichmentOptions options = {}) {
    return enrichment(W_dec, model, std::vector<TokenSet>{{"colours", std::move(tokens)}}, options);
  };
  CHECK_THROWS_WITH(run({1, 2, 2}), "token set 'colours' has 2 tokens; it takes at least 3");
  CHECK_THROWS_WITH(run({1, 2, 100}),
                    "token set 'colours' holds token 100, which is not in the vocabulary of 100");
  CHECK_THROWS_AS(run({-1, 2, 3}), Error);
  EnrichmentOptions options;
  options.excluded = {2};
  CHECK_THROWS_WITH(run({1, 2, 3}, options),
                    "token set 'colours' holds token 2, which is left out");
  options.excluded = {100};
  CHECK_THROWS_AS(run({1, 2, 3}, options), Error);
  options = {};
  options.samples = 0;
  CHECK_THROWS_AS(run({1, 2, 3}, options), Error);
  options = {};
  options.rate = 0;
  CHECK_THROWS_AS(run({1, 2, 3}, options), Error);
  std::vector<Id> everything(100);
  for (Id t = 0; t < 100; ++t) everything[t] = t;
  CHECK_THROWS_WITH(run(everything), "token set 'colours' is the whole vocabulary");
  CHECK_THROWS_AS(enrichment(W_dec, model, {}), Error);
  CHECK_THROWS_AS(
      enrichment(random_matrix(10, 7, 1), model, std::vector<TokenSet>{{"s", {1, 2, 3}}}), Error);
  auto W = normals(80, 17);
  W[3] = std::numeric_limits<float>::infinity();
  CHECK_THROWS_WITH(
      enrichment(Matrix::from(W, 10, 8), model, std::vector<TokenSet>{{"s", {1, 2, 3}}}),
      "W_dec holds a NaN or an infinity (first in row 0)");
  CHECK_THROWS_AS(enrichment(W_dec, model, std::vector<TokenSet>{{"s", {1, 2, 3}}}, {},
                             Progress([](Stage, double share) { return share < 0.6; })),
                  Error);
}
