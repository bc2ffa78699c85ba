// Every dialect's fixture against the one logical SAE that all of them store
// (tests/data/README.md).
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "ingest/noted.hpp"
#include "io/support.hpp"
#include "yoneda/ingest/sae.hpp"
#include "yoneda/sae/encode.hpp"

using namespace yoneda;
using namespace yoneda::test;
using ingest::load_sae;
using ingest::outline_sae;
using ingest::SaeNames;

namespace {

constexpr const char* none = "";

struct Expected {
  const char* path;
  const char* dialect;
  Index n = 6, d = 4;
  Activation activation = Activation::relu;
  bool centred = true;
  const char* hook = none;
  const char* out = none;
  Index layer = -1;
  const char* model = none;
};

// W_enc as the fixtures' script makes it, [d, n], turned to [n, d].
std::vector<float> encoder_values(Index n, Index d) {
  return to_vector(transposed(Matrix::from(pattern_values(n * d, 5), d, n)));
}

std::vector<float> thresholds(Index n) {
  std::vector<float> values = pattern_values(n, 3);
  for (float& value : values) value = std::abs(value);
  return values;
}

void check_origin(const Sae& sae, const Expected& expected) {
  CHECK(sae.origin.dialect == expected.dialect);
  CHECK(sae.activation == expected.activation);
  CHECK(sae.subtract_b_dec == expected.centred);
  CHECK(sae.origin.hook_point == expected.hook);
  CHECK(sae.origin.hook_point_out == expected.out);
  CHECK(sae.transcoder == !sae.origin.hook_point_out.empty());
  CHECK(sae.origin.layer == expected.layer);
  CHECK(sae.origin.model == expected.model);
  CHECK_FALSE(sae.origin.files.empty());
}

// Loads it whole, and its outline, which must say the same without the weights.
Sae check_sae(const Expected& expected, const SaeNames& names = {}) {
  const std::string path = fixture("sae/" + std::string(expected.path));
  CAPTURE(path);
  const Sae sae = load_sae(path, names);
  REQUIRE(sae.n() == expected.n);
  REQUIRE(sae.d() == expected.d);
  CHECK(to_vector(sae.W_dec) == pattern_values(expected.n * expected.d));
  CHECK(to_vector(sae.W_enc) == encoder_values(expected.n, expected.d));
  if (!sae.b_enc.empty()) CHECK(sae.b_enc == pattern_values(expected.n, 7));
  CHECK(sae.b_dec == pattern_values(expected.d, 11));
  check_origin(sae, expected);
  const auto outline = outline_sae(path, names);
  check_origin(outline.sae, expected);
  CHECK(outline.n == expected.n);
  CHECK(outline.d == expected.d);
  CHECK(outline.d_in == sae.d_in());
  CHECK(outline.skip == !sae.W_skip.empty());
  return sae;
}

Error refusal(const std::string& name, const SaeNames& names = {}) {
  const std::string path = fixture("sae/" + name);
  return error_of(path, [&] { load_sae(path, names); });
}

constexpr auto jump = Activation::jumprelu, topk = Activation::topk, relu = Activation::relu;

Expected saelens6(const char* path, Activation activation = relu) {
  return {path, "SAELens", 6, 4, activation, true, "blocks.5.hook_resid_post", none, 5, "gpt2"};
}

Expected saelens5(const char* path, Activation activation = relu) {
  return {path, "SAELens", 6,           4, activation, true, "blocks.8.hook_resid_pre",
          none, 8,         "gpt2-small"};
}

}  // namespace

TEST_CASE("SAELens from version 6 on") {
  check_sae(saelens6("saelens/6_standard"));
  Expected expected = saelens6("saelens/6_uncentred");
  expected.centred = false;
  check_sae(expected);
  CHECK(check_sae(saelens6("saelens/6_topk", topk)).k == 3);
  CHECK(check_sae(saelens6("saelens/6_jumprelu", jump)).threshold == thresholds(6));
  for (const char* path : {"saelens/6_batchtopk", "saelens/6_matryoshka"})
    CHECK(check_sae(saelens6(path, jump)).threshold == std::vector<float>(6, 0.75f));
  CHECK(check_sae(saelens6("saelens/6_bfloat16")).W_dec.dtype() == Dtype::bf16);
  Expected square = saelens6("saelens/6_square");
  square.n = 4;
  check_sae(square);
}

TEST_CASE("checkpoints of a SAELens training keep their own names") {
  const Sae sae = check_sae(saelens6("saelens/6_training_jumprelu", jump));
  const auto expected = thresholds(6);
  for (Index f = 0; f < 6; ++f) CHECK(sae.threshold[f] == doctest::Approx(expected[f]));
  CHECK(check_sae(saelens6("saelens/6_training_batchtopk", jump)).threshold ==
        std::vector<float>(6, 0.75f));
}

