// The relations of a diagram as rows: what training can be asked to keep.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "yoneda/sae/relation.hpp"
#include "yoneda/study/diagram_file.hpp"

namespace yoneda::study {

struct DiagramRelations {
  std::vector<Relation> relations;  ///< in the file's order
  std::vector<std::string> notes;   ///< which relations are left out, and why
};

/// The relations in codes that are expected to commute, or of which nothing is expected; others are
/// left out with a note, for training constrains codes, and nobody wants to train what should fail.
/// Words are looked up as tokens are: a row of activations is the token of the same number, and
/// "#7" is row 7 where there is no vocabulary. Throws Error{value} that names the place: a word
/// that is no row, a word paired with itself, a pair given twice; and where no relation is left.
DiagramRelations code_relations(const DiagramFile& file, const DiagramWorld& world);

/// Relations as a diagram that code_relations() reads back: rows by their words, where the
/// vocabulary has such a word and TOML can hold it, else by number ("#7").
std::string diagram_of(std::span<const Relation> relations, const Vocabulary& vocabulary);

}  // namespace yoneda::study
