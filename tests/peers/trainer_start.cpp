// Where our trainer starts, in which order it meets the rows, and what comes out: everything that a
// peer needs to train the same model.
//   trainer_start ACTIVATIONS.safetensors TENSOR FEATURES K EPOCHS BATCH RATE DEAD_AFTER
//   START.safetensors
// Prints one line of JSON: our metrics and our time.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>

#include "yoneda/io/read_tensors.hpp"
#include "yoneda/io/safetensors.hpp"
#include "yoneda/onednn/gemm.hpp"
#include "yoneda/sae/train.hpp"

using namespace yoneda;

namespace {

void write_start(const char* path, const Matrix& rows, const TrainOptions& options) {
  const std::vector<Id> training = training_rows(rows.rows()),
                        held_out = held_out_rows(rows.rows());
  const Sae start = initial_sae(take_rows(rows, training), options, onednn_gemm());
  std::vector<Id> orders;  // positions among the training rows
  for (Index epoch = 0; epoch < options.epochs; ++epoch) {
    const auto order = batch_order(static_cast<Index>(training.size()), epoch, options.seed);
    orders.insert(orders.end(), order.begin(), order.end());
  }
  const std::vector<io::OutputTensor> tensors{
      io::output("W_dec", start.W_dec),
      io::output("W_enc", start.W_enc),
      io::output("b_enc", start.b_enc),
      io::output("b_dec", start.b_dec),
      io::output("training_rows", training),
      io::output("held_out_rows", held_out),
      io::output("batch_order", orders, {options.epochs, static_cast<Index>(training.size())})};
  io::write_safetensors(path, tensors);
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void run(char** arguments) {
  const Matrix rows = io::to_matrix(io::read_tensors(arguments[0]).at(arguments[1]));
  TrainOptions options;
  options.directions = FirstDirections::inputs;  // as for the demo
  options.features = std::atoll(arguments[2]);
  options.k = std::atoll(arguments[3]);
  options.epochs = std::atoll(arguments[4]);
  options.batch = std::atoll(arguments[5]);
  options.learning_rate = std::atof(arguments[6]);
  options.dead_after = std::atoll(arguments[7]);
  write_start(arguments[8], rows, options);

  const auto start = std::chrono::steady_clock::now();
  const TrainResult result = train_topk(rows, options, onednn_gemm());
  std::printf(
      "{\"seconds\": %.4f, \"held_out\": %.8f, \"training\": %.8f, \"dead\": %lld, \"auxiliary\": "
      "%.6f}\n",
      seconds_since(start), result.held_out.fve, result.training.fve,
      static_cast<long long>(result.training.dead), result.epochs.back().auxiliary);
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 10) {
    std::fputs("trainer_start: nine arguments, see the source\n", stderr);
    return 2;
  }
  try {
    run(arguments + 1);
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "trainer_start: %s\n", failure.what());
    return 2;
  }
}
