#include "yoneda/study/pair.hpp"

#include <doctest/doctest.h>

#include <array>
#include <filesystem>
#include <span>

#include "ingest/model_folder.hpp"
#include "random_matrix.hpp"
#include "temporary.hpp"
#include "yoneda/graph/virtual.hpp"
#include "yoneda/io/atomic_file.hpp"
#include "yoneda/io/safetensors.hpp"
#include "yoneda/study/saelens.hpp"
#include "yoneda/study/steps.hpp"

using namespace yoneda;
using test::StoredModel;

namespace {

constexpr Index n = 6, d = 4;

/// Writes an SAE on `hook_point` into a folder of that name.
std::string stored(const TemporaryFolder& folder, const std::string& hook_point,
                   std::uint64_t seed = 1, Index width = d) {
  Sae sae;
  sae.W_dec = random_matrix(n, width, seed);
  sae.W_enc = random_matrix(n, width, seed + 100);
  sae.activation = Activation::topk;
  sae.k = 2;
  sae.origin.hook_point = hook_point;
  const std::string path = folder / (hook_point.empty() ? "nowhere" : hook_point);
  study::write_saelens(path, sae);
  return path;
}

study::PairOptions pair_of(const std::string& upstream, const std::string& downstream) {
  study::PairOptions options;
  options.upstream.sae = upstream;
  options.downstream = downstream;
  return options;
}

std::string all_notes(const study::SaePair& pair) {
  std::string all;
  for (const std::string& note : pair.notes) all += note + "\n";
  return all;
}

void check_refused(const study::PairOptions& options, const std::string& expected) {
  try {
    study::open_pair(options);
    FAIL_CHECK("was not refused: " << expected);
  } catch (const Error& error) {
    const std::string message = error.what();
    CAPTURE(message);
    CHECK(message.find(expected) != std::string::npos);
    CHECK(message.find('\n') == std::string::npos);
  }
}

void check_mentions(const study::SaePair& pair, const std::string& expected) {
  const std::string notes = all_notes(pair);
  CAPTURE(notes);
  CHECK(notes.find(expected) != std::string::npos);
}

void check_same(const Matrix& a, const Matrix& b) {
  REQUIRE(a.rows() == b.rows());
  REQUIRE(a.cols() == b.cols());
  for (Index i = 0; i < a.rows(); ++i)
    for (Index j = 0; j < a.cols(); ++j) REQUIRE(a(i, j) == b(i, j));
}

std::string clt() {
  return test::fixture("sae/circuit-tracer/clt");
}

study::PairOptions clt_pair(Index from, Index to) {
  study::PairOptions options = pair_of(clt(), clt());
  options.upstream.sae_names.layer = from;
  options.downstream_names.layer = to;
  return options;
}

Matrix clt_decoder(Index layer, Index target) {
  ingest::SaeNames names;
  names.layer = layer;
  names.target_layer = target;
  return ingest::load_sae(clt(), names).W_dec;
}

}  // namespace

TEST_CASE("two SAEs on the stream are read as they are, and both recorded") {
  const TemporaryFolder folder;
  const std::string a = stored(folder, "blocks.2.hook_resid_post", 1);
  const std::string b = stored(folder, "blocks.5.hook_resid_pre", 2);
  const study::SaePair pair = study::open_pair(pair_of(a, b));
  check_same(pair.upstream.W_dec, random_matrix(n, d, 1));
  check_same(pair.reader.W_enc, random_matrix(n, d, 102));
  CHECK(pair.reader.plain());
  CHECK(pair.notes.empty());
  study::PairOptions final_norm = pair_of(a, b);  // --norm says nothing of an SAE behind none
  final_norm.input_norm.norm = Norm::layer;
  CHECK(study::open_pair(final_norm).reader.plain());
  REQUIRE(pair.recorded.size() == 2);
  CHECK(pair.recorded.at("sae").path.ends_with("blocks.2.hook_resid_post"));
  CHECK(pair.recorded.at("sae_to").path.ends_with("blocks.5.hook_resid_pre"));
  CHECK(pair.recorded.at("sae").hash != pair.recorded.at("sae_to").hash);

  const study::GraphFile made = study::make_virtual_graph(pair, {2, 0});
  CHECK(made.upstream == n);
  CHECK(made.record.option("neighbors") == "2");
  const SignedGraph expected = virtual_graph(random_matrix(n, d, 1), pair.reader, {2, 0});
  CHECK(std::ranges::equal(made.graph.columns(), expected.columns()));
}

