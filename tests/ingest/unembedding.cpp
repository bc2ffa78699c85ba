#include "yoneda/ingest/unembedding.hpp"

#include "io/support.hpp"
#include "yoneda/io/safetensors.hpp"

using namespace yoneda;
using namespace yoneda::test;
using ingest::load_unembedding;

namespace {

bool noted(const Origin& origin, const std::string& text) {
  for (const std::string& note : origin.notes)
    if (note.find(text) != std::string::npos) return true;
  return false;
}

Error refusal(const std::string& path, const ingest::UnembeddingNames& names = {},
              const ingest::KnownSizes& known = {}) {
  return error_of(path, [&] { load_unembedding(path, names, known); });
}

void check_matrix(const Unembedding& model) {
  REQUIRE(model.V() == 7);
  REQUIRE(model.d() == 4);
  CHECK(to_vector(model.W_U) == pattern_values(28));
}

std::vector<float> gain(float offset = 0) {
  auto values = pattern_values(4, 13);
  for (float& value : values) value += offset;
  return values;
}

// A Hugging Face folder made of the given tensors.
struct ModelFolder : Folder {
  ModelFolder(const std::string& config, const std::vector<io::OutputTensor>& tensors) {
    io::write_text(*this / "config.json", config);
    io::write_safetensors(*this / "model.safetensors", tensors);
  }
};

}  // namespace

TEST_CASE("Hugging Face, sharded and untied; shards that are not needed may be missing") {
  for (const char* name : {"", "/config.json", "/model.safetensors.index.json"}) {
    const Unembedding model = load_unembedding(fixture("model/llama") + name);
    check_matrix(model);
    CHECK(model.W_U.dtype() == Dtype::bf16);
    CHECK(model.gain == gain());
    CHECK(model.norm == Norm::rms);
    CHECK_FALSE(model.soft_cap);
    CHECK(model.origin.dialect == "Hugging Face (llama)");
    CHECK(model.origin.model == "tiny-llama");
    CHECK(model.origin.tensors == std::vector<std::string>{"model.norm.weight", "lm_head.weight"});
    CHECK(model.origin.notes.empty());
  }
}

TEST_CASE("Gemma: tied, one plus the stored gain, capped logits") {
  const Unembedding model = load_unembedding(fixture("model/gemma"), {}, {.d_model = 4});
  check_matrix(model);
  CHECK(model.W_U.dtype() == Dtype::f16);
  CHECK(model.gain == gain(1));
  CHECK(model.norm == Norm::rms);
  CHECK(model.soft_cap);
  CHECK(noted(model.origin, "tied"));
}

TEST_CASE("a soft cap is what config.json says, else what the type's class has") {
  const Matrix W = Matrix::from(pattern_values(28), 7, 4);
  const auto norm = pattern_values(4, 13);
  const auto capped = [&](const std::string& type, const std::string& more) {
    const ModelFolder folder(
        R"({"model_type": ")" + type + "\"" + more + "}",
        {io::output("model.embed_tokens.weight", W), io::output("model.norm.weight", norm)});
    return load_unembedding(folder.string()).soft_cap;
  };
  CHECK(capped("gemma2", ""));
  CHECK_FALSE(capped("gemma2", R"(, "final_logit_softcapping": null)"));
  CHECK_FALSE(capped("gemma3_text", ""));
  CHECK(capped("gemma3_text", R"(, "final_logit_softcapping": 30.0)"));
  CHECK(capped("gemma3n_text", ""));
  CHECK_FALSE(capped("gemma", ""));
}

TEST_CASE("GPT-2: tied without saying so, LayerNorm") {
  const Unembedding model = load_unembedding(fixture("model/gpt2"));
  check_matrix(model);
  CHECK(model.gain == gain());
  CHECK(model.norm == Norm::layer);
  CHECK(load_unembedding(fixture("model/gpt2"), {.norm = Norm::rms}).norm == Norm::rms);
}

