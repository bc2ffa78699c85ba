// What stands beside weights, in the JSON and YAML of the dialects; the tensors never change.
#include <array>

#include "fuzz.hpp"
#include "yoneda/ingest/sae.hpp"
#include "yoneda/ingest/unembedding.hpp"

namespace {

namespace fs = std::filesystem;

struct Place {
  const char* folder;         // of the fixtures
  const char* configuration;  // the file in it that every input replaces
};

constexpr std::array saes{
    Place{"sae/saelens/6_jumprelu", "cfg.json"},
    Place{"sae/sparsify/run/layers.5", "cfg.json"},
    Place{"sae/dictionary_learning/topk/trainer_0", "config.json"},
    Place{"sae/llama-scope/Llama3_1-8B-Base-L24R-2x", "hyperparams.json"},
    Place{"sae/llama-scope-r1-distill/400M-Slimpajama-400M-OpenR1-Math-220k/L15R", "config.json"},
    Place{"sae/gemma-scope-2-4b-pt/resid_post/layer_17_width_16k_l0_small", "config.json"},
    Place{"sae/qwen-scope/SAE-Res-Qwen3-1.7B-Base-W32K-L0_50", "config.json"},
    Place{"sae/circuit-tracer/qwen3-4b-transcoders", "config.yaml"},
};
constexpr Place model{"model/gemma", "config.json"};

// A copy of the fixture with the input in it, the folder copied once.
std::string written(const Place& place, yoneda::fuzz::Input input) {
  const fs::path folder = fs::path(yoneda::fuzz::folder().path()) / place.folder;
  if (!fs::exists(folder)) {
    fs::create_directories(folder);
    fs::copy(fs::path(YONEDA_TEST_DATA) / place.folder, folder, fs::copy_options::recursive);
  }
  yoneda::fuzz::folder().write(std::string(place.folder) + "/" + place.configuration, input);
  return folder.string();
}

}  // namespace

void read_input(yoneda::fuzz::Input input) {
  using namespace yoneda;
  // In one of the places, which its length decides: all would take nine times as long.
  const std::size_t which = input.size() % (saes.size() + 1);
  if (which == saes.size()) {
    ingest::outline_unembedding(written(model, input));
    return;
  }
  const std::string folder = written(saes[which], input);
  fuzz::may_refuse([&] { ingest::outline_sae(folder); });
  ingest::outline_sae(folder, {.layer = 1}, 4);
}
