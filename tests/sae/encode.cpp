#include "yoneda/sae/encode.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <numeric>

#include "yoneda/core/random.hpp"
#include "yoneda/sae/metrics.hpp"

using namespace yoneda;

namespace {

std::vector<float> random_values(Index count, Random& random) {
  std::vector<float> values(count);
  for (float& value : values) value = static_cast<float>(random.normal());
  return values;
}

Matrix random_matrix(Index rows, Index cols, Random& random) {
  return Matrix::from(random_values(rows * cols, random), rows, cols);
}

Sae random_sae(Index n, Index d, Activation activation, Random& random) {
  Sae sae;
  sae.W_dec = random_matrix(n, d, random);
  sae.W_enc = random_matrix(n, d, random);
  sae.b_enc = random_values(n, random);
  sae.b_dec = random_values(d, random);
  sae.activation = activation;
  if (activation == Activation::topk) sae.k = 5;
  if (activation == Activation::jumprelu) sae.threshold = random_values(n, random);
  return sae;
}

// The definition, feature by feature, in double.
std::vector<double> brute_force_code(const Sae& sae, const Matrix& X, Index row) {
  std::vector<double> pre(sae.n());
  for (Index f = 0; f < sae.n(); ++f) {
    pre[f] = sae.b_enc.empty() ? 0 : sae.b_enc[f];
    for (Index j = 0; j < sae.d(); ++j) {
      const double shift = sae.subtract_b_dec && !sae.b_dec.empty() ? sae.b_dec[j] : 0;
      pre[f] += static_cast<double>(sae.W_enc(f, j)) * (X(row, j) - shift);
    }
  }
  std::vector<double> code(sae.n(), 0.0);
  if (sae.activation == Activation::groupmax) {
    const Index size = sae.n() / sae.k;
    for (Index group = 0; group < sae.k; ++group) {
      const auto first = pre.begin() + group * size;
      const auto best = std::max_element(first, first + size);  // ties: the smaller id
      code[best - pre.begin()] = std::max(*best, 0.0);
    }
    return code;
  }
  std::vector<Id> order(sae.n());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, [&](Id a, Id b) { return pre[a] > pre[b]; });
  for (Index rank = 0; rank < sae.n(); ++rank) {
    const Id f = order[rank];
    const bool fires = sae.activation == Activation::topk ? rank < sae.k
                       : sae.activation == Activation::relu
                           ? true
                           : pre[f] > static_cast<double>(sae.threshold[f]);
    if (fires) code[f] = std::max(pre[f], 0.0);
  }
  return code;
}

void check_against_brute_force(const Sae& sae, const Matrix& X) {
  const Codes codes = encode(sae, X);
  REQUIRE(codes.n == sae.n());
  REQUIRE(codes.rows() == X.rows());
  for (Index i = 0; i < X.rows(); ++i) {
    const auto expected = brute_force_code(sae, X, i);
    std::vector<double> found(sae.n(), 0.0);
    const auto active = codes.active(i);
    CHECK(std::ranges::is_sorted(active));
    for (std::size_t at = 0; at < active.size(); ++at) {
      REQUIRE(codes.strengths(i)[at] > 0);
      found[active[at]] = codes.strengths(i)[at];
    }
    for (Index f = 0; f < sae.n(); ++f)
      REQUIRE(found[f] == doctest::Approx(expected[f]).epsilon(1e-4));
  }
}

// An SAE whose pre-activations are its inputs.
Sae identity_sae(Index n, Index k) {
  std::vector<float> identity(n * n, 0.0f);
  for (Index f = 0; f < n; ++f) identity[f * n + f] = 1;
  Sae sae;
  sae.W_dec = sae.W_enc = Matrix::from(identity, n, n);
  sae.activation = Activation::topk;
  sae.k = k;
  return sae;
}

}  // namespace

TEST_CASE("codes are the definition's, for every activation") {
  Random random(1);
  const Matrix X = random_matrix(150, 7, random);
  for (const Activation activation : {Activation::topk, Activation::relu, Activation::jumprelu})
    for (const bool subtract : {true, false})
      for (const bool biased : {true, false}) {
        Sae sae = random_sae(37, 7, activation, random);
        sae.subtract_b_dec = subtract;
        if (!biased) sae.b_enc.clear();
        if (!biased) sae.b_dec.clear();
        check_against_brute_force(sae, X);
      }
}

