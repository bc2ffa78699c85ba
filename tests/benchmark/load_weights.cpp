// Loads an SAE and a model, and says how long it took, what is kept and what the process ever held:
//     load_weights SAE MODEL        ("-" for none; prints JSON)
#include <fmt/format.h>
#include <sys/resource.h>

#include <chrono>
#include <string>

#include "yoneda/core/error.hpp"
#include "yoneda/ingest/sae.hpp"
#include "yoneda/ingest/unembedding.hpp"

namespace {

using yoneda::Index;

Index bytes(const yoneda::Matrix& matrix) {
  return static_cast<Index>(matrix.bytes().size());
}

Index bytes(const std::vector<float>& values) {
  return static_cast<Index>(values.size() * sizeof(float));
}

Index peak_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<Index>(usage.ru_maxrss) * 1024;
}

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const std::string sae_path = argv[1], model_path = argv[2];
  const Index before = peak_bytes();
  try {
    yoneda::Sae sae;
    yoneda::Unembedding model;
    auto begin = std::chrono::steady_clock::now();
    if (sae_path != "-") sae = yoneda::ingest::load_sae(sae_path);
    const double sae_seconds = seconds_since(begin);
    begin = std::chrono::steady_clock::now();
    if (model_path != "-") model = yoneda::ingest::load_unembedding(model_path);
    const double model_seconds = seconds_since(begin);
    const Index kept = bytes(sae.W_dec) + bytes(sae.W_enc) + bytes(sae.W_skip) + bytes(sae.b_enc) +
                       bytes(sae.b_dec) + bytes(sae.threshold) + bytes(model.W_U) +
                       bytes(model.gain);
    fmt::print(
        "{{\"sae_seconds\": {:.4f}, \"model_seconds\": {:.4f}, \"kept\": {}, \"peak\": {}, "
        "\"start\": {}}}\n",
        sae_seconds, model_seconds, kept, peak_bytes(), before);
  } catch (const yoneda::Error& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
