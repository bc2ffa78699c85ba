// Null models of a graph, and which of them are honest for which kind of graph.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "yoneda/core/error.hpp"
#include "yoneda/graph/signed_graph.hpp"

namespace yoneda {

/// A recipe that draws a graph again, keeping what the construction guarantees and breaking the
/// rest. draw(seed) returns the same graph for the same seed, whatever the number of threads; it is
/// called from one thread at a time.
struct Null {
  std::string kind;
  std::string keeps;  ///< one sentence: what it keeps, what it loses
  std::function<SignedGraph(std::uint64_t seed)> draw;
};

/// The null that a graph of this kind is compared with where the user names none; nothing for
/// cross-layer graphs (virtual, flow), which need joint rotations of encoder and decoder.
constexpr std::optional<std::string_view> default_null(GraphKind kind) {
  switch (kind) {
    case GraphKind::profile:
    case GraphKind::decoder:
      return "gaussian";
    case GraphKind::user:
      return "sign";
    case GraphKind::virtual_:
    case GraphKind::flow:
      break;
  }
  return std::nullopt;
}

/// Why comparing a graph of this kind with this null would mislead, in one sentence; nothing where
/// it is honest. A kind of null that is not ours is its author's to answer for.
inline std::optional<std::string> objection(std::string_view null_kind, GraphKind kind) {
  const bool is_gram = kind == GraphKind::profile || kind == GraphKind::decoder;
  if (null_kind == "sign" && is_gram)
    return "a Gram matrix is nearly balanced by construction, so shuffled signs would make a false "
           "discovery; use gaussian";
  if (null_kind == "sign" && kind != GraphKind::user)
    return "a product of low rank balances part of its cycles by construction, so shuffled signs "
           "would make a false discovery; joint-rotation, which turns encoder and decoder "
           "together, "
           "suits it, and cannot be drawn yet";
  if (null_kind == "gaussian" && kind == GraphKind::user)
    return "gaussian draws the directions a graph was made from, and a graph read from a file has "
           "none; use sign";
  if (null_kind == "gaussian" && !is_gram)
    return "gaussian draws decoder directions alone and loses how the encoder goes with them; "
           "joint-rotation, which turns both together, suits it, and cannot be drawn yet";
  return std::nullopt;
}

/// Throws Error{value} with the objection where there is one.
inline void require_honest(std::string_view null_kind, GraphKind kind) {
  if (const auto reason = objection(null_kind, kind))
    throw Error(ErrorKind::value, "the null '" + std::string(null_kind) + "' is refused for a " +
                                      std::string(name(kind)) + " graph: " + *reason);
}

}  // namespace yoneda
