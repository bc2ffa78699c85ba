// Figures: scripts for gnuplot, and the pictures that it draws of them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace yoneda::report {

/// Commands for gnuplot, without terminal, output and style. Texts in them are inert: in single
/// quotes, where gnuplot substitutes nothing.
struct Figure {
  std::string commands;
  int width = 900, height = 600;  ///< pixels, of 1/100 inch in print
};

enum class PictureKind { svg, pdf, png };

/// What a file's ending asks for: .svg, .pdf or .png; nothing for others.
std::optional<PictureKind> picture_kind(std::string_view path);

/// A script that draws the figure into the file `output`, or, without one, onto standard output:
/// terminal, the style that papers have too (tools/plot-style.gp), commands. PNG has two pixels a
/// side for each of the figure's. Throws Error{value} for a file with a quote in its name.
std::string gnuplot_script(const Figure& figure, PictureKind kind, std::string_view output = {});

/// The picture, by a gnuplot that is started for it, with no one's settings. The same figure has
/// the same bytes on one machine: dates are fixed. Throws Error{numeric} where gnuplot is not
/// installed or draws nothing, with what it says.
std::string picture(const Figure& figure, PictureKind kind);

}  // namespace yoneda::report
