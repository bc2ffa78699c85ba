#include "dry_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <vector>

#include "description.hpp"
#include "terminal.hpp"
#include "yoneda/arrows/logit_arrows.hpp"
#include "yoneda/core/parallel.hpp"
#include "yoneda/ingest/vocabulary.hpp"
#include "yoneda/null/null.hpp"
#include "yoneda/onednn/gemm.hpp"

namespace tool {
namespace {

namespace fs = std::filesystem;
namespace ingest = yoneda::ingest;
using yoneda::Error;
using yoneda::ErrorKind;
using yoneda::Index;

/// What headers tell of the sources.
struct Outline {
  ingest::SaeOutline sae;
  ingest::UnembeddingOutline model;
  yoneda::Vocabulary vocabulary;
  std::string vocabulary_path;

  Index n() const { return sae.n; }
  Index V() const { return model.V; }
  Index d() const { return model.d; }
};

Outline outline_of(const SourceFlags& flags) {
  SourceFlags named = flags;
  apply_norm(named);
  const study::SourceOptions& options = named.options;
  require_sources(options);
  Outline found;
  found.vocabulary_path = options.vocabulary.empty()
                              ? ingest::find_vocabulary(options.model).value_or("")
                              : options.vocabulary;
  if (!found.vocabulary_path.empty())
    found.vocabulary = ingest::load_vocabulary(found.vocabulary_path);
  found.model =
      study::settling_axes(options, found.vocabulary, [&](const ingest::KnownSizes& known) {
        return ingest::outline_unembedding(options.model, options.model_names, known);
      });
  found.sae = ingest::outline_sae(options.sae, options.sae_names, found.model.d);
  ingest::load_residual_map(options.model, found.sae.sae.origin, found.sae.d, found.model.d,
                            options.residual_names);
  return found;
}

/// The numbers that are told, all of them from shapes.
struct Plan {
  std::string convention, null;
  Index samples = 0, null_features = 0, null_tokens = 0;
  double arrows_products = 0, graph_products = 0, null_products = 0;  // multiply-adds
  double arrows_bytes = 0, graph_bytes = 0;                           // of files
  double memory = 0;                                                  // bytes
  std::vector<std::string> existing;

