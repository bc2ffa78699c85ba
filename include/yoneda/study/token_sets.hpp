// Token sets as people write them: `: name`, then one word a line.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "yoneda/model/vocabulary.hpp"
#include "yoneda/null/token_set.hpp"
#include "yoneda/study/record.hpp"

namespace yoneda::study {

struct TokenSetsFile {
  std::vector<TokenSet> sets;
  std::vector<std::string> notes;  ///< words that are no tokens, by set
  Source source;                   ///< the file, for the record
};

/// Reads a text file: a line `: name` begins a set, every other line that is not blank is a word of
/// it, without the blanks around it. A word stands for its token and for the one with a space
/// before it, where there are both (see tokens_of_word); words that are no token of V, or whose
/// tokens are all among `excluded` (ascending), are noted. Throws Error{file}, Error{format} that
/// names the line, Error{value} by the set's name where fewer than three tokens are left.
TokenSetsFile read_token_sets(const std::string& path, const Vocabulary& vocabulary, Index V,
                              std::span<const Id> excluded = {});

}  // namespace yoneda::study