TEST_CASE("an output matrix beside the embedding: the configuration decides") {
  const Matrix output = Matrix::from(pattern_values(28), 7, 4);
  const Matrix input = Matrix::from(pattern_values(28, 50), 7, 4);
  const auto norm = pattern_values(4, 13);
  const std::vector tensors{io::output("lm_head.weight", output),
                            io::output("model.embed_tokens.weight", input),
                            io::output("model.norm.weight", norm)};
  const auto first_logit = [&](const std::string& tied) {
    const ModelFolder folder(R"({"model_type": "qwen2", "hidden_size": 4)" + tied + "}", tensors);
    return load_unembedding(folder.string()).W_U(0, 0);
  };
  CHECK(first_logit("") == pattern(0));
  CHECK(first_logit(R"(, "tie_word_embeddings": false)") == pattern(0));
  CHECK(first_logit(R"(, "tie_word_embeddings": true)") == pattern(50));

  const ModelFolder lost(R"({"model_type": "gemma", "tie_word_embeddings": false})",
                         std::vector{tensors[1], tensors[2]});
  mentions(refusal(lost.string()), "no unembedding under a usual name");
}

TEST_CASE("a language model inside a larger one") {
  const Matrix W = Matrix::from(pattern_values(28), 7, 4);
  const auto norm = pattern_values(4, 13);
  const ModelFolder folder(
      R"({"model_type": "gemma3", "text_config": {"model_type": "gemma3_text", "hidden_size": 4}})",
      {io::output("language_model.model.embed_tokens.weight", W),
       io::output("language_model.model.norm.weight", norm)});
  const Unembedding model = load_unembedding(folder.string());
  check_matrix(model);
  CHECK(model.gain == gain(1));
  CHECK(model.origin.dialect == "Hugging Face (gemma3_text)");
}

TEST_CASE("the names of models of text and images, before and since transformers 5") {
  const Matrix W = Matrix::from(pattern_values(28), 7, 4);
  const auto norm = pattern_values(4, 13);
  const auto read = [&](const std::string& config, const std::string& matrix,
                        const std::string& gain_name) {
    const ModelFolder folder(config,
                             {io::output(matrix, W), io::output(gain_name, norm),
                              io::output("vision_tower.layers.0.self_attn.out_proj.weight", W)});
    return load_unembedding(folder.string());
  };
  const std::string gemma = R"({"model_type": "gemma3", "text_config": {"hidden_size": 4}})";
  for (const std::string prefix : {"language_model.model.", "model.language_model."}) {
    const Unembedding model = read(gemma, prefix + "embed_tokens.weight", prefix + "norm.weight");
    check_matrix(model);
    CHECK(model.gain == gain(1));
  }
  const std::string mistral =
      R"({"model_type": "mistral3", "text_config": {"model_type": "mistral", "hidden_size": 4}})";
  check_matrix(read(mistral, "language_model.lm_head.weight", "language_model.model.norm.weight"));
  check_matrix(read(mistral, "lm_head.weight", "model.language_model.norm.weight"));
}

TEST_CASE("a positive constant that scales the logits is left out, and said") {
  const Matrix W = Matrix::from(pattern_values(28), 7, 4);
  const auto norm = pattern_values(4, 13);
  const ModelFolder folder(
      R"({"model_type": "cohere", "logit_scale": 0.0625})",
      {io::output("model.embed_tokens.weight", W), io::output("model.norm.weight", norm)});
  const Unembedding model = load_unembedding(folder.string());
  check_matrix(model);
  CHECK(model.norm == Norm::layer);
  CHECK(noted(model.origin, "'logit_scale'"));
}

TEST_CASE("models whose directions have no logits of their own are refused") {
  const Matrix W = Matrix::from(pattern_values(28), 7, 4);
  const auto norm = pattern_values(4, 13);
  const auto read = [&](const std::string& type, const std::string& more) {
    const ModelFolder folder(R"({"model_type": ")" + type + R"(", "hidden_size": 4)" + more + "}",
                             {io::output("model.decoder.embed_tokens.weight", W),
                              io::output("model.decoder.final_layer_norm.weight", norm)});
    return load_unembedding(folder.string());
  };
  const auto refused = [&](const std::string& type, const std::string& more,
                           const std::string& reason) {
    try {
      read(type, more);
      FAIL_CHECK("read: " << more);
    } catch (const Error& error) {
      CHECK(error.kind == ErrorKind::value);
      mentions(error, "this model is not read");
      mentions(error, reason);
    }
  };
  check_matrix(read("opt", R"(, "do_layer_norm_before": true, "word_embed_proj_dim": 4)"));
  refused("opt", R"(, "do_layer_norm_before": false, "word_embed_proj_dim": 2)",
          "it has no final norm ('do_layer_norm_before' is false)");
  refused("opt", R"(, "word_embed_proj_dim": 2)", "read from 2 dimensions behind a projection");
  refused("opt", R"(, "_remove_final_layer_norm": true)", "it has no final norm");
  refused("bloom", R"(, "apply_residual_connection_post_layernorm": true)",
          "replace the residual stream by its norm");
}