TEST_CASE("SAELens normalises inputs in four ways") {
  CHECK(check_sae(saelens6("saelens/6_standard")).input_norm == InputNorm::none);
  CHECK(check_sae(saelens6("saelens/6_layer_norm")).input_norm == InputNorm::layer_norm);
  CHECK(check_sae(saelens6("saelens/6_constant_norm")).input_norm == InputNorm::unit_norm);
  for (const char* path : {"saelens/6_expected_average"}) {
    const Sae sae = check_sae(saelens6(path));
    CHECK(sae.input_norm == InputNorm::scale);
    CHECK(noted(sae.origin, "whose factor the file does not tell"));
    CHECK_THROWS_WITH(encode(sae, Matrix::from(std::vector<float>(4), 1, 4)),
                      doctest::Contains("scaled by one number"));
  }
  CHECK(load_sae(fixture("sae/saelens/2_normalize_true")).input_norm == InputNorm::scale);
  CHECK(load_sae(fixture("sae/saelens/2_normalize_false")).input_norm == InputNorm::none);
}

TEST_CASE("a rescaled topk is the same SAE with its norms moved to the encoder") {
  const Sae sae = load_sae(fixture("sae/saelens/6_topk_rescaled"));
  CHECK(sae.unit_norm_rows);
  for (Index f = 0; f < 6; ++f) {
    double norm = 0;
    for (Index j = 0; j < 4; ++j) norm += std::pow(double(pattern(f * 4 + j)), 2);
    norm = std::sqrt(norm);
    for (Index j = 0; j < 4; ++j) {
      CHECK(sae.W_dec(f, j) == doctest::Approx(pattern(f * 4 + j) / norm));
      CHECK(sae.W_enc(f, j) == doctest::Approx(encoder_values(6, 4)[f * 4 + j] * norm));
    }
    CHECK(sae.b_enc[f] == doctest::Approx(pattern(7 + f) * norm));
  }
}

TEST_CASE("transcoders of SAELens write to another space than they read") {
  for (const auto& [path, activation, skips] :
       {std::tuple{"saelens/6_transcoder", relu, false},
        std::tuple{"saelens/6_skip_transcoder", relu, true},
        std::tuple{"saelens/6_jumprelu_transcoder", jump, false},
        std::tuple{"saelens/6_jumprelu_skip_transcoder", jump, true}}) {
    CAPTURE(path);
    const Sae sae = load_sae(fixture("sae/" + std::string(path)));
    CHECK(sae.transcoder);
    CHECK(sae.activation == activation);
    CHECK_FALSE(sae.subtract_b_dec);
    CHECK(sae.d() == 5);
    CHECK(sae.d_in() == 4);
    CHECK(to_vector(sae.W_dec) == pattern_values(30));
    CHECK(to_vector(sae.W_enc) == encoder_values(6, 4));
    CHECK(sae.b_dec == pattern_values(5, 11));
    CHECK(sae.origin.hook_point == "blocks.5.ln2.hook_normalized");
    CHECK(sae.origin.hook_point_out == "blocks.5.hook_mlp_out");
    CHECK(sae.W_skip.empty() == !skips);
    if (skips) CHECK(to_vector(sae.W_skip) == pattern_values(20, 17));
    CHECK(encode(sae, Matrix::from(pattern_values(8), 2, 4)).rows() == 2);
  }
  const Sae square = load_sae(fixture("sae/saelens/6_square_skip_transcoder"));
  CHECK(to_vector(square.W_dec) == pattern_values(16));
  CHECK(to_vector(square.W_skip) == pattern_values(16, 17));
}

TEST_CASE("SAELens before version 6") {
  check_sae(saelens5("saelens/5_standard"));
  for (const char* path : {"saelens/5_topk", "saelens/5_topk_architecture"})
    CHECK(check_sae(saelens5(path, topk)).k == 3);
  Expected uncentred = saelens5("saelens/5_jumprelu", jump);
  uncentred.centred = false;
  CHECK(check_sae(uncentred).threshold == thresholds(6));
  const Sae odd = check_sae(saelens5("saelens/5_tanh_relu", Activation::unknown));
  CHECK(noted(odd.origin, "'tanh-relu' is not known"));
  const Sae normed = check_sae(saelens5("saelens/5_layer_norm", topk));
  CHECK(normed.input_norm == InputNorm::layer_norm);
  for (const char* path : {"saelens/1_runner", "saelens/2_normalize_false"})
    check_sae(saelens5(path));
}

