// Tables of edges or features, for pandas, R and spreadsheets.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "yoneda/report/exported.hpp"

namespace yoneda::report {

enum class Table { edges, features };

inline constexpr std::array<std::string_view, 2> table_names{"edges", "features"};

constexpr std::string_view name(Table table) {
  return table_names[static_cast<std::size_t>(table)];
}

/// A header line and a row for every edge (source, target, weight) or for every node with what is
/// known of it. Fields are quoted as RFC 4180 has it. What made the table, and what its columns
/// are, is in a second file beside it, "FILE-metadata.json" (Tennison, Kellogg 2015: where readers
/// of CSV on the Web look for it); a device has none beside it. Returns the path of that file, or
/// nothing. Throws as write_graphml.
std::optional<std::string> write_table(const std::string& path, const Exported& exported,
                                       Table table, char separator);

}  // namespace yoneda::report
