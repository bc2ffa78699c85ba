// The weights a study is about: opened from what the user names, or again from a record.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "yoneda/ingest/reading.hpp"
#include "yoneda/ingest/residual.hpp"
#include "yoneda/ingest/sae.hpp"
#include "yoneda/ingest/unembedding.hpp"
#include "yoneda/model/sae.hpp"
#include "yoneda/model/unembedding.hpp"
#include "yoneda/model/vocabulary.hpp"
#include "yoneda/study/record.hpp"

namespace yoneda::study {

/// What a user names on the command line. Empty paths: not given.
struct SourceOptions {
  std::string sae, model, vocabulary;
  ingest::SaeNames sae_names;
  ingest::UnembeddingNames model_names;
  ingest::ResidualNames residual_names;
};

struct Sources {
  Sae sae;  ///< with directions in the residual stream (see load_residual_map)
  Unembedding model;
  Vocabulary vocabulary;                   ///< may be empty
  std::map<std::string, Source> recorded;  ///< paths and hashes, for the Record
};

/// What words and SAE say of the unembedding's axes, from headers alone.
ingest::KnownSizes known_sizes(const SourceOptions& options, const Vocabulary& vocabulary);

/// Reads an unembedding by `read(KnownSizes)`: alone, and where its own file leaves open which axis
/// is the vocabulary, with what the number of words and the dimension of the SAE say.
template <class Read>
auto settling_axes(const SourceOptions& options, const Vocabulary& vocabulary, const Read& read) {
  try {
    return read(ingest::KnownSizes());
  } catch (const Error& ambiguous) {
    if (ambiguous.kind != ErrorKind::shape) throw;
    const ingest::KnownSizes known = known_sizes(options, vocabulary);
    if (!known.vocabulary && !known.d_model) throw;
    return read(known);
  }
}

/// Reads SAE, model and vocabulary (looked for beside the model where not named) and checks that
/// they fit each other. Throws Error{file, format, shape, value}.
Sources open_sources(const SourceOptions& options);

/// What was named to make the files of this record. Nothing is opened or checked.
SourceOptions options_of(const Record& record);

/// Throws Error{value} unless the source of that role is recorded and still has the recorded hash.
void require_unchanged(const Record& record, const std::string& role);

/// Reads the same inputs again. Throws Error{value} where a file no longer has the recorded hash.
Sources reopen_sources(const Record& record);

}  // namespace yoneda::study
