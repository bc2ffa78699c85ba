#include "ingest/orientation.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "ingest/weights.hpp"
#include "io/text.hpp"
#include "yoneda/core/error.hpp"

namespace yoneda::ingest {
namespace {

bool fits(Index length, const Axis& axis) {
  return std::ranges::all_of(axis.known,
                             [length](const KnownLength& k) { return k.length == length; });
}

// "features = 512 (from 'b_enc') and d_model = 64 (from --model)"
std::string known_lengths(const Axis& rows, const Axis& cols) {
  std::string line;
  for (const Axis* axis : {&rows, &cols})
    for (const KnownLength& known : axis->known)
      line += fmt::format("{}{} = {} (from {})", line.empty() ? "" : " and ", axis->name,
                          known.length, known.source);
  return line;
}

}  // namespace

bool stored_transposed(const io::Tensor& tensor, const Axis& rows, const Axis& cols,
                       std::optional<bool> said, const std::string& advice) {
  const auto refuse = [&tensor](const std::string& why) {
    return Error(
        ErrorKind::shape,
        fmt::format("tensor {} is {}{}", io::quote(tensor.name), io::shape_text(tensor.shape), why),
        tensor.file);
  };
  if (tensor.shape.size() != 2) throw refuse(", a matrix was expected");
  const Index first = tensor.shape[0], second = tensor.shape[1];
  const bool straight = said != true && fits(first, rows) && fits(second, cols);
  const bool turned = said != false && fits(second, rows) && fits(first, cols);
  if (!straight && !turned)
    throw refuse(fmt::format(
        ", which does not fit {}{}", known_lengths(rows, cols),
        said ? fmt::format(" with {} as its {}", rows.name, *said ? "columns" : "rows") : ""));
  if (straight && turned)
    throw refuse(fmt::format(", and {} says which axis is {}; {}",
                             first == second ? "its shape never" : "nothing else in the file",
                             rows.name, advice));
  return turned;
}

Matrix oriented(const io::Tensor& tensor, bool transposed) {
  Matrix matrix = transposed ? io::to_matrix_transposed(tensor) : io::to_matrix(tensor);
  require_finite(matrix, tensor);
  return matrix;
}

}  // namespace yoneda::ingest
