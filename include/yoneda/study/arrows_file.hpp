// arrows.safetensors: the logit arrows of an SAE and the text of every token.
#pragma once

#include <string>
#include <vector>

#include "yoneda/arrows/logit_arrows.hpp"
#include "yoneda/model/vocabulary.hpp"
#include "yoneda/study/record.hpp"

namespace yoneda::study {

struct ArrowsFile {
  LogitArrows arrows;
  Vocabulary vocabulary;  ///< empty where the arrows were made without one
  Record record;
  std::vector<std::string> notes;  ///< of the making, for the user to see; not written
};

/// Writes atomically. Throws Error{file}.
void write_arrows(const std::string& path, const LogitArrows& arrows, const Vocabulary& vocabulary,
                  const Record& record);

/// Throws Error{file}, or Error{format} for a file that is none of ours or damaged.
ArrowsFile read_arrows(const std::string& path);

}  // namespace yoneda::study
