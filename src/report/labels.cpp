#include "labels.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "yoneda/core/safe_text.hpp"

namespace yoneda::report {

double text_width(std::string_view text, double size) {
  return 0.62 * size * static_cast<double>(columns(text));
}

std::vector<std::optional<Place>> label_places(std::span<const Wish> wishes, double size,
                                               const Box& frame, std::vector<Box> taken) {
  std::vector<std::optional<Place>> places;
  for (const Wish& wish : wishes) {
    const double half = text_width(wish.text, size) / 2, tall = 0.6 * size;
    const double aside = wish.radius + half + 4, up = wish.radius + tall + 2;
    const std::array<Place, 8> tried{{{aside, 0},
                                      {-aside, 0},
                                      {0, up},
                                      {0, -up},
                                      {0.8 * aside, up},
                                      {-0.8 * aside, up},
                                      {0.8 * aside, -up},
                                      {-0.8 * aside, -up}}};
    std::optional<Place> found;
    for (const Place& shift : tried) {
      const Place at{wish.at.x + shift.x, wish.at.y + shift.y};
      const Box box{at.x - half, at.y - tall, at.x + half, at.y + tall};
      const bool inside = box.left >= frame.left && box.right <= frame.right &&
                          box.low >= frame.low && box.high <= frame.high;
      if (!inside || std::ranges::any_of(taken, [&](const Box& b) { return b.meets(box); }))
        continue;
      taken.push_back(box);
      found = at;
      break;
    }
    places.push_back(found);
  }
  return places;
}

}  // namespace yoneda::report