TEST_CASE("a norm without parameters has a gain of ones") {
  const Matrix W = Matrix::from(pattern_values(28), 7, 4);
  const ModelFolder folder(R"({"model_type": "olmo", "hidden_size": 4})",
                           {io::output("lm_head.weight", W)});
  const Unembedding model = load_unembedding(folder.string());
  CHECK(model.gain == std::vector<float>(4, 1));
  CHECK(model.norm == Norm::layer);
}

TEST_CASE("an unknown model type asks for names") {
  const std::string path = fixture("model/unknown");
  const Error error = refusal(path);
  CHECK(error.kind == ErrorKind::value);
  mentions(error, "model_type 'perceptron' is unknown");
  mentions(error, "--unembedding and --norm-gain");
  const Unembedding model = load_unembedding(
      path, {.unembedding = "lm_head.weight", .norm_gain = "last.norm", .norm = Norm::layer});
  check_matrix(model);
  CHECK(model.gain == gain());
  CHECK(model.norm == Norm::layer);
}

TEST_CASE("Hugging Face folders that contradict themselves are refused") {
  const Matrix W = Matrix::from(pattern_values(28), 7, 4);
  const auto norm = pattern_values(4), wrong = pattern_values(5);
  const std::string config = R"({"model_type": "llama", "hidden_size": 4})";
  const auto refusal_of = [](const std::string& text, std::vector<io::OutputTensor> tensors,
                             ingest::KnownSizes known = {}) {
    const ModelFolder folder(text, tensors);
    return refusal(folder.string(), {}, known);
  };
  const auto matrix = io::output("lm_head.weight", W),
             gained = io::output("model.norm.weight", norm);
  CHECK(refusal_of(config, {matrix, io::output("model.norm.weight", wrong)}).kind ==
        ErrorKind::shape);
  mentions(refusal_of(config, {matrix, gained}, {.d_model = 5}), "d_model is 4, expected 5");
  mentions(refusal_of(R"({"model_type": "llama", "hidden_size": 7})", {matrix, gained}),
           "'lm_head.weight' is 7 x 4, which does not fit d_model = 4 (from the final norm's gain) "
           "and d_model = 7 (from config.json) with tokens as its rows");
  mentions(refusal_of(config, {matrix}), "no gain of the final norm");
  mentions(refusal_of(config, {gained}), "no unembedding");
  mentions(refusal_of(R"({"model_type": 3})", {matrix, gained}), "'model_type' should be a text");
  mentions(refusal_of("{", {matrix, gained}), "not valid JSON");
}

TEST_CASE("an index that points elsewhere is refused") {
  const Folder folder;
  io::write_text(folder / "config.json", R"({"model_type": "llama"})");
  const auto refusal_with = [&folder](const std::string& shard) {
    io::write_text(folder / "model.safetensors.index.json",
                   R"({"weight_map": {"lm_head.weight": )" + shard + R"(, "model.norm.weight": )" +
                       shard + "}}");
    return refusal(folder.string());
  };
  for (const char* shard : {R"("../x.safetensors")", R"("/etc/passwd")", R"("a/b")", R"("")", "3"})
    mentions(refusal_with(shard), "'lm_head.weight' is not in a file beside");
  mentions(refusal_with(R"("..")"), "is a folder");
  mentions(refusal_with("\"a.safetensors\""), "No such file");
  io::write_text(folder / "model.safetensors.index.json", "{}");
  mentions(refusal(folder.string()), "no 'weight_map'");
}

TEST_CASE("TransformerLens stores [d, V], and a bias beside the gain means LayerNorm") {
  const Unembedding model = load_unembedding(fixture("model/transformer_lens.npz"));
  check_matrix(model);
  CHECK(model.gain == gain());
  CHECK(model.norm == Norm::layer);
  CHECK(model.origin.tensors == std::vector<std::string>{"ln_final.w", "unembed.W_U"});
}

