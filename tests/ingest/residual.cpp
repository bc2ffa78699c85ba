#include "yoneda/ingest/residual.hpp"

#include <limits>

#include "ingest/model_folder.hpp"

using namespace yoneda;
using namespace yoneda::test;
using ingest::load_residual_map;
using ingest::residual_route;
using ingest::ResidualMap;
using ingest::ResidualNames;
using ingest::ResidualSite;

namespace {

constexpr Index d_z = 6, d_model = 4;

Origin sae_at(const std::string& hook_point) {
  Origin origin;
  origin.path = "some-sae";
  origin.hook_point = hook_point;
  return origin;
}

struct ModelFolder : StoredModel {
  using StoredModel::StoredModel;

  ResidualMap map(const std::string& hook_point, Index sae_d = d_z,
                  const ResidualNames& names = {}) const {
    return load_residual_map(string(), sae_at(hook_point), sae_d, d_model, names);
  }

  Error refusal(const std::string& hook_point, Index sae_d = d_z,
                const ResidualNames& names = {}) const {
    return error_of(string(), [&] { map(hook_point, sae_d, names); });
  }
};

// W_O(i, j) of a matrix that the file stores as [d_z, d_model] or as [d_model, d_z].
void check_matrix(const Matrix& W_O, Index rows, bool stored_transposed) {
  REQUIRE(W_O.rows() == rows);
  REQUIRE(W_O.cols() == d_model);
  for (Index i = 0; i < rows; ++i)
    for (Index j = 0; j < d_model; ++j)
      REQUIRE(W_O(i, j) == pattern(stored_transposed ? j * rows + i : i * d_model + j));
}

std::vector<float> gain(float offset = 0) {
  auto values = pattern_values(d_model);
  for (float& value : values) value += offset;
  return values;
}

std::string notes(const ResidualMap& map) {
  std::string all;
  for (const std::string& note : map.notes) all += note + "\n";
  return all;
}

}  // namespace

TEST_CASE("hook points say what lies between the SAE and the residual stream") {
  const auto is = [](const std::string& hook_point, ResidualSite site, std::optional<Index> layer) {
    CAPTURE(hook_point);
    CHECK(residual_route(hook_point) == ingest::ResidualRoute{site, layer});
  };
  const std::optional<Index> none;
  for (const char* hook :
       {"blocks.8.hook_resid_pre", "blocks.8.hook_resid_mid", "blocks.8.hook_resid_post",
        "blocks.8.hook_attn_out", "blocks.8.hook_mlp_out", "blocks.8.ln2_post.hook_out",
        "model.layers.8", "model.layers.8.output", "layers.8", "transformer.h.8",
        "model.layers.8.post_feedforward_layernorm.output",
        "model.layers.8.post_attention_layernorm", "resid_post_layer_8"})
    is(hook, ResidualSite::stream, 8);
  for (const char* hook : {"blocks.12.attn.hook_z", "blocks.12.attn.o.hook_in",
                           "model.layers.12.self_attn.o_proj.input", "h.12.attn.c_proj.input",
                           "gpt_neox.layers.12.attention.dense.input",
                           "transformer.h.12.attn.attention.out_proj.input",
                           "model.decoder.layers.12.self_attn.out_proj.input"})
    is(hook, ResidualSite::heads, 12);
  for (const char* hook :
       {"layers.5.self_attn", "layers.5.attention", "h.5.attn", "model.layers.5.self_attn.output",
        "model.layers.5.self_attn.o_proj.output", "blocks.5.attn.hook_out",
        "transformer.h.5.attn.c_proj", "attn_out_layer_5", "attn_out_layer5"})
    is(hook, ResidualSite::attention, 5);
  for (const char* hook : {"layers.0.mlp", "model.layers.0.mlp.output", "transformer.h.0.mlp",
                           "model.layers.0.mlp.down_proj", "mlp_out_layer0",
                           "model.layers.0.block_sparse_moe", "blocks.0.mlp.hook_out"})
    is(hook, ResidualSite::mlp, 0);
  for (const char* hook : {"blocks.3.mlp.hook_post", "model.layers.3.mlp.down_proj.input",
                           "h.3.mlp.c_proj.input", "model.decoder.layers.3.fc2.input"})
    is(hook, ResidualSite::neurons, 3);
  is("blocks.8.attn.hook_q", ResidualSite::unknown, 8);
  is("blocks.8.mlp.hook_pre", ResidualSite::unknown, 8);
  is("blocks.8.ln1.hook_normalized", ResidualSite::unknown, 8);
  is("mlp.hook_post", ResidualSite::neurons, none);
  is("", ResidualSite::unknown, none);
  is("nonsense", ResidualSite::unknown, none);
  is("blocks.99999999999999999999.attn.hook_z", ResidualSite::unknown, none);
  is("blocks.-1.attn.hook_z", ResidualSite::unknown, none);
  is("...", ResidualSite::unknown, none);
}

