#include "yoneda/ingest/sae.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "ingest/dialects.hpp"
#include "yoneda/linear/dot.hpp"

namespace yoneda::ingest {
namespace {

// The first dialect that knows the place. Names of tensors, once given, are the user's own reading.
SaeParts parts_of(const std::string& path, const SaeNames& names, std::optional<Index> d_model) {
  const Place place(path);
  const bool automatic = names.decoder.empty() && names.encoder.empty() &&
                         names.encoder_bias.empty() && names.decoder_bias.empty() &&
                         names.threshold.empty();
  if (automatic) {
    if (auto found = saelens(place)) return *found;
    if (auto found = sparsify(place)) return *found;
    if (auto found = gemma_scope_2(place, names)) return *found;
    if (auto found = llama_scope(place)) return *found;
    if (auto found = llama_scope_r1(place)) return *found;
    if (auto found = circuit_tracer(place, names)) return *found;
    if (auto found = qwen_scope(place, names)) return *found;
    if (auto found = temporal(place)) return *found;
    if (auto found = attention_out(place)) return *found;
  }
  Weights weights(path);
  if (automatic) {
    if (auto found = gemma_scope(place, weights)) return *found;
    if (auto found = openai(place, weights)) return *found;
    if (auto found = dictionary_learning(place, weights, names)) return *found;
    if (auto found = linear_layers(place, weights)) return *found;
  }
  return tensors_by_name(place, weights, names, d_model);
}

}  // namespace

Sae load_sae(const std::string& path, const SaeNames& names, std::optional<Index> d_model) {
  return read_sae(parts_of(path, names, d_model));
}

SaeOutline outline_sae(const std::string& path, const SaeNames& names,
                       std::optional<Index> d_model) {
  const SaeParts parts = parts_of(path, names, d_model);
  SaeOutline outline;
  outline.sae = parts.sae;
  if (parts.b_gate) outline.sae.activation = Activation::jumprelu;
  outline.n = parts.n();
  outline.d = parts.d();
  outline.d_in = parts.W_enc ? parts.W_enc->shape[1] : 0;
  outline.skip = parts.W_skip.has_value();
  outline.decoder = parts.stored;
  outline.decoder_bytes = parts.W_dec.count() * io::bytes_per_element(parts.W_dec.dtype);
  return outline;
}

DecoderHealth decoder_health(const std::string& path, const SaeNames& names,
                             std::optional<Index> d_model) {
  const Matrix W_dec = io::to_matrix(parts_of(path, names, d_model).W_dec);
  DecoderHealth health;
  std::vector<double> norms;
  std::vector<float> scratch(W_dec.cols());
  for (Index f = 0; f < W_dec.rows(); ++f) {
    const auto row = W_dec.row(f, scratch);
    const double norm = canonical_norm(row);
    if (!std::isfinite(norm))
      ++health.not_finite;
    else if (norm == 0)
      ++health.zero;
    else
      norms.push_back(norm);
  }
  if (norms.empty()) return health;
  std::ranges::sort(norms);
  health.least = norms.front();
  health.median = norms[norms.size() / 2];
  health.most = norms.back();
  return health;
}

}  // namespace yoneda::ingest