TEST_CASE("SAELens' fine-tuning factors belong to the decoder") {
  check_sae(saelens5("saelens/5_scaling_ones"));
  for (const char* path : {"saelens/5_scaling_factor", "saelens/5_scaling_renamed"}) {
    const Sae sae = load_sae(fixture("sae/" + std::string(path)));
    for (Index f = 0; f < 6; ++f)
      for (Index j = 0; j < 4; ++j) CHECK(sae.W_dec(f, j) == pattern(f * 4 + j) * pattern(31 + f));
    CHECK(to_vector(sae.W_enc) == encoder_values(6, 4));
    CHECK(noted(sae.origin, "decoder rows multiplied by"));
  }
  const Error error = refusal("saelens/5_scaling_contradiction");
  CHECK(error.kind == ErrorKind::format);
  mentions(error, "'finetuning_scaling_factor' is false, but 'scaling_factor' is not all ones");
  CHECK(load_sae(fixture("sae/saelens/5_scaling_contradiction"), {.decoder = "W_dec"}).n() == 6);
}

TEST_CASE("an architecture without an encoder gives its decoder") {
  const Sae sae = load_sae(fixture("sae/saelens/6_matching_pursuit"));
  CHECK(to_vector(sae.W_dec) == pattern_values(24));
  CHECK(sae.W_enc.empty());
  CHECK(sae.activation == Activation::unknown);
  CHECK(noted(sae.origin, "'matching_pursuit' is not known"));
}

TEST_CASE("SAEs of heads' outputs keep their width and their hook point") {
  for (const char* path : {"saelens/6_hook_z", "saelens/5_hook_z", "hook_z",
                           "hook_z/gpt2-small_L5_Hcat_z_lr1.20e-03_l11.80e+00_ds6_v9_cfg.json"}) {
    CAPTURE(path);
    const Sae sae = load_sae(fixture("sae/" + std::string(path)));
    CHECK(sae.d() == 8);
    CHECK(to_vector(sae.W_dec) == pattern_values(48));
    CHECK(to_vector(sae.W_enc) == encoder_values(6, 8));
    CHECK(sae.origin.hook_point.ends_with(".attn.hook_z"));
  }
  const Sae sae = load_sae(fixture("sae/hook_z"));
  CHECK(sae.origin.dialect == "attention-output SAE");
  CHECK(sae.origin.layer == 5);
  CHECK(sae.origin.model == "gpt2-small");
  CHECK(sae.subtract_b_dec);
}

// What a gated SAE computes, by its own definition, in double.
void check_gates(const Sae& sae, const std::vector<float>& x) {
  const auto W = encoder_values(6, 4);
  const auto b_dec = pattern_values(4, 11);
  std::vector<Id> firing;
  std::vector<double> values;
  for (Id f = 0; f < 6; ++f) {
    double u = 0;
    for (Index j = 0; j < 4; ++j) u += double(W[f * 4 + j]) * double(x[j] - b_dec[j]);
    const double magnitude = std::exp(double(pattern(25 + f)) / 16) * u + double(pattern(23 + f));
    if (u + double(pattern(21 + f)) > 0 && magnitude > 0) {
      firing.push_back(f);
      values.push_back(magnitude);
    }
  }
  const Codes codes = encode(sae, Matrix::from(x, 1, 4));
  REQUIRE(codes.features == firing);
  for (std::size_t i = 0; i < values.size(); ++i)
    CHECK(codes.values[i] == doctest::Approx(values[i]).epsilon(1e-5));
}

TEST_CASE("a gated encoder becomes the JumpReLU it equals") {
  for (const char* path :
       {"saelens/6_gated", "saelens/5_gated", "dictionary_learning/gated/trainer_0"}) {
    CAPTURE(path);
    const Sae sae = load_sae(fixture("sae/" + std::string(path)));
    CHECK(sae.activation == jump);
    CHECK(to_vector(sae.W_dec) == pattern_values(24));
    CHECK(noted(sae.origin, "gated"));
    CHECK(outline_sae(fixture("sae/" + std::string(path))).sae.activation == jump);
    for (Index row = 0; row < 40; ++row) check_gates(sae, pattern_values(4, row * 9));
  }
}

TEST_CASE("sparsify") {
  const Expected base{
      "sparsify/run/layers.5.mlp", "sparsify", 6, 4, topk, true, "layers.5.mlp", none, 5,
      "EleutherAI/pythia-70m"};
  CHECK(check_sae(base).k == 3);
  Expected expected = base;
  expected.path = "sparsify/run/layers.5";
  expected.hook = "layers.5";
  expected.n = 8;
  check_sae(expected);
  expected.path = "sparsify/run/embed_tokens";
  expected.hook = "embed_tokens";
  expected.layer = -1;
  check_sae(expected);
  expected = base;
  expected.path = "sparsify/seeds/layers.5/seed2";
  expected.hook = "layers.5";
  check_sae(expected);
  expected.path = "sparsify/square/layers.5";
  expected.n = 4;
  expected.model = none;
  CHECK(check_sae(expected).k == 2);
  expected.n = 6;
  for (const char* path : {"sparsify/mixed_dtype/layers.5", "sparsify/decoder_weight/layers.5"}) {
    expected.path = path;
    check_sae(expected);
  }
  CHECK(load_sae(fixture("sae/sparsify/mixed_dtype/layers.5")).W_enc.dtype() == Dtype::bf16);
}

