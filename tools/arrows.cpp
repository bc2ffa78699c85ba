// yoneda arrows: the tokens every feature raises and lowers most.
#include <fmt/format.h>

#include "command.hpp"
#include "description.hpp"
#include "memory.hpp"
#include "summary.hpp"
#include "terminal.hpp"
#include "yoneda/study/memory.hpp"

namespace tool {
namespace {

struct ArrowsOptions {
  SourceFlags sources;
  study::ArrowStep step;
  std::string output;
  bool resume = false;
};

void print_summary(const study::ArrowsFile& file, const std::string& output, bool json) {
  const auto& arrows = file.arrows;
  const auto excluded = study::excluded_tokens(file.record, arrows.V);
  for (const std::string& note : file.notes) print_note(note);
  if (json) {
    print_json({{"features", arrows.n},
                {"tokens", arrows.V},
                {"excluded", excluded.size()},
                {"k", arrows.k},
                {"convention", name(arrows.convention)},
                {"arrows", output}});
    return;
  }
  fmt::print("{} features, {} tokens, {} kept at each end, convention {}\n", grouped(arrows.n),
             grouped(arrows.V), arrows.k, name(arrows.convention));
  print_excluded(excluded, file.vocabulary);
  fmt::print("wrote {}\nnext: yoneda graph {} -o graph.safetensors\n", output, output);
}

void run(const ArrowsOptions& options, const Session& session) {
  const study::Sources sources = open(options.sources);
  const study::UnfinishedArrows unfinished(options.output + ".partial", options.resume);
  study::ArrowStep step = options.step;
  study::fit(step, sources.sae.n(), sources.sae.d(), memory_left());
  study::ArrowsFile made = study::make_arrows(
      sources, step, terminal_progress({.features = sources.sae.n()}), unfinished);
  made.record.command = session.command;
  study::write_arrows(options.output, made.arrows, made.vocabulary, made.record);
  unfinished.discard();
  print_summary(made, options.output, session.json);
}

}  // namespace

void add_arrows(CLI::App& app, Session& session) {
  auto options = std::make_shared<ArrowsOptions>();
  CLI::App* command =
      app.add_subcommand("arrows", "The tokens every feature raises and lowers most");
  add_source_flags(*command, options->sources, true);
  add_arrow_flags(*command, options->step);
  command->add_option("-o,--output", options->output, "file to write (.safetensors)")
      ->required()
      ->type_name("PATH");
  add_resume_flag(*command, options->resume);
  add_json_flag(*command, session);
  set_examples(*command,
               {{"yoneda arrows --sae my-sae --model my-model -o arrows.safetensors", ""},
                {"yoneda arrows --sae my-sae --model my-model -k 20 --junk drop -o a.safetensors",
                 "20 tokens at each end, without under-trained ones"}},
               "my-sae and my-model stand for what you downloaded (yoneda inspect PATH).");
  command->callback([options, &session] { run(*options, session); });
}

}  // namespace tool
