// An SAE and an unembedding in a file of tensors: what the dialects make of names, shapes and
// whatever else a checkpoint says.
#include "fuzz.hpp"
#include "yoneda/ingest/sae.hpp"
#include "yoneda/ingest/unembedding.hpp"

void read_input(yoneda::fuzz::Input input) {
  using namespace yoneda;
  const std::string path = fuzz::folder().write("weights", input);
  fuzz::may_refuse([&] { ingest::load_sae(path); });
  fuzz::may_refuse([&] { ingest::load_sae(path, {}, 4); });
  fuzz::may_refuse([&] { ingest::decoder_health(path); });
  ingest::load_unembedding(path);
}
