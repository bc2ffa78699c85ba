#include "ingest/sae_parts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "io/text.hpp"
#include "yoneda/core/error.hpp"
#include "yoneda/core/parallel.hpp"
#include "yoneda/linear/dot.hpp"

namespace yoneda::ingest {
namespace {

std::vector<float> values_of(const io::Tensor& tensor) {
  std::vector<float> values = io::to_floats(tensor);
  require_finite(values, tensor);
  return values;
}

std::vector<float> values_of(const std::optional<io::Tensor>& tensor) {
  return tensor ? values_of(*tensor) : std::vector<float>();
}

Matrix matrix_of(const io::Tensor& tensor) {
  Matrix matrix = io::to_matrix(tensor);
  require_finite(matrix, tensor);
  return matrix;
}

// The matrix as floats with row f multiplied by factors[f], in memory of its own.
Matrix scaled_rows(const io::Tensor& tensor, std::span<const double> factors) {
  const auto [rows, cols] = matrix_shape(tensor);
  const io::SharedBytes bytes =
      io::make_shared_bytes(rows * cols * static_cast<Index>(sizeof(float)), [&](std::byte* to) {
        float* const values = reinterpret_cast<float*>(to);
        io::read_floats(tensor, std::span(values, rows * cols));
        parallel_for(rows, [&](Index row) {
          for (float& value : std::span(values + row * cols, cols))
            value = static_cast<float>(static_cast<double>(value) * factors[row]);
        });
      });
  Matrix matrix(bytes.owner, bytes.span.data(), rows, cols, Dtype::f32);
  require_finite(matrix, tensor);
  return matrix;
}

std::vector<double> row_norms(const io::Tensor& tensor) {
  const Matrix matrix = matrix_of(tensor);
  std::vector<double> norms(matrix.rows());
  std::vector<float> scratch(matrix.cols());
  for (Index row = 0; row < matrix.rows(); ++row)
    norms[row] = canonical_norm(matrix.row(row, scratch));
  return norms;
}

bool all_ones(std::span<const double> factors) {
  return std::ranges::all_of(factors, [](double factor) { return factor == 1; });
}

// What rows of the decoder, rows of the encoder and the encoder's biases are multiplied by.
struct Factors {
  std::vector<double> decoder, encoder, bias;
};

void multiply(std::vector<double>& factors, std::span<const float> by) {
  for (std::size_t f = 0; f < factors.size(); ++f) factors[f] *= static_cast<double>(by[f]);
}

Factors factors_of(const SaeParts& parts, std::span<const double> norms) {
  constexpr double smallest = 1e-8;  // SAELens' own, so that an empty row stays one
  Factors factors{std::vector<double>(parts.n(), parts.decoder_factor),
                  std::vector<double>(parts.n(), 1 / parts.decoder_factor),
                  std::vector<double>(parts.n(), 1)};
  if (parts.fold_decoder_norms)
    for (Index f = 0; f < parts.n(); ++f) {
      factors.bias[f] = std::max(norms[f], smallest);
      factors.decoder[f] /= factors.bias[f];
      factors.encoder[f] *= factors.bias[f];
    }
  if (parts.code_scale) multiply(factors.decoder, values_of(*parts.code_scale));
  if (parts.r_mag)
    for (Index f = 0; const float r : values_of(*parts.r_mag))
      factors.encoder[f++] *= std::exp(static_cast<double>(r));
  return factors;
}

std::vector<float> thresholds_of(const SaeParts& parts, std::span<const double> norms) {
  std::vector<double> values(parts.n(), parts.threshold_value.value_or(0));
  if (parts.threshold) {
    const std::vector<float> stored = values_of(*parts.threshold);
    if (stored.size() == 1 && parts.n() != 1)
      std::ranges::fill(values, static_cast<double>(stored.front()));
    else
      std::ranges::copy(stored, values.begin());
  }
  std::vector<float> thresholds(parts.n());
  for (Index f = 0; f < parts.n(); ++f) {
    double value = parts.threshold_is_log ? std::exp(values[f]) : values[f];
    if (parts.threshold_over_norm) value /= norms[f];
    thresholds[f] = static_cast<float>(value);
  }
  return thresholds;
}

// With u = W_enc x': the gate is open where u + b_gate > 0, the magnitude is max(eʳ u + b_mag, 0).
// In terms of pre = eʳ u + b_mag the gate is pre > b_mag − eʳ b_gate, so this is a JumpReLU
// (Rajamanoharan, Conmy, Smith, Lieberum, Varma, Kramár, Shah, Nanda 2024, Improving dictionary
// learning with gated sparse autoencoders, section 3.2).
void open_gates(const io::Tensor& b_gate, const io::Tensor& b_mag, const io::Tensor& r_mag,
                Sae& sae) {
  const std::vector<float> gate = values_of(b_gate), r = values_of(r_mag);
  sae.b_enc = values_of(b_mag);
  sae.threshold.resize(gate.size());
  for (std::size_t f = 0; f < gate.size(); ++f)
    sae.threshold[f] =
        static_cast<float>(static_cast<double>(sae.b_enc[f]) -
                           std::exp(static_cast<double>(r[f])) * static_cast<double>(gate[f]));
  sae.activation = Activation::jumprelu;
}

}  // namespace

std::pair<Index, Index> matrix_shape(const io::Tensor& tensor) {
  if (tensor.shape.size() != 2)
    throw Error(ErrorKind::shape, "tensor " + io::describe(tensor) + " is not a matrix",
                tensor.file);
  return {tensor.shape[0], tensor.shape[1]};
}

io::Tensor matrix_part(Weights& weights, const std::string& name, Index rows, Index cols,
                       bool turned, Origin& origin) {
  const io::Tensor& tensor = weights.at(name);
  const std::vector<Index> expected = turned ? std::vector{cols, rows} : std::vector{rows, cols};
  if (tensor.shape != expected)
    throw Error(ErrorKind::shape,
                fmt::format("tensor {} is {}, expected {}", io::quote(name),
                            io::shape_text(tensor.shape), io::shape_text(expected)),
                tensor.file);
  origin.tensors.push_back(name);
  return turned ? io::transposed(tensor) : tensor;
}

io::Tensor vector_part(Weights& weights, const std::string& name, Index length, Origin& origin) {
  const io::Tensor& tensor = weights.at(name);
  if (tensor.count() != length)
    throw Error(ErrorKind::shape,
                fmt::format("tensor {} is {}, expected {} numbers", io::quote(name),
                            io::shape_text(tensor.shape), length),
                tensor.file);
  origin.tensors.push_back(name);
  return tensor;
}

std::optional<io::Tensor> vector_if(Weights& weights, const std::string& name, Index length,
                                    Origin& origin) {
  if (!weights.has(name)) return std::nullopt;
  return vector_part(weights, name, length, origin);
}

std::string decoder_in_words(const io::Tensor& stored, bool features_are_rows) {
  return fmt::format("{}, features are its {}", io::describe(stored),
                     features_are_rows ? "rows" : "columns");
}

double scalar(const io::Tensor& tensor) {
  if (tensor.count() != 1)
    throw Error(ErrorKind::shape, "tensor " + io::describe(tensor) + " is not one number",
                tensor.file);
  switch (tensor.dtype) {
    case io::ElementType::f64:
    case io::ElementType::f32:
    case io::ElementType::f16:
    case io::ElementType::bf16:
      return io::to_doubles(tensor).front();
    default:
      return static_cast<double>(io::to_indices(tensor).front());
  }
}

Sae read_sae(const SaeParts& parts) {
  Sae sae = parts.sae;
  std::vector<double> norms;
  if (parts.fold_decoder_norms || parts.threshold_over_norm) norms = row_norms(parts.W_dec);
  const Factors factors = factors_of(parts, norms);
  sae.W_dec = all_ones(factors.decoder) ? matrix_of(parts.W_dec)
                                        : scaled_rows(parts.W_dec, factors.decoder);
  if (parts.W_enc)
    sae.W_enc = all_ones(factors.encoder) ? matrix_of(*parts.W_enc)
                                          : scaled_rows(*parts.W_enc, factors.encoder);
  if (parts.W_skip) sae.W_skip = matrix_of(*parts.W_skip);
  sae.b_enc = values_of(parts.b_enc);
  sae.b_dec = values_of(parts.b_dec);
  for (std::size_t f = 0; f < sae.b_enc.size(); ++f)
    sae.b_enc[f] = static_cast<float>(static_cast<double>(sae.b_enc[f]) * factors.bias[f]);
  if (parts.threshold || parts.threshold_value) sae.threshold = thresholds_of(parts, norms);
  if (parts.b_gate && parts.b_mag && parts.r_mag)
    open_gates(*parts.b_gate, *parts.b_mag, *parts.r_mag, sae);
  sae.unit_norm_rows = parts.fold_decoder_norms;
  return sae;
}

}  // namespace yoneda::ingest
