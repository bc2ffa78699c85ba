#include "yoneda/ingest/sae.hpp"

#include <limits>

#include "ingest/noted.hpp"
#include "io/support.hpp"
#include "yoneda/io/npz.hpp"
#include "yoneda/io/safetensors.hpp"

using namespace yoneda;
using namespace yoneda::test;
using ingest::FeatureAxis;
using ingest::load_sae;

namespace {

Error refusal(const std::string& path, const ingest::SaeNames& names = {},
              std::optional<Index> d_model = {}) {
  return error_of(path, [&] { load_sae(path, names, d_model); });
}

// W_enc as saelens_weights() stores it, [d, n], turned to [n, d].
std::vector<float> encoder_values(Index n, Index d) {
  return to_vector(transposed(Matrix::from(pattern_values(n * d, 5), d, n)));
}

void check_weights(const Sae& sae) {
  REQUIRE(sae.n() == 6);
  REQUIRE(sae.d() == 4);
  CHECK(to_vector(sae.W_dec) == pattern_values(24));
  CHECK(to_vector(sae.W_enc) == encoder_values(6, 4));
  CHECK(sae.b_enc == pattern_values(6, 7));
  CHECK(sae.b_dec == pattern_values(4, 11));
}

}  // namespace

TEST_CASE("SAELens since version 6") {
  const Sae sae = load_sae(fixture("sae/saelens6"), {}, 4);
  check_weights(sae);
  CHECK(sae.activation == Activation::jumprelu);
  CHECK(sae.threshold.size() == 6);
  CHECK_FALSE(sae.subtract_b_dec);
  CHECK(sae.origin.dialect == "SAELens");
  CHECK(sae.origin.path == fixture("sae/saelens6"));
  CHECK(sae.origin.model == "gemma-2-2b");
  CHECK(sae.origin.hook_point == "blocks.20.hook_resid_post");
  CHECK(sae.origin.tensors ==
        std::vector<std::string>{"W_dec", "W_enc", "b_enc", "b_dec", "threshold"});
  CHECK(noted(sae.origin, "center_writing_weights"));
}

TEST_CASE("SAELens before version 6, named by one of its files") {
  for (const char* name : {"", "/cfg.json", "/sae_weights.safetensors"}) {
    const Sae sae = load_sae(fixture("sae/saelens5") + name);
    check_weights(sae);
    CHECK(sae.activation == Activation::topk);
    CHECK(sae.k == 3);
    CHECK(sae.subtract_b_dec);
    CHECK(sae.origin.model == "gpt2-small");
    CHECK(sae.origin.hook_point == "blocks.8.hook_resid_pre");
    CHECK(sae.input_norm == InputNorm::layer_norm);
  }
}

TEST_CASE("cfg.json settles a square SAE, and decoder norms move to the encoder where it says so") {
  const Sae sae = load_sae(fixture("sae/saelens_square"));
  CHECK(sae.activation == Activation::topk);
  CHECK(sae.k == 2);
  const auto decoder = pattern_values(16), encoder = encoder_values(4, 4);
  for (Index f = 0; f < 4; ++f) {
    double norm = 0;
    for (Index j = 0; j < 4; ++j) norm += std::pow(decoder[f * 4 + j], 2);
    norm = std::sqrt(norm);
    for (Index j = 0; j < 4; ++j) {
      CHECK(sae.W_dec(f, j) == doctest::Approx(decoder[f * 4 + j] / norm));
      CHECK(sae.W_enc(f, j) == doctest::Approx(encoder[f * 4 + j] * norm));
    }
    CHECK(sae.b_enc[f] == doctest::Approx(pattern(7 + f) * norm));
  }
  CHECK(noted(sae.origin, "folded"));
}

TEST_CASE("a SAELens folder that contradicts itself is refused") {
  const Folder folder;
  const std::string config = folder / "cfg.json", weights = folder / "sae_weights.safetensors";
  std::filesystem::copy(fixture("sae/saelens5/sae_weights.safetensors"), weights);
  const auto refusal_with = [&](const std::string& text) {
    io::write_text(config, text);
    return refusal(folder.string());
  };
  mentions(refusal_with(R"({"d_in": 4, "d_sae": 8})"), "'W_dec' is 6 x 4, expected 8 x 4");
  mentions(refusal_with(R"({"d_in": 6, "d_sae": 4})"), "'W_dec' is 6 x 4, expected 4 x 6");
  mentions(refusal_with(R"({"d_in": "4"})"), "'d_in' should be a whole number, found \"4\"");
  mentions(refusal_with(R"({"architecture": "topk"})"), "without 'k'");
  mentions(refusal_with(R"({"architecture": "topk", "k": 7})"), "k = 7 of 6 features");
  mentions(refusal_with(R"({"architecture": "jumprelu"})"), "no tensor 'threshold'");
  mentions(refusal_with(R"({"architecture": "topk", "k": 1, "metadata": 3})"), "an object");
  mentions(refusal_with("{"), "not valid JSON");
  mentions(refusal_with("[]"), "not a JSON object");
}

