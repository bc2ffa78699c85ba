// Where weights came from.
#pragma once

#include <string>
#include <vector>

namespace yoneda {

/// The provenance of a Sae, an Unembedding or a Vocabulary; filled in by the readers and carried
/// into every output. All fields may be empty for matrices made in memory.
struct Origin {
  std::string path;                  ///< the file or folder named by the user
  std::string dialect;               ///< which format it was read as, e.g. "SAELens"
  std::vector<std::string> tensors;  ///< names of the tensors used
  std::string hook_point;            ///< e.g. "blocks.8.hook_resid_pre"
  std::string model;                 ///< the language model's name
  std::vector<std::string> notes;    ///< anything a reader had to assume, for the user to see
};

}  // namespace yoneda
