// yoneda run: the main job, from weights to a study and a summary.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "command.hpp"
#include "description.hpp"
#include "dry_run.hpp"
#include "memory.hpp"
#include "summary.hpp"
#include "terminal.hpp"
#include "yoneda/study/lock.hpp"
#include "yoneda/study/memory.hpp"

namespace tool {
namespace {

struct Results {
  study::ArrowsFile arrows;
  study::GraphFile graph;
  study::Categories categories;
  study::Check check;
};

Results compute(const study::Sources& sources, const MainJob& job,
                const study::UnfinishedArrows& unfinished) {
  const yoneda::Progress progress =
      terminal_progress({.features = sources.sae.n(), .draws = job.check.samples});
  Results r;
  r.arrows = study::make_arrows(sources, job.arrows, progress, unfinished);
  r.graph = study::make_graph(r.arrows, &sources, job.graph, progress);
  r.categories = study::make_categories(r.graph, &r.arrows, &sources, job.categories, progress);
  study::CheckStep check = job.check;
  check.seed = job.categories.seed;
  check.categories = r.categories.partition;
  r.check = study::make_check(r.graph, &sources, check, progress);
  return r;
}

study::Record record_of(const Results& r, const MainJob& job, const Session& session) {
  study::Record record = r.graph.record;
  record.command = session.command;
  note_options(record, job.categories, r.categories.partition.count);
  record.options["samples"] = std::to_string(job.check.samples);
  job.config.note(record);
  return record;
}

// Everything is computed before the first file is written; study.json, which makes a folder a
// study, comes last.
void write(const std::string& folder, const Results& r, const study::Record& record) {
  const study::Study study{folder, record};
  study::write_arrows(study.arrows(), r.arrows.arrows, r.arrows.vocabulary, record);
  study::write_graph(study.graph(), r.graph.graph, record);
  study::write_categories(study.categories(), r.categories, r.arrows.vocabulary, record);
  study::write_check(study.check(), r.check, r.graph, &r.arrows, record);
  study::write_study(study);
}

void print_summary(const std::string& folder, const study::Sources& sources, const Results& r,
                   bool report, double seconds) {
  fmt::print(
      "{} features in a space of dimension {}, {} tokens; {} tokens up and down each, "
      "convention {}\n",
      grouped(sources.sae.n()), sources.sae.d(), grouped(sources.model.V()), r.arrows.arrows.k,
      name(r.arrows.arrows.convention));
  print_excluded(study::excluded_tokens(r.arrows.record, sources.model.V()), r.arrows.vocabulary);
  print_categories(r.categories, r.arrows.vocabulary, 16);
  print_check(r.check, r.graph);
  print_frustrated(r.check, &r.arrows, 8);
  fmt::print(
      "\nIn {}/: arrows.safetensors, graph.safetensors, categories.json, check.json, "
      "study.json ({:.1f} s)\n",
      folder, seconds);
  if (report) fmt::print("Open {}/report.html in a browser to look at it.\n", folder);
}

Json summary_json(const std::string& folder, const Results& r) {
  return {{"study", folder},
          {"excluded", study::excluded_tokens(r.arrows.record, r.arrows.arrows.V).size()},
          {"categories", categories_json(r.categories, r.arrows.vocabulary)},
          {"check", check_json(r.check, r.graph)}};
}

struct RunOptions {
  SourceFlags sources;
  MainJob job;
  std::string folder;
  bool dry = false;
};

}  // namespace

MainJob job_that_fits(MainJob job, const JobSizes& sizes, yoneda::Index left) {
  const auto& [n, d, V, k] = sizes;
  study::fit(job.arrows, n, d, left);
  require_room_for_graph(n, k, job.graph.neighbors, left);
  const yoneda::Index edges = n * std::min(n, job.graph.neighbors.neighbors);  // most of them
  require_room_for_categories(n, edges, job.categories, left);
  const bool tokens = job.graph.kind == yoneda::GraphKind::profile;
  job.check = null_that_fits(job.check, {n, d, tokens ? V : 0, k},
                             left - study::graph_memory(n, k, job.graph.neighbors));
  return job;
}

void run_main_job(const SourceFlags& flags, const MainJob& job, const std::string& folder,
                  const Session& session) {
  study::require_options(job.categories);  // before the work
  const auto begin = std::chrono::steady_clock::now();
  const study::StudyLock lock(folder, study::Writes::study);  // a bad name fails before the work
  const study::Sources sources = open(flags);
  const JobSizes sizes{sources.sae.n(), sources.sae.d(), sources.model.V(), job.arrows.k};
  const MainJob fitting = job_that_fits(job, sizes, memory_left());
  const study::UnfinishedArrows unfinished(study::Study{folder, {}}.arrows() + ".partial",
                                           job.resume);
  const Results results = compute(sources, fitting, unfinished);
  const study::Record record = record_of(results, job, session);
  write(folder, results, record);
  unfinished.discard();
  const study::Study study{folder, record};
  if (job.report) write_report(study, study.report(), {}, session);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
  for (const auto* notes : {&results.arrows.notes, &results.categories.notes, &results.check.notes})
    for (const std::string& note : *notes) print_note(note);
  if (session.json)
    print_json(summary_json(folder, results));
  else
    print_summary(folder, sources, results, job.report, seconds.count());
}

void add_run(CLI::App& app, Session& session) {
  auto options = std::make_shared<RunOptions>();
  options->job.check.samples = 50;
  CLI::App* command = app.add_subcommand(
      "run", "The main job: arrows, graph, categories, check and report in one go");
  add_config_flag(*command, options->job.config, {"sae", "model", "vocabulary", "output"});
  command->add_flag("--dry-run", options->dry,
                    "only say what would be computed and written, and what it would cost");
  add_source_flags(*command, options->sources, true);
  add_arrow_flags(*command, options->job.arrows);
  add_graph_flags(*command, options->job.graph);
  add_category_flags(*command, options->job.categories);
  add_check_flags(*command, options->job.check);
  command->add_option("-o,--output", options->folder, "folder of the study")
      ->required()
      ->type_name("PATH");
  add_resume_flag(*command, options->job.resume);
  add_no_report_flag(*command, options->job.report);
  add_json_flag(*command, session);
  set_examples(
      *command,
      {{"yoneda run --sae my-sae --model my-model --dry-run -o study",
        "what it would do and cost; nothing is written"},
       {"yoneda run --sae my-sae --model my-model --samples 20 -o study", ""},
       {"yoneda run --config run.toml -o study",
        "with run.toml like: sae = \"my-sae\", model = \"my-model\", method = \"leiden\""}},
      "my-sae and my-model stand for what you downloaded (yoneda inspect PATH).");
  command->callback([options, &session] {
    if (options->dry) return print_plan(options->sources, options->job, options->folder, session);
    run_main_job(options->sources, options->job, options->folder, session);
  });
}

}  // namespace tool
