#include "ingest/layers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <vector>

#include "io/text.hpp"
#include "yoneda/core/error.hpp"

namespace yoneda::ingest {
namespace {

std::optional<Index> layer_in(const std::string& name, const std::string& prefix,
                              const std::string& suffix) {
  if (!name.starts_with(prefix) || !name.ends_with(suffix) ||
      name.size() <= prefix.size() + suffix.size())
    return std::nullopt;
  const char* const begin = name.data() + prefix.size();
  const char* const last = name.data() + name.size() - suffix.size();
  Index layer = 0;
  const auto [end, error] = std::from_chars(begin, last, layer);
  if (error != std::errc() || end != last || layer < 0) return std::nullopt;
  return layer;
}

}  // namespace

std::optional<std::string> file_of_layer(const Place& place, const std::string& prefix,
                                         const std::string& suffix, std::optional<Index> layer) {
  if (!place.is_folder()) {
    const auto named = layer_in(place.file_name(), prefix, suffix);
    return named ? std::optional(place.path()) : std::nullopt;
  }
  std::vector<Index> layers;
  for (const std::string& name : place.files())
    if (const auto found = layer_in(name, prefix, suffix)) layers.push_back(*found);
  if (layers.empty()) return std::nullopt;
  std::ranges::sort(layers);
  if (!layer && layers.size() > 1)
    throw Error(ErrorKind::value,
                fmt::format("holds one SAE a layer, {} of them from {} to {}: choose one (--layer)",
                            layers.size(), layers.front(), layers.back()),
                place.path());
  const Index chosen = layer.value_or(layers.front());
  if (!std::ranges::binary_search(layers, chosen))
    throw Error(ErrorKind::value,
                fmt::format("has no layer {}, only {}", chosen, fmt::join(layers, ", ")),
                place.path());
  return place.at(prefix + std::to_string(chosen) + suffix);
}

io::Tensor decoder_for_layer(const io::Tensor& decoder, std::span<const Index> layers,
                             std::optional<Index> target, Origin& origin) {
  const auto refuse = [&](const std::string& why) {
    return Error(ErrorKind::value,
                 fmt::format("tensor {} writes to the layers {}{}", io::describe(decoder),
                             fmt::join(layers, ", "), why),
                 decoder.file);
  };
  if (!target) throw refuse(": choose one (--target-layer)");
  const auto found = std::ranges::find(layers, *target);
  if (found == layers.end()) throw refuse(fmt::format(", not to {}", *target));
  origin.notes.push_back(fmt::format("the decoder to layer {}, one of {}", *target, layers.size()));
  return io::select(decoder, 1, found - layers.begin());
}

}  // namespace yoneda::ingest
