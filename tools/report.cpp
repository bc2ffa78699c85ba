// yoneda report: a study as one page to look at.
#include "yoneda/report/html_report.hpp"

#include <fmt/format.h>

#include "command.hpp"
#include "description.hpp"
#include "terminal.hpp"
#include "yoneda/io/atomic_file.hpp"

namespace tool {
namespace {

struct ReportOptions {
  std::string input, output;
  yoneda::report::HtmlOptions html;
};

study::Study the_study(const std::string& path) {
  if (auto found = study_named(path)) return *found;
  throw yoneda::Error(
      yoneda::ErrorKind::value,
      "is a file and no study; `yoneda run --sae SAE --model MODEL -o STUDY` makes a "
      "study, and its page",
      path);
}

}  // namespace

void write_report(const study::Study& study, const std::string& path,
                  yoneda::report::HtmlOptions options, const Session& session) {
  options.command = session.command;
  const auto report = yoneda::report::html_report(study, options, terminal_progress());
  yoneda::io::write_text(path, report.html);
  for (const std::string& note : report.notes) print_note(note);
}

void add_no_report_flag(CLI::App& command, bool& report) {
  command.add_flag("!--no-report", report, "leave report.html out");
}

void add_report(CLI::App& app, Session& session) {
  auto* command = app.add_subcommand("report", "A study as one page to look at: report.html");
  auto options = std::make_shared<ReportOptions>();
  command->add_option("study", options->input, "a study")->required()->type_name("PATH");
  command
      ->add_option("-o,--output", options->output, "where to (default: report.html in the study)")
      ->type_name("PATH");
  command
      ->add_option(
          "--tokens", options->html.tokens,
          "tokens shown at each end of a feature (default: 25; 10 above 20,000 features, 4 above "
          "100,000)")
      ->check(at_least(1));
  command->add_option("--seed", options->html.seed, "seed of the map")->capture_default_str();
  set_examples(*command,
               {{"yoneda report yoneda-demo", "then open yoneda-demo/report.html in a browser"},
                {"yoneda report yoneda-demo --tokens 50 -o full.html", ""}},
               "Where to look: report.html#feature=123, #category=7, #search=deer, #view=nulls.");
  command->callback([options, &session] {
    const study::Study study = the_study(options->input);
    const std::string path = options->output.empty() ? study.report() : options->output;
    const auto lock = lock_for(study, path);
    write_report(study, path, options->html, session);
    fmt::print("wrote {}: open it in a browser\n", path);
  });
}

}  // namespace tool
