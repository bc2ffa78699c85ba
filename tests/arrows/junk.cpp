#include "yoneda/arrows/junk.hpp"

#include <doctest/doctest.h>
#include <omp.h>

#include <Eigen/Eigenvalues>
#include <limits>

#include "random_matrix.hpp"

using namespace yoneda;
using doctest::Approx;

namespace {

using Rows = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// Rows of a trained unembedding: a common direction that holds `share` of the square, the rest
/// gaussian; the first `junk` tokens are the common direction alone, with `noise` of its length.
struct Planted {
  Index V = 3000, d = 48, junk = 40;
  double share = 0.3, noise = 0.03, norm = 0.5;

  std::vector<float> values(std::uint64_t seed) const {
    Random random(seed);
    const auto direction = [&] {
      std::vector<double> x(d);
      for (double& value : x) value = random.normal();
      const double length = std::sqrt(detail::ReducedRows::dot(x, x));
      for (double& value : x) value /= length;
      return x;
    };
    const auto common = direction();
    std::vector<float> rows;
    for (Index t = 0; t < V; ++t) {
      const auto own = direction();
      const double along = t < junk ? norm : std::sqrt(share);
      const double across = t < junk ? noise * norm : std::sqrt(1 - share);
      for (Index j = 0; j < d; ++j)
        rows.push_back(static_cast<float>(along * common[j] + across * own[j]));
    }
    return rows;
  }

  Matrix matrix(std::uint64_t seed) const { return Matrix::from(values(seed), V, d); }
};

std::vector<Id> first(Index count) {
  return detail::all_ids(count);
}

/// The definition with dense algebra: all rows, all at once; the first component by a
/// dense eigenproblem.
Eigen::VectorXd indicator(const Matrix& W_U, const std::vector<Id>& unused, JunkRows kind) {
  const auto values = to_vector(W_U);
  Eigen::MatrixXd U = Eigen::Map<const Rows>(values.data(), W_U.rows(), W_U.cols()).cast<double>();
  const Eigen::RowVectorXd mean = U.colwise().mean();
  if (kind == JunkRows::centered) U.rowwise() -= mean;
  if (kind == JunkRows::without_first_component) {
    const Eigen::MatrixXd centred = U.rowwise() - mean;
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> eigen(centred.transpose() * centred);
    const Eigen::VectorXd v = eigen.eigenvectors().rightCols(1);
    U -= (U * v) * v.transpose();
  }
  Eigen::RowVectorXd reference = Eigen::RowVectorXd::Zero(U.cols());
  for (const Id token : unused) reference += U.row(token) / static_cast<double>(unused.size());
  return 1 - (U * reference.transpose()).array() / (U.rowwise().norm().array() * reference.norm());
}

}  // namespace

TEST_CASE("the indicator is the paper's, on rows as they are, centred, without a component") {
  Planted planted;
  planted.V = 2500;  // more than two blocks
  const Matrix W_U = planted.matrix(1);
  const std::vector<Id> unused{3, 0, 11, 7};
  for (const JunkRows kind :
       {JunkRows::plain, JunkRows::centered, JunkRows::without_first_component}) {
    CAPTURE(static_cast<int>(kind));
    const JunkTokens junk = junk_tokens(W_U, {unused, kind});
    const Eigen::VectorXd expected = indicator(W_U, unused, kind);
    REQUIRE(junk.indicator.size() == 2500);
    for (Index t = 0; t < 2500; ++t)
      REQUIRE(junk.indicator[t] == Approx(expected[t]).epsilon(1e-6));
    CHECK(junk.reference == JunkReference::given);
    CHECK(junk.reference_tokens == std::vector<Id>{0, 3, 7, 11});
  }
}