TEST_CASE("on the residual stream there is nothing to do, and no file is opened") {
  for (const char* hook : {"blocks.8.hook_resid_post", "blocks.8.hook_mlp_out", ""})
    CHECK(load_residual_map("nowhere", sae_at(hook), d_model, d_model).empty());
}

TEST_CASE("llama2.c: W_O, W_out and the norms before them, found by the layer") {
  const std::string path = fixture("llama2c/version0_tied.bin");
  const ResidualMap heads = load_residual_map(path, sae_at("blocks.1.attn.hook_z"), 8, 8, {});
  const ResidualMap neurons = load_residual_map(path, sae_at("blocks.1.mlp.hook_post"), 12, 8, {});
  for (Index j = 0; j < 8; ++j) {
    for (Index i = 0; i < 8; ++i) REQUIRE(heads.W_O(i, j) == pattern(15 + 64 + j * 8 + i));
    for (Index i = 0; i < 12; ++i) REQUIRE(neurons.W_O(i, j) == pattern(24 + 96 + j * 12 + i));
  }
  CHECK(heads.gain.empty());
  CHECK(heads.notes.size() == 1);
  CHECK(load_residual_map(path, sae_at("blocks.1.attn.hook_out"), 8, 8, {}).empty());
}

TEST_CASE("GGUF: W_O, W_out, and post-norms where the model has them") {
  for (const std::string name : {"llama", "gemma2"}) {
    const std::string path = fixture("gguf/" + name + ".gguf");
    const ResidualMap heads = load_residual_map(path, sae_at("blocks.1.attn.hook_z"), 6, 4, {});
    const ResidualMap neurons =
        load_residual_map(path, sae_at("blocks.1.mlp.hook_post"), 10, 4, {});
    for (Index j = 0; j < 4; ++j) {
      for (Index i = 0; i < 6; ++i) REQUIRE(heads.W_O(i, j) == pattern(60 + j * 6 + i));
      for (Index i = 0; i < 10; ++i) REQUIRE(neurons.W_O(i, j) == pattern(70 + j * 10 + i));
    }
    const bool post_norms = name == "gemma2";
    CHECK(heads.gain == (post_norms ? pattern_values(4, 100) : std::vector<float>()));
    CHECK(neurons.gain == (post_norms ? pattern_values(4, 110) : std::vector<float>()));
  }
}

TEST_CASE("W_O of every dialect, found by the layer") {
  const auto found = [](const char* type, const std::string& tensor, std::vector<Index> shape,
                        const char* hook_point, Index sae_d, bool stored_transposed) {
    CAPTURE(type);
    const ModelFolder folder(type, {{tensor, shape}});
    const ResidualMap map = folder.map(hook_point, sae_d);
    check_matrix(map.W_O, sae_d, stored_transposed);
    CHECK(map.gain.empty());
    REQUIRE(map.notes.size() == 1);
    CHECK(map.notes[0].find("'" + tensor + "'") != std::string::npos);
  };
  const std::string z = "blocks.2.attn.hook_z", post = "blocks.2.mlp.hook_post";
  found("llama", "model.layers.2.self_attn.o_proj.weight", {d_model, d_z}, z.c_str(), d_z, true);
  found("gpt_neox", "gpt_neox.layers.2.attention.dense.weight", {d_model, d_model}, z.c_str(),
        d_model, true);
  found("gpt_neox", "layers.2.attention.dense.weight", {d_model, d_model}, z.c_str(), d_model,
        true);
  found("gpt_neo", "transformer.h.2.attn.attention.out_proj.weight", {d_model, d_model}, z.c_str(),
        d_model, true);
  found("opt", "model.decoder.layers.2.self_attn.out_proj.weight", {d_model, d_model}, z.c_str(),
        d_model, true);
  found("phi", "model.layers.2.self_attn.dense.weight", {d_model, d_model}, z.c_str(), d_model,
        true);
  // Square in every GPT-2, where Conv1D stores what Linear would transpose; Qwen has its names.
  found("gpt2", "h.2.attn.c_proj.weight", {d_model, d_model}, z.c_str(), d_model, false);
  found("gpt2", "transformer.h.2.attn.c_proj.weight", {d_model, d_model}, z.c_str(), d_model,
        false);
  found("qwen", "transformer.h.2.attn.c_proj.weight", {d_model, d_model}, z.c_str(), d_model, true);
  found("llama", "model.layers.2.mlp.down_proj.weight", {d_model, d_z}, post.c_str(), d_z, true);
  found("gpt2", "h.2.mlp.c_proj.weight", {d_z, d_model}, post.c_str(), d_z, false);
  found("", "blocks.2.attn.W_O", {3, 2, d_model}, z.c_str(), d_z, false);
  found("", "blocks.2.attn.W_O", {2, 2, d_model}, z.c_str(), d_model, false);
}

