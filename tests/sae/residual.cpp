#include "yoneda/sae/residual.hpp"

#include <doctest/doctest.h>

#if defined(_OPENMP)
#include <omp.h>
#endif

#include "random_matrix.hpp"
#include "yoneda/sae/encode.hpp"

using namespace yoneda;

namespace {

constexpr Index n = 300, d_z = 12, d_model = 7;  // more than one block of rows

Sae random_sae(bool subtract = true) {
  Sae sae;
  sae.W_dec = random_matrix(n, d_z, 1);
  sae.W_enc = random_matrix(n, d_z, 2);
  sae.b_enc = normals(n, 3);
  sae.b_dec = normals(d_z, 4);
  sae.activation = Activation::topk;
  sae.k = 5;
  sae.subtract_b_dec = subtract;
  return sae;
}

// Σ_k x_k map(k, j) gain_j, in double.
double mapped(std::span<const float> x, const Matrix& map, std::span<const float> gain, Index j) {
  double sum = map.empty() ? static_cast<double>(x[j]) : 0;
  for (Index k = 0; k < map.rows(); ++k) sum += static_cast<double>(x[k]) * map(k, j);
  return sum * (gain.empty() ? 1.0 : static_cast<double>(gain[j]));
}

void check_decoder(const Sae& made, const Sae& sae, const Matrix& W_O,
                   std::span<const float> gain) {
  REQUIRE(made.n() == sae.n());
  REQUIRE(made.d() == (W_O.empty() ? sae.d() : W_O.cols()));
  std::vector<float> scratch(sae.d());
  for (Index f = 0; f < made.n(); ++f)
    for (Index j = 0; j < made.d(); ++j)
      REQUIRE(made.W_dec(f, j) ==
              doctest::Approx(mapped(sae.W_dec.row(f, scratch), W_O, gain, j)).epsilon(1e-4));
  for (Index j = 0; j < made.d(); ++j)
    CHECK(made.b_dec[j] == doctest::Approx(mapped(sae.b_dec, W_O, gain, j)).epsilon(1e-5));
}

}  // namespace

TEST_CASE("directions are multiplied by the matrix and by the gain, whichever there are") {
  const Sae sae = random_sae();
  const Matrix W_O = random_matrix(d_z, d_model, 5);
  const auto gain = normals(d_model, 6), narrow = normals(d_z, 7);
  check_decoder(into_residual(sae, W_O, {}), sae, W_O, {});
  check_decoder(into_residual(sae, W_O, gain), sae, W_O, gain);
  check_decoder(into_residual(sae, {}, narrow), sae, {}, narrow);
  const Sae same = into_residual(sae, {}, {});
  CHECK(to_vector(same.W_dec) == to_vector(sae.W_dec));
  CHECK(same.b_enc == sae.b_enc);
  CHECK(same.subtract_b_dec);
}

TEST_CASE("encoding, decoding and then W_O is what the converted SAE decodes") {
  const Matrix W_O = random_matrix(d_z, d_model, 5), X = random_matrix(40, d_z, 8);
  for (const bool subtract : {true, false}) {
    const Sae sae = random_sae(subtract);
    const Sae made = into_residual(sae, W_O, {});
    CHECK_FALSE(made.subtract_b_dec);
    const Codes before = encode(sae, X), after = encode(made, X);
    REQUIRE(before.features == after.features);
    const Matrix expected = decode(sae, before), found = decode(made, after);
    std::vector<float> scratch(d_z);
    for (Index i = 0; i < X.rows(); ++i)
      for (Index j = 0; j < d_model; ++j)
        REQUIRE(found(i, j) ==
                doctest::Approx(mapped(expected.row(i, scratch), W_O, {}, j)).epsilon(1e-3));
  }
}

#if defined(_OPENMP)
TEST_CASE("the number of threads changes no bit") {
  const Sae sae = random_sae();
  const Matrix W_O = random_matrix(d_z, d_model, 5);
  const auto gain = normals(d_model, 6);
  const int before = omp_get_max_threads();
  omp_set_num_threads(1);
  const auto expected = to_vector(into_residual(sae, W_O, gain).W_dec);
  for (const int threads : {2, 5}) {
    omp_set_num_threads(threads);
    CHECK(to_vector(into_residual(sae, W_O, gain).W_dec) == expected);
  }
  omp_set_num_threads(before);
}
#endif

TEST_CASE("half precision and missing parts are taken as they are") {
  Sae sae = random_sae();
  std::vector<bf16> halves;
  for (const float value : to_vector(sae.W_dec)) halves.push_back(to_bf16(value));
  sae.W_dec = Matrix::from(halves, n, d_z);
  sae.W_enc = {};
  sae.b_enc = {};
  const Matrix W_O = random_matrix(d_z, d_model, 5);
  const Sae made = into_residual(sae, W_O, {});
  check_decoder(made, sae, W_O, {});
  CHECK(made.b_enc.empty());
  sae.b_dec = {};
  CHECK(into_residual(sae, W_O, {}).b_dec.empty());
}

TEST_CASE("without a bias of its own the encoder gets one that centres its input") {
  Sae sae = random_sae();
  sae.b_enc = {};
  const Sae made = into_residual(sae, random_matrix(d_z, d_model, 5), {});
  REQUIRE(made.b_enc.size() == n);
  double expected = 0;
  for (Index j = 0; j < d_z; ++j) expected -= static_cast<double>(sae.W_enc(3, j)) * sae.b_dec[j];
  CHECK(made.b_enc[3] == doctest::Approx(expected));
}

TEST_CASE("what does not fit is refused") {
  const Sae sae = random_sae();
  const Matrix W_O = random_matrix(d_z, d_model, 5);
  const auto gain = normals(d_z, 6);
  CHECK_THROWS_WITH(into_residual(sae, random_matrix(d_z + 1, d_model, 5), {}),
                    "the output projection has 13 inputs, expected 12");
  CHECK_THROWS_WITH(into_residual(sae, W_O, gain),
                    "the post-norm's gain has 12 values, expected 7");
  Sae short_bias = sae;
  short_bias.b_dec.pop_back();
  CHECK_THROWS_WITH(into_residual(short_bias, W_O, {}), "b_dec has 11 values, expected 12");
  Sae transcoder = sae;
  transcoder.W_enc = random_matrix(n, d_z + 2, 2);
  CHECK_THROWS_AS(into_residual(transcoder, W_O, {}), Error);
  transcoder.subtract_b_dec = false;  // reads another space, which is its own affair
  CHECK(into_residual(transcoder, W_O, {}).W_enc.cols() == d_z + 2);
}