TEST_CASE("Gemma Scope's npz") {
  const std::string folder = fixture("sae/gemma_scope/layer_20/width_6/average_l0_3");
  for (const std::string& path : {folder, folder + "/params.npz"}) {
    const Sae sae = load_sae(path);
    check_weights(sae);
    CHECK(sae.origin.dialect == "Gemma Scope");
    CHECK(sae.activation == Activation::jumprelu);
    CHECK_FALSE(sae.subtract_b_dec);
  }
}

TEST_CASE("linear layers hold the decoder the other way round, and the shapes tell") {
  const std::string path = fixture("sae/linear_layers.safetensors");
  const Sae sae = load_sae(path);
  CHECK(sae.W_dec.dtype() == Dtype::bf16);
  CHECK(to_vector(sae.W_dec) == pattern_values(24));
  CHECK(to_vector(sae.W_enc) == pattern_values(24, 5));
  CHECK(sae.activation == Activation::topk);
  CHECK(sae.k == 2);
  CHECK(noted(sae.origin, "assumed that inputs are centred"));
}

TEST_CASE("a lone decoder needs d_model, or to be told") {
  const std::string path = fixture("sae/decoder_only.safetensors");
  CHECK(load_sae(path, {}, 4).n() == 6);
  CHECK(load_sae(path, {}, 6).n() == 4);
  CHECK(to_vector(load_sae(path, {}, 6).W_dec) ==
        to_vector(transposed(Matrix::from(pattern_values(24), 6, 4))));
  CHECK(load_sae(path, {.features = FeatureAxis::rows}).n() == 6);
  CHECK(load_sae(path, {.features = FeatureAxis::columns}).n() == 4);

  const Error open = refusal(path);
  CHECK(open.kind == ErrorKind::shape);
  mentions(open, "'W_dec' is 6 x 4, and nothing else in the file says which axis is features");
  mentions(open, "--model");
  mentions(refusal(path, {}, 5),
           "'W_dec' is 6 x 4, which does not fit d_model = 5 (from the model)");
  mentions(refusal(path, {.features = FeatureAxis::rows}, 6), "with features as its rows");
}

TEST_CASE("a square decoder is refused until somebody says which axis is features") {
  const std::string path = fixture("sae/square.safetensors");
  const Error error = refusal(path, {}, 4);
  CHECK(error.kind == ErrorKind::shape);
  mentions(error, "'W_dec' is 4 x 4, and its shape never says which axis is features");
  mentions(refusal(path, {.features = FeatureAxis::rows}, 5), "does not fit");
  const Sae sae = load_sae(path, {.features = FeatureAxis::columns}, 4);
  CHECK(to_vector(sae.W_dec) == to_vector(transposed(Matrix::from(pattern_values(16), 4, 4))));
  CHECK(sae.W_enc.empty());
  CHECK(noted(sae.origin, "encoder was left out"));
}

TEST_CASE("names override, and wrong ones are told") {
  const Folder folder;
  const std::string path = folder / "own.npz";
  const Matrix D = Matrix::from(pattern_values(24), 6, 4);
  const auto bias = pattern_values(6);
  const std::vector<float> one{0.5f}, unset{-1.0f};
  io::write_npz(path, std::vector{io::output("D", D), io::output("c", bias), io::output("t", one),
                                  io::output("u", unset)});
  mentions(refusal(path), "no decoder under a usual name ('W_dec', 'w_dec'");
  mentions(refusal(path, {.decoder = "E"}), "no tensor 'E'; there is 'D', 'c'");
  mentions(refusal(path, {.decoder = "c"}), "'c' is 6, a matrix was expected");
  const Sae sae = load_sae(path, {.decoder = "D", .encoder_bias = "c", .threshold = "t"});
  CHECK(sae.n() == 6);
  CHECK(sae.threshold == std::vector<float>(6, 0.5f));
  CHECK(sae.origin.tensors == std::vector<std::string>{"D", "c", "t"});
  CHECK(noted(sae.origin, "not used: 'u'"));
  CHECK(load_sae(path, {.decoder = "D", .threshold = "u"}, 4).threshold.empty());
  mentions(refusal(path, {.decoder = "D", .encoder = "c"}, 4), "'c' is 6, expected 6 x 4");
}