TEST_CASE("a state dict that fold_ln went over has a gain of ones") {
  const Folder folder;
  const std::string path = folder / "model.safetensors";
  const Matrix W = Matrix::from(pattern_values(28), 4, 7),
               E = Matrix::from(pattern_values(28), 7, 4);
  const auto bias = pattern_values(7), ones = std::vector<float>(4, 1.0f);
  io::write_safetensors(path, std::vector{io::output("embed.W_E", E), io::output("unembed.W_U", W),
                                          io::output("unembed.b_U", bias)});
  const Unembedding model = load_unembedding(path, {}, {.d_model = 4});
  CHECK(model.V() == 7);
  CHECK(model.gain == ones);
  CHECK(model.norm == Norm::unknown);
  CHECK(resolve(Convention::automatic, model) == Convention::folded);
  CHECK(noted(model.origin, "fold_ln"));
  CHECK(load_unembedding(path, {.norm = Norm::layer}).norm == Norm::layer);

  // W_U alone says nothing about a norm; ones that version 3 leaves are a gain like any other.
  io::write_safetensors(path, std::vector{io::output("unembed.W_U", W)});
  CHECK(load_unembedding(path).gain.empty());
  io::write_safetensors(path, std::vector{io::output("embed.W_E", E), io::output("unembed.W_U", W),
                                          io::output("ln_final.w", ones)});
  CHECK(load_unembedding(path).gain == ones);
  CHECK_FALSE(noted(load_unembedding(path).origin, "fold_ln"));
}

TEST_CASE("of a bare W_U the gain tells the axes apart") {
  const Unembedding model = load_unembedding(fixture("model/plain.npz"));
  check_matrix(model);
  CHECK(model.norm == Norm::rms);
  CHECK(noted(model.origin, "assumed that the final norm is RMSNorm"));
  const Unembedding told =
      load_unembedding(fixture("model/plain.npz"), {.norm = Norm::layer, .gain_offset = 1.0f});
  CHECK(told.norm == Norm::layer);
  CHECK(told.gain == gain(1));
  CHECK_FALSE(noted(told.origin, "assumed"));
}

TEST_CASE("without a gain another length must be known") {
  const std::string path = fixture("model/no_gain.safetensors");
  for (const auto& known : {ingest::KnownSizes{.d_model = 4, .vocabulary = {}},
                            ingest::KnownSizes{.d_model = {}, .vocabulary = 7}}) {
    const Unembedding model = load_unembedding(path, {}, known);
    check_matrix(model);
    CHECK(model.gain.empty());
    CHECK(model.norm == Norm::unknown);
    CHECK(noted(model.origin, "no gain of the final norm"));
  }
  const Error open = refusal(path);
  CHECK(open.kind == ErrorKind::shape);
  mentions(open, "'W_U' is 7 x 4, and nothing else in the file says which axis is tokens");
  mentions(refusal(path, {}, {.d_model = 5}), "does not fit d_model = 5 (from the caller)");
  mentions(refusal(fixture("model/square.safetensors")), "its shape never says");
  mentions(refusal(path, {.unembedding = "E"}), "no tensor 'E'; there is 'W_U'");
  mentions(refusal(path, {.norm_gain = "g"}), "no tensor 'g'");
}

TEST_CASE("the matrix stays mapped where it is stored as it is wanted") {
  const Folder folder;
  const std::string path = folder / "model.st";
  const Matrix W = Matrix::from(std::vector<bf16>(28), 7, 4);
  const auto norm = pattern_values(4);
  io::write_safetensors(path, std::vector{io::output("W_U", W), io::output("ln_f.weight", norm)});
  const Unembedding model = load_unembedding(path);
  CHECK(model.W_U.dtype() == Dtype::bf16);
  CHECK(reinterpret_cast<std::uintptr_t>(model.W_U.bytes().data()) % 64 == 0);
  CHECK(reinterpret_cast<std::uintptr_t>(model.W_U.bytes().data()) % 4096 < 1024);
}

TEST_CASE("a real model beside its SAE") {
  const std::string path = YONEDA_SHARED_DATA "/stories260K/sae_after_block4.safetensors";
  if (!std::filesystem::exists(path)) {
    MESSAGE("skipped: " << path << " is not there");
    return;
  }
  const Unembedding model = load_unembedding(path);
  CHECK(model.V() == 512);
  CHECK(model.d() == 64);
  CHECK(model.gain.size() == 64);
  CHECK(model.norm == Norm::rms);
}

