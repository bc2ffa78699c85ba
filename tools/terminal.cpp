#include "terminal.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <memory>

namespace tool {
namespace {

std::atomic<bool> interrupted{false};

// What would be lost between two commas goes in quotes: a comma, and nothing at all.
std::string list_item(const std::string& token) {
  return token.empty() || token.find(',') != token.npos ? "'" + token + "'" : token;
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
  fmt::print(stderr, "note: {}\n", safe_text(text, 2000));
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
    list += (list.empty() ? "" : ", ") + list_item(safe_token(vocabulary.text(token), 20));
  return list;
}

std::string padded(const std::string& text, std::size_t width) {
  const std::string cut = safe_text(text, width);
  return cut + std::string(width - std::min(width, yoneda::columns(cut)), ' ');
}

}  // namespace tool
