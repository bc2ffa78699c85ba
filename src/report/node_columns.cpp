#include "report/node_columns.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

#include "report/text.hpp"
#include "study/graph_parts.hpp"
#include "yoneda/core/safe_text.hpp"

namespace yoneda::report {
namespace {

constexpr std::size_t label_words = 4, listed_words = 10;
constexpr std::size_t word_width = 200;

// Words between commas; one that holds a comma itself, or nothing, stands in quotes.
class WordList {
 public:
  void add(std::string_view text) {
    const std::string shown = safe_token(text, word_width);
    list_ += (list_.empty() ? "" : ", ") + list_item(shown);
  }
  std::string list() && { return std::move(list_); }

 private:
  std::string list_;
};

std::string words(std::span<const Id> tokens, const Vocabulary& vocabulary, std::size_t most) {
  WordList list;
  for (const Id token : tokens.first(std::min(most, tokens.size())))
    list.add(vocabulary.text(token));
  return std::move(list).list();
}

std::optional<std::string> finite(float value) {
  if (!std::isfinite(value)) return std::nullopt;
  return fmt::format("{}", value);
}

bool has_arrows(const Exported& exported) {
  return exported.arrows || exported.arrows_to;
}

}  // namespace

Id feature_of(const Exported& exported, Id node) {
  const bool second = exported.of_two_saes() && node >= exported.graph.upstream;
  return second ? node - static_cast<Id>(exported.graph.upstream) : node;
}

const study::ArrowsFile* arrows_of(const Exported& exported, Id node) {
  const bool second = exported.of_two_saes() && node >= exported.graph.upstream;
  const auto& arrows = second ? exported.arrows_to : exported.arrows;
  return arrows ? &*arrows : nullptr;
}

std::string node_label(const Exported& exported, Id node) {
  const Id f = feature_of(exported, node);
  const study::ArrowsFile* file = arrows_of(exported, node);
  if (file == nullptr) return fmt::format("#{}", f);
  return words(file->arrows.positive(f), file->vocabulary, label_words);
}

std::optional<std::string> category_label(const Exported& exported, Id node) {
  if (!exported.categories) return std::nullopt;
  const Id category = exported.categories->partition.label[static_cast<std::size_t>(node)];
  if (category < 0) return std::nullopt;
  WordList list;
  const auto& named = exported.categories->words[static_cast<std::size_t>(category)];
  for (std::size_t i = 0; i < std::min(label_words, named.size()); ++i) list.add(named[i]);
  const std::string said = std::move(list).list();
  return fmt::format("#{}{}{}", category, said.empty() ? "" : " ", said);
}

std::vector<Column> node_columns(const Exported& exported) {
  std::vector<Column> columns{{"feature", ColumnType::integer}};
  const auto add = [&columns](std::initializer_list<Column> more) {
    columns.insert(columns.end(), more);
  };
  if (exported.of_two_saes()) add({{"sae", ColumnType::text}});
  if (has_arrows(exported))
    add({{"label", ColumnType::text},
         {"raises", ColumnType::text},
         {"lowers", ColumnType::text},
         {"decoder_norm", ColumnType::number},
         {"mean", ColumnType::number},
         {"std", ColumnType::number},
         {"skewness", ColumnType::number},
         {"kurtosis", ColumnType::number}});
  if (exported.categories)
    add({{"category", ColumnType::integer}, {"category_label", ColumnType::text}});
  return columns;
}

std::vector<std::optional<std::string>> node_values(const Exported& exported, Id node) {
  const Id f = feature_of(exported, node);
  const auto at = static_cast<std::size_t>(f);
  std::vector<std::optional<std::string>> values{fmt::format("{}", f)};
  const auto add = [&values](std::initializer_list<std::optional<std::string>> more) {
    values.insert(values.end(), more);
  };
  if (exported.of_two_saes()) add({node < exported.graph.upstream ? "sae" : "sae_to"});
  if (const study::ArrowsFile* file = arrows_of(exported, node)) {
    const LogitArrows& arrows = file->arrows;
    add({node_label(exported, node), words(arrows.positive(f), file->vocabulary, listed_words),
         words(arrows.negative(f), file->vocabulary, listed_words), finite(arrows.decoder_norm[at]),
         finite(arrows.mean[at]), finite(arrows.std[at]), finite(arrows.skewness[at]),
         finite(arrows.kurtosis[at])});
  } else if (has_arrows(exported)) {
    values.resize(values.size() + 8);
  }
  if (exported.categories) {
    const Id category = exported.categories->partition.label[static_cast<std::size_t>(node)];
    add({category < 0 ? std::nullopt : std::optional(fmt::format("{}", category)),
         category_label(exported, node)});
  }
  return values;
}

std::vector<std::pair<std::string, std::string>> graph_facts(const Exported& exported) {
  const SignedGraph& graph = exported.graph.graph;
  auto metadata = study::to_metadata(exported.graph.record, study::graph_format);
  metadata["graph_command"] = std::exchange(metadata["command"], exported.command);
  metadata["kind"] = name(graph.kind());
  metadata["directed"] = graph.directed() ? "true" : "false";
  if (exported.of_two_saes())
    metadata["upstream_features"] = std::to_string(exported.graph.upstream);
  return {metadata.begin(), metadata.end()};
}

std::string description(const Exported& exported) {
  const SignedGraph& graph = exported.graph.graph;
  std::string text =
      fmt::format("yoneda {}: {} graph, {}, {} nodes, {} edges, made by: {}", study::version(),
                  name(graph.kind()), graph.directed() ? "directed" : "undirected",
                  graph.node_count(), graph.edge_count(), safe_text(exported.command, 4000));
  if (exported.of_two_saes())
    text += fmt::format(
        "; node f < {0} is feature f of the SAE that writes, {0} + g is feature g of "
        "the SAE that reads",
        exported.graph.upstream);
  return text;
}

}  // namespace yoneda::report
