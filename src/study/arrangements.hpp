// The null of an equation: other objects of the same types in its places.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "yoneda/core/random.hpp"
#include "yoneda/study/diagram_file.hpp"

namespace yoneda::study {

/// All ways to put objects of the same type in the places of those that an equation names. Objects
/// of one type never come twice.
class Arrangements {
 public:
  /// Throws nothing; refers to what it is given. `equation.null` is not none.
  Arrangements(const WrittenEquation& equation, std::span<const Members> objects,
               const DiagramWorld& world);

  /// How many there are, the equation's own among them.
  double count() const;

  /// Whether they can be numbered: not where sets are drawn from all tokens.
  bool numbered() const;

  /// The objects of the file with those of arrangement i of count() in their places; nothing where
  /// it is the equation's own.
  std::optional<std::vector<Members>> at(Index i) const;

  /// One of them, all equally likely.
  std::vector<Members> draw(Random& random) const;

 private:
  /// The places of one type, and what they may be filled with: numbers below `choices`.
  struct Group {
    ObjectType type = ObjectType::feature;
    std::vector<Id> places;  ///< objects of the file
    std::vector<Id> own;     ///< what they hold
    std::vector<Id> pool;    ///< of permute: the objects of this type
    Index choices = 0;
  };

  Id own_choice(const Members& object) const;
  Index choices(const Group& group) const;
  Members choice(const Group& group, Id chosen) const;
  bool drawn_as_sets(const Group& group) const;
  Id kept_token(Id i) const;
  std::vector<Id> random_tokens(std::size_t size, Index choices, Random& random) const;

  EquationNull null_;
  std::span<const Members> objects_;
  const DiagramWorld& world_;
  std::vector<Group> groups_;
  std::vector<std::vector<Id>> members_;  ///< of every category
  std::vector<Id> categories_;            ///< those that are not empty
};

}  // namespace yoneda::study