TEST_CASE("transcoders of sparsify, whether or not their own configuration says so") {
  for (const char* path :
       {"sparsify/transcoder/layers.5.mlp", "sparsify/early_transcoder/layers.5.mlp"}) {
    const Sae sae = check_sae({path, "sparsify", 6, 4, topk, false, "layers.5.mlp", "layers.5.mlp",
                               5, "EleutherAI/pythia-70m"});
    CHECK(to_vector(sae.W_skip) == pattern_values(16, 17));
  }
}

TEST_CASE("signed SAEs are read with a warning, and do not encode") {
  const Sae sae = load_sae(fixture("sae/sparsify/signed/layers.3"));
  CHECK(sae.signed_codes);
  CHECK(noted(sae.origin, "signed"));
  CHECK_THROWS_WITH(encode(sae, Matrix::from(std::vector<float>(4), 1, 4)),
                    doctest::Contains("signed"));
}

TEST_CASE("groupmax keeps one feature of each group") {
  const Sae sae = load_sae(fixture("sae/sparsify/groupmax/layers.5"));
  CHECK(sae.activation == Activation::groupmax);
  Sae dense = sae;
  dense.activation = relu;
  for (Index row = 0; row < 20; ++row) {
    const Matrix x = Matrix::from(pattern_values(4, row * 7), 1, 4);
    const Codes all = encode(dense, x);
    std::vector<float> best(3, 0);
    for (std::size_t i = 0; i < all.features.size(); ++i)
      best[all.features[i] / 2] = std::max(best[all.features[i] / 2], all.values[i]);
    std::erase(best, 0.0f);
    CHECK(encode(sae, x).values == best);
  }
}

TEST_CASE("Gemma Scope says what it is in its folders' names") {
  const Expected base{"gemma-scope-2b-pt-res/layer_20/width_16k/average_l0_71",
                      "Gemma Scope",
                      6,
                      4,
                      jump,
                      false,
                      "blocks.20.hook_resid_post",
                      none,
                      20,
                      "gemma-2-2b"};
  CHECK(check_sae(base).threshold == thresholds(6));
  Expected expected = base;
  expected.path = "gemma-scope-2b-pt-res/layer_20/width_16k/average_l0_71/params.npz";
  check_sae(expected);
  expected.path = "gemma-scope-2b-pt-res/layer_0/width_16k/average_l0_105";
  expected.hook = "blocks.0.hook_resid_post";
  expected.layer = 0;
  expected.n = 4;
  check_sae(expected);
  expected = base;
  expected.path = "gemma-scope-2b-pt-mlp/layer_3/width_16k/average_l0_71";
  expected.hook = "blocks.3.hook_mlp_out";
  expected.layer = 3;
  check_sae(expected);
  expected.path = "gemma-scope-2b-pt-transcoders/layer_6/width_16k/average_l0_95";
  expected.hook = "blocks.6.ln2.hook_normalized";
  expected.out = "blocks.6.hook_mlp_out";
  expected.layer = 6;
  check_sae(expected);
  expected = base;
  expected.path = "gemma-scope-9b-it-res/layer_9/width_16k/average_l0_88";
  expected.hook = "blocks.9.hook_resid_post";
  expected.layer = 9;
  expected.model = "gemma-2-9b-it";
  check_sae(expected);
  expected = base;
  expected.path = "gemma-scope-2b-pt-att/layer_20/width_16k/average_l0_71";
  expected.hook = "blocks.20.attn.hook_z";
  expected.d = 8;
  check_sae(expected);
}

TEST_CASE("an SAE of Gemma's embeddings works on them as they are multiplied") {
  const Sae sae = load_sae(fixture("sae/gemma-scope-2b-pt-res/embedding/width_4k/average_l0_6"));
  CHECK(sae.origin.hook_point == "hook_embed");
  for (Index f = 0; f < 6; ++f)
    for (Index j = 0; j < 4; ++j) {
      CHECK(sae.W_dec(f, j) == 2 * pattern(f * 4 + j));
      CHECK(sae.W_enc(f, j) == encoder_values(6, 4)[f * 4 + j] / 2);
    }
  CHECK(sae.b_enc == pattern_values(6, 7));
}

