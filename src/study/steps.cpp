#include "yoneda/study/steps.hpp"

#include <array>
#include <charconv>

#include "yoneda/graph/decoder.hpp"
#include "yoneda/graph/profile.hpp"
#include "yoneda/onednn/gemm.hpp"

namespace yoneda::study {
namespace {

/// Shortest text that reads back as the same number.
std::string text(double value) {
  std::array<char, 32> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  return {buffer.data(), end};
}

}  // namespace

std::optional<GraphKind> buildable_kind(std::string_view wanted) {
  for (const GraphKind kind : {GraphKind::profile, GraphKind::decoder})
    if (wanted == name(kind)) return kind;
  return std::nullopt;
}

ArrowsFile make_arrows(const Sources& sources, const ArrowStep& step, const Progress& progress) {
  ArrowOptions options;
  options.k = step.k;
  options.convention = step.convention;
  ArrowsFile made;
  made.arrows = logit_arrows(sources.sae.W_dec, sources.model, options, onednn_gemm(), progress);
  made.vocabulary = sources.vocabulary;
  made.record.sources = sources.recorded;
  made.record.convention = name(made.arrows.convention);
  made.record.options = {{"k", std::to_string(step.k)}, {"gemm", onednn_gemm().name}};
  return made;
}

GraphFile make_graph(const ArrowsFile& arrows, const Sources* sources, const GraphStep& step,
                     const Progress& progress) {
  GraphFile made;
  made.record = arrows.record;
  made.record.options["kind"] = name(step.kind);
  made.record.options["neighbors"] = std::to_string(step.neighbors.neighbors);
  made.record.options["floor"] = text(step.neighbors.floor);
  if (step.kind == GraphKind::profile) {
    made.graph = profile_graph(arrows.arrows, step.neighbors, progress);
  } else {
    if (!sources)
      throw Error(ErrorKind::value, "a decoder graph needs the SAE itself: name it with --sae");
    made.graph = decoder_graph(sources->sae.W_dec, step.neighbors, onednn_gemm(), progress);
  }
  return made;
}

}  // namespace yoneda::study