TEST_CASE("features of more than one tile, and half precision weights are read as they are") {
  Random random(2);
  Sae sae = random_sae(20000, 3, Activation::topk, random);
  std::vector<f16> halves;
  for (const float value : to_vector(sae.W_enc)) halves.push_back(to_f16(value));
  sae.W_enc = Matrix::from(halves, 20000, 3);
  check_against_brute_force(sae, random_matrix(6, 3, random));
}

TEST_CASE("groups that lie across tiles, and features that belong to none") {
  Random random(5);
  for (const auto& [n, k] :
       {std::pair<Index, Index>{20001, 7}, {20001, 3000}, {30, 30}, {31, 30}}) {
    Sae sae = random_sae(n, 3, Activation::groupmax, random);
    sae.k = k;
    check_against_brute_force(sae, random_matrix(4, 3, random));
  }
}

TEST_CASE("ties go to the smaller id, and what is not positive does not fire") {
  const Sae sae = identity_sae(6, 3);
  const Codes codes = encode(sae, Matrix::from(std::vector<float>{1, 2, 1, 2, 1, 1,     //
                                                                  -1, -2, 0, 4, -3, 0,  //
                                                                  0, 0, 0, 0, 0, 0},
                                               3, 6));
  CHECK(codes.offsets == std::vector<std::int64_t>{0, 3, 4, 4});
  CHECK(codes.features == std::vector<Id>{0, 1, 3, 3});
  CHECK(codes.values == std::vector<float>{1, 2, 2, 4});
}

TEST_CASE("decoding is the transposed product") {
  Random random(3);
  const Sae sae = random_sae(40, 9, Activation::relu, random);
  const Matrix X = random_matrix(300, 9, random);
  const Codes codes = encode(sae, X);
  const Matrix decoded = decode(sae, codes);
  for (Index i = 0; i < X.rows(); ++i)
    for (Index j = 0; j < sae.d(); ++j) {
      double expected = sae.b_dec[j];
      for (std::size_t at = 0; at < codes.active(i).size(); ++at)
        expected += static_cast<double>(codes.strengths(i)[at]) * sae.W_dec(codes.active(i)[at], j);
      REQUIRE(decoded(i, j) == doctest::Approx(expected).epsilon(1e-4));
    }
}

TEST_CASE("metrics of a known reconstruction") {
  const Matrix X = Matrix::from(std::vector<float>{3, 1, 0, 1, 2, 0, 2, 3, 0}, 3, 3);
  const SaeMetrics metrics = sae_metrics(identity_sae(3, 1), X);  // drops 1, 1 and 2
  CHECK(metrics.rows == 3);
  CHECK(metrics.l0 == 1);
  CHECK(metrics.dead == 1);
  CHECK(metrics.mse == doctest::Approx(6.0 / 9));
  CHECK(metrics.fve == doctest::Approx(1 - 6.0 / 4));  // both columns vary by 2 about the mean
}

TEST_CASE("inputs are normalised as the SAE asks, and reconstructions put back") {
  Random random(7);
  const Matrix X = random_matrix(6, 5, random);
  Sae sae = random_sae(12, 5, Activation::relu, random);
  const auto check = [&](const auto& normalised, const auto& restored) {
    std::vector<float> values = to_vector(X);
    for (Index i = 0; i < 6; ++i) normalised(std::span(values).subspan(i * 5, 5));
    Sae plain = sae;
    plain.input_norm = InputNorm::none;
    const Matrix N = Matrix::from(values, 6, 5);
    const Codes expected = encode(plain, N), found = encode(sae, X);
    REQUIRE(found.features == expected.features);
    for (std::size_t i = 0; i < found.values.size(); ++i)
      CHECK(found.values[i] == doctest::Approx(expected.values[i]).epsilon(1e-5));
    const Matrix decoded = decode(plain, expected), back = reconstruct(sae, found, X);
    for (Index i = 0; i < 6; ++i)
      for (Index j = 0; j < 5; ++j)
        CHECK(back(i, j) == doctest::Approx(restored(decoded(i, j), X.slice(i, 1))).epsilon(1e-4));
  };
  const auto mean_of = [](const Matrix& x) {
    double sum = 0;
    for (Index j = 0; j < 5; ++j) sum += double(x(0, j));
    return sum / 5;
  };
  const auto deviation_of = [&](const Matrix& x) {
    double sum = 0;
    for (Index j = 0; j < 5; ++j) sum += std::pow(double(x(0, j)) - mean_of(x), 2);
    return std::sqrt(sum / 4);
  };
  const auto row = [](std::span<float> x) {
    return Matrix::from(std::vector<float>(x.begin(), x.end()), 1, 5);
  };
  sae.input_norm = InputNorm::layer_norm;
  check(
      [&](std::span<float> x) {
        const double mean = mean_of(row(x)), deviation = deviation_of(row(x));
        for (float& value : x) value = float((double(value) - mean) / (deviation + 1e-5));
      },
      [&](double y, const Matrix& x) { return y * deviation_of(x) + mean_of(x); });
  sae.input_norm = InputNorm::unit_norm;
  const auto norm_of = [](const Matrix& x) {
    double sum = 0;
    for (Index j = 0; j < 5; ++j) sum += double(x(0, j)) * double(x(0, j));
    return std::sqrt(sum);
  };
  check(
      [&](std::span<float> x) {
        const double factor = std::sqrt(5.0) / norm_of(row(x));
        for (float& value : x) value = float(double(value) * factor);
      },
      [&](double y, const Matrix& x) { return y * norm_of(x) / std::sqrt(5.0); });
  sae.input_norm = InputNorm::scale;
  sae.input_scale = 0.5f;
  sae.output_scale = 0.25f;
  check(
      [](std::span<float> x) {
        for (float& value : x) value *= 0.5f;
      },
      [](double y, const Matrix&) { return y * 4; });
}

