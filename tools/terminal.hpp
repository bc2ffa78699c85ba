// What a person sees: progress, safe text, numbers.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "yoneda/core/progress.hpp"
#include "yoneda/core/safe_text.hpp"
#include "yoneda/core/types.hpp"
#include "yoneda/model/vocabulary.hpp"

namespace tool {

/// How many of its units a stage goes through, so that a rate can be told; 0: unknown.
struct Amounts {
  yoneda::Index features = 0, draws = 0;
};

/// What is shown on the way.
enum class ProgressStyle {
  automatic,  ///< a bar on a terminal, nothing elsewhere
  lines,      ///< a line for every tenth of a stage, as a log wants it
  none,
};
void choose_progress(ProgressStyle style);

/// Shows stage, share, rate and time left on standard error once a stage takes longer than half a
/// second. Asks to stop after Ctrl-C.
yoneda::Progress terminal_progress(Amounts amounts = {});

/// Whether what is printed on standard output has colours.
enum class ColourChoice { automatic, always, never };
/// `automatic`: only on a terminal that is not dumb, unless the environment says otherwise:
/// NO_COLOR and CLICOLOR=0 turn colours off, CLICOLOR_FORCE turns them on elsewhere, too, in this
/// order (https://no-color.org, http://bixense.com/clicolors).
void choose_colours(ColourChoice choice);

/// Columns of a line on standard output: the terminal's, at least 60; `elsewhere` where there is
/// none and where the terminal is wider.
std::size_t line_width(std::size_t elsewhere);

/// The text in bold, or as it is where there are no colours.
std::string heading(const std::string& text);
/// The text in the blue of what is raised and the orange of what is lowered, as in the pictures
/// (Okabe, Ito 2008, Color Universal Design: safe for colour-blind readers).
std::string in_blue(const std::string& text);
std::string in_orange(const std::string& text);

/// Makes Ctrl-C, SIGTERM and a terminal that closes ask for a stop instead of killing the process;
/// a second one kills.
void catch_interrupts();

/// 128 and the number of the signal that asked for the stop, as shells have it.
int exit_code_of_interrupt();

/// A word as it is typed, in one line: in quotes where a shell would take it apart, with escapes in
/// them where it holds what cannot be seen.
std::string shell_word(const std::string& word);

/// A note on standard error.
void print_note(std::string_view text);

using yoneda::safe_text;
using yoneda::safe_token;

/// 1234567 -> "1,234,567".
std::string grouped(yoneda::Index number);

/// 0.9967 -> "99.7%".
std::string percent(double share);

/// "␣deer, ␣elk, boar, ','": the texts of the first `count` tokens; ␣ is a space.
std::string words(std::span<const yoneda::Id> tokens, const yoneda::Vocabulary& vocabulary,
                  std::size_t count);

/// Safe, cut or padded with blanks to `width` columns.
std::string padded(const std::string& text, std::size_t width);

}  // namespace tool