TEST_CASE("a post-norm multiplies what comes before it, and only in models that have one") {
  const std::string W_O = "model.layers.1.self_attn.o_proj.weight";
  const std::string attention = "model.layers.1.post_attention_layernorm.weight";
  const std::string mlp = "model.layers.1.post_feedforward_layernorm.weight";
  const std::vector<Shaped> tensors{
      {W_O, {d_model, d_z}}, {attention, {d_model}}, {mlp, {d_model}}};
  const ModelFolder gemma("gemma2", tensors), olmo("olmo2", tensors), llama("llama", tensors);

  const ResidualMap z = gemma.map("blocks.1.attn.hook_z");
  check_matrix(z.W_O, d_z, true);
  CHECK(z.gain == gain(1));
  CHECK(notes(z) ==
        "decoder rows multiplied by W_O '" + W_O + "' and by 1 + '" + attention + "'\n");
  CHECK(olmo.map("blocks.1.attn.hook_z").gain == gain());
  CHECK(llama.map("blocks.1.attn.hook_z").gain.empty());

  for (const char* hook : {"layers.1.mlp", "model.layers.1.mlp.output"}) {
    const ResidualMap map = gemma.map(hook, d_model);
    CHECK(map.W_O.empty());
    CHECK(map.gain == gain(1));
    CHECK(notes(map) == "decoder rows multiplied by 1 + '" + mlp + "'\n");
    CHECK(llama.map(hook, d_model).empty());
    CHECK(notes(llama.map(hook, d_model)).empty());
  }
  CHECK(gemma.map("model.layers.1.self_attn.o_proj.output", d_model).gain == gain(1));
  for (const char* hook : {"blocks.1.hook_mlp_out", "blocks.1.hook_attn_out",
                           "model.layers.1.post_feedforward_layernorm.output"})
    CHECK(gemma.map(hook, d_model).empty());
}

TEST_CASE("TransformerLens stores a post-norm with the one added") {
  const ModelFolder with("", {{"blocks.0.attn.W_O", {3, 2, d_model}},
                              {"blocks.0.ln1_post.w", {d_model}},
                              {"blocks.0.ln2_post.w", {d_model}}});
  CHECK(with.map("blocks.0.attn.hook_z").gain == gain());
  CHECK(with.map("blocks.0.mlp.hook_out", d_model).gain == gain());
  const ModelFolder without("", {{"blocks.0.attn.W_O", {3, 2, d_model}}});
  CHECK(without.map("blocks.0.attn.hook_z").gain.empty());
}

TEST_CASE("names given by hand override the automatic ones") {
  const ModelFolder gemma("gemma2", {{"model.layers.1.self_attn.o_proj.weight", {d_model, d_z}},
                                     {"model.layers.1.post_attention_layernorm.weight", {d_model}},
                                     {"mine", {d_z, d_model}},
                                     {"gamma", {d_model}}});
  const ResidualMap map = gemma.map("blocks.1.attn.hook_z", d_z,
                                    {.output_projection = "mine", .post_norm_gain = "gamma"});
  check_matrix(map.W_O, d_z, false);
  CHECK(map.gain == gain(1));
  // An SAE that does not say where it was trained: the matrix says it.
  const ResidualMap told =
      gemma.map("", d_z, {.output_projection = "model.layers.1.self_attn.o_proj.weight"});
  check_matrix(told.W_O, d_z, true);
  CHECK(told.gain == gain(1));
  const ResidualMap open = gemma.map("", d_z, {.output_projection = "mine"});
  CHECK(open.gain.empty());
  CHECK(notes(open).find("assumed that no norm lies between") != std::string::npos);
  // Straight, and yet a gain by hand.
  CHECK(gemma.map("", d_model, {.post_norm_gain = "gamma"}).gain == gain(1));
}

