#include "yoneda/category/mediated.hpp"

#include <doctest/doctest.h>
#include <omp.h>

#include <limits>

#include "dense.hpp"
#include "random_matrix.hpp"
#include "yoneda/stats/moments.hpp"

using namespace yoneda;
using doctest::Approx;

namespace {

Matrix as_rows(const Eigen::MatrixXd& values) {
  using Rows = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const Rows rows = values.cast<float>();
  return Matrix::from(std::vector<float>(rows.data(), rows.data() + rows.size()), rows.rows(),
                      rows.cols());
}

StreamReader reads(Matrix W_enc) {
  StreamReader reader;
  reader.W_enc = std::move(W_enc);
  return reader;
}

double pearson(const std::vector<double>& x, const std::vector<double>& y) {
  const auto n = static_cast<double>(x.size());
  double mean_x = 0, mean_y = 0, xy = 0, xx = 0, yy = 0;
  for (std::size_t i = 0; i < x.size(); ++i) mean_x += x[i] / n, mean_y += y[i] / n;
  for (std::size_t i = 0; i < x.size(); ++i) {
    xy += (x[i] - mean_x) * (y[i] - mean_y);
    xx += (x[i] - mean_x) * (x[i] - mean_x);
    yy += (y[i] - mean_y) * (y[i] - mean_y);
  }
  return xx > 0 && yy > 0 ? xy / std::sqrt(xx * yy) : 0;
}

/// V = W' · W_enc' as lists of lists, by the definition of virtual weights.
std::vector<std::vector<double>> weights(const Matrix& W_dec, const StreamReader& reader) {
  const Matrix read = read_directions(W_dec, reader);
  std::vector<std::vector<double>> V(W_dec.rows(), std::vector<double>(reader.n()));
  for (Index f = 0; f < W_dec.rows(); ++f)
    for (Index h = 0; h < reader.n(); ++h)
      for (Index j = 0; j < reader.d(); ++j)
        V[f][h] += static_cast<double>(read(f, j)) * static_cast<double>(reader.W_enc(h, j));
  return V;
}

/// ρ_k from its definition, path by path.
double rho_by_paths(const Mediation& m, Index k) {
  const auto ab = weights(m.a_writes, m.b_reads), bc = weights(m.b_writes, m.c_reads),
             ac = weights(m.a_writes, m.c_reads);
  double mean = 0;
  for (std::size_t f = 0; f < ab.size(); ++f) {
    std::vector<std::pair<double, std::size_t>> order;
    for (std::size_t g = 0; g < bc.size(); ++g) {
      double square = 0;
      for (const double w : bc[g]) square += w * w;
      order.emplace_back(-std::abs(ab[f][g]) * std::sqrt(square), g);
    }
    std::ranges::sort(order);
    std::vector<double> composite(ac[f].size());
    for (Index i = 0; i < std::min<Index>(k, static_cast<Index>(bc.size())); ++i) {
      const std::size_t g = order[i].second;
      for (std::size_t h = 0; h < composite.size(); ++h) composite[h] += ab[f][g] * bc[g][h];
    }
    mean += pearson(composite, ac[f]) / static_cast<double>(ab.size());
  }
  return mean;
}

/// Features in d dimensions on n random directions, read as they are written.
Mediation frame_between(Index d, Index n, std::uint64_t seed) {
  const Matrix U = random_matrix(n, d, seed);
  return {random_matrix(40, d, seed + 1), reads(U), U, reads(random_matrix(50, d, seed + 2))};
}

}  // namespace

TEST_CASE("ρ_k is what all paths give, through centred and scaled readers too") {
  MediationOptions options;
  options.k = {1, 3, 10};
  options.samples = 3;
  Mediation m{random_matrix(12, 6, 1), reads(random_matrix(17, 6, 2)), random_matrix(17, 6, 3),
              reads(random_matrix(9, 6, 4))};
  for (const bool readers : {false, true}) {
    if (readers) {
      m.b_reads.centred = true;
      m.c_reads.norm = Norm::layer;
      m.c_reads.scale = 3;
      m.c_reads.gain = normals(6, 5);
    }
    const MediatedComposition found = mediated_composition(m, options);
    CHECK(found.k == std::vector<Index>{1, 3, 10, 17});
    REQUIRE(found.curve.size() == 17);
    for (Index k = 1; k <= 17; ++k)
      CHECK(found.curve[k - 1] == Approx(rho_by_paths(m, k)).epsilon(1e-5));
    for (std::size_t t = 0; t < found.k.size(); ++t)
      CHECK(found.tests[t].observed == Approx(rho_by_paths(m, found.k[t])).epsilon(1e-5));
  }
}