  double products() const { return arrows_products + graph_products + null_products; }
};

double arrows_size(const Outline& of, const study::ArrowStep& step) {
  const auto n = static_cast<double>(of.n()), k = static_cast<double>(step.k);
  double words = 0;
  for (const std::string& text : of.vocabulary.texts()) words += static_cast<double>(text.size());
  if (!of.vocabulary.empty()) words += 8.0 * static_cast<double>(of.vocabulary.size() + 1);
  // Ids and values at both ends; seven statistics; the histogram of 52 bins with its two limits.
  return n * (16 * k + 4 * 7 + 4 * (yoneda::histogram_bins + 2) + 8) + words;
}

// What is in memory at the fullest moment, by measure of what the steps keep: the weights (mapped
// files count as far as they are read), the arrows twice (as they are and while they are written),
// a dense copy of the part that the null works on, and a graph with its construction.
double memory_of(const Outline& of, const Plan& plan) {
  constexpr double base = 60e6, per_edge_end = 40;
  const auto d = static_cast<double>(of.d());
  return base + static_cast<double>(of.sae.decoder_bytes + of.model.matrix_bytes) +
         2 * plan.arrows_bytes + plan.graph_bytes / 8 * per_edge_end +
         4 * d * static_cast<double>(2 * plan.null_features + plan.null_tokens);
}

// The null of the check, and how much of the weights it works on.
void plan_null(Plan& plan, const Outline& of, const MainJob& job) {
  const yoneda::GraphKind kind = job.graph.kind;
  plan.null = job.check.null.empty() ? std::string(*yoneda::default_null(kind)) : job.check.null;
  if (plan.null == "none") return;
  yoneda::require_honest(plan.null, kind);
  plan.samples = job.check.samples;
  plan.null_features = std::min(of.n(), job.check.features);
  const auto n = static_cast<double>(plan.null_features), d = static_cast<double>(of.d());
  if (kind == yoneda::GraphKind::profile) plan.null_tokens = std::min(of.V(), job.check.tokens);
  const double against =
      kind == yoneda::GraphKind::profile ? static_cast<double>(plan.null_tokens) : n;
  plan.null_products = static_cast<double>(plan.samples) * n * against * d;
}

std::vector<std::string> existing_files(const std::string& folder) {
  const study::Study study{folder, {}};
  std::vector<std::string> found;
  for (const std::string& path : {study.arrows(), study.graph(), study.categories(), study.check(),
                                  study.report(), folder + "/study.json"})
    if (fs::exists(path)) found.push_back(fs::path(path).filename().string());
  return found;
}

void require_room(const std::string& folder) {
  if (fs::exists(folder) && !fs::is_directory(folder))
    throw Error(ErrorKind::file, "is a file, and a study is a folder: choose another name (-o)",
                folder);
}

Plan plan_of(const Outline& of, const MainJob& job, const std::string& folder) {
  study::require_options(job.categories);
  require_valid(job.graph.neighbors);
  require_room(folder);
  if (job.arrows.k < 1 || 2 * job.arrows.k > of.V())
    throw Error(ErrorKind::value,
                fmt::format("k = {} arrows at each end need at least {} tokens; there are {}",
                            job.arrows.k, 2 * job.arrows.k, of.V()));
  Plan plan;
  plan.convention = name(resolve(job.arrows.convention, of.model.model));
  const auto n = static_cast<double>(of.n()), V = static_cast<double>(of.V()),
             d = static_cast<double>(of.d());
  plan.arrows_products = n * V * d;
  if (job.graph.kind == yoneda::GraphKind::decoder) plan.graph_products = n * n * d;
  plan.arrows_bytes = arrows_size(of, job.arrows);
  const double kept = std::min(static_cast<double>(job.graph.neighbors.neighbors), n - 1);
  plan.graph_bytes = 8 * (n + 1) + 8 * 2 * n * kept;  // where no two features chose each other
  plan_null(plan, of, job);
  plan.memory = memory_of(of, plan);
  plan.existing = existing_files(folder);
  return plan;
}

/// Multiply-adds a second, of all threads, timed on a product like that of the arrows.
double measured_speed(Index d) {
  constexpr Index rows = 256, columns = 1024, tasks = 64;
  const std::vector<float> values(static_cast<std::size_t>(columns * d), 0.5f);
  const yoneda::Gemm& gemm = yoneda::onednn_f32_gemm();
  const auto all = [&] {
    yoneda::parallel_for(tasks, [&](Index) {
      std::vector<float> product(static_cast<std::size_t>(rows * columns));
      gemm.multiply({values.data(), rows, d, d}, {values.data(), columns, d, d},
                    {product.data(), rows, columns, columns});
    });
  };
  all();  // the first makes the primitives
  const auto begin = std::chrono::steady_clock::now();
  double seconds = 0, rounds = 0;
  for (; seconds < 0.2; ++rounds) {
    all();
    seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  }
  return rounds * static_cast<double>(rows * columns * tasks * d) / seconds;
}

std::string bytes_text(double bytes) {
  if (bytes < 1e6) return fmt::format("{:.0f} kB", std::ceil(bytes / 1e3));
  return bytes < 1e9 ? fmt::format("{:.1f} MB", bytes / 1e6)
                     : fmt::format("{:.1f} GB", bytes / 1e9);
}

std::string count_text(double count) {
  if (count < 1e9) return fmt::format("{:.1f} million", count / 1e6);
  return count < 1e12 ? fmt::format("{:.1f} billion", count / 1e9)
                      : fmt::format("{:.1f} trillion", count / 1e12);
}

std::string time_text(double seconds) {
  if (seconds < 1) return "under a second";
  if (seconds < 100) return fmt::format("{:.0f} s", seconds);
  return seconds < 6000 ? fmt::format("{:.0f} min", seconds / 60)
                        : fmt::format("{:.1f} h", seconds / 3600);
}

std::string null_text(const Plan& plan) {
  if (plan.null == "none") return "none, and so no verdict";
  std::string text = fmt::format("{}, {} draws", plan.null, grouped(plan.samples));
  if (yoneda::draws_directions(plan.null)) {
    text += fmt::format(" of {} features", grouped(plan.null_features));
    if (plan.null_tokens > 0) text += fmt::format(" over {} tokens", grouped(plan.null_tokens));
  }
  return text;
}

Json plan_json(const Outline& of, const MainJob& job, const std::string& folder, const Plan& plan,
               double speed) {
  return {{"dry_run", true},
          {"study", folder},
          {"features", of.n()},
          {"d_model", of.d()},
          {"tokens", of.V()},
          {"vocabulary", of.vocabulary_path.empty() ? Json(nullptr) : Json(of.vocabulary_path)},
          {"k", job.arrows.k},
          {"convention", plan.convention},
          {"graph", name(job.graph.kind)},
          {"method", job.categories.method},
          {"null", plan.null},
          {"samples", plan.samples},
          {"null_features", plan.null_features},
          {"null_tokens", plan.null_tokens},
          {"multiply_adds",
           {{"arrows", plan.arrows_products},
            {"graph", plan.graph_products},
            {"null", plan.null_products}}},
          {"measured_multiply_adds_per_second", speed},
          {"product_seconds", plan.products() / speed},
          {"memory_bytes", plan.memory},
          {"arrows_bytes", plan.arrows_bytes},
          {"graph_bytes_at_most", plan.graph_bytes},
          {"replaced", plan.existing}};
}

void print_lines(const Outline& of, const MainJob& job, const std::string& folder, const Plan& plan,
                 double speed) {
  const auto fact = [](const std::string& what, const std::string& text) {
    fmt::print("  {:<11} {}\n", what, wrapped(text, 14));
  };
  fmt::print("{}\n", heading("What would be computed (nothing is written)"));
  fact("SAE", fmt::format("{} features, d_model {} ({})", grouped(of.n()), grouped(of.d()),
                          of.sae.sae.origin.dialect));
  fact("model", fmt::format("{} tokens ({})", grouped(of.V()), of.model.model.origin.dialect));
  fact("words", of.vocabulary_path.empty()
                    ? "none: tokens are shown by number (--vocabulary names them)"
                    : safe_text(of.vocabulary_path, 200));
  fact("arrows",
       fmt::format("{} tokens at each end, convention {}", job.arrows.k, plan.convention));
  fact("graph",
       fmt::format("{}, {} neighbours", name(job.graph.kind), job.graph.neighbors.neighbors));
  fact("categories", "by " + job.categories.method);
  fact("null", null_text(plan));
  fmt::print("\n{}\n", heading("What it would cost"));
  fact("products", fmt::format("{} multiply-adds for arrows, {} for the null",
                               count_text(plan.arrows_products), count_text(plan.null_products)) +
                       (plan.graph_products > 0
                            ? fmt::format(", {} for the graph", count_text(plan.graph_products))
                            : ""));
  fact("time",
       fmt::format("about {} by estimate: a product was timed here at {} multiply-adds a second; "
                   "choosing arrows, grouping and bounds come on top",
                   time_text(plan.products() / speed), count_text(speed)));
  fact("memory", fmt::format("about {}", bytes_text(plan.memory)));
  fmt::print("\n{} {}/\n", heading("What would be written, into"), folder);
  const auto file = [&](const std::string& file_name, const std::string& size) {
    const bool there = std::ranges::find(plan.existing, file_name) != plan.existing.end();
    fmt::print("  {:<20} {}{}\n", file_name, size, there ? "; replaces the one that is there" : "");
  };
  file("arrows.safetensors", bytes_text(plan.arrows_bytes));
  file("graph.safetensors", "at most " + bytes_text(plan.graph_bytes));
  // Numbers per feature as measured on the demo; words and arrows between categories vary.
  const auto n = static_cast<double>(of.n());
  file("categories.json", "about " + bytes_text(110 * n));
  file("check.json", "about " + bytes_text(25 * n));
  file("study.json", "a few kB");
  if (job.report)
    file("report.html", "about " + bytes_text((of.n() > 100000  ? 200
                                               : of.n() > 20000 ? 350
                                                                : 950) *
                                              n));
}

}  // namespace

void print_plan(const SourceFlags& flags, const MainJob& job, const std::string& folder,
                const Session& session) {
  const Outline of = outline_of(flags);
  const Index left = memory_left() - of.sae.decoder_bytes;
  const MainJob fitting = job_that_fits(job, {of.n(), of.d(), of.V(), job.arrows.k}, left);
  const Plan plan = plan_of(of, fitting, folder);
  const double speed = measured_speed(of.d());
  if (session.json) return print_json(plan_json(of, job, folder, plan, speed));
  print_lines(of, job, folder, plan, speed);
}

}  // namespace tool
