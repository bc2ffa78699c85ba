#include "yoneda/report/neuronpedia.hpp"

#include <algorithm>
#include <array>

#include "report/json_text.hpp"
#include "report/stream.hpp"

namespace yoneda::report {
namespace {

constexpr std::size_t tokens_kept = 10;  // as many tokens of either end as Neuronpedia shows

// Of a feature in Neuronpedia's exports: what only activations on a text can tell.
constexpr std::array fields_left_out{"maxActApprox",
                                     "frac_nonzero",
                                     "freq_hist_data_bar_values",
                                     "freq_hist_data_bar_heights",
                                     "correlated_neurons_indices",
                                     "correlated_neurons_pearson",
                                     "correlated_neurons_l1",
                                     "correlated_features_indices",
                                     "correlated_features_pearson",
                                     "correlated_features_l1",
                                     "activations"};

Json strings(std::span<const Id> tokens, const Vocabulary& vocabulary) {
  Json list = Json::array();
  for (const Id token : tokens.first(std::min(tokens_kept, tokens.size())))
    list.push_back(vocabulary.text(token));
  return list;
}

// The exact value of a float, so that it reads back as the same.
Json numbers(std::span<const float> values) {
  Json list = Json::array();
  for (const float value : values.first(std::min(tokens_kept, values.size())))
    list.push_back(value);
  return list;
}

Json ids(std::span<const Id> tokens) {
  Json list = Json::array();
  for (const Id token : tokens.first(std::min(tokens_kept, tokens.size()))) list.push_back(token);
  return list;
}

void add_histogram(Json& feature, const LogitArrows& arrows, Id f) {
  feature["logits_hist_data_bar_values"] = Json::array();
  feature["logits_hist_data_bar_heights"] = Json::array();
  if (arrows.histogram.empty()) return;
  const auto at = static_cast<std::size_t>(f);
  const double low = static_cast<double>(arrows.histogram_low[at]);
  const double width =
      (static_cast<double>(arrows.histogram_high[at]) - low) / static_cast<double>(histogram_bins);
  // The first and the last cell are what lies below and above the bins.
  const auto cells =
      std::span(arrows.histogram).subspan(f * (histogram_bins + 2) + 1, histogram_bins);
  for (std::size_t bin = 0; bin < cells.size(); ++bin) {
    feature["logits_hist_data_bar_values"].push_back(low +
                                                     (static_cast<double>(bin) + 0.5) * width);
    feature["logits_hist_data_bar_heights"].push_back(cells[bin]);
  }
}

// Neighbours by cosine, the most like first, where the graph holds cosines.
void add_neighbors(Json& feature, const SignedGraph& graph, Id f) {
  if (graph.kind() != GraphKind::decoder) return;
  const auto neighbors = graph.neighbors(f);
  const auto weights = graph.weights(f);
  std::vector<std::pair<float, Id>> nearest;
  for (std::size_t i = 0; i < neighbors.size(); ++i)
    nearest.emplace_back(-weights[i], neighbors[i]);
  std::ranges::sort(nearest);
  feature["topkCosSimIndices"] = Json::array();
  feature["topkCosSimValues"] = Json::array();
  for (const auto& [negated, neighbor] : nearest) {
    feature["topkCosSimIndices"].push_back(neighbor);
    feature["topkCosSimValues"].push_back(-negated);
  }
}

Json own_json(const Exported& exported, Id f) {
  const LogitArrows& arrows = exported.arrows->arrows;
  const auto at = static_cast<std::size_t>(f);
  Json own{{"pos_tokens", ids(arrows.positive(f))},
           {"neg_tokens", ids(arrows.negative(f))},
           {"decoder_norm", arrows.decoder_norm[at]},
           {"mean", arrows.mean[at]},
           {"std", arrows.std[at]},
           {"skewness", arrows.skewness[at]},
           {"kurtosis", arrows.kurtosis[at]}};
  if (!exported.categories) return own;
  own["category"] = exported.categories->partition.label[at];
  if (const auto label = category_label(exported, f)) own["category_label"] = *label;
  return own;
}

Json feature_json(const Exported& exported, const NeuronpediaNames& names, Id f) {
  const LogitArrows& arrows = exported.arrows->arrows;
  const Vocabulary& vocabulary = exported.arrows->vocabulary;
  Json feature{{"modelId", names.model_id},
               {"layer", names.source_id},
               {"index", std::to_string(f)},
               {"pos_str", strings(arrows.positive(f), vocabulary)},
               {"pos_values", numbers(arrows.positive_values(f))},
               {"neg_str", strings(arrows.negative(f), vocabulary)},
               {"neg_values", numbers(arrows.negative_values(f))}};
  add_histogram(feature, arrows, f);
  add_neighbors(feature, exported.graph.graph, f);
  feature["yoneda"] = own_json(exported, f);
  return feature;
}

}  // namespace

void write_neuronpedia(const std::string& path, const Exported& exported,
                       const NeuronpediaNames& names) {
  if (exported.of_two_saes())
    throw Error(ErrorKind::value, "Neuronpedia's features are of one SAE, a virtual graph of two");
  if (!exported.arrows)
    throw Error(ErrorKind::value,
                "Neuronpedia's features are words and logits, which a graph alone does not have: "
                "name a study, or the arrows by --arrows");
  require_fit(exported);
  Json head = facts_json(exported);
  head["format"] = "yoneda-neuronpedia/1";
  head["left_out"] = fields_left_out;
  Stream out(path);
  std::string begin = json_text(head);
  begin.pop_back();  // the brace: features follow
  out.print("{},\n\"features\": [\n", begin);
  const Index n = exported.arrows->arrows.n;
  for (Id f = 0; f < n; ++f)
    out.print("{}{}\n", json_text(feature_json(exported, names, f)), f + 1 < n ? "," : "");
  out.print("]}}\n");
  out.commit();
}

}  // namespace yoneda::report
