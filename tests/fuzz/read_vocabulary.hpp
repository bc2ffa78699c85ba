// Reading a vocabulary under the name it usually has.
#pragma once

#include <algorithm>
#include <string>

#include "fuzz.hpp"
#include "yoneda/ingest/vocabulary.hpp"

namespace yoneda::fuzz {

/// Texts may not outgrow their file by more than a reader says: see decode() in token_form.hpp.
inline void read_vocabulary(const std::string& name, Input input) {
  const std::string path = folder().write(name, input);
  may_refuse([&] { ingest::is_vocabulary(path); });
  may_refuse([&] {
    const Vocabulary vocabulary = ingest::load_vocabulary(path);
    for (const std::string& note : vocabulary.origin.notes)
      if (note.empty() || note.find('\n') != note.npos) std::abort();
  });
}

}  // namespace yoneda::fuzz
