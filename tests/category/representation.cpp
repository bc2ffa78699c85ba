#include "yoneda/category/representation.hpp"

#include <doctest/doctest.h>

#include <limits>

#include "category/representations.hpp"

using namespace yoneda;
using doctest::Approx;

TEST_CASE("products and Gram matrices are those of dense algebra, dense and sparse") {
  const std::vector<Id> points{3, 0, 17, 3};
  for (const Representation& of : {word_representation(random_matrix(40, 13, 1)),
                                   code_representation(random_codes(40, 30, 0.2, 2))}) {
    const Eigen::MatrixXd X = dense(of);
    CHECK(of.size() == 40);
    CHECK(of.width() == X.cols());
    const Eigen::MatrixXd K = gram(of, points);
    const PointProducts products(of, points);
    std::vector<double> out(4);
    for (Id item = 0; item < 40; ++item) {
      CHECK(products.of(item, out) == Approx(X.row(item).norm()));
      for (std::size_t p = 0; p < 4; ++p)
        CHECK(out[p] == Approx(X.row(item).dot(X.row(points[p]))));
    }
    for (Index i = 0; i < 4; ++i)
      for (Index j = 0; j < 4; ++j) {
        CHECK(K(i, j) == Approx(X.row(points[i]).dot(X.row(points[j]))));
        CHECK(K(i, j) == K(j, i));
      }
    CHECK(K(0, 3) == K(0, 0));  // equal rows, to the last bit

    const Coordinates few = coordinates(of, points);
    REQUIRE(few.values.rows() == 4);
    REQUIRE(few.values.cols() == static_cast<Index>(few.names.size()));
    double mass = 0;
    for (Index i = 0; i < 4; ++i)
      for (std::size_t j = 0; j < few.names.size(); ++j) {
        CHECK(few.values(i, static_cast<Index>(j)) == X(points[i], few.names[j]));
        mass += few.values(i, static_cast<Index>(j)) * few.values(i, static_cast<Index>(j));
      }
    CHECK(mass == Approx(K.trace()));  // no coordinate is left out
  }
}

TEST_CASE("the makers: reconstructions, strongest features, columns of the arrows") {
  Sae sae;
  sae.W_dec = random_matrix(12, 6, 3);
  sae.W_enc = random_matrix(12, 6, 4);
  sae.activation = Activation::topk;
  sae.k = 3;
  const Matrix X = random_matrix(20, 6, 5);
  const Codes codes = encode(sae, X);
  const Eigen::MatrixXd Z = dense(code_representation(codes)), W = dense(sae.W_dec);
  CHECK((dense(reconstruction_representation(sae, codes, X)) - Z * W).norm() < 1e-5);
  const Eigen::MatrixXd top = dense(top_row_representation(sae, codes));
  for (Index t = 0; t < 20; ++t) {
    Index strongest = 0;
    if (Z.row(t).maxCoeff(&strongest) > 0) CHECK(top.row(t) == W.row(strongest));
  }

  Unembedding model;
  model.W_U = X;
  ArrowOptions options;
  options.k = 4;
  const LogitArrows arrows = logit_arrows(sae.W_dec, model, options);
  const Eigen::MatrixXd profiles = dense(profile_representation(arrows));
  REQUIRE(profiles.rows() == 20);
  REQUIRE(profiles.cols() == 12);
  const Eigen::MatrixXd logits = W * dense(X).transpose();
  for (Index f = 0; f < 12; ++f) {
    const Eigen::RowVectorXd z = logits.row(f).array() - logits.row(f).mean();
    const double std = std::sqrt(z.squaredNorm() / 20);
    Index kept = 0;
    for (Index t = 0; t < 20; ++t) {
      const Index above = (z.array() > z(t)).count(), below = (z.array() < z(t)).count();
      const double expected = above < 4 || below < 4 ? z(t) / std : 0;
      CHECK(profiles(t, f) == Approx(expected).epsilon(1e-4));
      kept += profiles(t, f) != 0;
    }
    CHECK(kept == 8);
  }

  Codes silent;  // nothing fires on its only row
  silent.n = 12;
  silent.offsets = {0, 0};
  CHECK(dense(top_row_representation(sae, silent)).norm() == 0);
}

TEST_CASE("bad input") {
  const Representation words = word_representation(random_matrix(4, 3, 6));
  CHECK_THROWS_AS(gram(words, std::vector<Id>{0, 4}), Error);
  CHECK_THROWS_AS(gram(words, std::vector<Id>{-1}), Error);
  CHECK_THROWS_AS(coordinates(words, std::vector<Id>{9}), Error);
  CHECK_THROWS_AS(word_representation(Matrix::from(
                      std::vector<float>{std::numeric_limits<float>::quiet_NaN()}, 1, 1)),
                  Error);
  Sae sae;
  sae.W_dec = random_matrix(12, 6, 3);
  CHECK_THROWS_AS(top_row_representation(sae, random_codes(3, 11, 0.5, 1)), Error);
}
