#include "null_graphs.hpp"

#include <cstdlib>
#include <functional>
#include <utility>

#include "yoneda/null/construction.hpp"
#include "yoneda/null/gaussian.hpp"
#include "yoneda/null/rotation.hpp"
#include "yoneda/onednn/gemm.hpp"
#include "yoneda/study/steps.hpp"

namespace yoneda::study {
namespace {

Index number(const Record& record, std::string_view name) {
  const std::string value = record.option(name, "0");
  return std::atoll(value.c_str());
}

/// The construction that made a graph, from what the graph's file recorded.
Construction recorded_construction(const GraphFile& file) {
  Construction how;
  how.kind = file.graph.kind();
  how.k = number(file.record, "k");
  how.convention = convention_from(file.record.convention).value_or(Convention::automatic);
  how.neighbors = recorded_neighbors(file.record);
  if (how.neighbors.neighbors < 1 || (how.kind == GraphKind::profile && how.k < 1))
    throw Error(ErrorKind::value,
                "the graph's file does not say how the graph was made (k, neighbors), so no null "
                "can make it again");
  return how;
}

Null null_of_directions(std::string_view kind, const Matrix& W_dec,
                        const std::function<SignedGraph(const Matrix&)>& construction) {
  if (kind == "rotation") return rotation(W_dec, construction, onednn_gemm());
  if (kind == "whitened-rotation") return whitened_rotation(W_dec, construction, onednn_gemm());
  return gaussian(W_dec, construction, onednn_gemm());
}

}  // namespace

NeighborOptions recorded_neighbors(const Record& record) {
  return {number(record, "neighbors"), std::atof(record.option("floor", "0").c_str())};
}

NullGraphs null_graphs(std::string_view kind, const GraphFile& file, const Sources& sources,
                       Index features, Index tokens, std::uint64_t seed) {
  // Tokens that the arrows leave out are left out of the null, too.
  Unembedding model = sources.model;
  model.W_U = without_rows(model.W_U, excluded_tokens(file.record, model.V()));
  const Subsample part = subsample(sources.sae.W_dec, model, features, tokens, seed);
  const auto construction =
      graph_construction(recorded_construction(file), part.model, onednn_gemm());
  NullGraphs made{null_of_directions(kind, part.W_dec, construction),
                  part.whole ? file.graph : construction(part.W_dec), part.features, part.model.V(),
                  std::nullopt};
  if (!part.whole)
    made.note = "observation and null are compared on the same random part: " +
                std::to_string(part.W_dec.rows()) + " of " + std::to_string(sources.sae.n()) +
                " features, " + std::to_string(part.model.V()) + " of " +
                std::to_string(model.V()) + " tokens";
  return made;
}

NullGraphs virtual_null_graphs(const GraphFile& file, const SaePair& pair, Index features,
                               std::uint64_t seed, Direction direction) {
  const Index n_a = pair.upstream.n(), n_b = pair.reader.n();
  if (n_a != file.upstream || n_a + n_b != file.graph.node_count())
    throw Error(ErrorKind::shape, "the SAEs have " + std::to_string(n_a) + " and " +
                                      std::to_string(n_b) + " features, the graph is of " +
                                      std::to_string(file.upstream) + " and " +
                                      std::to_string(file.graph.node_count() - file.upstream));
  const NeighborOptions neighbors = recorded_neighbors(file.record);
  if (neighbors.neighbors < 1)
    throw Error(ErrorKind::value,
                "the graph's file does not say how the graph was made (neighbors), so no null can "
                "make it again");
  const auto part_of = [&](Index n, std::uint64_t stream) {
    Random random(seed, stream);
    return sample_sorted(n, features, random);
  };
  const std::vector<Id> writes = part_of(n_a, 1), reads = part_of(n_b, 2);
  const EncoderDecoder downstream{take_rows(pair.reader_W_dec, reads),
                                  take_rows(pair.reader.W_enc, reads)};
  const auto construction = virtual_construction(take_rows(pair.upstream.W_dec, writes),
                                                 pair.reader, neighbors, onednn_gemm(), direction);
  NullGraphs made{joint_rotation(downstream.W_dec, downstream.W_enc, construction, onednn_gemm()),
                  construction(downstream), writes, 0, std::nullopt};
  for (const Id g : reads) made.features.push_back(static_cast<Id>(n_a) + g);
  if (static_cast<Index>(made.features.size()) < n_a + n_b)
    made.note = "observation and null are compared on the same random part: " +
                std::to_string(writes.size()) + " of " + std::to_string(n_a) +
                " features that write, " + std::to_string(reads.size()) + " of " +
                std::to_string(n_b) + " that read";
  return made;
}

}  // namespace yoneda::study
