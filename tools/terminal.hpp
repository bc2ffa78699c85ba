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

/// Shows stage, share and time left on standard error once a stage takes longer than half a second,
/// and for logit arrows how many of the `features` are done in a second; quiet where that is no
/// terminal. Asks to stop after Ctrl-C.
yoneda::Progress terminal_progress(yoneda::Index features = 0);

/// Makes Ctrl-C ask for a stop instead of killing the process; a second one kills.
void catch_interrupts();

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
