// What every subcommand shares.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "config.hpp"
#include "memory.hpp"
#include "yoneda/core/progress.hpp"
#include "yoneda/null/verdict.hpp"
#include "yoneda/report/html_report.hpp"
#include "yoneda/study/lock.hpp"
#include "yoneda/study/sources.hpp"
#include "yoneda/study/steps.hpp"
#include "yoneda/study/study.hpp"

namespace tool {

using Json = nlohmann::ordered_json;
namespace study = yoneda::study;

/// What the command line asked for, whatever the subcommand.
struct Session {
  std::string command;  ///< as typed, for the record
  bool json = false;    ///< print the summary as JSON
  long threads = 0;     ///< 0: OpenMP's default
};

/// Flags that name the weights.
struct SourceFlags {
  study::SourceOptions options;
  std::string norm;

  bool given() const { return !options.sae.empty() || !options.model.empty(); }
};

/// Of a flag that counts something. CLI11's own check prints the largest double there is.
CLI::Validator at_least(yoneda::Index least);

/// Of a flag whose value is one of these names.
CLI::Validator one_of(std::span<const std::string_view> names);

void add_source_flags(CLI::App& command, SourceFlags& flags, bool required);
/// Only the names of tensors and what else settles how they are read.
void add_name_flags(CLI::App& command, SourceFlags& flags);
/// Which axis of a decoder is features: rows or columns.
void add_axis_flag(CLI::App& command, const std::string& flag,
                   yoneda::ingest::FeatureAxis& features);
/// Puts the flag --norm where the readers look for it.
void apply_norm(SourceFlags& flags);

/// The study at a path, or nothing where the path is a file. Throws Error{file} where there is
/// neither.
std::optional<study::Study> study_named(const std::string& path);

/// The right to write `output`, where it is a file of the study; else nothing. Throws as StudyLock.
std::unique_ptr<study::StudyLock> lock_for(const std::optional<study::Study>& study,
                                           const std::string& output);

/// Says what is wrong with the paths that the flags name, before anything is read: Error{file}
/// where there is nothing, Error{value} where --sae and --model are swapped.
void require_sources(const study::SourceOptions& options);

/// Opens what the flags name. Throws Error{value} where only one of SAE and model is named.
study::Sources open(const SourceFlags& flags);

/// The flags where given, else what the record names, as long as it is still there; nothing where
/// it is not. Throws Error{value} where a source has changed.
std::optional<study::Sources> open_or_reopen(const SourceFlags& flags, const study::Record& record);

/// The tensor named, or the only matrix in the file. Throws Error.
yoneda::Matrix read_activations(const std::string& path, const std::string& tensor);
/// The two SAEs that a virtual graph's record names, as long as they are still there; nothing where
/// they are not. Throws Error{value} where one has changed.
std::optional<study::SaePair> reopen_saes(const study::Record& record);

/// On standard output, indented, in ASCII, so that no text disturbs a terminal; what is no UTF-8
/// becomes replacement characters (token ids say which token it was).
void print_json(const Json& json);

/// JSON has no NaN and no infinity.
Json number_or_null(double value);
/// A test in a summary: without its draws, which the file has.
Json test_summary(const yoneda::NullTest& test);
Json test_summaries(std::span<const yoneda::NullTest> tests);

void add_json_flag(CLI::App& command, Session& session);
void add_arrow_flags(CLI::App& command, study::ArrowStep& step);
void add_resume_flag(CLI::App& command, bool& resume);
/// `two_saes`: also the kinds of graph that join two SAEs.
void add_graph_flags(CLI::App& command, study::GraphStep& step, bool two_saes = false);
void add_category_flags(CLI::App& command, study::CategoryStep& step);
/// What a record says of how `found` categories were made.
void note_options(study::Record& record, const study::CategoryStep& step, yoneda::Index found);
void add_check_flags(CLI::App& command, study::CheckStep& step);

/// One function per subcommand, in the file of its name.
void add_inspect(CLI::App& app, Session& session);
void add_arrows(CLI::App& app, Session& session);
void add_graph(CLI::App& app, Session& session);
void add_categories(CLI::App& app, Session& session);
void add_check(CLI::App& app, Session& session);
void add_export(CLI::App& app, Session& session);
void add_features(CLI::App& app, Session& session);
void add_compare(CLI::App& app, Session& session);
void add_compose(CLI::App& app, Session& session);
void add_enrich(CLI::App& app, Session& session);
void add_lattice(CLI::App& app, Session& session);
void add_plot(CLI::App& app, Session& session);
void add_relations(CLI::App& app, Session& session);
void add_report(CLI::App& app, Session& session);
void add_train(CLI::App& app, Session& session);
void add_run(CLI::App& app, Session& session);
void add_demo(CLI::App& app, Session& session);
void add_views(CLI::App& app, Session& session);

/// The page of a study, into `path`.
void write_report(const study::Study& study, const std::string& path,
                  yoneda::report::HtmlOptions options, const Session& session);
void add_no_report_flag(CLI::App& command, bool& report);

/// The main job: arrows, graph, categories, check and report into a study, then the summary.
struct MainJob {
  ConfigUse config;
  study::ArrowStep arrows;
  bool resume = false;
  study::GraphStep graph;
  study::CategoryStep categories;
  study::CheckStep check;
  bool report = true;
};
/// The job as `left` bytes of memory allow it. Throws Error{resource}, before the work, where they
/// do not; says where the null is smaller than wanted.
MainJob job_that_fits(MainJob job, const JobSizes& sizes, yoneda::Index left);
void run_main_job(const SourceFlags& flags, const MainJob& job, const std::string& folder,
                  const Session& session);

/// Thrown where a condition that --require names does not hold: exit code 1.
struct ConditionFailed {
  std::string condition;
};

}  // namespace tool
