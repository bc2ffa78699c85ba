// categories.json: which feature belongs where, what each category says, and the quotient graph.
#pragma once

#include <string>
#include <vector>

#include "yoneda/cluster/labels.hpp"
#include "yoneda/graph/partition.hpp"
#include "yoneda/graph/quotient.hpp"
#include "yoneda/model/vocabulary.hpp"
#include "yoneda/study/record.hpp"

namespace yoneda::study {

struct CategoryScores {
  double modularity = 0, positive_cut = 0, negative_uncut = 0;
};

struct Categories {
  Partition partition;
  std::string method;
  std::vector<CategoryLabel> labels;  ///< one per category, or empty where there were no arrows
  Quotient quotient;
  CategoryScores scores;
  std::vector<std::string> notes;
};

/// Writes atomically; words from the vocabulary beside their ids. Throws Error{file}.
void write_categories(const std::string& path, const Categories& categories,
                      const Vocabulary& vocabulary, const Record& record);

/// What a categories.json says of which feature belongs where, and what each category is called.
struct NamedPartition {
  Partition partition;
  std::vector<std::vector<std::string>> words;  ///< that a category raises; none without labels
};

/// Throws Error{file, format}.
NamedPartition read_named_partition(const std::string& path);

/// The partition alone. Throws Error{file, format}.
Partition read_partition(const std::string& path);

}  // namespace yoneda::study
