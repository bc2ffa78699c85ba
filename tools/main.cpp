// The yoneda program: reads the command line, turns errors into one line and an exit code.
#if defined(_OPENMP)
#include <omp.h>
#endif

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "command.hpp"
#include "completion.hpp"
#include "description.hpp"
#include "memory.hpp"
#include "terminal.hpp"
#include "usage.hpp"
#include "yoneda/io/mapped_file.hpp"

namespace {

enum ExitCode { done = 0, condition_failed = 1, bad_input = 2, not_computed = 3 };

int exit_code(yoneda::ErrorKind kind) {
  switch (kind) {
    case yoneda::ErrorKind::numeric:
    case yoneda::ErrorKind::resource:
      return not_computed;
    case yoneda::ErrorKind::cancelled:
      return tool::exit_code_of_interrupt();
    default:
      return bad_input;
  }
}

std::string typed(int count, char** words) {
  std::string line = std::filesystem::path(words[0]).filename().string();
  for (int i = 1; i < count; ++i) line += " " + tool::shell_word(words[i]);
  return line;
}

// What holds for every command.
void add_common_options(CLI::App& app, tool::Session& session) {
  app.add_option("--threads", session.threads, "threads to use (default: all)")
      ->check(tool::at_least(1));
  tool::add_memory_flag(app);
  constexpr static std::array<std::string_view, 3> colours{"auto", "always", "never"};
  app.add_option_function<std::string>(
         "--color",
         [](const std::string& when) {
           tool::choose_colours(when == "always"  ? tool::ColourChoice::always
                                : when == "never" ? tool::ColourChoice::never
                                                  : tool::ColourChoice::automatic);
         },
         "colours; auto: on a terminal, unless NO_COLOR is set")
      ->check(tool::one_of(colours));
  constexpr static std::array<std::string_view, 3> styles{"auto", "lines", "none"};
  app.add_option_function<std::string>(
         "--progress",
         [](const std::string& style) {
           tool::choose_progress(style == "lines"  ? tool::ProgressStyle::lines
                                 : style == "none" ? tool::ProgressStyle::none
                                                   : tool::ProgressStyle::automatic);
         },
         "what is shown on the way; auto: a bar on a terminal, nothing elsewhere; lines: for a log")
      ->check(tool::one_of(styles));
}

// `yoneda help`, `yoneda help COMMAND`.
void add_help(CLI::App& app) {
  const auto asked = std::make_shared<std::string>();
  CLI::App* help = app.add_subcommand("help", "Help on a command");
  help->add_option("command", *asked, "which one (default: what `yoneda` alone says)");
  tool::set_examples(*help, {{"yoneda help categories", "the same as `yoneda categories --help`"}});
  help->callback([&app, asked] {
    if (asked->empty()) return fmt::print("{}", tool::overview(app));
    const CLI::App* command = tool::command_named(app, *asked);
    if (!command)
      throw yoneda::Error(yoneda::ErrorKind::value,
                          tool::no_command(app, *asked) + " (yoneda lists all commands)");
    fmt::print("{}", tool::help_text(*command));
  });
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{
      "An object is known by its arrows: what a sparse autoencoder's features do to tokens and to "
      "each other, as a signed graph, with tests that can say no.",
      "yoneda"};
  tool::Session session;
  session.command = typed(argc, argv);
  app.set_version_flag("--version", "yoneda " + yoneda::study::version(), "which version this is");
  app.set_help_flag("-h,--help", "this help");
  app.require_subcommand(1);
  app.fallthrough();
  app.formatter_fn([](const CLI::App* command, const std::string&, CLI::AppFormatMode) {
    return tool::help_text(*command);
  });
  add_common_options(app, session);
  tool::add_demo(app, session);
  tool::add_run(app, session);
  tool::add_inspect(app, session);
  tool::add_arrows(app, session);
  tool::add_features(app, session);
  tool::add_graph(app, session);
  tool::add_categories(app, session);
  tool::add_check(app, session);
  tool::add_compare(app, session);
  tool::add_compose(app, session);
  tool::add_views(app, session);
  tool::add_enrich(app, session);
  tool::add_lattice(app, session);
  tool::add_relations(app, session);
  tool::add_report(app, session);
  tool::add_export(app, session);
  tool::add_plot(app, session);
  tool::add_train(app, session);
  tool::add_completion(app, session);
  add_help(app);
  app.parse_complete_callback([&] {
#if defined(_OPENMP)
    if (session.threads > 0) omp_set_num_threads(static_cast<int>(session.threads));
#endif
  });
  if (argc < 2) {
    fmt::print("{}", tool::overview(app));
    return done;
  }
  tool::catch_interrupts();
  std::signal(SIGXFSZ, SIG_IGN);  // then writing beyond a limit of size says so
  yoneda::io::exit_where_a_file_shrinks("yoneda", not_computed);
  try {
    app.parse(argc, argv);
    if (std::fflush(stdout) != 0)
      throw std::system_error(errno, std::generic_category(), "standard output cannot be written");
  } catch (const CLI::Success& asked) {  // --help, --version
    return app.exit(asked);
  } catch (const CLI::ParseError& usage) {
    fmt::print(stderr, "{}\n", tool::usage_error(app, usage));
    return bad_input;
  } catch (const tool::ConditionFailed& failure) {
    fmt::print(stderr, "yoneda: required, and not so: {}\n", failure.condition);
    return condition_failed;
  } catch (const yoneda::Error& error) {
    fmt::print(stderr, "yoneda: {}\n", tool::safe_text(error.what(), 2000));
    return exit_code(error.kind);
  } catch (const std::filesystem::filesystem_error& error) {
    fmt::print(stderr, "yoneda: {}: cannot be used: {}\n",
               tool::safe_text(error.path1().string(), 1000), error.code().message());
    return bad_input;
  } catch (const std::bad_alloc&) {
    fmt::print(stderr, "yoneda: {}\n", tool::out_of_memory_text());
    return not_computed;
  } catch (const std::exception& error) {
    fmt::print(stderr, "yoneda: {}\n", tool::safe_text(error.what(), 2000));
    return not_computed;
  }
  return done;
}
