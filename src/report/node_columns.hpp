// What is known of a node, as the columns of a table: the same in every format.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "yoneda/report/exported.hpp"

namespace yoneda::report {

enum class ColumnType { integer, number, text };

struct Column {
  std::string_view name;
  ColumnType type;
};

/// Those that any node has a value for: `feature`, of a virtual graph `sae` ("sae" or "sae_to");
/// with arrows `label`, `raises`, `lowers`, `decoder_norm` and the moments of the logits; with
/// categories `category` and `category_label`.
std::vector<Column> node_columns(const Exported& exported);

/// In their order; nothing where a node has no value (no category, a moment that is not finite).
std::vector<std::optional<std::string>> node_values(const Exported& exported, Id node);

/// What a node is called among others: the words it raises most, "#17" without arrows.
std::string node_label(const Exported& exported, Id node);

/// The number of a node's feature in its own SAE, and the arrows of that SAE where there are any.
Id feature_of(const Exported& exported, Id node);
const study::ArrowsFile* arrows_of(const Exported& exported, Id node);

/// "#3 king, queen"; nothing for a node without a category.
std::optional<std::string> category_label(const Exported& exported, Id node);

/// What the export says of itself: format, version, command, kind, direction, upstream features and
/// the graph's record, as study::write_graph writes them, with the command that made the graph as
/// `graph_command`.
std::vector<std::pair<std::string, std::string>> graph_facts(const Exported& exported);

/// The same in one sentence, for formats that hold a comment.
std::string description(const Exported& exported);

}  // namespace yoneda::report
