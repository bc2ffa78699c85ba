#include "yoneda/study/steps.hpp"

#include <algorithm>
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

/// Progress of a part of the whole.
Progress share_of(const Progress& whole, Index first, Index count, Index n) {
  return Progress([=](Stage stage, double share) {
    const double done = static_cast<double>(first) + share * static_cast<double>(count);
    return whole(stage, done / static_cast<double>(n));
  });
}

}  // namespace

std::optional<GraphKind> buildable_kind(std::string_view wanted) {
  for (const GraphKind kind : {GraphKind::profile, GraphKind::decoder})
    if (wanted == name(kind)) return kind;
  return std::nullopt;
}

ArrowsFile make_arrows(const Sources& sources, const ArrowStep& step, const Progress& progress,
                       UnfinishedArrows unfinished) {
  const Matrix& W_dec = sources.sae.W_dec;
  const Index n = W_dec.rows(), block = std::max<Index>(1, step.block);
  ArrowOptions options;
  options.k = step.k;
  options.convention = resolve(step.convention, sources.model);
  ArrowsFile made;
  made.vocabulary = sources.vocabulary;
  made.record.sources = sources.recorded;
  made.record.convention = name(options.convention);
  made.record.options = {{"k", std::to_string(step.k)}, {"gemm", onednn_gemm().name}};
  if (n <= block) {
    made.arrows = logit_arrows(W_dec, sources.model, options, onednn_gemm(), progress);
    return made;
  }
  made.record.options["block"] = std::to_string(block);
  Index done = 0;
  try {
    for (; done < n; done += block) {
      const Index count = std::min(block, n - done);
      auto part = unfinished.find(done, made.record);
      if (!part) {
        part = logit_arrows(W_dec.slice(done, count), sources.model, options, onednn_gemm(),
                            share_of(progress, done, count, n));
        if (done + count < n) unfinished.keep(done, *part, made.record);
      }
      append(made.arrows, std::move(*part));
    }
  } catch (const Error& error) {
    if (error.kind != ErrorKind::cancelled || done == 0 || unfinished.folder().empty()) throw;
    throw Error(ErrorKind::cancelled, "interrupted; " + std::to_string(done) + " of " +
                                          std::to_string(n) + " features are kept in " +
                                          unfinished.folder() + ": --resume goes on from there");
  }
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