TEST_CASE("Gemma Scope 2") {
  const std::string hook = "model.layers.17.output";
  Expected expected{"gemma-scope-2-4b-pt/resid_post/layer_17_width_16k_l0_small",
                    "Gemma Scope 2",
                    6,
                    4,
                    jump,
                    false,
                    hook.c_str(),
                    none,
                    17,
                    "google/gemma-3-4b-pt"};
  CHECK(check_sae(expected).threshold == thresholds(6));
  expected.path = "gemma-scope-2-4b-pt/resid_post_all/layer_17_width_16k_l0_small";
  expected.n = 4;
  check_sae(expected);
  expected.n = 6;
  expected.path = "gemma-scope-2-4b-pt/mlp_out/layer_17_width_16k_l0_small";
  expected.hook = "model.layers.17.post_feedforward_layernorm.output";
  check_sae(expected);
  expected.out = expected.hook;
  expected.hook = "model.layers.17.pre_feedforward_layernorm.output";
  expected.path = "gemma-scope-2-4b-pt/transcoder/layer_17_width_16k_l0_small";
  check_sae(expected);
  expected.path = "gemma-scope-2-4b-pt/transcoder/layer_17_width_16k_l0_small_affine";
  CHECK(to_vector(check_sae(expected).W_skip) == pattern_values(16, 17));
  expected.path = "gemma-scope-2-4b-pt/attn_out/layer_17_width_16k_l0_small";
  expected.hook = "model.layers.17.self_attn.o_proj.input";
  expected.out = none;
  expected.d = 8;
  check_sae(expected);
}

TEST_CASE("decoders of Gemma Scope 2 to several layers are chosen one at a time") {
  const std::string clt = "gemma-scope-2-4b-pt/clt/width_262k_l0_big_affine";
  mentions(refusal(clt), "holds one SAE a layer, 3 of them from 0 to 2: choose one (--layer)");
  mentions(refusal(clt + "/params_layer_1.safetensors"),
           "writes to the layers 0, 1, 2: choose one (--target-layer)");
  mentions(refusal(clt, {.layer = 1, .target_layer = 3}), "not to 3");
  mentions(refusal(clt, {.layer = 5}), "has no layer 5, only 0, 1, 2");
  const Sae sae = load_sae(fixture("sae/" + clt), {.layer = 1, .target_layer = 2});
  CHECK(sae.n() == 2);
  CHECK(sae.d() == 4);
  for (Index f = 0; f < 2; ++f)
    for (Index j = 0; j < 4; ++j) CHECK(sae.W_dec(f, j) == pattern(((2 + f) * 3 + 2) * 4 + j));
  CHECK(sae.origin.layer == 1);
  CHECK(sae.origin.hook_point == "model.layers.1.pre_feedforward_layernorm.output");
  CHECK(sae.origin.hook_point_out == "model.layers.2.post_feedforward_layernorm.output");
  CHECK(sae.W_skip.empty());
  const Sae own = load_sae(fixture("sae/" + clt), {.layer = 1, .target_layer = 1});
  CHECK(to_vector(own.W_skip) == pattern_values(16, 33));
  CHECK(own.b_dec == pattern_values(4, 15));

  const std::string cross = "gemma-scope-2-4b-pt/crosscoder/layer_5_9_12_width_1m_l0_big";
  mentions(refusal(cross, {.layer = 0, .target_layer = 1}), "writes to the layers 5, 9, 12, not");
  const Sae to_nine = load_sae(fixture("sae/" + cross), {.layer = 0, .target_layer = 9});
  CHECK(to_nine.W_dec(1, 2) == pattern((1 * 3 + 1) * 4 + 2));
  CHECK(to_nine.origin.layer == 5);
}

TEST_CASE("Llama Scope scales its inputs and compares with the decoder's norms") {
  const std::string folder = "llama-scope/Llama3_1-8B-Base-L24R-2x";
  for (const std::string& path : {folder, folder + "/hyperparams.json", folder + "/checkpoints",
                                  folder + "/checkpoints/final.safetensors"}) {
    const Sae sae = check_sae(
        {path.c_str(), "Llama Scope", 8, 4, jump, false, "blocks.24.hook_resid_post", none, 24});
    CHECK(sae.W_dec.dtype() == Dtype::bf16);
    CHECK(sae.input_norm == InputNorm::scale);
    CHECK(sae.input_scale == 0.5f);
    CHECK(sae.output_scale == 0.5f);
    for (Index f = 0; f < 8; ++f) {
      double norm = 0;
      for (Index j = 0; j < 4; ++j) norm += std::pow(double(pattern(f * 4 + j)), 2);
      CHECK(sae.threshold[f] == doctest::Approx(0.75 / std::sqrt(norm)));
    }
  }
  const Sae sae = check_sae({"llama-scope/Llama3_1-8B-Base-L8TC-2x", "Llama Scope", 8, 4, jump,
                             false, "blocks.8.ln2.hook_normalized", "blocks.8.hook_mlp_out", 8});
  CHECK(sae.output_scale == 0.25f);
}

