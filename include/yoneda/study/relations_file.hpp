// relations.json: which relations are the same difference for all their pairs, in which
// representation, and what the nulls say of it.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "yoneda/category/relations.hpp"
#include "yoneda/model/vocabulary.hpp"
#include "yoneda/study/quads.hpp"
#include "yoneda/study/record.hpp"

namespace yoneda::study {

/// One relation in every representation asked for.
struct RelationTests {
  WordRelation relation;
  std::vector<RelationTest> tests;

  /// The test in the representation of this name, or null.
  const RelationTest* in(std::string_view representation) const;
  /// Q(code) / Q(vector); nothing where either was not computed or vectors have none.
  std::optional<double> code_over_vector() const;
};

struct Relations {
  std::vector<RelationTests> relations;
  RelationOptions options;
  std::optional<double> fve;  ///< of the encoded tokens; nothing where none were
  std::vector<std::string> notes;
};

/// Writes atomically. Draws are left out: the seed gives them again. Throws Error{file}.
void write_relations(const std::string& path, const Relations& relations,
                     const Vocabulary& vocabulary, const Record& record);

}  // namespace yoneda::study