TEST_CASE("spread, typical distance and threshold are what they are said to be") {
  const Matrix W_U = Planted{}.matrix(2);
  const std::vector<Id> unused = first(5);
  const JunkTokens junk = junk_tokens(W_U, {unused});
  std::vector<double> alone;
  for (const Id left_out : unused) {
    std::vector<Id> others = unused;
    std::erase(others, left_out);
    alone.push_back(indicator(W_U, others, JunkRows::plain)[left_out]);
  }
  std::ranges::sort(alone);
  CHECK(junk.spread == Approx(alone[2]));
  auto all = junk.indicator;
  std::ranges::sort(all);
  CHECK(junk.typical == all[2249]);
  CHECK(junk.threshold == Approx(std::sqrt(alone[2] * all[2249])));
}

TEST_CASE("planted junk is found from a few tokens known, and from none") {
  for (const double share : {0.0, 0.3, 0.7})      // how alike all rows are
    for (const double norm : {0.05, 0.5, 3.0}) {  // shrunk by weight decay, or pushed far
      CAPTURE(share);
      CAPTURE(norm);
      Planted planted;
      planted.share = share;
      planted.norm = norm;
      const Matrix W_U = planted.matrix(3);
      const JunkTokens given = junk_tokens(W_U, {{1, 5, 9}});
      CHECK(given.tokens == first(40));
      CHECK(given.notes.empty());
      const JunkTokens found = junk_tokens(W_U);
      CHECK(found.reference == JunkReference::found);
      CHECK(found.tokens == first(40));
      CHECK(found.notes.empty());
    }
}

TEST_CASE("junk may be most of a vocabulary") {
  Planted planted;
  planted.junk = 2000;
  const Matrix W_U = planted.matrix(4);
  CHECK(junk_tokens(W_U, {{1, 5, 9}}).tokens == first(2000));
  CHECK(junk_tokens(W_U).tokens == first(2000));
}

TEST_CASE("one token known is enough where unused rows are alike to the rounding") {
  Planted planted;
  planted.noise = 1e-4;
  CHECK(junk_tokens(planted.matrix(5), {{17}}).tokens == first(40));
  std::vector<bf16> rounded;
  for (const float x : planted.values(5)) rounded.push_back(to_bf16(x));
  const Matrix W_U = Matrix::from(rounded, planted.V, planted.d);
  CHECK(junk_tokens(W_U, {{17, 18, 19}}).tokens == first(40));
  CHECK(junk_tokens(W_U).tokens == first(40));
}

TEST_CASE("rows of zeros are junk, and rows that pad a vocabulary, all the same") {
  Planted planted;
  planted.junk = 0;
  auto values = planted.values(6);
  SUBCASE("zeros alone: nothing else can be told") {
    std::fill_n(values.begin(), 10 * planted.d, 0.0f);
    const Matrix W_U = Matrix::from(values, planted.V, planted.d);
    const JunkTokens junk = junk_tokens(W_U);
    CHECK(junk.tokens == first(10));
    CHECK(junk.reference == JunkReference::none);
    const JunkTokens given = junk_tokens(W_U, {{2, 3, 4}});
    CHECK(given.tokens == first(10));
    CHECK(given.notes.front() ==
          "the tokens known to be unused have rows of zeros, so no others can be told by their "
          "direction");
  }
  SUBCASE("the same row again and again, and a few zeros") {
    for (Index t = 1; t < 30; ++t)
      std::copy_n(values.begin(), planted.d, values.begin() + t * planted.d);
    std::fill_n(values.begin() + 30 * planted.d, 2 * planted.d, 0.0f);
    const JunkTokens junk = junk_tokens(Matrix::from(values, planted.V, planted.d));
    CHECK(junk.reference == JunkReference::found);
    CHECK(junk.tokens == first(32));
    CHECK(junk.indicator[31] == 0);
  }
}