TEST_CASE("llama2.c: tied or not, an RMSNorm, and nothing assumed") {
  for (const std::string name :
       {"version0_tied", "version0_untied", "version1_tied", "version1_untied"}) {
    CAPTURE(name);
    const bool tied = name.ends_with("_tied");
    const Unembedding model = load_unembedding(fixture("llama2c/" + name + ".bin"));
    REQUIRE(model.V() == 7);
    REQUIRE(model.d() == 8);
    CHECK(to_vector(model.W_U) == pattern_values(56, tied ? 0 : 39));
    CHECK(model.gain == pattern_values(8, 30));
    CHECK(model.norm == Norm::rms);
    CHECK_FALSE(model.soft_cap);
    CHECK(model.origin.dialect == "llama2.c");
    CHECK(model.origin.notes.size() == (tied ? 1 : 0));
    CHECK(noted(model.origin, "tied: the input embedding is the unembedding") == tied);
  }
  const Unembedding other = load_unembedding(
      fixture("llama2c/version0_untied.bin"),
      {.unembedding = "tok_embeddings.weight", .norm_gain = "layers.1.ffn_norm.weight"});
  CHECK(to_vector(other.W_U) == pattern_values(56));
  CHECK(other.gain == pattern_values(8, 18 + 8));
  mentions(refusal(fixture("llama2c/version0_tied.bin"), {}, {.d_model = 7}), "d_model = 7");
}

TEST_CASE("a real llama2.c checkpoint is the model that its SAE was trained with") {
  const std::string folder = YONEDA_SHARED_DATA "/stories260K";
  if (!std::filesystem::exists(folder)) {
    MESSAGE("skipped: " << folder << " is not there");
    return;
  }
  const Unembedding checkpoint = load_unembedding(folder + "/stories260K.bin");
  const Unembedding beside_sae = load_unembedding(folder + "/sae_after_block4.safetensors");
  REQUIRE(checkpoint.V() == 512);
  CHECK(to_vector(checkpoint.W_U) == to_vector(beside_sae.W_U));
  CHECK(checkpoint.gain == beside_sae.gain);
  CHECK(checkpoint.norm == Norm::rms);
}

TEST_CASE("GGUF: the norm by its epsilon, gains as they are multiplied by, caps, ties") {
  const Unembedding llama = load_unembedding(fixture("gguf/llama.gguf"));
  check_matrix(llama);
  CHECK(llama.W_U.dtype() == Dtype::f16);
  CHECK(llama.gain == gain());
  CHECK(llama.norm == Norm::rms);
  CHECK_FALSE(llama.soft_cap);
  CHECK(llama.origin.dialect == "GGUF (llama)");
  CHECK(llama.origin.model == "Tiny Llama");
  CHECK(llama.origin.notes.empty());

  const Unembedding gemma = load_unembedding(fixture("gguf/gemma2.gguf"), {}, {.d_model = 4});
  check_matrix(gemma);
  CHECK(gemma.gain == gain());  // llama.cpp's converter has added the 1
  CHECK(gemma.soft_cap);
  CHECK(noted(gemma.origin, "tied"));

  const Unembedding gpt2 = load_unembedding(fixture("gguf/gpt2.gguf"));
  check_matrix(gpt2);
  CHECK(gpt2.norm == Norm::layer);
  CHECK(noted(gpt2.origin, "('gpt2.logit_scale' in the file)"));

  const Unembedding olmo = load_unembedding(fixture("gguf/olmo.gguf"));
  CHECK(olmo.norm == Norm::layer);
  CHECK(olmo.gain == std::vector<float>(4, 1.0f));

  const Unembedding unknown = load_unembedding(fixture("gguf/unknown_norm.gguf"));
  CHECK(unknown.norm == Norm::rms);
  CHECK(noted(unknown.origin, "assumed that the final norm is RMSNorm"));
  CHECK(load_unembedding(fixture("gguf/unknown_norm.gguf"), {.norm = Norm::layer}).norm ==
        Norm::layer);
}

TEST_CASE("GGUF: a quantized unembedding is decoded; its outline says how it is stored") {
  const std::string path = fixture("gguf/quantized.gguf");
  const Unembedding model = load_unembedding(path);
  const auto expected = io::read_safetensors(fixture("gguf/quantized.safetensors"));
  CHECK(model.W_U.dtype() == Dtype::f32);
  CHECK(to_vector(model.W_U) == io::to_floats(expected.at("token_embd.weight")));
  const auto outline = ingest::outline_unembedding(path);
  CHECK(outline.matrix == "'token_embd.weight' (Q6_K, 7 x 256), tokens are its rows");
  CHECK(outline.matrix_bytes == 4 * 7 * 256);
}

