// What is this download? An SAE is told by its content, before and after its weights are read.
//     inspect_sae PATH
#include <cstdio>
#include <yoneda/files.hpp>

int main(int argc, char** argv) try {
  using namespace yoneda;
  if (argc != 2) return 2;
  const ingest::SaeOutline outline = ingest::outline_sae(argv[1]);  // headers alone
  std::printf("%s: %td features of dimension %td\n", outline.sae.origin.dialect.c_str(), outline.n,
              outline.d);
  std::printf("hook point %s\n", outline.sae.origin.hook_point.c_str());

  const Sae sae = ingest::load_sae(argv[1]);
  std::printf("W_dec %td x %td, W_enc %td x %td, %zu thresholds\n", sae.W_dec.rows(),
              sae.W_dec.cols(), sae.W_enc.rows(), sae.W_enc.cols(), sae.threshold.size());
  for (const std::string& note : sae.origin.notes) std::printf("note: %s\n", note.c_str());
} catch (const yoneda::Error& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
