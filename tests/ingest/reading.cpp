#include "yoneda/ingest/reading.hpp"

#include <filesystem>

#include "ingest/model_folder.hpp"

using namespace yoneda;
using namespace yoneda::test;
using ingest::load_input_norm;
using ingest::reading_route;
using ingest::ReadingRoute;
using ingest::ReadingSite;
using ingest::writing_moment;

namespace {

constexpr Index d = 4;

Sae sae_at(const std::string& hook_point, const std::string& hook_point_out = {}) {
  Sae sae;
  sae.W_enc = Matrix::from(std::vector<float>(2 * d, 1.0f), 2, d);
  sae.origin.path = "some-sae";
  sae.origin.hook_point = hook_point;
  sae.origin.hook_point_out = hook_point_out;
  sae.transcoder = !hook_point_out.empty();
  return sae;
}

std::vector<float> gain(float offset = 0) {
  auto values = pattern_values(d);
  for (float& value : values) value += offset;
  return values;
}

}  // namespace

TEST_CASE("hook points say what an encoder reads, and when") {
  const auto reads = [](const Sae& sae, ReadingSite site, std::optional<Index> moment,
                        std::optional<Index> layer) {
    CAPTURE(sae.origin.hook_point);
    CHECK(reading_route(sae) == ReadingRoute{site, moment, layer});
  };
  const std::optional<Index> none;
  for (const char* hook : {"blocks.3.hook_resid_pre", "blocks.3.hook_in", "model.layers.3.input",
                           "blocks.3.hook_attn_in", "resid_pre_layer_3"})
    reads(sae_at(hook), ReadingSite::stream, 6, 3);
  for (const char* hook : {"blocks.3.hook_resid_mid", "blocks.3.hook_mlp_in"})
    reads(sae_at(hook), ReadingSite::stream, 7, 3);
  for (const char* hook : {"blocks.3.hook_resid_post", "layers.3", "model.layers.3.output",
                           "transformer.h.3", "resid_post_layer_3", "blocks.3.hook_out"})
    reads(sae_at(hook), ReadingSite::stream, 8, 3);
  reads(sae_at("hook_embed"), ReadingSite::stream, 0, none);
  reads(sae_at("blocks.3.ln1.hook_normalized"), ReadingSite::normed, 6, 3);
  reads(sae_at("blocks.3.ln2.hook_normalized", "blocks.3.hook_mlp_out"), ReadingSite::normed, 7, 3);
  for (const char* hook :
       {"blocks.3.mlp.hook_in", "model.layers.3.pre_feedforward_layernorm.output", "h.3.mlp.input"})
    reads(sae_at(hook, "somewhere"), ReadingSite::gained, 7, 3);
  // sparsify's transcoders: the module's input and its output under one name.
  reads(sae_at("layers.3.mlp", "layers.3.mlp"), ReadingSite::gained, 7, 3);
  reads(sae_at("layers.3.self_attn", "layers.3.self_attn"), ReadingSite::gained, 6, 3);
  for (const char* hook :
       {"layers.3.mlp", "blocks.3.hook_mlp_out", "blocks.3.hook_attn_out", "blocks.3.attn.hook_z",
        "blocks.3.mlp.hook_post", "model.layers.3.post_feedforward_layernorm.output"})
    reads(sae_at(hook), ReadingSite::inside, none, 3);
  reads(sae_at("blocks.3.attn.hook_q"), ReadingSite::unknown, none, 3);
  reads(sae_at("mlp.hook_in"), ReadingSite::gained, none, none);
  reads(sae_at("blocks.9000000000000000000.hook_resid_pre"), ReadingSite::stream, none,
        9000000000000000000);
  reads(sae_at("nonsense"), ReadingSite::unknown, none, none);
  reads(sae_at(""), ReadingSite::unknown, none, none);
}

