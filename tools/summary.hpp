// The parts of a summary, shared by the subcommands that print them.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>

#include "yoneda/study/arrows_file.hpp"
#include "yoneda/study/categories_file.hpp"
#include "yoneda/study/check_file.hpp"
#include "yoneda/study/diagram_file.hpp"
#include "yoneda/study/graph_file.hpp"

namespace tool {

/// The heading of a column of raised tokens: says what ␣ is where tokens may show one.
std::string raises_heading(const yoneda::Vocabulary& vocabulary);

/// How many tokens were left out as junk, and some of them; nothing where there are none.
void print_excluded(std::span<const yoneda::Id> tokens, const yoneda::Vocabulary& vocabulary);

/// The largest categories: size, label, opposite.
void print_categories(const yoneda::study::Categories& categories,
                      const yoneda::Vocabulary& vocabulary, std::size_t most);

/// What a node of a graph is called: "7"; of a virtual graph "f7", a feature of the SAE that
/// writes, or "g7", one of the SAE that reads.
std::string node_name(const yoneda::study::GraphFile& graph, yoneda::Id node);

/// A value of a path: "+", "−0.53".
std::string value_text(const std::optional<double>& value, yoneda::study::PathBase base);

/// A sentence or two, indented, in lines of a width that is read.
void print_wrapped(const std::string& text);

/// Balance, triangles, frustration and the verdicts.
void print_check(const yoneda::study::Check& check, const yoneda::study::GraphFile& graph);

/// The most frustrated features, with words where there are arrows.
void print_frustrated(const yoneda::study::Check& check, const yoneda::study::ArrowsFile* arrows,
                      std::size_t most);

nlohmann::ordered_json categories_json(const yoneda::study::Categories& categories,
                                       const yoneda::Vocabulary& vocabulary);
nlohmann::ordered_json check_json(const yoneda::study::Check& check,
                                  const yoneda::study::GraphFile& graph);

}  // namespace tool
