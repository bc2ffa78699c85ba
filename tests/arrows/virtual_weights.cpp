#include "yoneda/arrows/virtual_weights.hpp"

#include <doctest/doctest.h>

#include <Eigen/Dense>

#include "random_matrix.hpp"

using namespace yoneda;
using doctest::Approx;

namespace {

Eigen::MatrixXd dense(const Matrix& matrix) {
  Eigen::MatrixXd made(matrix.rows(), matrix.cols());
  for (Index i = 0; i < matrix.rows(); ++i)
    for (Index j = 0; j < matrix.cols(); ++j) made(i, j) = static_cast<double>(matrix(i, j));
  return made;
}

std::string message_of(const auto& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("an encoder that is linear in the stream reads what its input changes by") {
  // pre(x + w) − pre(x), computed by walking every step of the reader with the norms' denominators
  // held at those of x.
  const Index n = 300, n_b = 5, d = 7;
  const Matrix W_dec = random_matrix(n, d, 1);
  StreamReader reader;
  reader.W_enc = random_matrix(n_b, d, 2);
  reader.norm = Norm::layer;
  reader.gain = normals(d, 3);
  reader.centred = true;
  reader.scale = 0.25;
  const Eigen::MatrixXd W = dense(W_dec), E = dense(reader.W_enc);
  Eigen::VectorXd gain(d);
  for (Index j = 0; j < d; ++j) gain[j] = static_cast<double>(reader.gain[j]);
  const Eigen::VectorXd x = dense(random_matrix(d, 1, 4));
  const auto pre = [&](const Eigen::VectorXd& input) {
    Eigen::VectorXd y = input.array() - input.mean();  // LayerNorm, denominator 1
    y = y.cwiseProduct(gain);
    y = y.array() - y.mean();  // the SAE's own
    return Eigen::VectorXd(E * (0.25 * y));
  };
  const Matrix written = read_directions(W_dec, reader);
  REQUIRE(written.rows() == n);
  for (const Index f : {Index{0}, Index{255}, Index{256}, n - 1}) {
    const Eigen::VectorXd gained = pre(x + W.row(f).transpose()) - pre(x);
    for (Index g = 0; g < n_b; ++g)
      CHECK((dense(written).row(f) * E.row(g).transpose())(0) == Approx(gained[g]).epsilon(1e-5));
  }
}

TEST_CASE("each part of a reader does its own, and a plain one nothing") {
  const Matrix W_dec = Matrix::from(std::vector<float>{1, 2, 6}, 1, 3);
  StreamReader reader;
  reader.W_enc = Matrix::from(std::vector<float>{1, 0, 0}, 1, 3);
  const auto row = [&](const StreamReader& r) {
    const Matrix made = read_directions(W_dec, r);
    return std::vector<float>{made(0, 0), made(0, 1), made(0, 2)};
  };
  CHECK(read_directions(W_dec, reader).bytes().data() == W_dec.bytes().data());
  reader.norm = Norm::rms;  // does not centre
  CHECK(read_directions(W_dec, reader).bytes().data() == W_dec.bytes().data());
  reader.norm = Norm::layer;
  CHECK(row(reader) == std::vector<float>{-2, -1, 3});
  reader.gain = {2, 2, 0.5f};
  CHECK(row(reader) == std::vector<float>{-4, -2, 1.5f});
  reader.norm = Norm::rms;
  CHECK(row(reader) == std::vector<float>{2, 4, 3});
  reader.centred = true;
  CHECK(row(reader) == std::vector<float>{-1, 1, 0});
  reader.scale = 10;
  CHECK(row(reader) == std::vector<float>{-10, 10, 0});
}

TEST_CASE("an SAE's own normalisation becomes its reader's") {
  Sae sae;
  sae.W_dec = random_matrix(4, 3, 1);
  sae.W_enc = random_matrix(4, 3, 2);
  CHECK(stream_reader(sae).plain());
  CHECK(write_scale(sae) == 1);
  sae.input_norm = InputNorm::unit_norm;  // an input's own positive number: left out
  CHECK(stream_reader(sae).plain());
  sae.input_norm = InputNorm::layer_norm;
  CHECK(stream_reader(sae).centred);
  sae.input_norm = InputNorm::scale;
  sae.input_scale = 0.5f;
  sae.output_scale = 4;
  CHECK(stream_reader(sae).scale == 0.5);
  CHECK(write_scale(sae) == 0.25);
  sae.input_scale = sae.output_scale = 0;  // the file does not tell it
  CHECK(stream_reader(sae).scale == 1);
  CHECK(write_scale(sae) == 1);
}

TEST_CASE("what cannot be read is refused in one line") {
  Sae sae;
  sae.W_dec = random_matrix(4, 3, 1);
  CHECK(message_of([&] { stream_reader(sae); }).find("no encoder") != std::string::npos);
  StreamReader reader;
  reader.W_enc = random_matrix(4, 5, 2);
  CHECK(message_of([&] { read_directions(sae.W_dec, reader); }) ==
        "the upstream SAE writes to a space of dimension 3, the downstream one reads one of "
        "dimension 5: they share no residual stream");
  reader.W_enc = random_matrix(4, 3, 2);
  reader.gain = {1, 1};
  CHECK(message_of([&] { read_directions(sae.W_dec, reader); }) ==
        "the norm's gain has 2 values, d_model is 3");
}