TEST_CASE("a pair is opened again as it was, unless a file has changed") {
  const TemporaryFolder folder;
  study::PairOptions options = pair_of(stored(folder, "blocks.2.hook_resid_post"),
                                       stored(folder, "blocks.5.hook_resid_pre", 2));
  options.input_norm.norm = Norm::layer;
  options.downstream_names.encoder = "W_enc";
  const study::SaePair pair = study::open_pair(options);
  const study::GraphFile made = study::make_virtual_graph(pair, {2, 0});
  const study::SaePair again = study::reopen_pair(made.record);
  check_same(again.upstream.W_dec, pair.upstream.W_dec);
  check_same(again.reader.W_enc, pair.reader.W_enc);
  check_same(again.reader_W_dec, random_matrix(n, d, 2));
  const study::PairOptions recorded = study::pair_options_of(made.record);
  CHECK(recorded.input_norm.norm == Norm::layer);
  CHECK(recorded.downstream_names.encoder == "W_enc");
  stored(folder, "blocks.5.hook_resid_pre", 3);
  CHECK_THROWS_AS(study::reopen_pair(made.record), Error);
  CHECK_THROWS_AS(study::reopen_pair(study::Record{}), Error);
}

TEST_CASE("what must be assumed is said") {
  const TemporaryFolder folder;
  const std::string pre = stored(folder, "blocks.5.hook_resid_pre");
  const std::string post = stored(folder, "blocks.4.hook_resid_post", 2);
  const std::string unknown = stored(folder, "", 3);
  check_mentions(study::open_pair(pair_of(post, pre)), "both SAEs are at one place");
  check_mentions(study::open_pair(pair_of(pre, pre)), "both SAEs are at one place");
  check_mentions(study::open_pair(pair_of(pre, unknown)), "assumed that the downstream SAE reads");
  const std::string mlp = stored(folder, "layers.4.mlp", 4);
  check_mentions(study::open_pair(pair_of(mlp, pre)), "assumed that no norm lies between");
  check_mentions(study::open_pair(pair_of(
                     test::fixture("sae/openai/resid_post_mlp_v5_32k/autoencoders/8.pt"), unknown)),
                 "the upstream SAE normalises its input (layer-norm)");
  const std::string normed = stored(folder, "blocks.6.ln2.hook_normalized", 5);
  check_mentions(study::open_pair(pair_of(pre, normed)), "is an RMSNorm");
}

TEST_CASE("a pair that shares no residual stream is refused with the reason") {
  const TemporaryFolder folder;
  const std::string early = stored(folder, "blocks.2.hook_resid_post", 1);
  const std::string late = stored(folder, "blocks.5.hook_resid_pre", 2);
  check_refused(pair_of(late, early),
                "the upstream SAE writes to 'blocks.5.hook_resid_pre', behind "
                "'blocks.2.hook_resid_post', which the downstream one reads, and nothing flows "
                "back: name the earlier one first, the later one second");
  check_refused(pair_of(early, stored(folder, "blocks.7.hook_resid_pre", 3, 5)),
                "the upstream SAE writes to a space of dimension 4, the downstream one reads one "
                "of dimension 5: they share no residual stream");
  for (const char* hook : {"blocks.7.hook_mlp_out", "blocks.7.attn.hook_z", "layers.7.mlp"})
    check_refused(pair_of(early, stored(folder, hook, 4)), "which is not the residual stream");
  check_refused(pair_of(early, stored(folder, "blocks.7.mlp.hook_in", 5)),
                "behind a norm whose gain weighs what it reads: name the model (--model)");
  check_refused(pair_of(stored(folder, "blocks.1.attn.hook_z", 6), late),
                "from where a matrix of the model leads to the residual stream: name the model");
  check_refused(pair_of(early, test::fixture("sae/decoder_only.safetensors")), "has no encoder");
  check_refused(pair_of(early, "no/such/sae"), "no/such/sae");
  study::PairOptions gain_alone = pair_of(early, late);
  gain_alone.input_norm.gain = "ln_2.weight";
  check_refused(gain_alone, "name the model too (--model)");
  // Advice names the flags of the SAE that is meant.
  check_refused(pair_of(early, clt()), "choose one (--to-layer)");
  check_refused(pair_of(clt(), late), "choose one (--layer)");
}

