#include "yoneda/study/saelens.hpp"

#include <filesystem>

#include "json.hpp"
#include "yoneda/io/safetensors.hpp"

namespace yoneda::study {
namespace {

namespace fs = std::filesystem;

Matrix as_dtype(const Matrix& matrix, Dtype dtype) {
  if (matrix.dtype() == dtype) return matrix;
  std::vector<float> values = to_vector(matrix);
  const auto converted = [&](auto convert) {
    std::vector<decltype(convert(0.0f))> out;
    out.reserve(values.size());
    for (const float value : values) out.push_back(convert(value));
    return Matrix::from(std::move(out), matrix.rows(), matrix.cols());
  };
  if (dtype == Dtype::f16) return converted(to_f16);
  if (dtype == Dtype::bf16) return converted(to_bf16);
  return Matrix::from(std::move(values), matrix.rows(), matrix.cols());
}

Matrix row_or_zeros(std::vector<float> values, Index length, Dtype dtype) {
  values.resize(length, 0.0f);
  return as_dtype(Matrix::from(std::move(values), 1, length), dtype);
}

io::OutputTensor one_axis(const std::string& name, const Matrix& row) {
  io::OutputTensor tensor = io::output(name, row);
  tensor.shape = {row.cols()};
  return tensor;
}

std::string_view torch_name(Dtype dtype) {
  if (dtype == Dtype::f16) return "float16";
  return dtype == Dtype::bf16 ? "bfloat16" : "float32";
}

Json config(const Sae& sae, Dtype dtype, const std::string& command) {
  const bool topk = sae.activation == Activation::topk;
  Json json{{"architecture", topk ? "topk" : "standard"}};
  if (topk) json["k"] = sae.k;
  json["d_in"] = sae.d();
  json["d_sae"] = sae.n();
  json["dtype"] = torch_name(dtype);
  json["device"] = "cpu";
  json["apply_b_dec_to_input"] = sae.subtract_b_dec;
  json["normalize_activations"] = "none";
  json["reshape_activations"] = "none";
  json["metadata"] = {{"model_name", sae.origin.model},
                      {"hook_name", sae.origin.hook_point},
                      {"trained_with", "yoneda " + version()}};
  if (!command.empty()) json["metadata"]["command"] = command;
  return json;
}

}  // namespace

void write_saelens(const std::string& folder, const Sae& sae, Dtype dtype,
                   const std::string& command) {
  const bool writable = sae.activation == Activation::topk || sae.activation == Activation::relu;
  if (sae.W_enc.empty() || !writable)
    throw Error(ErrorKind::value, "only a topk or relu SAE with its encoder can be written",
                folder);
  std::error_code failure;
  fs::create_directories(folder, failure);
  if (!fs::is_directory(folder))
    throw Error(ErrorKind::file, "cannot make this folder (" + failure.message() + ")", folder);
  const Matrix W_enc = as_dtype(transposed(sae.W_enc), dtype), W_dec = as_dtype(sae.W_dec, dtype);
  const Matrix b_enc = row_or_zeros(sae.b_enc, sae.n(), dtype);
  const Matrix b_dec = row_or_zeros(sae.b_dec, sae.d(), dtype);
  const std::vector<io::OutputTensor> tensors{io::output("W_enc", W_enc),
                                              io::output("W_dec", W_dec), one_axis("b_enc", b_enc),
                                              one_axis("b_dec", b_dec)};
  io::write_safetensors(folder + "/sae_weights.safetensors", tensors);
  write_json(folder + "/cfg.json", config(sae, dtype, command));
}

}  // namespace yoneda::study
