// Relations in the format of Google's analogies: `: name`, then lines `a b c d`.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "yoneda/category/relations.hpp"
#include "yoneda/model/vocabulary.hpp"
#include "yoneda/study/record.hpp"

namespace yoneda::study {

/// One relation as a file gives it.
struct WordRelation {
  std::string name;
  std::vector<IdPair> pairs;         ///< distinct, in order of appearance
  std::vector<std::string> missing;  ///< words that are no tokens, each once
  Index lost = 0;                    ///< pairs left out for them
};

struct QuadsFile {
  std::vector<WordRelation> relations;
  std::vector<std::string> notes;  ///< what was left out, by relation
  Source source;                   ///< the file, for the record
};

/// Reads a text file (Mikolov, Chen, Corrado, Dean 2013, Efficient estimation of word
/// representations in vector space): a line `: name` begins a relation, every other line that is
/// not blank holds a quadruple "a is to b as c is to d", that is the pairs (a, b) and (c, d), or
/// one pair. Quadruples of the same pairs say nothing new: only distinct pairs are kept. Lines
/// before the first `: name` make a relation named after the file.
///
/// A word stands for one token: the one with a space before it, as most models write a word within
/// a sentence, or else the one with just this text; where there is neither, the same in lower case
/// (of ASCII letters). Those among `excluded` (ascending), which arrows leave out as junk, count as
/// no tokens. Pairs of which a word is no token, and pairs of one token with itself, are
/// left out and noted. Throws Error{file}, Error{format} that names the line, Error{value} by the
/// relation's name where fewer than two pairs are left.
QuadsFile read_quads(const std::string& path, const Vocabulary& vocabulary, Index V,
                     std::span<const Id> excluded = {});

}  // namespace yoneda::study