TEST_CASE("Llama Scope R1 and what came later have thresholds of their own") {
  const auto check = [](const Sae& sae) {
    CHECK(sae.input_scale == 0.5f);
    const auto expected = thresholds(8);
    for (Index f = 0; f < 8; ++f) {
      double norm = 0;
      for (Index j = 0; j < 4; ++j) norm += std::pow(double(pattern(f * 4 + j)), 2);
      CHECK(sae.threshold[f] == doctest::Approx(expected[f] / std::sqrt(norm)));
    }
  };
  check(check_sae({"llama-scope-r1-distill/400M-Slimpajama-400M-OpenR1-Math-220k/L15R",
                   "Llama Scope R1", 8, 4, jump, false, "blocks.15.hook_resid_post", none, 15}));
  check(check_sae({"lm-saes/L14R", "Llama Scope R1", 8, 4, jump, false, "blocks.14.hook_resid_post",
                   none, 14}));
}

TEST_CASE("transcoders of circuit-tracer, with their decoders either way round") {
  const std::string folder = "circuit-tracer/";
  const auto check = [&folder](const char* name, const char* into, const char* out, Index layer,
                               const char* model, Activation activation = relu, Index n = 6) {
    const std::string path = folder + name;
    return check_sae({path.c_str(), "circuit-tracer transcoder", n, 4, activation, false, into, out,
                      layer, model});
  };
  check("qwen3-4b-transcoders/layer_1.safetensors", "blocks.1.mlp.hook_in", "blocks.1.mlp.hook_out",
        1, "Qwen/Qwen3-4B");
  check("llama-relu/layer_0.safetensors", "blocks.0.hook_resid_mid", "blocks.0.hook_mlp_out", 0,
        "meta-llama/Llama-3.2-1B");
  const Sae skip = check("transcoder-Llama-3.2-1B", "blocks.0.hook_resid_mid",
                         "blocks.0.hook_mlp_out", 0, "meta-llama/Llama-3.2-1B");
  CHECK(to_vector(skip.W_skip) == pattern_values(16, 17));
  CHECK(check("jumprelu", "blocks.0.ln2.hook_normalized", "blocks.0.hook_mlp_out", 0,
              "google/gemma-2-2b", jump)
            .threshold == thresholds(6));
  const Sae nameless = load_sae(fixture("sae/circuit-tracer/qwen3-14b-transcoders"));
  CHECK(to_vector(nameless.W_dec) == pattern_values(24));
  CHECK(nameless.transcoder);
  mentions(refusal("circuit-tracer/qwen3-4b-transcoders"), "choose one (--layer)");
  mentions(refusal("circuit-tracer/square"), "its shape never says which axis is features");
  CHECK(load_sae(fixture("sae/circuit-tracer/square"), {.features = ingest::FeatureAxis::rows})
            .W_dec(1, 0) == pattern(4));
  mentions(refusal("circuit-tracer/gemma-scope-transcoders"), "weights that are elsewhere");
}

TEST_CASE("a cross-layer transcoder's decoder starts at its own layer") {
  for (const char* name : {"clt", "clt_skip_jumprelu"}) {
    const std::string folder = "circuit-tracer/" + std::string(name);
    CAPTURE(folder);
    for (Index layer = 0; layer < 3; ++layer)
      for (Index target = layer; target < 3; ++target) {
        const Sae sae =
            load_sae(fixture("sae/" + folder), {.layer = layer, .target_layer = target});
        CHECK(sae.origin.dialect == "circuit-tracer CLT");
        CHECK(sae.n() == 6);
        CHECK(to_vector(sae.W_enc) == encoder_values(6, 4));
        for (Index f = 0; f < 6; ++f)
          for (Index j = 0; j < 4; ++j) CHECK(sae.W_dec(f, j) == pattern((f * 3 + target) * 4 + j));
        CHECK(sae.origin.hook_point == "blocks." + std::to_string(layer) + ".hook_resid_mid");
        CHECK(sae.origin.hook_point_out == "blocks." + std::to_string(target) + ".hook_mlp_out");
        CHECK(sae.b_dec.empty() == (target != layer));
        const bool skips = std::string(name) != "clt" && target == layer;
        CHECK(sae.W_skip.empty() == !skips);
        if (skips) CHECK(to_vector(sae.W_skip) == pattern_values(16, 17));
      }
    mentions(refusal(folder + "/W_dec_1.safetensors"), "writes to the layers 1, 2");
    mentions(refusal(folder, {.layer = 2, .target_layer = 1}), "writes to the layers 2, not to 1");
  }
}

