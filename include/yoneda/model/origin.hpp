// Where weights came from.
#pragma once

#include <string>
#include <vector>

#include "yoneda/core/types.hpp"

namespace yoneda {

/// The provenance of a Sae, an Unembedding or a Vocabulary; filled in by the readers and carried
/// into every output. All fields may be empty for matrices made in memory.
struct Origin {
  std::string path;                  ///< the file or folder named by the user
  std::vector<std::string> files;    ///< what was read there, for hashes
  std::string dialect;               ///< which format it was read as, e.g. "SAELens"
  std::string architecture;          ///< as the dialect calls it, e.g. "gated"
  std::vector<std::string> tensors;  ///< names of the tensors used
  std::string hook_point;            ///< what is encoded, e.g. "blocks.8.hook_resid_pre"
  std::string hook_point_out;        ///< what is predicted, where that is something else
  Index layer = -1;                  ///< of the hook point; -1: not known
  std::string model;                 ///< the language model's name
  std::vector<std::string> notes;    ///< anything a reader had to assume, for the user to see
};

}  // namespace yoneda
