#include "terminal.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "yoneda/io/atomic_file.hpp"

namespace tool {
namespace {

std::atomic<int> interrupted_by{0};  // the signal

bool interrupted() {
  return interrupted_by != 0;
}

// What would be lost between two commas goes in quotes: a comma, and nothing at all.
std::string list_item(const std::string& token) {
  return token.empty() || token.find(',') != token.npos ? "'" + token + "'" : token;
}

}  // namespace

void catch_interrupts() {
  const auto handler = [](int signal) {
    if (interrupted_by.exchange(signal) == 0) return;
    yoneda::io::remove_unfinished_files();
    std::_Exit(128 + signal);
  };
  std::signal(SIGINT, handler);
  std::signal(SIGTERM, handler);
  // A shell that goes away must not end what nohup started.
  if (std::signal(SIGHUP, handler) == SIG_IGN) std::signal(SIGHUP, SIG_IGN);
}

int exit_code_of_interrupt() {
  return 128 + (interrupted() ? interrupted_by.load() : SIGINT);
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

ProgressStyle progress_style = ProgressStyle::automatic;
ColourChoice colour_choice = ColourChoice::automatic;

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

bool dumb() {
  const std::string kind = environment("TERM");
  return kind.empty() || kind == "dumb";
}

bool colours() {
  if (colour_choice != ColourChoice::automatic) return colour_choice == ColourChoice::always;
  if (!environment("NO_COLOR").empty()) return false;
  const std::string force = environment("CLICOLOR_FORCE");
  if (!force.empty() && force != "0") return true;
  return environment("CLICOLOR") != "0" && isatty(STDOUT_FILENO) != 0 && !dumb();
}

std::string painted(const char* code, const std::string& text) {
  return colours() ? fmt::format("\033[{}m{}\033[0m", code, text) : text;
}

// Columns of a terminal; 80 where it does not say.
std::size_t terminal_width(int file) {
  winsize size{};
  if (ioctl(file, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

// What a stage is made of, in words, and how many there are.
struct Unit {
  const char* name = "";
  yoneda::Index count = 0;
};

Unit unit_of(yoneda::Stage stage, const Amounts& amounts) {
  if (stage == "logit arrows") return {"features", amounts.features};
  if (stage == "null draws") return {"draws", amounts.draws};
  return {};
}

// "1,234 features/s  0:07 left", as far as that is known.
std::string speed_text(const Unit& unit, double done, double left, double seconds) {
  if (!(done > 0)) return {};
  std::string text;
  if (unit.count > 0) {
    const double rate = done * static_cast<double>(unit.count) / seconds;
    text = rate < 10 ? fmt::format("  {:.1f} {}/s", rate, unit.name)
                     : fmt::format("  {} {}/s", grouped(std::llround(rate)), unit.name);
  }
  return text + "  " + clock_time(seconds * left / done) + " left";
}

// "████▌     ": the share in eighths of a column.
std::string bar(double share, std::size_t width) {
  constexpr std::array<const char*, 8> parts{"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const auto eighths = static_cast<std::size_t>(share * 8 * static_cast<double>(width));
  std::string text;
  for (std::size_t i = 0; i < eighths / 8; ++i) text += "█";
  std::size_t used = eighths / 8;
  if (used < width && eighths % 8 > 0) {
    text += parts[eighths % 8];
    ++used;
  }
  return text + std::string(width - used, ' ');
}

// One stage on its way: a bar in one line that is written over, or a line for every tenth.
class ProgressLine {
 public:
  ProgressLine(Amounts amounts, bool lines) : amounts_(amounts), lines_(lines) {}

  void show(yoneda::Stage stage, double share) {
    const auto now = Clock::now();
    if (stage != stage_) {
      clear();
      stage_ = stage;
      begin_ = now;
      first_ = share;  // not 0 where work done before is taken up again
      tenths_ = 0;
    }
    if (share >= 1) return clear();
    const double seconds = std::chrono::duration<double>(now - begin_).count();
    if (seconds < 0.5) return;
    const std::string speed =
        speed_text(unit_of(stage, amounts_), share - first_, 1 - share, seconds);
    if (lines_)
      show_line(share, speed);
    else if (now - shown_ >= std::chrono::milliseconds(100))
      show_bar(share, speed, now);
  }

  void clear() {
    if (visible_) std::fputs("\r\033[K", stderr);
    visible_ = false;
  }

 private:
  void show_line(double share, const std::string& speed) {
    const int tenths = static_cast<int>(10 * share);
    if (tenths <= tenths_) return;
    tenths_ = tenths;
    fmt::print(stderr, "{}: {:.0f}%{}\n", stage_, 100 * share, speed);
    std::fflush(stderr);
  }

  void show_bar(double share, const std::string& speed, Clock::time_point now) {
    constexpr std::size_t longest = 24;
    const std::string percents = fmt::format(" {:3.0f}%", 100 * share);
    // One column stays free: a line that is quite full may turn.
    const std::size_t all = terminal_width(STDERR_FILENO), stage = yoneda::columns(stage_) + 3;
    const bool wide = stage + percents.size() + speed.size() <= all;
    const std::string text = wide ? percents + speed : percents;
    const std::size_t taken = stage + text.size() + 3;
    const std::size_t room = all > taken ? std::min(longest, all - taken) : 0;
    fmt::print(stderr, "\r\033[K  {}{}{}", stage_,
               room < 5 ? std::string() : " │" + bar(share, room) + "│", text);
    std::fflush(stderr);
    shown_ = now;
    visible_ = true;
  }

  Amounts amounts_;
  bool lines_;
  std::string stage_;
  Clock::time_point begin_ = Clock::now(), shown_{};
  double first_ = 0;
  int tenths_ = 0;
  bool visible_ = false;
};

}  // namespace

void choose_progress(ProgressStyle style) {
  progress_style = style;
}

void choose_colours(ColourChoice choice) {
  colour_choice = choice;
}

std::size_t line_width(std::size_t elsewhere) {
  if (isatty(STDOUT_FILENO) == 0) return elsewhere;
  return std::clamp(terminal_width(STDOUT_FILENO), std::size_t{60},
                    std::max<std::size_t>(60, elsewhere));
}

namespace {

// With escapes, as bash, zsh and POSIX shells of 2024 take it: for what has no line of its own.
std::string escaped_word(std::string_view word) {
  std::string text = "$'";
  while (!word.empty()) {
    const auto character = yoneda::first_character(word);
    const std::string_view part = word.substr(0, character ? character->bytes : 1);
    const auto byte = static_cast<unsigned char>(part[0]);
    if (!character || byte < ' ' || byte == 0x7f)
      text += fmt::format("\\{:03o}", byte);
    else
      text += part == "'" || part == "\\" ? "\\" + std::string(part) : std::string(part);
    word.remove_prefix(part.size());
  }
  return text + "'";
}

bool needs_escapes(std::string_view word) {
  while (!word.empty()) {
    const auto character = yoneda::first_character(word);
    if (!character || character->code < ' ' || character->code == 0x7f) return true;
    word.remove_prefix(character->bytes);
  }
  return false;
}

}  // namespace

std::string shell_word(const std::string& word) {
  if (needs_escapes(word)) return escaped_word(word);
  const bool plain =
      !word.empty() && word.find_first_of(" '\"\\$&|;<>()*?[]{}`!#~") == std::string::npos;
  // A quote ends the quotes, stands for itself, and begins them again.
  std::string quoted;
  for (const char c : word) quoted += c == '\'' ? "'\\''" : std::string(1, c);
  return plain ? word : "'" + quoted + "'";
}

std::string heading(const std::string& text) {
  return painted("1", text);
}

std::string in_blue(const std::string& text) {
  return painted("38;5;32", text);  // of 256 colours the nearest to #0072b2 that dark screens show
}

std::string in_orange(const std::string& text) {
  return painted("38;5;166", text);  // #d55e00
}

yoneda::Progress terminal_progress(Amounts amounts) {
  const bool lines = progress_style == ProgressStyle::lines;
  const bool bar =
      progress_style == ProgressStyle::automatic && isatty(STDERR_FILENO) != 0 && !dumb();
  if (!lines && !bar) return yoneda::Progress([](yoneda::Stage, double) { return !interrupted(); });
  const auto line = std::make_shared<ProgressLine>(amounts, lines);
  return yoneda::Progress([=](yoneda::Stage stage, double share) {
    if (!interrupted()) line->show(stage, share);
    const bool stop = interrupted();  // once: a Ctrl-C while the bar is drawn must clear it, too
    if (stop) line->clear();
    return !stop;
  });
}

void print_note(std::string_view text) {
  fmt::print(stderr, "note: {}\n", safe_text(text, 2000));
}

std::string grouped(yoneda::Index number) {
  std::string digits = std::to_string(number);
  for (auto at = static_cast<yoneda::Index>(digits.size()) - 3; at > (number < 0 ? 1 : 0); at -= 3)
    digits.insert(static_cast<std::size_t>(at), 1, ',');
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
