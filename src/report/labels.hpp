// Where the names of points go so that none covers another.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace yoneda::report {

/// A place of the picture, in pixels from its lower left corner.
struct Place {
  double x, y;
};

struct Box {
  double left, low, right, high;

  bool meets(const Box& other) const {
    return left < other.right && other.left < right && low < other.high && other.low < high;
  }
};

/// A name that wants to be beside a disc.
struct Wish {
  Place at;
  double radius;
  std::string text;
};

/// How wide a text is, about, in a font of this size in pixels.
double text_width(std::string_view text, double size);

/// For every wish, in their order, the middle of its text: right of its disc, left, above, below or
/// across it, wherever it covers no earlier text and no `taken` box, and stays within `frame`;
/// nothing where there is no such place. Cost: quadratic.
std::vector<std::optional<Place>> label_places(std::span<const Wish> wishes, double size,
                                               const Box& frame, std::vector<Box> taken = {});

}  // namespace yoneda::report
