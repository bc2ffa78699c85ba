#include "yoneda/ingest/residual.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "ingest/hook_point.hpp"
#include "ingest/huggingface.hpp"
#include "ingest/orientation.hpp"
#include "ingest/stated_model.hpp"
#include "ingest/weights.hpp"
#include "io/text.hpp"
#include "yoneda/core/error.hpp"

namespace yoneda::ingest {
namespace {

// What a hook point says behind its layer. The modules of Hugging Face follow from the names of
// their tensors and need no entry.
struct KnownTail {
  std::string_view tail;
  ResidualSite site;
};

constexpr KnownTail known_tails[] = {
    {"", ResidualSite::stream},  // the whole block
    {"input", ResidualSite::stream},
    {"output", ResidualSite::stream},
    {"hook_in", ResidualSite::stream},
    {"hook_out", ResidualSite::stream},
    {"hook_resid_pre", ResidualSite::stream},
    {"hook_resid_mid", ResidualSite::stream},
    {"hook_resid_post", ResidualSite::stream},
    {"hook_attn_out", ResidualSite::stream},
    {"hook_mlp_out", ResidualSite::stream},
    {"ln1_post.hook_out", ResidualSite::stream},
    {"ln2_post.hook_out", ResidualSite::stream},
    {"resid_pre", ResidualSite::stream},
    {"resid_mid", ResidualSite::stream},
    {"resid_post", ResidualSite::stream},
    {"resid_out", ResidualSite::stream},
    {"attn.hook_z", ResidualSite::heads},
    {"attn.o.hook_in", ResidualSite::heads},
    {"attn.hook_out", ResidualSite::attention},
    {"attn.hook_result", ResidualSite::attention},
    {"attn_out", ResidualSite::attention},
    {"mlp.hook_post", ResidualSite::neurons},
    {"mlp.out.hook_in", ResidualSite::neurons},
    {"mlp.act", ResidualSite::neurons},
    {"mlp_post_act", ResidualSite::neurons},
    {"mlp.hook_out", ResidualSite::mlp},
    {"mlp_out", ResidualSite::mlp},
    {"block_sparse_moe", ResidualSite::mlp},
};

constexpr std::string_view weight_ending = ".weight";

// Around the module of an output matrix: what goes into it, what it and the module that holds it
// return.
std::optional<ResidualSite> around(std::string_view tail, std::string_view matrix,
                                   ResidualSite inside, ResidualSite behind) {
  if (matrix.empty()) return std::nullopt;
  const std::string_view module = without(matrix, weight_ending);
  if (without(tail, ".input") == module && tail != module) return inside;
  const auto dot = module.rfind('.');
  const bool holder = dot != module.npos && tail == module.substr(0, dot);
  return holder || tail == module ? std::optional(behind) : std::nullopt;
}

bool is_post_norm(std::string_view tail, const BlockTensors& block) {
  const auto is = [tail](std::string_view name) {
    return !name.empty() && tail == without(name, weight_ending);
  };
  return is(block.post_attention_norm) || is(block.post_mlp_norm);
}

std::optional<ResidualSite> site_in(std::string_view tail, const BlockTensors& block) {
  if (is_post_norm(tail, block)) return ResidualSite::stream;
  const auto attention =
      around(tail, block.attention_output, ResidualSite::heads, ResidualSite::attention);
  if (attention) return attention;
  return around(tail, block.mlp_output, ResidualSite::neurons, ResidualSite::mlp);
}

ResidualSite site_of(std::string_view tail) {
  const auto place = std::ranges::find(known_tails, tail, &KnownTail::tail);
  if (place != std::end(known_tails)) return place->site;
  if (const auto site = site_in(tail, transformer_lens_block)) return *site;
  for (const ModelFamily& family : model_families)
    if (const auto site = site_in(tail, family.block)) return *site;
  return ResidualSite::unknown;
}

bool behind_matrix(ResidualSite site) {
  return site == ResidualSite::heads || site == ResidualSite::neurons;
}

bool before_post_norm(ResidualSite site) {
  return behind_matrix(site) || site == ResidualSite::attention || site == ResidualSite::mlp;
}

bool of_attention(ResidualSite site) {
  return site == ResidualSite::heads || site == ResidualSite::attention;
}

// The blocks of the model's files: whose names they have, and where.
struct Blocks {
  BlockTensors tensors;
  std::string prefix;
  float gain_offset = 0;