TEST_CASE("where there is no junk, none is found") {
  const auto check_none = [](const Matrix& W_U) {
    const JunkTokens junk = junk_tokens(W_U);
    CHECK(junk.tokens.empty());
    CHECK(junk.reference == JunkReference::none);
    CHECK(junk.threshold == 0);
    CHECK(junk.indicator.empty());
    CHECK(junk.notes.size() == 1);
  };
  SUBCASE("random rows, in many dimensions and in few, and with one direction in common") {
    for (const Index d : {1, 2, 3, 8, 64})
      for (std::uint64_t seed = 0; seed < 2; ++seed) {
        CAPTURE(d);
        check_none(random_matrix(1000, d, seed));
      }
    Planted planted;
    planted.junk = 0;
    planted.share = 0.7;
    check_none(planted.matrix(1));
  }
  SUBCASE("groups of words of one kind, as near to each other as the months in GloVe") {
    auto values = normals(2000 * 64, 7);
    for (Index t = 0; t < 2000; ++t)
      for (Index j = 0; j < 64; ++j)
        values[t * 64 + j] = values[t % 100 * 64 + j] + 0.15f * values[t * 64 + j];
    check_none(Matrix::from(values, 2000, 64));
  }
  SUBCASE("a vocabulary too small to tell") {
    check_none(Matrix::from(std::vector<float>(60 * 4, 1.0f), 60, 4));
    check_none(Matrix::from(std::vector<float>(100 * 4, 1.0f), 100, 4));
  }
}

TEST_CASE("tokens said to be unused that are not alike are junk themselves, and tell nothing") {
  Planted planted;
  planted.junk = 0;
  const JunkTokens junk = junk_tokens(planted.matrix(8), {{1, 2, 3, 4}});
  CHECK(junk.tokens == std::vector<Id>{1, 2, 3, 4});
  CHECK(junk.indicator.size() == 3000);
  CHECK(junk.threshold == 0);
  CHECK(junk.notes.front() ==
        "the tokens known to be unused do not point the same way, so no others can be told by "
        "their direction");
}

TEST_CASE("the same for any number of threads") {
  Planted planted;
  planted.V = 6000;
  const Matrix W_U = planted.matrix(9);
  const int before = omp_get_max_threads();
  for (const JunkRows kind : {JunkRows::plain, JunkRows::without_first_component}) {
    std::vector<JunkTokens> results;
    for (const int threads : {1, 2, 5}) {
      omp_set_num_threads(threads);
      results.push_back(junk_tokens(W_U, {{}, kind}));
    }
    for (const JunkTokens& other : results) {
      CHECK(other.indicator == results[0].indicator);
      CHECK(other.threshold == results[0].threshold);
      CHECK(other.tokens == results[0].tokens);
    }
  }
  omp_set_num_threads(before);
}

TEST_CASE("a vocabulary shows unused tokens: no text, no UTF-8, a name that says so") {
  const Vocabulary vocabulary({"a", "\xc0", "\xc1", "\xc2", "\xf4", "\xf5", "\xff", "<unused7>",
                               "[unused12]", "<|reserved_special_token_3|>", "unused", " reserved",
                               "<s>", "#13", "#1", "<unused", ""});
  CHECK(unused_tokens(vocabulary, 19) == std::vector<Id>{1, 2, 5, 6, 7, 8, 9, 13, 17, 18});
  CHECK(unused_tokens(vocabulary, 5) == std::vector<Id>{1, 2});
  CHECK(unused_tokens({}, 100).empty());
}

TEST_CASE("bad input is refused") {
  CHECK_THROWS_AS(junk_tokens(Matrix{}), Error);
  auto values = Planted{}.values(10);
  CHECK_THROWS_WITH(junk_tokens(Matrix::from(values, 3000, 48), {{1, 3000}}),
                    "unused token 3000 is not in the vocabulary of 3000");
  CHECK_THROWS_AS(junk_tokens(Matrix::from(values, 3000, 48), {{-1}}), Error);
  values[5] = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_WITH(junk_tokens(Matrix::from(values, 3000, 48)),
                    "W_U holds a NaN or an infinity (first in row 0)");
  CHECK_THROWS_AS(junk_tokens(random_matrix(100, 4, 1), {},
                              Progress([](Stage, double share) { return share < 0.5; })),
                  Error);
}