TEST_CASE("one SAE may tell the axes of the other apart") {
  const TemporaryFolder folder;
  const std::string a = stored(folder, "blocks.1.hook_resid_post"), b = folder / "b.safetensors";
  const auto W_dec = normals(n * d, 7), W_enc = normals(d * n, 8);
  io::write_safetensors(b, std::array{io::output("W_dec", std::span<const float>(W_dec), {n, d}),
                                      io::output("W_enc", std::span<const float>(W_enc), {d, n})});
  CHECK_THROWS_AS(ingest::load_sae(b), Error);
  const study::SaePair pair = study::open_pair(pair_of(a, b));
  CHECK(pair.reader.W_enc(1, 2) == W_enc[2 * n + 1]);
  check_same(study::open_pair(pair_of(b, a)).upstream.W_dec, Matrix::from(W_dec, n, d));
}

TEST_CASE("with a model, W_O leads from heads to the stream and the gain before the MLP counts") {
  const TemporaryFolder folder;
  const StoredModel model("llama", {{"model.layers.1.self_attn.o_proj.weight", {d, 6}},
                                    {"model.layers.3.post_attention_layernorm.weight", {d}}});
  study::PairOptions options = pair_of(stored(folder, "blocks.1.attn.hook_z", 1, 6),
                                       stored(folder, "blocks.3.mlp.hook_in", 2));
  options.upstream.model = model.string();
  const study::SaePair pair = study::open_pair(options);
  CHECK(pair.upstream.W_dec.cols() == d);
  CHECK(pair.reader.norm == Norm::rms);
  CHECK(pair.reader.gain == test::pattern_values(d));
  check_mentions(pair, "decoder rows multiplied by W_O");
  check_mentions(pair, "multiplied by 'model.layers.3.post_attention_layernorm.weight'");
  check_mentions(pair, "denominator");
  CHECK(pair.recorded.contains("model"));

  // W[f, g] by hand: the row through W_O and the gain, then the encoder.
  const Matrix W = random_matrix(n, 6, 1), E = random_matrix(n, d, 102);
  double expected = 0;
  for (Index j = 0; j < d; ++j) {
    double through = 0;  // stored [d_model, d_z]
    for (Index i = 0; i < 6; ++i)
      through += static_cast<double>(W(2, i)) * static_cast<double>(test::pattern(j * 6 + i));
    expected += through * static_cast<double>(test::pattern(j)) * static_cast<double>(E(3, j));
  }
  const SignedGraph graph = virtual_graph(pair.upstream.W_dec, pair.reader, {n, 0});
  CHECK(graph.weight(2, n + 3) == doctest::Approx(expected).epsilon(1e-5));
}

TEST_CASE("decoders of a cross-layer transcoder are summed up to the reading place") {
  const study::SaePair next = study::open_pair(clt_pair(0, 1));
  check_same(next.upstream.W_dec, clt_decoder(0, 0));
  const study::SaePair far = study::open_pair(clt_pair(0, 2));
  const Matrix first = clt_decoder(0, 0), second = clt_decoder(0, 1);
  for (Index i = 0; i < first.rows(); ++i)
    for (Index j = 0; j < first.cols(); ++j)
      REQUIRE(far.upstream.W_dec(i, j) == first(i, j) + second(i, j));
  check_mentions(far, "and its decoders to the layers up to 1, added");

  study::PairOptions one = clt_pair(0, 2);
  one.upstream.sae_names.target_layer = 1;
  check_same(study::open_pair(one).upstream.W_dec, clt_decoder(0, 1));
  check_refused(clt_pair(1, 1), "nothing flows back");
  one.upstream.sae_names.target_layer = 2;
  check_refused(one, "nothing flows back");
}

TEST_CASE("known scales are in the weights") {
  // Llama Scope: inputs multiplied by one number, outputs divided by it.
  const TemporaryFolder folder;
  const std::string scaled = folder / "Llama3_1-8B-Base-L24R-2x";
  std::filesystem::copy(test::fixture("sae/llama-scope/Llama3_1-8B-Base-L24R-2x"), scaled,
                        std::filesystem::copy_options::recursive);
  std::string settings = io::read_text(scaled + "/hyperparams.json");
  const std::string out = "\"out\": 4.0";
  REQUIRE(settings.find(out) != std::string::npos);
  settings.replace(settings.find(out), out.size(), "\"out\": 10.0");
  io::write_text(scaled + "/hyperparams.json", settings);
  // Inputs of norm 4 and outputs of norm 10, both brought to √d.
  const study::SaePair pair = study::open_pair(pair_of(scaled, scaled));
  CHECK(pair.reader.scale == doctest::Approx(10.0 / 4.0));
}