  std::string name(Index layer, std::string_view tensor) const {
    return fmt::format("{}{}.{}", prefix, layer, tensor);
  }
};

// The prefix that the files use; the first one where they use none.
std::string prefix_in(const std::vector<std::string>& names) {
  const auto used = [&names](std::string_view prefix) {
    return std::ranges::any_of(
        names, [prefix](const std::string& name) { return name.starts_with(prefix); });
  };
  const auto found = std::ranges::find_if(block_prefixes, used);
  return std::string(found == block_prefixes.end() ? block_prefixes.front() : *found);
}

Blocks blocks_of(const std::optional<HuggingFaceModel>& model, const Weights& weights) {
  if (const auto stated = stated_model(weights))
    return {stated->block, std::string(stated->block_prefix)};
  if (!model || !model->family)
    return {transformer_lens_block, std::string(transformer_lens_prefix)};
  return {model->family->block, prefix_in(weights.others({})), model->family->gain_offset};
}

// Where the decoder writes.
const std::string& written(const Origin& sae_origin) {
  return sae_origin.hook_point_out.empty() ? sae_origin.hook_point : sae_origin.hook_point_out;
}

// An SAE may say nothing of its place, and still the matrix that leads away from it does.
ResidualRoute route_of(const std::string& hook_point, const std::string& output_projection) {
  const ResidualRoute route = residual_route(hook_point);
  if (route.site != ResidualSite::unknown || output_projection.empty()) return route;
  return residual_route(fmt::format("{}.input", without(output_projection, weight_ending)));
}

// True where a matrix of this name is stored [d_model, inputs], as the table has it; nothing where
// it has no such name, or where types differ ("attn.c_proj.weight").
std::optional<bool> transposed_by_name(const std::string& name, const BlockTensors& own) {
  const auto is_of = [&name](const BlockTensors& block) {
    return std::ranges::any_of(
        std::array{block.attention_output, block.mlp_output}, [&name](std::string_view tensor) {
          return !tensor.empty() && name.ends_with(fmt::format(".{}", tensor));
        });
  };
  if (is_of(own)) return !own.conv1d;
  if (is_of(transformer_lens_block)) return !transformer_lens_block.conv1d;
  std::optional<bool> said;
  for (const ModelFamily& family : model_families) {
    if (!is_of(family.block)) continue;
    if (said && *said == family.block.conv1d) return std::nullopt;
    said = !family.block.conv1d;
  }
  return said;
}

class Finder {
 public:
  Finder(const std::string& model_path, const Origin& sae_origin, Index sae_d, Index d_model,
         const ResidualNames& names)
      : model_(hugging_face_model(model_path)),
        weights_(model_ ? model_->folder : model_path),
        blocks_(blocks_of(model_, weights_)),
        names_(names),
        hook_point_(written(sae_origin)),
        route_(route_of(hook_point_, names.output_projection)),
        sae_d_(sae_d),
        d_model_(d_model) {}

  ResidualMap find() {
    ResidualMap map;
    std::vector<std::string> factors;
    if (behind_matrix(route_.site) || !names_.output_projection.empty()) {
      const std::string name = matrix_name();
      map.W_O = matrix(name);
      factors.push_back(matrix_symbol() + io::quote(name));
    }
    if (const std::string name = gain_name(map.notes); !name.empty()) {
      map.gain = gain(name);
      factors.push_back((blocks_.gain_offset == 1 ? "1 + " : "") + io::quote(name));
    }
    if (!factors.empty())
      map.notes.push_back(
          fmt::format("decoder rows multiplied by {}", fmt::join(factors, " and by ")));
    map.files = weights_.files();
    return map;
  }

 private:
  std::string matrix_symbol() const {
    if (route_.site == ResidualSite::heads) return "W_O ";
    return route_.site == ResidualSite::neurons ? "W_out " : "";
  }

  std::string place() const {
    return hook_point_.empty() ? "a place its files do not name" : io::quote(hook_point_);
  }

  Error nameless(const std::string& problem, const std::string& what, const char* flag) const {
    return Error(
        ErrorKind::value,
        fmt::format("the SAE is on {}, and {}: name {} with {}", place(), problem, what, flag),
        weights_.file());
  }

  // A tensor of the SAE's layer. Throws where the hook point names none, or the file lacks it.
  std::string in_layer(std::string_view tensor, const std::string& what, const char* flag) const {
    if (!route_.layer) throw nameless("that names no layer", what, flag);
    const std::string name = blocks_.name(*route_.layer, tensor);
    if (!weights_.has(name))
      throw nameless(fmt::format("there is no tensor {}", io::quote(name)), what, flag);
    return name;
  }

