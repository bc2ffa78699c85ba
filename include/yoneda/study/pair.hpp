// Two SAEs of one model: what the first writes, the second reads.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "yoneda/arrows/virtual_weights.hpp"
#include "yoneda/study/sources.hpp"

namespace yoneda::study {

/// What a user names. Of `upstream` the SAE is needed, and a model only where a matrix or a norm
/// lies between an SAE and the residual stream.
struct PairOptions {
  SourceOptions upstream;
  std::string downstream;
  ingest::SaeNames downstream_names;
  ingest::InputNormNames input_norm;
};

struct SaePair {
  Sae upstream;         ///< with directions in the residual stream
  StreamReader reader;  ///< the downstream encoder, with all that lies before it
  Matrix reader_W_dec;  ///< the decoder that goes with it, in its own space
  std::vector<std::string> notes;
  std::map<std::string, Source> recorded;  ///< "sae", "sae_to", and "model" where it was opened
};

/// Reads both and checks that the first can write what the second reads: that the stream has one
/// width, that the first comes no later, that the second reads the stream or a norm of it. Of a
/// cross-layer transcoder upstream, decoders to all layers before the reading place are summed
/// unless a target layer is named. Throws Error{file, format, shape, value}.
SaePair open_pair(const PairOptions& options);

/// What was named to make a virtual graph with this record. Nothing is opened or checked.
PairOptions pair_options_of(const Record& record);

/// Reads the same two SAEs again. Throws Error{value} where one is not recorded or no longer has
/// the recorded hash, and as open_pair does.
SaePair reopen_pair(const Record& record);

}  // namespace yoneda::study