TEST_CASE("of a temporal SAE the decoder is read") {
  for (const char* path : {"temporal/layer_12/temporal", "temporal/layer_13/temporal"}) {
    const Sae sae = load_sae(fixture("sae/" + std::string(path)));
    CHECK(sae.origin.dialect == "temporal SAE");
    CHECK(to_vector(sae.W_dec) == pattern_values(32));
    CHECK(sae.b_dec == pattern_values(4, 11));
    CHECK(sae.origin.model == "google/gemma-2-2b");
    CHECK(sae.W_enc.empty());
    CHECK(noted(sae.origin, "earlier tokens"));
  }
}

TEST_CASE("dictionary_learning, whose classes store matrices differently") {
  const auto check = [](const std::string& name, Activation activation, bool centred) {
    const std::string path = "dictionary_learning/" + name;
    return check_sae({path.c_str(), "dictionary_learning", 6, 4, activation, centred,
                      "blocks.3.hook_resid_post", none, 3, "EleutherAI/pythia-70m-deduped"});
  };
  check("autoencoder/trainer_0", relu, true);
  check("autoencoder/trainer_0/checkpoints/ae_100.pt", relu, true);
  check("autoencoder/trainer_0/ae.pt", relu, true);
  check("autoencoder_new/trainer_0", relu, false);
  check("compiled/trainer_0", relu, true);
  CHECK(check("jumprelu/trainer_0", jump, false).threshold == thresholds(6));
  for (const char* name : {"topk/trainer_0", "topk_unset/trainer_0", "topk_2024"})
    CHECK(check(name, topk, true).k == 3);
  for (const char* name : {"batchtopk/trainer_0", "matryoshka/trainer_0"})
    CHECK(check(name, jump, true).threshold == std::vector<float>(6, 0.75f));
  CHECK(noted(check("batchtopk_unset/trainer_0", relu, true).origin, "never set"));
}

TEST_CASE("the class decides where dictionary_learning is as wide as deep") {
  for (const char* name :
       {"square_linear/trainer_0", "square_parameters/trainer_0", "square_unlabelled"}) {
    const Sae sae = load_sae(fixture("sae/dictionary_learning/" + std::string(name)));
    CHECK(to_vector(sae.W_dec) == pattern_values(16));
    CHECK(to_vector(sae.W_enc) == encoder_values(4, 4));
  }
}

TEST_CASE("a training's backup under the final name is what it is") {
  const Sae sae = load_sae(fixture("sae/dictionary_learning/backup/trainer_0"));
  CHECK(to_vector(sae.W_dec) == pattern_values(24));
  CHECK(noted(sae.origin, "a training backup, made at step 1000"));
  CHECK(sae.input_norm == InputNorm::scale);
  CHECK(sae.input_scale == doctest::Approx(1 / 12.5));
}

TEST_CASE("whole pickled modules are read by their state") {
  for (const auto& [name, architecture, activation] :
       {std::tuple{"autoencoder", "AutoEncoder", relu}, std::tuple{"topk", "AutoEncoderTopK", topk},
        std::tuple{"jumprelu", "JumpReluAutoEncoder", jump}}) {
    const Sae sae = load_sae(fixture("sae/dictionary_learning/whole/" + std::string(name) + ".pt"));
    CHECK(sae.origin.architecture == architecture);
    CHECK(sae.activation == activation);
    CHECK(to_vector(sae.W_dec) == pattern_values(24));
    CHECK(to_vector(sae.W_enc) == encoder_values(6, 4));
    CHECK(noted(sae.origin, "no config.json"));
  }
}

TEST_CASE("a crosscoder gives the decoder to one of its layers") {
  const std::string path = "dictionary_learning/crosscoder/trainer_0";
  mentions(refusal(path + "/ae.pt"), "writes to 2 layers or models: choose one");
  mentions(refusal(path + "/ae.pt", {.target_layer = 2}), "--target-layer 0 to 1");
  const Sae sae = load_sae(fixture("sae/" + path), {.target_layer = 1});
  CHECK(to_vector(sae.W_dec) == pattern_values(24, 24));
}