TEST_CASE("constant inputs have no deviation, and zero ones no norm") {
  Random random(8);
  Sae sae = random_sae(6, 4, Activation::relu, random);
  const Matrix X = Matrix::from(std::vector<float>{2, 2, 2, 2, 0, 0, 0, 0}, 2, 4);
  for (const InputNorm norm : {InputNorm::layer_norm, InputNorm::unit_norm}) {
    sae.input_norm = norm;
    const Matrix back = reconstruct(sae, encode(sae, X), X);
    require_finite(back, "the reconstruction");
  }
}

TEST_CASE("what cannot be encoded is refused") {
  Random random(4);
  const Sae good = random_sae(10, 4, Activation::topk, random);
  const Matrix X = random_matrix(5, 4, random);
  const auto refused = [&](const auto& spoil) {
    Sae sae = good;
    spoil(sae);
    CHECK_THROWS_AS(encode(sae, X), Error);
  };
  refused([](Sae& sae) { sae.W_enc = Matrix(); });
  refused([](Sae& sae) { sae.W_enc = sae.W_enc.slice(0, 9); });
  refused([](Sae& sae) { sae.activation = Activation::unknown; });
  refused([](Sae& sae) { sae.activation = Activation::jumprelu; });
  refused([](Sae& sae) { sae.k = 0; });
  refused([](Sae& sae) { sae.k = 11; });
  refused([](Sae& sae) { sae.b_enc.pop_back(); });
  refused([](Sae& sae) { sae.b_dec.pop_back(); });
  refused([](Sae& sae) { sae.signed_codes = true; });
  refused([](Sae& sae) {
    sae.input_norm = InputNorm::scale;
    sae.input_scale = 0;
  });
  refused([](Sae& sae) { sae.W_enc = Matrix::from(std::vector<float>(30), 10, 3); });
  Sae transcoder = good;
  transcoder.transcoder = true;
  CHECK_THROWS_AS(reconstruct(transcoder, encode(good, X), X), Error);
  CHECK_THROWS_WITH(reconstruct(good, encode(good, X), X.slice(0, 4)),
                    "5 rows of codes for 4 rows of inputs");
  CHECK_THROWS_AS(reconstruct(good, encode(good, X), random_matrix(5, 3, random)), Error);
  CHECK_THROWS_WITH(encode(good, random_matrix(5, 3, random)),
                    "inputs of dimension 3 for an SAE of dimension 4");
  std::vector<float> broken(8, 1.0f);
  broken[5] = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_AS(encode(good, Matrix::from(broken, 2, 4)), Error);
  CHECK_THROWS_AS(decode(random_sae(11, 4, Activation::relu, random), encode(good, X)), Error);
  CHECK_THROWS_AS(sae_metrics(good, Matrix::from(std::vector<float>(20, 1.0f), 5, 4)), Error);
  CHECK(encode(good, X.slice(0, 0)).rows() == 0);
}
