#include "terminal.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <memory>

namespace tool {
namespace {

std::atomic<bool> interrupted{false};

// The number of bytes of the UTF-8 character that starts `text`; 0 where none does.
std::size_t character_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  const std::size_t length = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (length == 1) return 1;
  if (first < 0xc2 || first > 0xf4 || text.size() < length) return 0;
  unsigned code = first & (0xffu >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
    code = code << 6 | (byte(i) & 0x3fu);
  }
  const bool overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
  const bool surrogate = code >= 0xd800 && code < 0xe000;
  const bool control = code < 0xa0;                                            // C1 controls
  const bool steers = (code >= 0x200b && code <= 0x200f) || code == 0xfeff ||  // invisible, or
                      (code >= 0x2028 && code <= 0x202e) ||                    // turns the line
                      (code >= 0x2066 && code <= 0x2069);
  return overlong || surrogate || control || steers || code > 0x10ffff ? 0 : length;
}

std::size_t width_of(std::string_view text) {
  std::size_t width = 0;
  for (const char c : text) width += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  return width;
}

}  // namespace

void catch_interrupts() {
  std::signal(SIGINT, [](int) {
    if (interrupted.exchange(true)) std::_Exit(130);
  });
}

yoneda::Progress terminal_progress() {
  using Clock = std::chrono::steady_clock;
  struct Display {
    std::string stage;
    Clock::time_point begin = Clock::now(), shown{};
    bool visible = false;
  };
  const bool terminal = isatty(STDERR_FILENO) != 0;
  const auto display = std::make_shared<Display>();
  return yoneda::Progress([=](yoneda::Stage stage, double share) {
    if (!terminal) return !interrupted;
    const auto now = Clock::now();
    const auto clear = [&] {
      if (display->visible) std::fputs("\r\033[K", stderr);
      display->visible = false;
    };
    if (stage != display->stage) {
      clear();
      display->stage = stage;
      display->begin = now;
    }
    if (share >= 1 || interrupted) {
      clear();
    } else if (now - display->begin > std::chrono::milliseconds(500) &&
               now - display->shown > std::chrono::milliseconds(100)) {
      fmt::print(stderr, "\r\033[K  {} {:3.0f}%", stage, 100 * share);
      std::fflush(stderr);
      display->shown = now;
      display->visible = true;
    }
    return !interrupted;
  });
}

void print_note(std::string_view text) {
  fmt::print(stderr, "note: {}\n", text);
}

std::string safe_text(std::string_view text, std::size_t width) {
  std::string safe;
  std::size_t used = 0;
  while (!text.empty()) {
    const auto byte = static_cast<unsigned char>(text.front());
    const std::size_t length = byte < 0x20 || byte == 0x7f ? 0 : character_length(text);
    std::string piece;
    if (length > 0)
      piece = text.substr(0, length);
    else if (byte == '\n')
      piece = "\\n";
    else if (byte == '\t')
      piece = "\\t";
    else
      piece = fmt::format("\\x{:02x}", byte);
    const std::size_t size = width_of(piece);
    const std::size_t taken = std::max<std::size_t>(length, 1);
    const bool last = taken == text.size();
    if (used + size + (last ? 0 : 1) > width) return safe + "…";
    safe += piece;
    used += size;
    text.remove_prefix(taken);
  }
  return safe;
}

std::string grouped(yoneda::Index number) {
  std::string digits = std::to_string(number);
  for (auto at = static_cast<yoneda::Index>(digits.size()) - 3; at > (number < 0 ? 1 : 0); at -= 3)
    digits.insert(static_cast<std::size_t>(at), ",");
  return digits;
}

std::string percent(double share) {
  return fmt::format("{:.1f}%", 100 * share);
}

std::string words(std::span<const yoneda::Id> tokens, const yoneda::Vocabulary& vocabulary,
                  std::size_t count) {
  std::string list;
  for (const yoneda::Id token : tokens.first(std::min(count, tokens.size())))
    list += (list.empty() ? "" : ", ") + safe_text(vocabulary.text(token), 20);
  return list;
}

std::string padded(const std::string& text, std::size_t width) {
  const std::string cut = safe_text(text, width);
  return cut + std::string(width - std::min(width, width_of(cut)), ' ');
}

}  // namespace tool
