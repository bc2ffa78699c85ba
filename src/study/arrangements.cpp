#include "arrangements.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

namespace yoneda::study {
namespace {

std::vector<Id> used_objects(const WrittenEquation& equation) {
  std::vector<Id> used = equation.left;
  used.insert(used.end(), equation.right.begin(), equation.right.end());
  std::ranges::sort(used);
  used.erase(std::ranges::unique(used).begin(), used.end());
  return used;
}

Id place_in(std::span<const Id> sorted, Id value) {
  return static_cast<Id>(std::ranges::lower_bound(sorted, value) - sorted.begin());
}

bool contains(std::span<const Id> values, Id value) {
  return std::ranges::find(values, value) != values.end();
}

}  // namespace

Arrangements::Arrangements(const WrittenEquation& equation, std::span<const Members> objects,
                           const DiagramWorld& world)
    : null_(equation.null), objects_(objects), world_(world) {
  if (world.categories) {
    members_ = members(*world.categories);
    for (Id c = 0; c < static_cast<Id>(members_.size()); ++c)
      if (!members_[c].empty()) categories_.push_back(c);
  }
  const std::vector<Id> used = used_objects(equation);
  for (const ObjectType type :
       {ObjectType::feature, ObjectType::token, ObjectType::tokens, ObjectType::category}) {
    Group group;
    group.type = type;
    for (Id object = 0; object < static_cast<Id>(objects.size()); ++object) {
      if (objects[object].type != type) continue;
      const bool in_place = contains(used, object);
      if (null_ == EquationNull::permute) {
        if (in_place) group.own.push_back(static_cast<Id>(group.pool.size()));
        group.pool.push_back(object);
      } else if (in_place) {
        group.own.push_back(own_choice(objects[object]));
      }
      if (in_place) group.places.push_back(object);
    }
    group.choices = choices(group);
    if (!group.places.empty()) groups_.push_back(std::move(group));
  }
}

Id Arrangements::own_choice(const Members& object) const {
  const Id first = object.ids.front();
  switch (object.type) {
    case ObjectType::token:  // its number among the tokens that are not left out
      return first - place_in(world_.excluded, first);
    case ObjectType::category:
      return place_in(categories_, world_.categories->label[first]);
    default:
      return first;
  }
}

Index Arrangements::choices(const Group& group) const {
  if (null_ == EquationNull::permute) return static_cast<Index>(group.pool.size());
  switch (group.type) {
    case ObjectType::feature:
      return world_.features;
    case ObjectType::category:
      return static_cast<Index>(categories_.size());
    default:
      return world_.V - static_cast<Index>(world_.excluded.size());
  }
}

double Arrangements::count() const {
  double count = 1;
  for (const Group& group : groups_)
    for (std::size_t i = 0; i < group.places.size(); ++i) {
      if (drawn_as_sets(group)) {
        const auto size = static_cast<double>(objects_[group.places[i]].ids.size());
        const auto V = static_cast<double>(group.choices);
        count *= std::round(
            std::exp(std::lgamma(V + 1) - std::lgamma(size + 1) - std::lgamma(V - size + 1)));
      } else {
        count *= static_cast<double>(group.choices) - static_cast<double>(i);
      }
    }
  return count;
}

bool Arrangements::drawn_as_sets(const Group& group) const {
  return null_ == EquationNull::random && group.type == ObjectType::tokens;
}

bool Arrangements::numbered() const {
  return std::ranges::none_of(groups_, [&](const Group& g) { return drawn_as_sets(g); });
}

Members Arrangements::choice(const Group& group, Id chosen) const {
  if (null_ == EquationNull::permute) return objects_[group.pool[chosen]];
  if (group.type == ObjectType::category) return {group.type, members_[categories_[chosen]]};
  if (group.type == ObjectType::token) return {group.type, {kept_token(chosen)}};
  return {group.type, {chosen}};
}

/// Token i of those that are not left out.
Id Arrangements::kept_token(Id i) const {
  for (const Id excluded : world_.excluded) {
    if (excluded > i) break;
    ++i;
  }
  return i;
}

std::optional<std::vector<Members>> Arrangements::at(Index number) const {
  std::vector<Members> filled(objects_.begin(), objects_.end());
  bool own = true;
  for (const Group& group : groups_) {
    // Digits of a number whose base falls by one a place: which of the choices that are left.
    std::vector<Id> taken;
    for (std::size_t i = 0; i < group.places.size(); ++i) {
      const Index left = group.choices - static_cast<Index>(i);
      Id chosen = static_cast<Id>(number % left);
      number /= left;
      std::vector<Id> before = taken;
      std::ranges::sort(before);
      for (const Id t : before) chosen += t <= chosen;
      taken.push_back(chosen);
      own &= chosen == group.own[i];
      filled[group.places[i]] = choice(group, chosen);
    }
  }
  if (own) return std::nullopt;
  return filled;
}

std::vector<Members> Arrangements::draw(Random& random) const {
  std::vector<Members> filled(objects_.begin(), objects_.end());
  for (const Group& group : groups_) {
    std::vector<Id> taken;
    for (const Id place : group.places) {
      if (drawn_as_sets(group)) {
        filled[place].ids = random_tokens(objects_[place].ids.size(), group.choices, random);
        continue;
      }
      Id chosen;
      do {
        chosen = static_cast<Id>(random.below(group.choices));
      } while (contains(taken, chosen));
      taken.push_back(chosen);
      filled[place] = choice(group, chosen);
    }
  }
  return filled;
}

std::vector<Id> Arrangements::random_tokens(std::size_t size, Index choices, Random& random) const {
  std::vector<Id> tokens;
  while (tokens.size() < size) {
    const Id token = kept_token(static_cast<Id>(random.below(choices)));
    if (!contains(tokens, token)) tokens.push_back(token);
  }
  std::ranges::sort(tokens);
  return tokens;
}

}  // namespace yoneda::study
