// The yoneda program: reads the command line, turns errors into one line and an exit code.
#if defined(_OPENMP)
#include <omp.h>
#endif

#include <fmt/format.h>

#include <filesystem>

#include "command.hpp"
#include "terminal.hpp"

namespace {

enum ExitCode {
  done = 0,
  condition_failed = 1,
  bad_input = 2,
  not_computed = 3,
  interrupted = 130
};

int exit_code(yoneda::ErrorKind kind) {
  switch (kind) {
    case yoneda::ErrorKind::numeric:
      return not_computed;
    case yoneda::ErrorKind::cancelled:
      return interrupted;
    default:
      return bad_input;
  }
}

std::string typed(int count, char** words) {
  std::string line = std::filesystem::path(words[0]).filename().string();
  for (int i = 1; i < count; ++i) {
    const std::string word = words[i];
    const bool plain =
        !word.empty() && word.find_first_of(" \t\n'\"\\$&|;<>()*?") == std::string::npos;
    line += plain ? " " + word : " '" + word + "'";
  }
  return line;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{
      "An object is known by its arrows: what a sparse autoencoder's features do to tokens and to\n"
      "each other, as a signed graph, with tests that can say no.",
      "yoneda"};
  tool::Session session;
  session.command = typed(argc, argv);
  app.set_version_flag("--version", "yoneda " + yoneda::study::version());
  app.require_subcommand(1);
  app.fallthrough();
  app.get_formatter()->column_width(34);
  app.add_option("--threads", session.threads, "threads to use (default: all)")
      ->check(tool::at_least(1));
  tool::add_demo(app, session);
  tool::add_run(app, session);
  tool::add_inspect(app, session);
  tool::add_arrows(app, session);
  tool::add_features(app, session);
  tool::add_graph(app, session);
  tool::add_categories(app, session);
  tool::add_check(app, session);
  tool::add_compose(app, session);
  tool::add_enrich(app, session);
  tool::add_relations(app, session);
  tool::add_report(app, session);
  tool::add_export(app, session);
  tool::add_train(app, session);
  app.parse_complete_callback([&] {
#if defined(_OPENMP)
    if (session.threads > 0) omp_set_num_threads(static_cast<int>(session.threads));
#endif
  });
  tool::catch_interrupts();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& usage) {
    return app.exit(usage) == 0 ? done : bad_input;
  } catch (const tool::ConditionFailed& failure) {
    fmt::print(stderr, "yoneda: required, and not so: {}\n", failure.condition);
    return condition_failed;
  } catch (const yoneda::Error& error) {
    fmt::print(stderr, "yoneda: {}\n", tool::safe_text(error.what(), 2000));
    return exit_code(error.kind);
  } catch (const std::bad_alloc&) {
    fmt::print(stderr, "yoneda: out of memory\n");
    return not_computed;
  } catch (const std::exception& error) {
    fmt::print(stderr, "yoneda: {}\n", tool::safe_text(error.what(), 2000));
    return not_computed;
  }
  return done;
}
