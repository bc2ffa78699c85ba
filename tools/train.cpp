// yoneda train: a TopK sparse autoencoder on a file of activations.
#include <fmt/format.h>

#include "command.hpp"
#include "terminal.hpp"
#include "yoneda/io/read_tensors.hpp"
#include "yoneda/onednn/gemm.hpp"
#include "yoneda/sae/train.hpp"
#include "yoneda/study/saelens.hpp"

namespace tool {
namespace {

using yoneda::Error;
using yoneda::ErrorKind;

struct Options {
  yoneda::TrainOptions train;
  std::string activations, tensor, output, dtype = "f32";
};

Json metrics_json(const yoneda::SaeMetrics& metrics) {
  return {{"rows", metrics.rows},
          {"fve", metrics.fve},
          {"mse", metrics.mse},
          {"l0", metrics.l0},
          {"dead", metrics.dead}};
}

void run(const Options& options, const Session& session) {
  const yoneda::Matrix rows = read_activations(options.activations, options.tensor);
  const yoneda::TrainResult result =
      yoneda::train_topk(rows, options.train, yoneda::onednn_gemm(), terminal_progress());
  yoneda::Dtype dtype = yoneda::Dtype::f32;
  if (options.dtype == "f16") dtype = yoneda::Dtype::f16;
  if (options.dtype == "bf16") dtype = yoneda::Dtype::bf16;
  study::write_saelens(options.output, result.sae, dtype);
  if (session.json) {
    print_json({{"held_out", metrics_json(result.held_out)}, {"sae", options.output}});
    return;
  }
  const auto& m = result.held_out;
  fmt::print("{} features, {} active per row, trained on {} rows of dimension {}\n",
             grouped(result.sae.n()), options.train.k, grouped(rows.rows() - m.rows), rows.cols());
  fmt::print(
      "held out: {} rows, {} of the variance explained, L0 {:.1f}, MSE {:.4g}, {} features "
      "never active\n",
      grouped(m.rows), percent(m.fve), m.l0, m.mse, grouped(m.dead));
  for (const std::string& note : result.notes) print_note(note);
  fmt::print("wrote {}/ (SAELens layout)\n", options.output);
}

}  // namespace

void add_train(CLI::App& app, Session& session) {
  auto options = std::make_shared<Options>();
  auto& t = options->train;
  CLI::App* command = app.add_subcommand("train", "A TopK sparse autoencoder on your activations");
  command
      ->add_option("--activations", options->activations, "rows of activations: a file of tensors")
      ->required();
  command->add_option("--tensor", options->tensor, "which tensor (default: the only matrix)");
  command->add_option("--features", t.features, "n, the width of the SAE")->required();
  command->add_option("--k", t.k, "features active per row")->required();
  command->add_option("--epochs", t.epochs, "passes over the rows")->capture_default_str();
  command->add_option("--batch", t.batch, "rows per step")->capture_default_str();
  command->add_option("--learning-rate", t.learning_rate, "of Adam (default: from n and d)");
  command
      ->add_option_function<std::string>(
          "--directions",
          [&t](const std::string& where) {
            t.directions = where == "inputs" ? yoneda::FirstDirections::inputs
                                             : yoneda::FirstDirections::random;
          },
          "where decoder rows start: anywhere (random, default) or at rows of the data")
      ->check(CLI::IsMember({"random", "inputs"}));
  command->add_option("--decay", t.decay, "last share of the steps, over which the rate falls to 0")
      ->capture_default_str();
  command->add_option("--dead-after", t.dead_after,
                      "rows without firing that make a feature dead (default: one epoch)");
  command->add_option("--k-aux", t.k_aux, "dead features revived per row (default: d/2)");
  command->add_option("--seed", t.seed, "seed of everything random")->capture_default_str();
  command->add_option("--dtype", options->dtype, "how weights are stored")
      ->check(CLI::IsMember({"f32", "f16", "bf16"}))
      ->capture_default_str();
  command->add_option("-o,--output", options->output, "folder to write")->required();
  add_json_flag(*command, session);
  command->callback([options, &session] { run(*options, session); });
}

}  // namespace tool