  std::string matrix_name() const {
    if (!names_.output_projection.empty()) return weights_.choose(names_.output_projection, {});
    const bool attention = route_.site == ResidualSite::heads;
    const std::string_view tensor =
        attention ? blocks_.tensors.attention_output : blocks_.tensors.mlp_output;
    if (tensor.empty())
      throw nameless(fmt::format("of model_type {} no one matrix is known to lead from there to "
                                 "the residual stream",
                                 io::quote(model_ ? model_->model_type : "")),
                     "one", "--output-projection");
    return in_layer(tensor, attention ? "W_O" : "W_out", "--output-projection");
  }

  Matrix matrix(const std::string& name) {
    const Axis inputs{"the SAE's dimensions", {{sae_d_, "the SAE"}}};
    const Axis outputs{"d_model", {{d_model_, "the unembedding"}}};
    io::Tensor tensor = weights_.at(name);
    if (tensor.shape.size() == 3 && tensor.shape[2] > 0)  // [heads, d_head, d_model]
      tensor.shape = {tensor.count() / tensor.shape[2], tensor.shape[2]};
    const bool turned = stored_transposed(
        tensor, inputs, outputs, transposed_by_name(name, blocks_.tensors),
        "store it as [inputs, d_model] under a name like 'blocks.0.attn.W_O', which says so");
    return oriented(tensor, turned);
  }

  // The gain of the norm between the SAE and the stream, empty where there is none.
  std::string gain_name(std::vector<std::string>& notes) const {
    if (!names_.post_norm_gain.empty()) return weights_.choose(names_.post_norm_gain, {});
    const std::string_view tensor = of_attention(route_.site) ? blocks_.tensors.post_attention_norm
                                                              : blocks_.tensors.post_mlp_norm;
    if (before_post_norm(route_.site) && knows_norms()) {
      const bool optional = !model_ || !model_->family;  // TransformerLens: the file alone says
      if (tensor.empty() ||
          (optional && route_.layer && !weights_.has(blocks_.name(*route_.layer, tensor))))
        return {};
      return in_layer(tensor, "its gain", "--post-norm-gain");
    }
    notes.push_back(
        fmt::format("assumed that no norm lies between {} and the residual stream "
                    "(--post-norm-gain names its gain)",
                    place()));
    return {};
  }

  // A type whose blocks are in the table, or a file with the usual blocks: TransformerLens' or one
  // that says what it holds.
  bool knows_norms() const {
    if (model_ && model_->family) return !blocks_.tensors.attention_output.empty();
    return route_.layer &&
           weights_.has(blocks_.name(*route_.layer, blocks_.tensors.attention_output));
  }

  std::vector<float> gain(const std::string& name) {
    const io::Tensor& tensor = weights_.at(name);
    std::vector<float> values = io::to_floats(tensor);
    require_finite(values, tensor);
    if (static_cast<Index>(values.size()) != d_model_)
      throw Error(ErrorKind::shape,
                  fmt::format("tensor {} is {}, expected {} numbers (d_model)", io::quote(name),
                              io::shape_text(tensor.shape), d_model_),
                  tensor.file);
    for (float& value : values) value += blocks_.gain_offset;
    return values;
  }

  std::optional<HuggingFaceModel> model_;
  Weights weights_;
  Blocks blocks_;
  ResidualNames names_;
  std::string hook_point_;
  ResidualRoute route_;
  Index sae_d_, d_model_;
};

}  // namespace

ResidualRoute residual_route(std::string_view hook_point) {
  if (hook_point.empty()) return {};
  const auto [layer, tail] = split_at_layer(hook_point);
  return {site_of(without(tail, ".output")), layer};
}

ResidualMap load_residual_map(const std::string& model_path, const Origin& sae_origin, Index sae_d,
                              Index d_model, const ResidualNames& names) {
  const ResidualSite site = residual_route(written(sae_origin)).site;
  const bool matrix = behind_matrix(site) || !names.output_projection.empty();
  if (!matrix && sae_d != d_model)
    throw Error(ErrorKind::shape,
                fmt::format("the SAE writes to a space of dimension {}, the unembedding reads one "
                            "of dimension {}: they are not of one model, or a matrix leads from "
                            "the one to the other (--output-projection names it)",
                            sae_d, d_model),
                sae_origin.path);
  if (!matrix && !before_post_norm(site) && names.post_norm_gain.empty()) return {};
  return Finder(model_path, sae_origin, sae_d, d_model, names).find();
}

}  // namespace yoneda::ingest
