// GGUF models in several files: "model-00001-of-00003.gguf" and its siblings.
#pragma once

#include <optional>
#include <string>

#include "yoneda/core/types.hpp"

namespace yoneda::ingest {

struct GgufShard {
  std::string stem;     ///< the path before the numbers
  Index number, count;  ///< from 1 on

  /// The path of another one.
  std::string sibling(Index other) const;
};

/// Nothing for a path that is not called like one of several. Source: ggml's naming convention
/// (docs/gguf.md).
std::optional<GgufShard> gguf_shard(const std::string& path);

/// Of a path that is called like a later shard, the first one, which alone holds the metadata,
/// where that is there; else the path.
std::string first_gguf_shard(const std::string& path);

}  // namespace yoneda::ingest