TEST_CASE("a sample of a's features has their mean; an encoder with a mean is centred") {
  Eigen::MatrixXd shifted = dense(random_matrix(30, 5, 6));
  shifted.rowwise() += 4 * Eigen::RowVectorXd::Ones(5);
  const Mediation m{random_matrix(25, 5, 7), reads(random_matrix(20, 5, 8)),
                    random_matrix(20, 5, 9), reads(as_rows(shifted))};
  MediationOptions options;
  options.k = {2};
  options.samples = 2;
  options.features = 10;
  const MediatedComposition found = mediated_composition(m, options);
  CHECK(found.features == 10);
  CHECK(found.n_a == 25);
  std::vector<Id> features;
  for (const MediatedFeature& failure : found.failures) features.push_back(failure.feature);
  REQUIRE(features.size() == 10);
  Mediation part = m;
  std::ranges::sort(features);
  part.a_writes = take_rows(m.a_writes, features);
  CHECK(found.tests[0].observed == Approx(rho_by_paths(part, 2)).epsilon(1e-5));
  for (const MediatedFeature& failure : found.failures) {
    part.a_writes = take_rows(m.a_writes, std::vector<Id>{failure.feature});
    CHECK(failure.rho[0] == Approx(rho_by_paths(part, 2)).epsilon(1e-4));
  }
  for (std::size_t i = 1; i < 10; ++i)
    CHECK(found.failures[i - 1].rho[0] <= found.failures[i].rho[0]);
}

TEST_CASE("the null keeps ρ_n exactly, and says so instead of a discovery") {
  const Mediation m = frame_between(10, 60, 10);
  MediationOptions options;
  options.samples = 25;
  const MediatedComposition found = mediated_composition(m, options);
  const NullTest& test = found.tests.back();
  REQUIRE(test.draws.size() == 25);
  // the curve is the mean of the draws wherever both are there
  for (std::size_t t = 0; t + 1 < found.tests.size(); ++t)
    CHECK(found.null_curve[found.k[t] - 1] ==
          doctest::Approx(moments(found.tests[t].draws).mean).epsilon(1e-9));
  for (const double draw : test.draws) CHECK(std::abs(draw - test.observed) < 1e-5);
  CHECK(test.observed < 0.99);
  CHECK(test.verdict == Verdict::forced);
  CHECK(test.p_upper == 1);
  CHECK(test.effect == 0);
  CHECK(test.reason.find("the null keeps it exactly") != std::string::npos);
}

TEST_CASE("planted: every feature of a is one of b's, in another order") {
  const Index n = 24;
  const Eigen::MatrixXd U = haar_rotation(n, 11);
  Random random(12);
  const std::vector<Id> order = permutation(n, random);
  Eigen::MatrixXd a(n, n);
  for (Index f = 0; f < n; ++f) a.row(f) = (f % 2 ? -2 : 1) * U.row(order[f]);
  const Mediation m{as_rows(a), reads(as_rows(U)), as_rows(U), reads(random_matrix(80, n, 13))};
  MediationOptions options;
  options.samples = 39;
  const MediatedComposition found = mediated_composition(m, options);
  CHECK(found.tests[0].observed == Approx(1).epsilon(1e-5));
  CHECK(found.tests[0].verdict == Verdict::commutes);
  CHECK(found.tests[0].null_mean < 0.6);
  CHECK(found.needed == 1);
  CHECK(*found.null_needed > 4);
  for (const MediatedFeature& failure : found.failures) {
    REQUIRE_FALSE(failure.mediators.empty());
    CHECK(failure.mediators[0] == order[failure.feature]);
  }
}

TEST_CASE("planted: three features of b carry each of a's, and some of a's features nothing") {
  const Index d = 30;
  const Eigen::MatrixXd U = haar_rotation(d, 14);
  Random random(15);
  Eigen::MatrixXd a = Eigen::MatrixXd::Zero(50, d);
  for (Index f = 0; f < 50; ++f)
    for (int i = 0; i < 3; ++i) a.row(f) += (1 + random.uniform()) * U.row(random.below(20));
  for (Index f = 45; f < 50; ++f) a.row(f) = U.row(20 + f % 10);  // b has none of these
  const Matrix b = as_rows(U.topRows(20));
  const Mediation m{as_rows(a), reads(b), b, reads(random_matrix(90, d, 16))};
  MediationOptions options;
  options.k = {1, 3, 8};
  options.samples = 39;
  const MediatedComposition found = mediated_composition(m, options);
  CHECK(found.tests[1].verdict == Verdict::commutes);
  CHECK(found.tests[1].observed > found.tests[0].observed + 0.1);
  CHECK(found.tests[1].observed == Approx(found.tests[3].observed).epsilon(0.02));
  for (int i = 0; i < 5; ++i) {
    CHECK(found.failures[i].feature >= 45);
    CHECK(std::abs(found.failures[i].rho[1]) < 0.5);
  }
  CHECK(found.failures[5].rho[1] > 0.95);
}

