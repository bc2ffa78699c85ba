// What loading says of files that contradict themselves, one by one.
#include <filesystem>
#include <string>
#include <vector>

#include "ingest/model_folder.hpp"
#include "io/gguf_file.hpp"
#include "io/pickle_ops.hpp"
#include "io/stored_zip.hpp"
#include "yoneda/ingest/sae.hpp"
#include "yoneda/ingest/unembedding.hpp"
#include "yoneda/ingest/vocabulary.hpp"

using namespace yoneda;
using namespace yoneda::test;

namespace {

// A fixture's folder with `now` in the place of `before` in one of its files.
struct Altered : Folder {
  std::string file;

  Altered(const std::string& sae, const std::string& config, const std::string& before,
          const std::string& now)
      : file(*this / ("sae/" + config)) {
    std::filesystem::copy(fixture("sae/" + sae), *this / "sae",
                          std::filesystem::copy_options::recursive);
    std::string text = io::read_text(file);
    REQUIRE(text.find(before) != text.npos);
    io::write_text(file, text.replace(text.find(before), before.size(), now));
  }

  /// Of the folder, or of a file in it; the message begins with `named`, by itself the changed
  /// file.
  Error refusal(const std::string& opened = {}, const std::string& named = {}) const {
    const std::string begin = named.empty() ? file : *this / ("sae/" + named);
    const std::string path = opened.empty() ? *this / "sae" : *this / ("sae/" + opened);
    CHECK_THROWS_AS(ingest::outline_sae(path), Error);
    return error_of(begin, [&] { ingest::load_sae(path); });
  }
};

Error refused_sae(const std::string& path) {
  return error_of(path, [&] { ingest::load_sae(path); });
}

}  // namespace

TEST_CASE("sizes that no SAE has") {
  const std::string scope = "llama-scope-r1-distill/400M-Slimpajama-400M-OpenR1-Math-220k/L15R";
  const std::string factor = R"("expansion_factor": 2)",
                    huge = R"("expansion_factor": 9223372036854775807)";
  mentions(Altered(scope, "config.json", factor, huge).refusal(), "more than anything has");
  mentions(Altered(scope, "config.json", R"("d_model": 4)", R"("d_model": null)").refusal(),
           "'d_model' is null");
  mentions(Altered("sparsify/run/layers.5", "cfg.json", factor, huge).refusal(),
           "more than anything has");
}

TEST_CASE("Qwen Scope: no sizes, and a k of more features than there are") {
  const std::string scope = "qwen-scope/SAE-Res-Qwen3-1.7B-Base-W32K-L0_50";
  const auto refusal = [&](const std::string& before, const std::string& now) {
    return Altered(scope, "config.json", before, now).refusal();
  };
  mentions(refusal("d_model", "d_models"), "no 'd_model' or no 'd_sae'");
  mentions(refusal(R"("k": 3)", R"("k": 7)"), "k = 7 of 6 features");
  mentions(refusal(R"("k": 3)", R"("k": 0)"), "k = 0 of 6 features");
}

TEST_CASE("Llama Scope: no sizes, and a threshold that is no number") {
  const auto refusal = [](const std::string& before, const std::string& now) {
    return Altered("llama-scope/Llama3_1-8B-Base-L24R-2x", "hyperparams.json", before, now)
        .refusal();
  };
  mentions(refusal("d_sae", "d_saes"), "no 'd_model' or no 'd_sae'");
  mentions(refusal("0.75", R"("high")"), "'jump_relu_threshold' should be a number");
}

TEST_CASE("Llama Scope: an average norm of several numbers") {
  const Folder folder;
  const std::string config = "hyperparams.json", weights = folder / "checkpoints/final.safetensors";
  std::string text = io::read_text(fixture("sae/llama-scope/Llama3_1-8B-Base-L24R-2x/" + config));
  const std::string norms = "dataset_average_activation_norm";
  io::write_text(folder / config, text.replace(text.find(norms), norms.size(), "norms"));
  std::filesystem::create_directory(folder / "checkpoints");
  save_patterns(weights, {{"decoder.weight", {4, 8}},
                          {"encoder.weight", {8, 4}},
                          {norms + ".blocks.24.hook_resid_post", {2}}});
  mentions(error_of(weights, [&] { ingest::load_sae(folder.string()); }), "is not one number");
}

TEST_CASE("sparsify: sizes that are missing, and a k of more features than there are") {
  const auto refusal = [](const std::string& before, const std::string& now) {
    return Altered("sparsify/run/layers.5", "cfg.json", before, now).refusal();
  };
  mentions(refusal(R"("expansion_factor": 2)", R"("expansion_factor": 0)"),
           "neither 'num_latents' nor 'expansion_factor'");
  mentions(refusal(R"("k": 3)", R"("k": 9)"), "k = 9 of 8 features");
  mentions(refusal("d_in", "d_inner"), "no 'd_in'");
}

