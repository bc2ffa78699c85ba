#include "yoneda/study/saelens.hpp"

#include <doctest/doctest.h>

#include "temporary.hpp"
#include "yoneda/core/random.hpp"
#include "yoneda/ingest/sae.hpp"
#include "yoneda/io/atomic_file.hpp"

using namespace yoneda;

namespace {

Sae some_sae(Activation activation) {
  Random random(1);
  const auto draw = [&](Index count) {
    std::vector<float> values(count);
    for (float& value : values) value = static_cast<float>(random.normal());
    return values;
  };
  Sae sae;
  sae.W_dec = Matrix::from(draw(21), 7, 3);
  sae.W_enc = Matrix::from(draw(21), 7, 3);
  sae.b_enc = draw(7);
  sae.b_dec = draw(3);
  sae.activation = activation;
  sae.k = activation == Activation::topk ? 2 : 0;
  sae.origin.hook_point = "blocks.3.hook_resid_post";
  return sae;
}

}  // namespace

TEST_CASE("what is written is read back as the same SAE") {
  const TemporaryFolder folder;
  for (const Activation activation : {Activation::topk, Activation::relu}) {
    const Sae sae = some_sae(activation);
    study::write_saelens(folder / "a/sae", sae);
    const Sae read = ingest::load_sae(folder / "a/sae");
    CHECK(to_vector(read.W_dec) == to_vector(sae.W_dec));
    CHECK(to_vector(read.W_enc) == to_vector(sae.W_enc));
    CHECK(read.b_enc == sae.b_enc);
    CHECK(read.b_dec == sae.b_dec);
    CHECK(read.activation == activation);
    CHECK(read.k == sae.k);
    CHECK(read.origin.hook_point == sae.origin.hook_point);
  }
}

TEST_CASE("16-bit weights are rounded once") {
  const TemporaryFolder folder;
  const Sae sae = some_sae(Activation::topk);
  study::write_saelens(folder / "half", sae, Dtype::f16, "yoneda train -o half");
  const std::string config = io::read_text(folder / "half/cfg.json");
  CHECK(config.find("\"command\": \"yoneda train -o half\"") != std::string::npos);
  const Sae read = ingest::load_sae(folder / "half");
  CHECK(read.W_dec.dtype() == Dtype::f16);
  for (Index i = 0; i < 7; ++i)
    for (Index j = 0; j < 3; ++j) {
      CHECK(read.W_dec(i, j) == to_float(to_f16(sae.W_dec(i, j))));
      CHECK(read.W_enc(i, j) == to_float(to_f16(sae.W_enc(i, j))));
    }
}

TEST_CASE("what SAELens could not read is not written") {
  const TemporaryFolder folder;
  Sae sae = some_sae(Activation::jumprelu);
  CHECK_THROWS_AS(study::write_saelens(folder / "x", sae), Error);
  sae = some_sae(Activation::topk);
  sae.W_enc = {};
  CHECK_THROWS_AS(study::write_saelens(folder / "x", sae), Error);
  io::write_text(folder / "file", "");
  CHECK_THROWS_AS(study::write_saelens(folder / "file/x", some_sae(Activation::topk)), Error);
}