TEST_CASE("a b that is only a frame commutes no more than its null: p is uniform") {
  const Matrix U = random_matrix(30, 6, 17);
  const JointRotation source(U, as_rows(dense(U) + 0.5 * dense(random_matrix(30, 6, 18))));
  const Matrix a = random_matrix(15, 6, 19), c = random_matrix(20, 6, 20);
  MediationOptions options;
  options.k = {1, 4};
  options.samples = 19;
  options.curve = 0;
  std::vector<double> p[2];
  for (std::uint64_t round = 0; round < 200; ++round) {
    const EncoderDecoder b = source.draw(1000 + round);
    options.seed = round;
    const MediatedComposition found =
        mediated_composition({a, reads(b.W_enc), b.W_dec, reads(c)}, options);
    for (int t = 0; t < 2; ++t) p[t].push_back(found.tests[t].p_upper);
  }
  for (const auto& values : p) {
    CHECK(std::abs(moments(values).mean - 0.525) < 0.062);  // three standard errors
    CHECK(std::ranges::count_if(values, [](double x) { return x < 0.051; }) <= 20);
  }
}

TEST_CASE("the same for any number of threads, and for the same seed alone") {
  const Mediation m = frame_between(12, 90, 21);
  MediationOptions options;
  options.samples = 3;
  const int before = omp_get_max_threads();
  std::vector<MediatedComposition> found;
  for (const int threads : {1, 2, 5}) {
    omp_set_num_threads(threads);
    found.push_back(mediated_composition(m, options));
  }
  omp_set_num_threads(before);
  for (const MediatedComposition& other : found) {
    CHECK(other.curve == found[0].curve);
    CHECK(other.null_curve == found[0].null_curve);
    for (std::size_t t = 0; t < other.tests.size(); ++t)
      CHECK(other.tests[t].draws == found[0].tests[t].draws);
  }
  options.seed = 2;
  CHECK(mediated_composition(m, options).null_curve != found[0].null_curve);
}

TEST_CASE("features that c does not read are left out and counted") {
  Mediation m = frame_between(8, 20, 22);
  Eigen::MatrixXd a = dense(m.a_writes);
  a.row(3).setZero();
  a.row(7).setZero();
  m.a_writes = as_rows(a);
  MediationOptions options;
  options.samples = 2;
  const MediatedComposition found = mediated_composition(m, options);
  CHECK(found.unread == 2);
  CHECK(found.features == 38);
  m.a_writes = as_rows(Eigen::MatrixXd::Zero(5, 8));
  CHECK_THROWS_WITH(mediated_composition(m, options),
                    "c reads nothing of what the features of a write");
}

TEST_CASE("bad input is refused") {
  const Mediation good = frame_between(8, 20, 23);
  MediationOptions options;
  options.samples = 2;
  const auto refused = [&options](const Mediation& m, const char* words) {
    try {
      mediated_composition(m, options);
      FAIL("was not refused");
    } catch (const Error& error) {
      CHECK(std::string(error.what()).find(words) != std::string::npos);
    }
  };
  Mediation m = good;
  m.c_reads = reads(random_matrix(20, 9, 1));
  refused(m, "they share no residual stream");
  m = good;
  m.b_writes = random_matrix(19, 8, 1);
  refused(m, "a decoder of 19 features and an encoder of 20 cannot be rotated together");
  m = good;
  m.a_writes = Matrix{};
  refused(m, "three SAEs with features");
  m = good;
  std::vector<float> values = normals(160, 24);
  values[5] = std::numeric_limits<float>::infinity();
  m.c_reads = reads(Matrix::from(values, 20, 8));
  refused(m, "W_enc of c holds a NaN or an infinity");
  options.k = {0};
  refused(good, "at least 1, not 0");
  options = {};
  options.samples = 0;
  refused(good, "at least one sample");
  CHECK_THROWS_AS(mediated_composition(good, {}, eigen_gemm(),
                                       Progress([](Stage, double share) { return share < 0.3; })),
                  Error);
}
