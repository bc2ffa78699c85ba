#include "yoneda/study/steps.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "yoneda/arrows/junk.hpp"
#include "yoneda/core/id_ranges.hpp"
#include "yoneda/graph/decoder.hpp"
#include "yoneda/graph/profile.hpp"
#include "yoneda/graph/virtual.hpp"
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

void set_options(Record& record, GraphKind kind, const NeighborOptions& neighbors) {
  record.options["kind"] = name(kind);
  record.options["neighbors"] = std::to_string(neighbors.neighbors);
  record.options["floor"] = text(neighbors.floor);
}

/// All features, block by block; blocks that were kept are not made again.
LogitArrows arrows_by_block(const Sources& sources, const ArrowOptions& options, Index block,
                            const Record& record, UnfinishedArrows& unfinished,
                            const Progress& progress) {
  const Matrix& W_dec = sources.sae.W_dec;
  const Index n = W_dec.rows();
  LogitArrows all;
  Index done = 0;
  try {
    for (; done < n; done += block) {
      const Index count = std::min(block, n - done);
      auto part = unfinished.find(done, record);
      if (!part) {
        part = logit_arrows(W_dec.slice(done, count), sources.model, options, onednn_gemm(),
                            share_of(progress, done, count, n));
        if (done + count < n) unfinished.keep(done, *part, record);
      }
      append(all, std::move(*part));
    }
  } catch (const Error& error) {
    if (error.kind != ErrorKind::cancelled || done == 0 || unfinished.folder().empty()) throw;
    throw Error(ErrorKind::cancelled, "interrupted; " + std::to_string(done) + " of " +
                                          std::to_string(n) + " features are kept in " +
                                          unfinished.folder() + ": --resume goes on from there");
  }
  return all;
}

/// The tokens to leave out, told in the record and, where there is something to say, in a note.
std::vector<Id> dropped_junk(const Sources& sources, const ArrowStep& step, ArrowsFile& made,
                             const Progress& progress) {
  JunkTokens junk = find_junk(sources, step.unused, progress);
  std::string reference(name(junk.reference));
  if (junk.reference == JunkReference::given && step.unused.empty()) reference = "vocabulary";
  auto& record = made.record.options;
  record["junk_reference"] = reference;
  record["junk_threshold"] = text(junk.threshold);
  record["excluded"] = id_ranges(junk.tokens);
  made.notes = std::move(junk.notes);
  return std::move(junk.tokens);
}

/// Where junk stays in: says so if it shows among the arrows.
void note_unused(ArrowsFile& made) {
  const LogitArrows& arrows = made.arrows;
  const std::vector<Id> unused = unused_tokens(made.vocabulary, arrows.V);
  const auto shows = [&unused](std::span<const Id> tokens) {
    return std::ranges::any_of(tokens, [&](Id t) { return std::ranges::binary_search(unused, t); });
  };
  Index features = 0;
  for (Id f = 0; f < arrows.n; ++f)
    features += shows(arrows.positive(f)) || shows(arrows.negative(f));
  if (features > 0)
    made.notes.push_back(std::to_string(features) + " of " + std::to_string(arrows.n) +
                         " features keep tokens that the vocabulary shows to be unused; --junk "
                         "drop leaves these and other under-trained tokens out");
}

}  // namespace

std::optional<GraphKind> buildable_kind(std::string_view wanted) {
  for (const GraphKind kind : {GraphKind::profile, GraphKind::decoder, GraphKind::virtual_})
    if (wanted == name(kind)) return kind;
  return std::nullopt;
}

ArrowsFile make_arrows(const Sources& sources, const ArrowStep& step, const Progress& progress,
                       UnfinishedArrows unfinished) {
  if (!step.drop_junk && !step.unused.empty())
    throw Error(ErrorKind::value,
                "tokens known to be unused serve to leave junk out, which --junk "
                "drop asks for");
  ArrowsFile made;
  made.vocabulary = sources.vocabulary;
  made.record.sources = sources.recorded;
  made.record.options = {{"k", std::to_string(step.k)}, {"gemm", onednn_gemm().name}};
  const std::vector<Id> excluded =
      step.drop_junk ? dropped_junk(sources, step, made, progress) : std::vector<Id>();
  made.record.options["junk"] = step.drop_junk ? "drop" : "keep";
  ArrowOptions options;
  options.k = step.k;
  options.convention = resolve(step.convention, sources.model);
  options.excluded = excluded;
  options.memory = step.memory;
  made.record.convention = name(options.convention);
  const Index block = std::max<Index>(1, step.block);
  if (block < sources.sae.n()) made.record.options["block"] = std::to_string(block);
  made.arrows = arrows_by_block(sources, options, block, made.record, unfinished, progress);
  if (!step.drop_junk) note_unused(made);
  return made;
}

JunkTokens find_junk(const Sources& sources, const std::string& unused, const Progress& progress) {
  const Index V = sources.model.V();
  JunkOptions options;
  options.unused =
      unused.empty() ? unused_tokens(sources.vocabulary, V) : ids_from(unused, V, "token");
  return junk_tokens(sources.model.W_U, options, progress);
}

std::vector<Id> excluded_tokens(const Record& record, Index V) {
  return ids_from(record.option("excluded"), V, "token");
}

GraphFile make_graph(const ArrowsFile& arrows, const Sources* sources, const GraphStep& step,
                     const Progress& progress) {
  GraphFile made;
  made.record = arrows.record;
  set_options(made.record, step.kind, step.neighbors);
  if (step.kind == GraphKind::profile) {
    made.graph = profile_graph(arrows.arrows, step.neighbors, progress);
  } else if (step.kind == GraphKind::decoder) {
    if (!sources)
      throw Error(ErrorKind::value, "a decoder graph needs the SAE itself: name it with --sae");
    made.graph = decoder_graph(sources->sae.W_dec, step.neighbors, onednn_gemm(), progress);
  } else {
    throw Error(ErrorKind::value, "a " + std::string(name(step.kind)) +
                                      " graph is not made from the arrows of one SAE");
  }
  return made;
}

GraphFile make_virtual_graph(const SaePair& pair, const NeighborOptions& neighbors,
                             const Progress& progress) {
  GraphFile made;
  made.record.sources = pair.recorded;
  set_options(made.record, GraphKind::virtual_, neighbors);
  made.record.options["gemm"] = onednn_gemm().name;
  made.upstream = pair.upstream.n();
  made.graph = virtual_graph(pair.upstream.W_dec, pair.reader, neighbors, onednn_gemm(), progress);
  return made;
}

}  // namespace yoneda::study