TEST_CASE("dictionary_learning: a configuration of another shape, and no k") {
  const auto altered = [](const std::string& sae, const std::string& before,
                          const std::string& now) {
    return Altered("dictionary_learning/" + sae + "/trainer_0", "config.json", before, now);
  };
  mentions(altered("topk", R"("dict_size": 6)", R"("dict_size": 7)").refusal("ae.pt"),
           "7 features of dimension 4, but the tensors hold 6 of 4");
  mentions(
      altered("autoencoder", R"("dict_class": "AutoEncoder")", R"("dict_class": "AutoEncoderTopK")")
          .refusal("ae.pt", "ae.pt"),
      "k = 0 of 6 features");
}

TEST_CASE("dictionary_learning: a crosscoder whose decoder has no layers") {
  const auto tensor = [](std::initializer_list<Index> shape, std::initializer_list<Index> strides) {
    return ops::tensor(ops::storage("0", 24), 0, shape, strides);
  };
  const Folder folder;
  const std::string path = folder / "ae.pt";
  StoredZip(path)
      .add("ae/data.pkl", ops::dict({ops::text("encoder.weight"), tensor({2, 3, 4}, {12, 4, 1}),
                                     ops::text("decoder.weight"), tensor({6, 4}, {4, 1})}) +
                              ".")
      .add("ae/data/0", std::string(24 * sizeof(float), '\0'))
      .close();
  mentions(refused_sae(path), "has not three axes");
}

TEST_CASE("OpenAI: a TopK whose k is no number of features") {
  const Folder folder;
  const std::string path = folder / "8.safetensors";
  const std::vector<Shaped> tensors{{"pre_bias", {4}},
                                    {"latent_bias", {6}},
                                    {"encoder.weight", {6, 4}},
                                    {"decoder.weight", {4, 6}}};
  for (const char* k : {"", "7", "0", "-1", "many"}) {
    save_patterns(path, tensors, {{"activation", "TopK"}, {"activation_state_dict.k", k}});
    mentions(refused_sae(path), "of 6 features");
  }
}

TEST_CASE("a cross-layer decoder of two axes") {
  const Folder folder;
  save_patterns(folder / "W_dec_0.safetensors", {{"W_dec_0", {6, 4}}});
  const std::string path = folder / "W_dec_0.safetensors";
  mentions(refused_sae(path), "has not three axes");
}

TEST_CASE("Gemma Scope 2: tensors that do not fit each other") {
  const auto refusal = [](const std::vector<Shaped>& tensors) {
    const Folder folder;
    const std::string from =
        fixture("sae/gemma-scope-2-4b-pt/resid_post/layer_17_width_16k_l0_small/config.json");
    std::filesystem::copy(from, folder / "config.json");
    const std::string path = folder / "params.safetensors";
    save_patterns(path, tensors);
    return refused_sae(path);
  };
  mentions(refusal({{"w_dec", {6, 4}}, {"b_enc", {5}}}), "has 6 rows, 'b_enc' 5 numbers");
  mentions(refusal({{"w_dec", {6}}, {"b_enc", {6}}}), "is not a matrix");
  mentions(refusal({{"w_dec", {6, 4}}, {"b_enc", {6}}, {"b_dec", {4}}, {"threshold", {5}}}),
           "tensor 'threshold' is 5, expected 6 numbers");
}

TEST_CASE("models without an unembedding, an architecture, or a settled tie") {
  const auto refusal = [](const std::string& path) {
    return error_of(path, [&] { ingest::load_unembedding(path); });
  };
  const Folder folder;
  save_patterns(folder / "other.safetensors", {{"something", {6, 4}}});
  mentions(refusal(folder / "other.safetensors"), "no unembedding under a usual name");

  GgufFile gguf;
  gguf.tensor("token_embd.weight", {4, 6}).holding(4 * 24);
  io::write_text(folder / "model.gguf", gguf.bytes());
  mentions(refusal(folder / "model.gguf"), "names no 'general.architecture'");

  const StoredModel model("gpt2", {{"wte.weight", {6, 4}}, {"ln_f.weight", {4}}});
  const std::string config = model / "config.json";
  io::write_text(config, R"({"model_type": "gpt2", "tie_word_embeddings": "yes"})");
  mentions(error_of(config, [&] { ingest::load_unembedding(model.string()); }), "true or false");
}

TEST_CASE("a vocabulary with more holes than tokens") {
  const Folder folder;
  const std::string path = folder / "vocab.json";
  io::write_text(path, R"({"a": 0, "b": 9})");
  mentions(error_of(path, [&] { ingest::load_vocabulary(path); }),
           "ids up to 9, but only 2 tokens");
}