TEST_CASE("GGUF in pieces: any of them stands for all, and only those with the tensors are read") {
  for (const char* piece : {"1", "2", "3"}) {
    const Unembedding model =
        load_unembedding(fixture(std::string("gguf/split-0000") + piece + "-of-00003.gguf"));
    check_matrix(model);
    CHECK(model.gain == gain());
    CHECK(model.origin.dialect == "GGUF (llama)");
    CHECK(model.origin.files.size() == 3);
  }
  const Folder folder;
  for (const char* name : {"split-00001-of-00003.gguf", "split-00002-of-00003.gguf"})
    std::filesystem::copy_file(fixture(std::string("gguf/") + name), folder / name);
  const Unembedding tied = load_unembedding(folder.string());  // the embedding is all there is
  CHECK(to_vector(tied.W_U) == pattern_values(28, 50));
  std::filesystem::remove(folder / "split-00002-of-00003.gguf");
  mentions(error_of(folder / "split-00001", [&] { load_unembedding(folder.string()); }),
           "no gain of the final norm");
}

TEST_CASE("GGUF without what an unembedding needs is refused") {
  mentions(refusal(fixture("gguf/types.gguf")), "no unembedding under a usual name");
  mentions(refusal(fixture("gguf/vocabulary.gguf")), "no unembedding under a usual name");
  mentions(refusal(fixture("gguf/llama.gguf"), {.norm_gain = "nothing"}), "no tensor 'nothing'");
}

TEST_CASE("an 8-bit unembedding is read, and refused where it needs scales") {
  // Of E4M3: 1, 2, -0.5, 448.
  const std::vector<std::uint8_t> bytes{0x38, 0x40, 0xb0, 0x7e, 0x38, 0x40, 0xb0, 0x7e};
  const auto gain = pattern_values(4), scale = pattern_values(1);
  const io::OutputTensor W{
      "W_U", io::ElementType::f8_e4m3, {2, 4}, std::as_bytes(std::span(bytes))};
  const Folder folder;
  const std::string path = folder / "model.safetensors";
  io::write_safetensors(path, std::vector{W, io::output("final_norm_weight", gain)});
  const Unembedding model = load_unembedding(path);
  CHECK(to_vector(model.W_U) == std::vector<float>{1, 2, -0.5f, 448, 1, 2, -0.5f, 448});
  for (const std::string name : {"W_U_scale", "W_U_scale_inv"}) {
    io::write_safetensors(
        path, std::vector{W, io::output("final_norm_weight", gain), io::output(name, scale)});
    mentions(refusal(path), "is quantized, and its scales '" + name + "' are not applied here");
  }
}

TEST_CASE("Hugging Face's PyTorch files, in one piece and in shards") {
  for (const char* name : {"gpt2_bin", "llama_bin"}) {
    const Unembedding model = load_unembedding(fixture(std::string("model/") + name));
    check_matrix(model);
    CHECK(model.gain == gain());
    CHECK(model.norm == (name == std::string("gpt2_bin") ? Norm::layer : Norm::rms));
  }
}

TEST_CASE("TransformerLens's state dict, and one whose norm is folded away") {
  const Unembedding model = load_unembedding(fixture("model/transformer_lens.pt"));
  check_matrix(model);
  CHECK(model.gain == gain());
  CHECK(model.norm == Norm::layer);

  const Unembedding folded = load_unembedding(fixture("model/transformer_lens_folded.pt"));
  REQUIRE(folded.V() == 7);
  REQUIRE(folded.d() == 4);
  CHECK(folded.gain == std::vector<float>(4, 1.0f));
  CHECK(noted(folded.origin, "fold_ln"));
}

TEST_CASE("indices of shards that lead nowhere or out of the folder are refused") {
  for (const char* name : {"absolute", "empty", "itself", "missing", "number", "up"}) {
    CAPTURE(name);
    const std::string path = fixture(std::string("hostile/bin_index/") + name);
    CHECK(std::string(refusal(path).what()).find("bin_index") != std::string::npos);
  }
}
