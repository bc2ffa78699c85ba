// What the final norm and the unembedding of each Hugging Face model type are. Data, not code.
#pragma once

#include <array>
#include <string_view>

#include "yoneda/model/convention.hpp"

namespace yoneda::ingest {

struct ModelFamily {
  std::string_view model_type;
  Norm norm;
  bool tied;              // where config.json does not say: its class's own default
  float gain_offset = 0;  // 1 where the norm multiplies by 1 + weight
  bool has_gain = true;   // false: the norm has no parameters
};

inline constexpr std::array model_families{
    ModelFamily{"bloom", Norm::layer, true},
    ModelFamily{"cohere", Norm::layer, true},
    ModelFamily{"cohere2", Norm::layer, true},
    ModelFamily{"deepseek_v2", Norm::rms, false},
    ModelFamily{"deepseek_v3", Norm::rms, false},
    ModelFamily{"falcon", Norm::layer, true},
    ModelFamily{"gemma", Norm::rms, true, 1},
    ModelFamily{"gemma2", Norm::rms, true, 1},
    ModelFamily{"gemma3", Norm::rms, true, 1},
    ModelFamily{"gemma3_text", Norm::rms, true, 1},
    ModelFamily{"gpt2", Norm::layer, true},
    ModelFamily{"gpt_bigcode", Norm::layer, true},
    ModelFamily{"gpt_neo", Norm::layer, true},
    ModelFamily{"gpt_neox", Norm::layer, false},
    ModelFamily{"gptj", Norm::layer, false},
    ModelFamily{"granite", Norm::rms, false},
    ModelFamily{"internlm2", Norm::rms, false},
    ModelFamily{"llama", Norm::rms, false},
    ModelFamily{"mamba", Norm::rms, true},
    ModelFamily{"mistral", Norm::rms, false},
    ModelFamily{"mixtral", Norm::rms, false},
    ModelFamily{"mpt", Norm::layer, true},
    ModelFamily{"olmo", Norm::layer, false, 0, false},
    ModelFamily{"olmo2", Norm::rms, false},
    ModelFamily{"olmoe", Norm::rms, false},
    ModelFamily{"opt", Norm::layer, true},
    ModelFamily{"phi", Norm::layer, false},
    ModelFamily{"phi3", Norm::rms, false},
    ModelFamily{"qwen2", Norm::rms, false},
    ModelFamily{"qwen2_moe", Norm::rms, false},
    ModelFamily{"qwen3", Norm::rms, false},
    ModelFamily{"qwen3_moe", Norm::rms, false},
    ModelFamily{"smollm3", Norm::rms, true},
    ModelFamily{"stablelm", Norm::layer, false},
    ModelFamily{"starcoder2", Norm::layer, true},
};

/// Output matrices, stored [V, d].
inline constexpr std::array output_names{
    std::string_view("lm_head.weight"),
    std::string_view("embed_out.weight"),
    std::string_view("language_model.lm_head.weight"),
    std::string_view("output.weight"),
};

/// Input embeddings, stored [V, d], which are the output matrix of a tied model.
inline constexpr std::array embedding_names{
    std::string_view("model.embed_tokens.weight"),
    std::string_view("transformer.wte.weight"),
    std::string_view("wte.weight"),
    std::string_view("gpt_neox.embed_in.weight"),
    std::string_view("embed_in.weight"),
    std::string_view("model.decoder.embed_tokens.weight"),
    std::string_view("decoder.embed_tokens.weight"),
    std::string_view("language_model.model.embed_tokens.weight"),
    std::string_view("model.language_model.embed_tokens.weight"),
    std::string_view("embed_tokens.weight"),
    std::string_view("transformer.word_embeddings.weight"),
    std::string_view("word_embeddings.weight"),
    std::string_view("backbone.embeddings.weight"),
    std::string_view("model.tok_embeddings.weight"),
    std::string_view("tok_embeddings.weight"),
};

/// Gains of the final norm.
inline constexpr std::array gain_names{
    std::string_view("model.norm.weight"),
    std::string_view("transformer.ln_f.weight"),
    std::string_view("ln_f.weight"),
    std::string_view("gpt_neox.final_layer_norm.weight"),
    std::string_view("model.decoder.final_layer_norm.weight"),
    std::string_view("decoder.final_layer_norm.weight"),
    std::string_view("model.final_layernorm.weight"),
    std::string_view("language_model.model.norm.weight"),
    std::string_view("model.language_model.norm.weight"),
    std::string_view("transformer.norm_f.weight"),
    std::string_view("backbone.norm_f.weight"),
    std::string_view("final_layer_norm.weight"),
    std::string_view("norm.weight"),
    std::string_view("final_norm_weight"),
    std::string_view("final_norm.weight"),
    std::string_view("ln_final.w"),
};

/// Matrices outside Hugging Face. TransformerLens' own name means [d, V]; of the others the
/// orientation is anybody's guess.
inline constexpr std::string_view transformer_lens_name = "unembed.W_U";
inline constexpr std::array bare_names{
    std::string_view("W_U"),
    transformer_lens_name,
    std::string_view("unembedding"),
    std::string_view("unembed.weight"),
};

}  // namespace yoneda::ingest