TEST_CASE("a file of no known dialect: shapes decide, and what was assumed is said") {
  const ModelFolder file("", {{"proj", {d_model, d_z}},
                              {"layers.0.self_attn.o_proj.weight", {d_model, d_model}},
                              {"square", {d_model, d_model}},
                              {"layers.0.attn.c_proj.weight", {d_model, d_model}}});
  const ResidualMap map = file.map("blocks.0.attn.hook_z", d_z, {.output_projection = "proj"});
  check_matrix(map.W_O, d_z, true);
  CHECK(notes(map).find("assumed that no norm lies between 'blocks.0.attn.hook_z'") !=
        std::string::npos);
  const auto square = [&file](const std::string& name) {
    return file.map("blocks.0.attn.hook_z", d_model, {.output_projection = name}).W_O;
  };
  check_matrix(square("layers.0.self_attn.o_proj.weight"), d_model, true);
  for (const char* name : {"square", "layers.0.attn.c_proj.weight"}) {
    const Error error = file.refusal("blocks.0.attn.hook_z", d_model, {.output_projection = name});
    CHECK(error.kind == ErrorKind::shape);
    mentions(error, "its shape never says which axis is the SAE's dimensions");
    mentions(error, "'blocks.0.attn.W_O'");
  }
}

TEST_CASE("what is missing is named, with the flag that would name it") {
  const ModelFolder llama("llama", {{"model.layers.0.self_attn.o_proj.weight", {d_model, d_z}}});
  const Error missing = llama.refusal("blocks.7.attn.hook_z");
  CHECK(missing.kind == ErrorKind::value);
  mentions(missing,
           "the SAE is on 'blocks.7.attn.hook_z', and there is no tensor "
           "'model.layers.7.self_attn.o_proj.weight': name W_O with --output-projection");
  mentions(llama.refusal("attn.hook_z"), "names no layer");
  mentions(llama.refusal("blocks.0.attn.hook_z", d_z, {.output_projection = "W"}),
           "no tensor 'W'; there is");
  mentions(llama.refusal("blocks.0.attn.hook_z", d_z, {.post_norm_gain = "g"}), "no tensor 'g'");

  const ModelFolder gemma("gemma3_text",
                          {{"model.layers.0.self_attn.o_proj.weight", {d_model, d_z}}});
  mentions(gemma.refusal("blocks.0.attn.hook_z"),
           "no tensor 'model.layers.0.post_attention_layernorm.weight': name its gain with "
           "--post-norm-gain");
  mentions(gemma.refusal("mlp_out", d_model), "names no layer");

  const ModelFolder experts("mixtral",
                            {{"model.layers.0.self_attn.o_proj.weight", {d_model, d_z}}});
  mentions(experts.refusal("blocks.0.mlp.hook_post"),
           "of model_type 'mixtral' no one matrix is known to lead from there");
  const ModelFolder unknown("perceptron", {{"w", {d_model, d_z}}});
  mentions(unknown.refusal("blocks.0.attn.hook_z"), "no tensor 'blocks.0.attn.W_O'");
}

TEST_CASE("dimensions that do not fit are refused") {
  const ModelFolder llama("llama", {{"model.layers.0.self_attn.o_proj.weight", {d_model, d_z}},
                                    {"short", {d_model - 1}},
                                    {"vector", {d_z}},
                                    {"empty", {0, 0, 0}}});
  const Error neither = llama.refusal("blocks.0.attn.hook_z", d_z + 1);
  CHECK(neither.kind == ErrorKind::shape);
  mentions(neither,
           "is 4 x 6, which does not fit the SAE's dimensions = 7 (from the SAE) and "
           "d_model = 4 (from the unembedding)");
  mentions(llama.refusal("blocks.0.attn.hook_z", d_z, {.post_norm_gain = "short"}),
           "'short' is 3, expected 4 numbers (d_model)");
  for (const char* name : {"vector", "empty"})
    CHECK(llama.refusal("", d_z, {.output_projection = name}).kind == ErrorKind::shape);
  const Error strangers = error_of("some-sae", [&] { llama.map("blocks.0.hook_resid_post"); });
  CHECK(strangers.kind == ErrorKind::shape);
  mentions(strangers,
           "they are not of one model, or a matrix leads from the one to the other "
           "(--output-projection names it)");
}

TEST_CASE("numbers that are none are refused") {
  const Folder folder;
  std::vector<float> broken(d_z * d_model, 1.0f), gamma(d_model, 1.0f);
  broken[7] = gamma[1] = std::numeric_limits<float>::quiet_NaN();
  const Matrix W = Matrix::from(broken, d_z, d_model);
  const std::string path = folder / "model.safetensors";
  io::write_safetensors(path,
                        std::vector{io::output("blocks.0.attn.W_O", W), io::output("g", gamma)});
  for (const ResidualNames& names : {ResidualNames{}, ResidualNames{.post_norm_gain = "g"}}) {
    const std::string hook = names.post_norm_gain.empty() ? "blocks.0.attn.hook_z" : "";
    const Index sae_d = names.post_norm_gain.empty() ? d_z : d_model;
    mentions(error_of(path, [&] { load_residual_map(path, sae_at(hook), sae_d, d_model, names); }),
             "holds a NaN");
  }
}
