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

namespace {

using Clock = std::chrono::steady_clock;

// "0:07", "12:30", "1:02:30".
std::string clock_time(double seconds) {
  const auto whole = static_cast<long>(seconds + 0.5);
  const long hours = whole / 3600, minutes = whole / 60 % 60;
  return hours > 0 ? fmt::format("{}:{:02}:{:02}", hours, minutes, whole % 60)
                   : fmt::format("{}:{:02}", minutes, whole % 60);
}

// One stage on its way, in one line that is written over.
class ProgressLine {
 public:
  explicit ProgressLine(yoneda::Index features) : features_(features) {}

  void show(yoneda::Stage stage, double share) {
    const auto now = Clock::now();
    if (stage != stage_) {
      clear();
      stage_ = stage;
      begin_ = now;
      first_ = share;  // not 0 where work done before is taken up again
    }
    if (share >= 1) return clear();
    const double seconds = std::chrono::duration<double>(now - begin_).count();
    if (seconds < 0.5 || now - shown_ < std::chrono::milliseconds(100)) return;
    fmt::print(stderr, "\r\033[K  {} {:3.0f}%{}", stage, 100 * share, speed(share, seconds));
    std::fflush(stderr);
    shown_ = now;
    visible_ = true;
  }

  void clear() {
    if (visible_) std::fputs("\r\033[K", stderr);
    visible_ = false;
  }

 private:
  std::string speed(double share, double seconds) const {
    const double done = share - first_;
    if (!(done > 0)) return {};
    const double left = seconds * (1 - share) / done;
    const double rate = done * static_cast<double>(features_) / seconds;
    return (features_ > 0 && stage_ == "logit arrows"
                ? fmt::format("  {} features/s", grouped(static_cast<yoneda::Index>(rate)))
                : std::string()) +
           "  " + clock_time(left) + " left";
  }

  yoneda::Index features_;
  std::string stage_;
  Clock::time_point begin_ = Clock::now(), shown_{};
  double first_ = 0;
  bool visible_ = false;
};

}  // namespace

yoneda::Progress terminal_progress(yoneda::Index features) {
  if (isatty(STDERR_FILENO) == 0)
    return yoneda::Progress([](yoneda::Stage, double) { return !interrupted; });
  const auto line = std::make_shared<ProgressLine>(features);
  return yoneda::Progress([=](yoneda::Stage stage, double share) {
    if (interrupted)
      line->clear();
    else
      line->show(stage, share);
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
