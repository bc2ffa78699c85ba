// categories.json: which feature belongs where, what each category says, and the quotient graph.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "yoneda/cluster/hierarchy.hpp"
#include "yoneda/cluster/labels.hpp"
#include "yoneda/cluster/stability.hpp"
#include "yoneda/graph/partition.hpp"
#include "yoneda/graph/quotient.hpp"
#include "yoneda/model/vocabulary.hpp"
#include "yoneda/study/record.hpp"

namespace yoneda::study {

struct CategoryScores {
  double modularity = 0, positive_cut = 0, negative_uncut = 0;
};

/// Of the features, and of each category the mean over its own.
struct Silhouettes {
  double mean = 0;
  std::vector<double> category;
};

struct Categories {
  Partition partition;
  std::string method;
  std::vector<CategoryLabel> labels;  ///< one per category, or empty where there were no arrows
  std::vector<std::vector<Id>> exemplars;  ///< up to three features of each
  Quotient quotient;
  CategoryScores scores;
  std::optional<Silhouettes> silhouettes;  ///< where the decoder was at hand
  std::optional<Stability> stability;      ///< where it was asked for
  std::optional<Hierarchy> hierarchy;      ///< of the categories, where it was asked for
  std::vector<CountStability> counts;      ///< where the count was chosen by them
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

/// A category as a categories.json tells it.
struct CategoryCard {
  struct Other {
    Id category;
    double weight;
    std::vector<std::string> words;
  };
  Id id = 0;
  std::vector<Id> features, exemplars;
  std::vector<std::string> raised, lowered;  ///< without labels: none
  double cohesion = 0;
  std::optional<double> silhouette, stability;
  std::optional<Other> opposite;
  std::vector<Other> neighbors;
};

/// Throws Error{file, format}, and Error{value} where there is no such category.
CategoryCard read_category(const std::string& path, Index id);

/// The partition alone. Throws Error{file, format}.
Partition read_partition(const std::string& path);

}  // namespace yoneda::study