TEST_CASE("hook points say from when on the stream holds what a decoder writes") {
  const auto writes = [](const Sae& sae, std::optional<Index> moment) {
    CAPTURE(sae.origin.hook_point);
    CHECK(writing_moment(sae) == moment);
  };
  writes(sae_at("hook_embed"), 0);
  writes(sae_at("blocks.3.hook_resid_pre"), 6);
  for (const char* hook :
       {"blocks.3.hook_resid_mid", "blocks.3.attn.hook_z", "layers.3.self_attn",
        "blocks.3.hook_attn_out", "attn_out_layer_3", "blocks.3.ln1_post.hook_out",
        "model.layers.3.post_attention_layernorm.output"})
    writes(sae_at(hook), 7);
  for (const char* hook : {"blocks.3.hook_resid_post", "layers.3", "blocks.3.hook_mlp_out",
                           "layers.3.mlp", "blocks.3.mlp.hook_post", "blocks.3.ln2_post.hook_out",
                           "model.layers.3.post_feedforward_layernorm.output"})
    writes(sae_at(hook), 8);
  writes(sae_at("blocks.3.ln2.hook_normalized", "blocks.5.hook_mlp_out"), 12);
  for (const char* hook : {"", "nonsense", "blocks.3.attn.hook_q", "hook_resid_post"})
    writes(sae_at(hook), std::nullopt);
}

TEST_CASE("an encoder on the stream needs no file") {
  const auto found = load_input_norm("nowhere", sae_at("blocks.3.hook_resid_pre"));
  CHECK(found.gain.empty());
  CHECK(found.norm == Norm::unknown);
  CHECK(load_input_norm("nowhere", sae_at("")).files.empty());
}

TEST_CASE("the gain before the MLP or the attention, under each family's name") {
  struct Case {
    const char *type, *tensor, *hook_point;
    Norm norm;
    float offset;
  };
  for (const Case& c : {Case{"llama", "model.layers.3.post_attention_layernorm.weight",
                             "blocks.3.mlp.hook_in", Norm::rms, 0},
                        Case{"gemma2", "model.layers.3.pre_feedforward_layernorm.weight",
                             "model.layers.3.pre_feedforward_layernorm.output", Norm::rms, 1},
                        Case{"gemma", "model.layers.3.post_attention_layernorm.weight",
                             "blocks.3.mlp.hook_in", Norm::rms, 1},
                        Case{"gpt2", "h.3.ln_2.weight", "h.3.mlp.input", Norm::layer, 0},
                        Case{"gpt_neox", "gpt_neox.layers.3.post_attention_layernorm.weight",
                             "gpt_neox.layers.3.mlp.input", Norm::layer, 0},
                        Case{"opt", "model.decoder.layers.3.final_layer_norm.weight",
                             "blocks.3.mlp.hook_in", Norm::layer, 0},
                        Case{"", "blocks.3.ln2.w", "blocks.3.mlp.hook_in", Norm::rms, 0},
                        Case{"llama", "model.layers.3.input_layernorm.weight",
                             "model.layers.3.self_attn.input", Norm::rms, 0}}) {
    CAPTURE(c.tensor);
    const StoredModel folder(c.type, {{c.tensor, {d}}, {"model.layers.4.ln2.w", {d}}});
    const auto found = load_input_norm(folder.string(), sae_at(c.hook_point, "out"));
    CHECK(found.gain == gain(c.offset));
    CHECK(found.norm == c.norm);
    REQUIRE(found.notes.size() == 1);
    CHECK(found.notes[0].find(c.tensor) != std::string::npos);
    CHECK(found.files.size() == 1);
  }
}

TEST_CASE("the gains before the MLP and the attention in a llama2.c checkpoint") {
  const std::string path = fixture("llama2c/version1_untied.bin");
  const auto gain_at = [&](const char* hook_point) {
    Sae sae = sae_at(hook_point, "out");
    sae.W_enc = Matrix::from(std::vector<float>(16, 1.0f), 2, 8);
    const auto found = load_input_norm(path, sae);
    CHECK(found.norm == Norm::rms);
    return found.gain;
  };
  CHECK(gain_at("blocks.1.mlp.hook_in") == pattern_values(8, 18 + 8));
  CHECK(gain_at("layers.1.self_attn.input") == pattern_values(8, 3 + 8));
}

TEST_CASE("the gains before the MLP and the attention in a GGUF file") {
  for (const char* name : {"gguf/llama.gguf", "gguf/gemma2.gguf"}) {
    const auto mlp = load_input_norm(fixture(name), sae_at("blocks.1.mlp.hook_in", "out"));
    CHECK(mlp.gain == pattern_values(d, 90));
    CHECK(mlp.norm == Norm::rms);
    CHECK(load_input_norm(fixture(name), sae_at("layers.1.self_attn.input", "out")).gain ==
          pattern_values(d, 80));
  }
}

