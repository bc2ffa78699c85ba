// Diagrams: equations between parallel paths, and those that do not hold.
#pragma once

#include <algorithm>
#include <concepts>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "yoneda/category/base.hpp"
#include "yoneda/category/composite.hpp"
#include "yoneda/core/error.hpp"
#include "yoneda/core/types.hpp"
#include "yoneda/graph/signed_graph.hpp"

namespace yoneda {

/// Two paths, as nodes, with the same ends; a path of one node is the identity. It commutes where
/// the values of the paths are at most `tolerance` apart, in the base's measure.
struct Equation {
  std::string name;
  std::vector<Id> left, right;
  double tolerance = 0;
};

/// Equations of one shape found in a graph: those selected, and how many there are in all.
struct Equations {
  std::vector<Equation> list;
  Index total = 0;
};

/// The values of both paths, and how far they are apart.
template <Base B>
struct Sides {
  typename B::value left, right;
  double discrepancy = 0;
};

/// An equation that does not hold.
template <Base B>
struct Failure {
  Index equation = 0;      ///< its place in the list
  double discrepancy = 0;  ///< above its tolerance; ∞ where the base gave no number
  typename B::value left, right;
};

namespace detail {

/// "equation 3 (capital)", for messages.
inline std::string text_of(const Equation& equation, Index place) {
  return "equation " + std::to_string(place) +
         (equation.name.empty() ? "" : " (" + equation.name + ")");
}

}  // namespace detail

/// Throws Error{value} for a side without nodes, sides with different ends, or a tolerance that is
/// negative or no number.
inline void require_valid(const Equation& equation) {
  const auto& left = equation.left;
  const auto& right = equation.right;
  if (left.empty() || right.empty())
    throw Error(ErrorKind::value, "an equation has a side without nodes");
  if (left.front() != right.front() || left.back() != right.back()) {
    const auto ends = [](const std::vector<Id>& path) {
      return std::to_string(path.front()) + " to " + std::to_string(path.back());
    };
    throw Error(ErrorKind::value, "the left side goes from " + ends(left) + ", the right from " +
                                      ends(right) + ": both need the same ends");
  }
  if (!(equation.tolerance >= 0))
    throw Error(ErrorKind::value, "the tolerance " + std::to_string(equation.tolerance) +
                                      " must be a number that is not negative");
}

/// Both sides of one equation. Throws Error{value} as require_valid does, and what arrow_of throws.
/// A discrepancy that is no number (a base met values outside its domain) is ∞.
template <Base B, ArrowsIn<B> Arrows>
Sides<B> sides(const Equation& equation, const Arrows& arrow_of, const B& base) {
  require_valid(equation);
  Sides<B> both{composite(base, arrow_of, equation.left),
                composite(base, arrow_of, equation.right)};
  both.discrepancy = detail::apart(base, both.left, both.right);
  return both;
}

/// The same along the edges of a graph: a step that is no edge is an Error{value}.
template <Base B>
Sides<B> sides(const Equation& equation, const SignedGraph& graph, const B& base) {
  for (const auto* path : {&equation.left, &equation.right})
    for (const Id node : *path) detail::require_node(graph, node);
  return sides(equation, arrows_of(base, graph), base);
}

/// The equations that do not hold, worst first, ties in the order of the list. `arrows` is a graph
/// or a function arrow_of(u, v). An Error of an equation (sides that do not fit, a step that is no
/// edge) is thrown again with the equation's place and name. Cost: one arrow and one compose a
/// step.
template <Base B, class Arrows>
requires ArrowsIn<Arrows, B> || std::same_as<Arrows, SignedGraph> std::vector<Failure<B>> failures(
    std::span<const Equation> equations, const Arrows& arrows, const B& base) {
  std::vector<Failure<B>> found;
  for (Index i = 0; i < static_cast<Index>(equations.size()); ++i) {
    try {
      Sides<B> both = sides(equations[i], arrows, base);
      if (both.discrepancy > equations[i].tolerance)
        found.push_back({i, both.discrepancy, std::move(both.left), std::move(both.right)});
    } catch (const Error& error) {
      throw Error(error.kind, error.what(), detail::text_of(equations[i], i));
    }
  }
  std::ranges::stable_sort(
      found, [](const auto& a, const auto& b) { return a.discrepancy > b.discrepancy; });
  return found;
}

/// Whether every equation holds.
template <Base B, class Arrows>
bool commutes(std::span<const Equation> equations, const Arrows& arrows, const B& base) {
  return failures(equations, arrows, base).empty();
}

}  // namespace yoneda
