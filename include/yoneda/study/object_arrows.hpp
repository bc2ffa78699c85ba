// Arrows between features and tokens: those of a graph, and exact ones where it kept none.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "yoneda/arrows/token_profiles.hpp"
#include "yoneda/study/arrows_file.hpp"
#include "yoneda/study/diagram_file.hpp"
#include "yoneda/study/graph_file.hpp"
#include "yoneda/study/sources.hpp"

namespace yoneda::study {

/// A feature (a node of the graph) or a token.
struct Point {
  bool token = false;
  Id id = 0;

  friend bool operator==(const Point&, const Point&) = default;
};

/// A weight, and whether the graph has this edge or the weights gave it.
struct ObjectArrow {
  double weight = 0;  ///< 0: there is no arrow
  bool in_graph = false;
};

/// All arrows between features and tokens of a study, kept in its sparse graph or not.
///     feature → feature   the graph's weight; where it has no edge, the exact one of its kind:
///                         profile Σ_t Â_ft Â_gt, decoder cos(W_dec[f], W_dec[g]); of a graph
///                         read from a file, 0
///     feature — token     cos(w'_f, u_t − ū), w' as in logit_direction: its sign is that of
///                         z_ft − mean_t z_ft
///     token — token       cos(u_t − ū, u_s − ū)
/// ū is the mean of the unembedding over the tokens that the arrows have. Nothing of size
/// features x tokens is made. Refers to what it is given.
class ObjectArrows {
 public:
  /// `arrows` and `sources` may be null: what needs them is then an Error{value} that says so.
  /// Throws Error{shape} where graph, arrows and sources are not of one study. Cost: V d with
  /// sources.
  ObjectArrows(const GraphFile& graph, const ArrowsFile* arrows, const Sources* sources);

  /// 0 from a point to itself, as in the graph. May be called from several threads. Throws
  /// Error{value} where what it takes was not given. Cost: d, or k.
  ObjectArrow between(Point u, Point v) const;

  /// The mean arrow over all pairs of members that are not the same point, and whether all came
  /// from the graph. Cost: that of all pairs.
  ObjectArrow between(const Members& from, const Members& to) const;

  Index features() const { return graph_.graph.node_count(); }
  Index tokens() const;

 private:
  double exact(Id f, Id g) const;
  double profile_weight(Id f, Id g) const;
  double decoder_weight(Id f, Id g) const;
  double feature_token(Id f, Id t) const;
  double token_token(Id t, Id s) const;
  std::vector<double> centred(Id t) const;
  const Sources& sources(const char* what) const;

  const GraphFile& graph_;
  const ArrowsFile* arrows_;
  const Sources* sources_;
  Convention convention_ = Convention::raw;
  TokenProfiles profiles_;          ///< normalised, of a profile graph
  std::vector<double> mean_token_;  ///< ū
};

}  // namespace yoneda::study
