#include "yoneda/report/figure.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <vector>

#include "plot_style.hpp"
#include "text.hpp"
#include "yoneda/core/error.hpp"

extern char** environ;

namespace yoneda::report {
namespace {

std::string terminal(const Figure& figure, PictureKind kind) {
  switch (kind) {
    case PictureKind::svg:
      return fmt::format("svg size {},{} font 'Helvetica,12' background '#ffffff'", figure.width,
                         figure.height);
    case PictureKind::pdf:
      return fmt::format("pdfcairo size {}in,{}in font 'Helvetica,9'", figure.width / 100.0,
                         figure.height / 100.0);
    default:
      return fmt::format(
          "pngcairo size {},{} font 'Helvetica,9' fontscale 2 linewidth 2 pointscale 2",
          2 * figure.width, 2 * figure.height);
  }
}

// A file without a name that is gone once closed.
using Scratch = std::unique_ptr<std::FILE, decltype([](std::FILE* file) { std::fclose(file); })>;

Scratch scratch(std::string_view text = {}) {
  Scratch file(std::tmpfile());
  if (!file)
    throw Error(ErrorKind::file, std::string("no temporary file: ") + std::strerror(errno));
  if (std::fwrite(text.data(), 1, text.size(), file.get()) != text.size() ||
      std::fflush(file.get()) != 0)
    throw Error(ErrorKind::file, "a temporary file cannot be written");
  std::rewind(file.get());
  return file;
}

std::string contents(std::FILE* file) {
  std::string text;
  std::array<char, 65536> part;
  std::rewind(file);
  for (std::size_t size; (size = std::fread(part.data(), 1, part.size(), file)) > 0;)
    text.append(part.data(), size);
  return text;
}

// Runs gnuplot, no shell between, from and into scratch files: neither side can wait for the other.
int run_gnuplot(std::FILE* in, std::FILE* out, std::FILE* errors) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, fileno(in), 0);
  posix_spawn_file_actions_adddup2(&actions, fileno(out), 1);
  posix_spawn_file_actions_adddup2(&actions, fileno(errors), 2);
  std::array<std::string, 2> words{"gnuplot", "--default-settings"};
  std::array<char*, 3> arguments{words[0].data(), words[1].data(), nullptr};
  pid_t child = 0;
  const int failed =
      posix_spawnp(&child, words[0].c_str(), &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed == ENOENT)
    throw Error(ErrorKind::numeric,
                "gnuplot is not installed (Debian: gnuplot-nox); --script prints what it would "
                "have drawn");
  if (failed != 0)
    throw Error(ErrorKind::numeric, std::string("gnuplot cannot be run: ") + std::strerror(failed));
  int status = 0;
  while (waitpid(child, &status, 0) < 0)
    if (errno != EINTR) return -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// Cairo writes when a PDF was made: "(D:20240131120000+01'00)". Chance may put "(D:" into
// compressed data, hardly fourteen digits after it.
void fix_dates(std::string& pdf) {
  constexpr std::string_view start = "(D:", never = "20000101000000";
  for (auto at = pdf.find(start); at != pdf.npos; at = pdf.find(start, at + 1)) {
    const std::string_view date = std::string_view(pdf).substr(at + start.size(), never.size());
    if (date.size() == never.size() && date.find_first_not_of("0123456789") == date.npos)
      pdf.replace(at + start.size(), never.size(), never);
  }
}

}  // namespace

std::optional<PictureKind> picture_kind(std::string_view path) {
  if (path.ends_with(".svg")) return PictureKind::svg;
  if (path.ends_with(".pdf")) return PictureKind::pdf;
  if (path.ends_with(".png")) return PictureKind::png;
  return std::nullopt;
}

std::string gnuplot_script(const Figure& figure, PictureKind kind, std::string_view output) {
  std::string text = "set encoding utf8\nset terminal " + terminal(figure, kind) + "\n";
  if (output.find('\'') != output.npos)
    throw Error(ErrorKind::value, "a script cannot name a file with a quote in its name",
                std::string(output));
  if (!output.empty()) text += "set output " + gnuplot_text(output, 4096) + "\n";
  return text + std::string(style) + figure.commands;
}

std::string picture(const Figure& figure, PictureKind kind) {
  const Scratch in = scratch(gnuplot_script(figure, kind)), out = scratch(), errors = scratch();
  const int status = run_gnuplot(in.get(), out.get(), errors.get());
  std::string drawn = contents(out.get());
  if (status != 0 || drawn.empty()) {
    std::string said = contents(errors.get());
    std::erase_if(said, [](char c) { return c == '\n'; });
    throw Error(ErrorKind::numeric,
                "gnuplot drew nothing" + (said.empty() ? "" : ": " + safe_text(said, 300)));
  }
  if (kind == PictureKind::pdf) fix_dates(drawn);
  return drawn;
}

}  // namespace yoneda::report