TEST_CASE("OpenAI's SAEs say what their activation is among the tensors") {
  for (const char* name : {"8.pt", "9.pt"}) {
    const std::string path = "openai/resid_post_mlp_v5_32k/autoencoders/" + std::string(name);
    const Sae sae =
        check_sae({path.c_str(), "OpenAI", 6, 4, topk, true,
                   name[0] == '8' ? "blocks.8.hook_resid_post" : "blocks.9.hook_resid_post", none,
                   name[0] - '0'});
    CHECK(sae.k == 3);
    CHECK(sae.input_norm == InputNorm::layer_norm);
    const std::string relu_path = "openai/mlp_post_act/autoencoders/" + std::string(name);
    const Sae plain = load_sae(fixture("sae/" + relu_path));
    CHECK(plain.activation == relu);
    CHECK(plain.input_norm == InputNorm::none);
    CHECK(plain.origin.hook_point.ends_with("mlp.hook_post"));
  }
  const Sae tied = load_sae(fixture("sae/openai/tied/8.pt"));
  CHECK(to_vector(tied.W_dec) == pattern_values(24));
  CHECK(to_vector(tied.W_enc) == pattern_values(24));
}

TEST_CASE("Qwen Scope has SAELens' names and turned matrices") {
  for (const Index n : {6, 4}) {
    const std::string path =
        n == 6 ? "qwen-scope/SAE-Res-Qwen3-1.7B-Base-W32K-L0_50" : "qwen-scope/square";
    CHECK(check_sae({path.c_str(), "Qwen Scope", n, 4, topk, true, "blocks.5.hook_resid_post", none,
                     5, "Qwen/Qwen3-1.7B-Base"})
              .k == 3);
  }
}

TEST_CASE("two linear layers and nothing else") {
  for (const char* path : {"deepseek-r1/DeepSeek-R1-Distill-Llama-8B-SAE-l19.pt",
                           "deepseek-r1/float32/DeepSeek-R1-Distill-Llama-8B-SAE-l19.pt",
                           "goodfire/Llama-3.1-8B-Instruct-SAE-l19.pth"})
    check_sae({path, "linear layers", 6, 4, relu, false, "blocks.19.hook_resid_post", none, 19});
}

TEST_CASE("any checkpoint by the names of its tensors") {
  for (const char* name :
       {"names", "parameters", "protocol4", "later_records", "nested", "nested_object"}) {
    CAPTURE(name);
    const Sae sae = load_sae(fixture("sae/plain/" + std::string(name) + ".pt"));
    CHECK(sae.origin.dialect == "tensors by name");
    CHECK(to_vector(sae.W_dec) == pattern_values(24));
    CHECK(to_vector(sae.W_enc) == encoder_values(6, 4));
    CHECK(sae.b_enc == pattern_values(6, 7));
  }
  for (const char* name : {"legacy", "legacy_nested"})
    mentions(refusal("plain/" + std::string(name) + ".pt"), "before 1.6");
}

TEST_CASE("circuit-tracer configurations that are damaged or point elsewhere are refused") {
  for (const char* name : {"absolute", "anchors", "deep", "layer_negative", "layer_twice",
                           "no_layers", "remote", "tag", "up"}) {
    CAPTURE(name);
    const std::string path = fixture(std::string("hostile/circuit_tracer/") + name);
    CHECK_THROWS_AS(ingest::load_sae(path), Error);
    CHECK_THROWS_AS(ingest::outline_sae(path), Error);
  }
}

TEST_CASE("an outline is the SAE without its numbers, and health is the decoder's as stored") {
  for (const char* name : {"saelens/6_jumprelu", "saelens/6_skip_transcoder", "plain/names.pt"}) {
    const std::string path = fixture(std::string("sae/") + name);
    CAPTURE(name);
    const Sae sae = ingest::load_sae(path);
    const ingest::SaeOutline outline = ingest::outline_sae(path);
    CHECK(outline.n == sae.n());
    CHECK(outline.d == sae.d());
    CHECK(outline.skip == (sae.W_skip.rows() > 0));
    CHECK(outline.sae.activation == sae.activation);
    CHECK(outline.sae.origin.hook_point == sae.origin.hook_point);
    CHECK(outline.sae.W_dec.rows() == 0);

    const ingest::DecoderHealth health = ingest::decoder_health(path);
    std::vector<double> norms;
    const auto values = to_vector(sae.W_dec);
    for (Index f = 0; f < sae.n(); ++f) {
      double sum = 0;
      for (Index i = 0; i < sae.d(); ++i) {
        const double value = values[static_cast<std::size_t>(f * sae.d() + i)];
        sum += value * value;
      }
      norms.push_back(std::sqrt(sum));
    }
    std::ranges::sort(norms);
    CHECK(health.zero == 0);
    CHECK(health.not_finite == 0);
    CHECK(health.least == doctest::Approx(norms.front()));
    CHECK(health.most == doctest::Approx(norms.back()));
  }
  const ingest::DecoderHealth damaged = ingest::decoder_health(fixture("sae/nan.safetensors"));
  CHECK(damaged.not_finite > 0);
}