TEST_CASE("NaN and infinity are refused, with the tensor's name, in every dtype") {
  const Error error = refusal(fixture("sae/nan.safetensors"));
  CHECK(error.kind == ErrorKind::value);
  mentions(error, "tensor 'W_dec' holds a NaN or an infinity (first at 2)");
  const Folder folder;
  const std::string path = folder / "x.safetensors";
  const auto refusal_with = [&](const Matrix& W) {
    io::write_safetensors(path, std::vector{io::output("W_dec", W)});
    mentions(refusal(path, {}, 2), "(first at 1)");
  };
  constexpr float infinity = std::numeric_limits<float>::infinity();
  const std::vector<float> values{1, -65504, 1, -infinity, 0, 0};
  std::vector<f16> half;
  std::vector<bf16> brain;
  for (const float value : values) {
    half.push_back(to_f16(value));
    brain.push_back(to_bf16(value));
  }
  refusal_with(Matrix::from(values, 3, 2));
  refusal_with(Matrix::from(half, 3, 2));
  refusal_with(Matrix::from(brain, 3, 2));

  const Matrix D = Matrix::from(pattern_values(6), 3, 2);
  const std::vector<float> bias{0, std::numeric_limits<float>::quiet_NaN()};
  io::write_safetensors(path, std::vector{io::output("W_dec", D), io::output("b_dec", bias)});
  mentions(refusal(path), "'b_dec' holds a NaN or an infinity (first at 1)");
}

TEST_CASE("metadata that makes no sense is refused") {
  const Folder folder;
  const std::string path = folder / "x.safetensors";
  const Matrix D = Matrix::from(pattern_values(6), 3, 2);
  for (const char* k : {"4", "0", "-1", "two", "2.5", "99999999999999999999"}) {
    io::write_safetensors(path, std::vector{io::output("W_dec", D)}, {{"k", k}});
    mentions(refusal(path, {}, 2), "metadata k = '" + std::string(k) + "' of 3 features");
  }
}

TEST_CASE("paths that hold no weights say so") {
  const Folder folder;
  const std::string path = folder.string();
  const Error empty = refusal(path);
  CHECK(empty.kind == ErrorKind::file);
  mentions(empty, "holds no weights");
  io::write_text(folder / "a.npz", "x");
  mentions(error_of(folder / "a.npz", [&] { load_sae(path); }), "neither safetensors nor npz");
  io::write_text(folder / "b.safetensors", "x");
  mentions(refusal(path), "holds several files, name one: 'a.npz', 'b.safetensors'");
  mentions(refusal(folder / "none"), "No such file");
}

TEST_CASE("a real SAE with its model in one file") {
  const std::string path = YONEDA_SHARED_DATA "/stories260K/sae_after_block4.safetensors";
  if (!std::filesystem::exists(path)) {
    MESSAGE("skipped: " << path << " is not there");
    return;
  }
  for (const std::optional<Index> d_model : {std::optional<Index>(), std::optional<Index>(64)}) {
    const Sae sae = load_sae(path, {}, d_model);
    CHECK(sae.n() == 512);
    CHECK(sae.d() == 64);
    CHECK(sae.W_enc.rows() == 512);
    CHECK(sae.W_enc.cols() == 64);
    CHECK(sae.b_enc.size() == 512);
    CHECK(sae.b_dec.size() == 64);
    CHECK(sae.activation == Activation::topk);
    CHECK(sae.k == 12);
    CHECK(sae.origin.hook_point.starts_with("residual stream after layer"));
    CHECK(noted(sae.origin, "not used: 'W_U', 'act_mean', 'act_scale', 'final_norm_weight'"));
    // The encoder finds the direction that the decoder writes: rows of one feature agree.
    double agreement = 0;
    for (Index f = 0; f < 512; ++f) {
      double dot = 0;
      for (Index j = 0; j < 64; ++j) dot += double(sae.W_dec(f, j)) * double(sae.W_enc(f, j));
      agreement += dot > 0 ? 1 : 0;
    }
    CHECK(agreement > 500);
  }
}
