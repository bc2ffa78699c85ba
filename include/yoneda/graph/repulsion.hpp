// How strongly points in the plane push each other apart, without looking at every pair.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "yoneda/core/types.hpp"

namespace yoneda::detail {

struct Spot {
  double x = 0, y = 0;
};

/// What all other points do to one, with the kernel k = 1 / (1 + d²): Σ m k and Σ m k² (y − y_j).
struct Push {
  double kernel = 0, x = 0, y = 0;
};

/// Points with masses in nested squares. A square that looks small from where one stands counts as
/// one point at its centre of mass (Barnes, Hut 1986, A hierarchical O(N log N) force-calculation
/// algorithm; for such kernels: van der Maaten 2014, Accelerating t-SNE using tree-based
/// algorithms). Squares lie in memory in the order of a walk into depth, each with the place to go
/// on at where it is not entered. Built by one thread, in an order that places alone decide.
class RepulsionTree {
 public:
  RepulsionTree(std::span<const Spot> spots, std::span<const double> mass) {
    if (spots.empty()) return;
    sort(spots);
    points_.reserve(spots.size());
    for (const Id i : order_)
      points_.push_back({static_cast<float>(spots[i].x), static_cast<float>(spots[i].y),
                         static_cast<float>(mass[i])});
    add(0, static_cast<Id>(spots.size()), 0);
  }

  /// The points in the order of the squares: neighbours in it are mostly neighbours in the plane.
  std::span<const Id> order() const { return order_; }

  /// On the point at place `place` of that order.
  Push push(Index place) const {
    const Body at = points_[place];
    float kernels = 0, x = 0, y = 0;
    const auto add_to = [&](float dx, float dy, float squared, float mass) {
      const float kernel = 1 / (1 + squared), strength = mass * kernel;
      kernels += strength;
      x += strength * kernel * dx;
      y += strength * kernel * dy;
    };
    for (std::size_t c = 0; c < cells_.size();) {
      const Cell& cell = cells_[c];
      const float dx = at.x - cell.center.x, dy = at.y - cell.center.y;
      const float squared = dx * dx + dy * dy;
      if (cell.reach < squared && (place < cell.first || place >= cell.last)) {
        add_to(dx, dy, squared, cell.center.mass);
        c = cell.next;
      } else if (++c == cell.next) {
        for (Id j = cell.first; j < cell.last; ++j) {
          const float across = at.x - points_[j].x, up = at.y - points_[j].y;
          if (j != place) add_to(across, up, across * across + up * up, points_[j].mass);
        }
      }
    }
    return {kernels, x, y};
  }

 private:
  static constexpr int deepest = 16;    // halvings of the outermost square
  static constexpr Id leaf = 6;         // points that are not parted
  static constexpr double angle = 0.8;  // how large a square may look

  struct Body {
    float x, y, mass;
  };
  struct Cell {
    Id first, last;    // its points
    std::size_t next;  // the square after all that it holds
    float reach;       // the square of the distance from which it looks small
    Body center;
  };

  /// Puts a zero bit before each of the 16 bits.
  static std::uint32_t spread(std::uint32_t x) {
    x = (x | (x << 8)) & 0x00ff00ffu;
    x = (x | (x << 4)) & 0x0f0f0f0fu;
    x = (x | (x << 2)) & 0x33333333u;
    return (x | (x << 1)) & 0x55555555u;
  }

  /// By the square of the finest grid that a point is in, its bits interleaved, then
  /// by id.
  void sort(std::span<const Spot> spots) {
    double left = spots[0].x, low = spots[0].y, right = left, high = low;
    for (const Spot& s : spots) {
      left = std::min(left, s.x), right = std::max(right, s.x);
      low = std::min(low, s.y), high = std::max(high, s.y);
    }
    side_ = std::max({right - left, high - low, 1e-30});
    const double scale = (1 << deepest) / side_ * (1 - 1e-9);
    std::vector<std::uint64_t> keys(spots.size());
    for (std::size_t i = 0; i < spots.size(); ++i) {
      const auto column = static_cast<std::uint32_t>((spots[i].x - left) * scale);
      const auto row = static_cast<std::uint32_t>((spots[i].y - low) * scale);
      keys[i] = std::uint64_t(spread(column) | spread(row) << 1) << 32 | i;
    }
    std::ranges::sort(keys);
    for (const std::uint64_t key : keys) {
      order_.push_back(static_cast<Id>(key & 0xffffffffu));
      codes_.push_back(static_cast<std::uint32_t>(key >> 32));
    }
  }

  /// The square that holds points [first, last), at `depth` halvings, and the squares in it.
  void add(Id first, Id last, int depth) {
    double mass = 0, x = 0, y = 0;
    for (Id i = first; i < last; ++i) {
      const double m = points_[i].mass;
      mass += m;
      x += m * points_[i].x;
      y += m * points_[i].y;
    }
    const double reach = std::ldexp(side_, -depth) / angle;
    const std::size_t place = cells_.size();
    cells_.push_back(
        {first,
         last,
         0,
         static_cast<float>(reach * reach),
         {static_cast<float>(x / mass), static_cast<float>(y / mass), static_cast<float>(mass)}});
    if (last - first > leaf && depth < deepest) {
      const int shift = 2 * (deepest - 1 - depth);
      for (Id begin = first; begin < last;) {
        const std::uint32_t quarter = codes_[begin] >> shift;
        Id end = begin + 1;
        while (end < last && codes_[end] >> shift == quarter) ++end;
        add(begin, end, depth + 1);
        begin = end;
      }
    }
    cells_[place].next = cells_.size();
  }

  std::vector<Id> order_;
  std::vector<std::uint32_t> codes_;
  std::vector<Body> points_;
  std::vector<Cell> cells_;
  double side_ = 0;
};

}  // namespace yoneda::detail