TEST_CASE("outside Hugging Face a bias beside the gain means LayerNorm") {
  const StoredModel folder("", {{"blocks.3.ln2.w", {d}}, {"blocks.3.ln2.b", {d}}});
  const Sae sae = sae_at("blocks.3.mlp.hook_in", "out");
  CHECK(load_input_norm(folder.string(), sae).norm == Norm::layer);
  CHECK(load_input_norm(folder.string(), sae, {{}, Norm::rms}).norm == Norm::rms);
}

TEST_CASE("before the gain nothing is multiplied, and a LayerNorm is mentioned") {
  const Sae sae = sae_at("blocks.3.ln2.hook_normalized", "out");
  const StoredModel gemma("gemma2", {{"model.layers.3.pre_feedforward_layernorm.weight", {d}}});
  CHECK(load_input_norm(gemma.string(), sae).gain.empty());
  CHECK(load_input_norm(gemma.string(), sae).norm == Norm::rms);
  CHECK(load_input_norm(gemma.string(), sae).notes.empty());
  const StoredModel gpt2("gpt2", {{"h.3.ln_2.weight", {d}}});
  const auto found = load_input_norm(gpt2.string(), sae);
  CHECK(found.norm == Norm::layer);
  CHECK(found.gain.empty());
  REQUIRE(found.notes.size() == 1);
  CHECK(found.notes[0].find("--input-norm-gain") != std::string::npos);
  CHECK(load_input_norm(gpt2.string(), sae, {"h.3.ln_2.weight", {}}).gain == gain());
}

TEST_CASE("of a sharded model the index and the shard with the gain are named as read") {
  const StoredModel model("llama", {{"model.layers.3.post_attention_layernorm.weight", {d}}});
  std::filesystem::rename(model / "model.safetensors", model / "model-2.safetensors");
  io::write_text(model / "model.safetensors.index.json",
                 R"({"weight_map": {"model.layers.3.post_attention_layernorm.weight":
                     "model-2.safetensors", "lm_head.weight": "model-1.safetensors"}})");
  const auto found = load_input_norm(model.string(), sae_at("blocks.3.mlp.hook_in", "out"));
  CHECK(found.gain == gain());
  CHECK(found.files == std::vector<std::string>{model / "model.safetensors.index.json",
                                                model / "model-2.safetensors"});
}

TEST_CASE("a kind of norm that nothing tells is assumed, and said to be") {
  const Sae sae = sae_at("blocks.3.ln2.hook_normalized", "out");
  const StoredModel folded("", {{"blocks.3.mlp.W_in", {d, 4 * d}}});
  const auto found = load_input_norm(folded.string(), sae);
  CHECK(found.norm == Norm::rms);
  REQUIRE(found.notes.size() == 1);
  CHECK(found.notes[0].find("assumed that the norm before 'blocks.3.ln2.hook_normalized' is an "
                            "RMSNorm") == 0);
  CHECK(load_input_norm(folded.string(), sae, {{}, Norm::rms}).notes.empty());
}

TEST_CASE("a post-norm is not taken for the norm before the MLP") {
  const Sae sae = sae_at("blocks.3.mlp.hook_in", "out");
  const StoredModel olmo2("olmo2", {{"model.layers.3.post_attention_layernorm.weight", {d}},
                                    {"model.layers.3.post_feedforward_layernorm.weight", {d}}});
  const auto found = load_input_norm(olmo2.string(), sae);
  CHECK(found.norm == Norm::unknown);  // its blocks read the stream itself
  CHECK(found.gain.empty());
  REQUIRE(found.notes.size() == 1);
  CHECK(found.notes[0].find("reads the residual stream itself") != std::string::npos);
}

TEST_CASE("gains that do not fit are refused") {
  const Sae sae = sae_at("blocks.3.mlp.hook_in", "out");
  const StoredModel wide("llama", {{"model.layers.3.post_attention_layernorm.weight", {d + 1}}});
  CHECK(error_of(wide.string(), [&] { load_input_norm(wide.string(), sae); }).kind ==
        ErrorKind::shape);
  const StoredModel other("llama", {{"model.layers.2.post_attention_layernorm.weight", {d}}});
  CHECK(error_of(other.string(), [&] { load_input_norm(other.string(), sae); }).kind ==
        ErrorKind::value);
  CHECK_THROWS_AS(load_input_norm(other.string(), sae, {"no_such_tensor", {}}), Error);
}
