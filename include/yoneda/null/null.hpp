// Null models of a graph, and which of them are honest for which kind of graph.
#pragma once

#include <algorithm>
#include <array>
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

/// The null that a graph of this kind is compared with where the user names none; nothing for flow
/// graphs, which nothing here can make again.
constexpr std::optional<std::string_view> default_null(GraphKind kind) {
  switch (kind) {
    case GraphKind::profile:
    case GraphKind::decoder:
      return "gaussian";
    case GraphKind::virtual_:
      return "joint-rotation";
    case GraphKind::user:
      return "sign";
    case GraphKind::flow:
      break;
  }
  return std::nullopt;
}

namespace detail {

/// Of a graph of which nothing but its edges is known.
inline std::optional<std::string> objection_for_edges(std::string_view null) {
  if (null == "sign" || null == "rewire" || null == "weights") return std::nullopt;
  return std::string(null) +
         " draws the directions a graph was made from, and a graph read from a file has none; use "
         "sign, rewire or weights";
}

/// Of a Gram matrix of decoder rows or of what they do to tokens.
inline std::optional<std::string> objection_for_gram(std::string_view null, GraphKind kind) {
  if (null == "sign" || null == "weights")
    return "a Gram matrix is nearly balanced by construction, so shuffled " +
           std::string(null == "sign" ? "signs" : "weights") +
           " would make a false discovery; use gaussian";
  if (null == "rewire")
    return "a Gram matrix is nearly balanced by construction, so rewired edges, which are those of "
           "no Gram matrix, would make a false discovery; use gaussian";
  if (null == "joint-rotation")
    return "joint-rotation turns an encoder with its decoder, and this graph is made from the "
           "decoder alone; use gaussian or whitened-rotation";
  if (null == "rotation" && kind == GraphKind::decoder)
    return "a rotation keeps every cosine between decoder rows, so that each draw would be the "
           "graph itself; use gaussian or whitened-rotation";
  return std::nullopt;
}

/// Of a product of what one thing writes and another reads.
inline std::optional<std::string> objection_for_product(std::string_view null) {
  if (null == "sign" || null == "rewire" || null == "weights")
    return "a product of low rank balances part of its cycles by construction, so " +
           std::string(null == "sign"     ? "shuffled signs"
                       : null == "rewire" ? "rewired edges"
                                          : "shuffled weights") +
           " would make a false discovery; use joint-rotation, which turns encoder and decoder "
           "together";
  if (null == "joint-rotation") return std::nullopt;
  return std::string(null) +
         " draws decoder directions alone and loses how the encoder goes with them; use "
         "joint-rotation, which turns both together";
}

}  // namespace detail

/// The kinds of null that are ours.
inline constexpr std::array<std::string_view, 7> null_kinds{
    "gaussian", "whitened-rotation", "rotation", "joint-rotation", "rewire", "sign", "weights"};

/// Whether it draws directions again, so that it needs the weights a graph was made from.
constexpr bool draws_directions(std::string_view null_kind) {
  return null_kind != "rewire" && null_kind != "sign" && null_kind != "weights" &&
         null_kind != "none";
}

/// Why comparing a graph of this kind with this null would mislead, in one sentence; nothing where
/// it is honest. A kind of null that is not ours is its author's to answer for.
inline std::optional<std::string> objection(std::string_view null_kind, GraphKind kind) {
  if (std::ranges::find(null_kinds, null_kind) == null_kinds.end()) return std::nullopt;
  switch (kind) {
    case GraphKind::user:
      return detail::objection_for_edges(null_kind);
    case GraphKind::profile:
    case GraphKind::decoder:
      return detail::objection_for_gram(null_kind, kind);
    case GraphKind::virtual_:
    case GraphKind::flow:
      return detail::objection_for_product(null_kind);
  }
  return std::nullopt;
}

/// Throws Error{value} with the objection where there is one.
inline void require_honest(std::string_view null_kind, GraphKind kind) {
  if (const auto reason = objection(null_kind, kind))
    throw Error(ErrorKind::value, "the null '" + std::string(null_kind) + "' is refused for a " +
                                      std::string(name(kind)) + " graph: " + *reason);
}

}  // namespace yoneda
