// What the final norm, the unembedding and the blocks of each Hugging Face model type are. Data,
// not code. Checked against the configuration and modelling classes of Hugging Face's transformers
// (Wolf et al. 2020), versions 4 and 5, and against the weight conversions of TransformerLens
// (Nanda and Bloom 2022). From memory alone: the blocks of falcon, gpt_bigcode, gptj, mpt and phi,
// internlm2, and whether gpt_bigcode, gptj, nemotron and qwen are tied where they do not say.
#pragma once

#include <array>
#include <string_view>

#include "yoneda/model/convention.hpp"

namespace yoneda::ingest {

/// Tensors of one block, named without "model.layers.7." in front; an empty name: there is none.
struct BlockTensors {
  std::string_view attention_output = {};  // W_O, from the heads, one after the other
  std::string_view mlp_output = {};        // W_out, from the neurons; a mixture of experts has many
  bool conv1d = false;                     // stored [inputs, d_model]; a Linear [d_model, inputs]
  std::string_view post_attention_norm = {};  // between the attention's output and the stream
  std::string_view post_mlp_norm = {};        // between the MLP's output and the stream
};

namespace block {

inline constexpr BlockTensors none{};
inline constexpr BlockTensors llama{"self_attn.o_proj.weight", "mlp.down_proj.weight"};
inline constexpr BlockTensors experts{"self_attn.o_proj.weight"};
// In Llama and in Gemma 1 the tensor of this name is the norm before the MLP, and no post-norm.
inline constexpr BlockTensors gemma2{.attention_output = llama.attention_output,
                                     .mlp_output = llama.mlp_output,
                                     .post_attention_norm = "post_attention_layernorm.weight",
                                     .post_mlp_norm = "post_feedforward_layernorm.weight"};
inline constexpr BlockTensors glm4{.attention_output = llama.attention_output,
                                   .mlp_output = llama.mlp_output,
                                   .post_attention_norm = "post_self_attn_layernorm.weight",
                                   .post_mlp_norm = "post_mlp_layernorm.weight"};
inline constexpr BlockTensors bloom{"self_attention.dense.weight", "mlp.dense_4h_to_h.weight"};
// ggml's names, the same for every model: a post-norm is there or not.
inline constexpr BlockTensors gguf{.attention_output = "attn_output.weight",
                                   .mlp_output = "ffn_down.weight",
                                   .post_attention_norm = "post_attention_norm.weight",
                                   .post_mlp_norm = "post_ffw_norm.weight"};
inline constexpr BlockTensors gpt2{"attn.c_proj.weight", "mlp.c_proj.weight", true};
inline constexpr BlockTensors linear_gpt2{gpt2.attention_output, gpt2.mlp_output};  // same names
inline constexpr BlockTensors gpt_neo{"attn.attention.out_proj.weight", "mlp.c_proj.weight"};
inline constexpr BlockTensors gpt_neox{"attention.dense.weight", "mlp.dense_4h_to_h.weight"};
inline constexpr BlockTensors gptj{"attn.out_proj.weight", "mlp.fc_out.weight"};
inline constexpr BlockTensors internlm2{"attention.wo.weight", "feed_forward.w2.weight"};
inline constexpr BlockTensors meta_llama = internlm2;  // the names of Llama's first release
inline constexpr BlockTensors mpt{"attn.out_proj.weight", "ffn.down_proj.weight"};
inline constexpr BlockTensors opt{"self_attn.out_proj.weight", "fc2.weight"};
inline constexpr BlockTensors phi{"self_attn.dense.weight", "mlp.fc2.weight"};
inline constexpr BlockTensors starcoder2{"self_attn.o_proj.weight", "mlp.c_proj.weight"};

}  // namespace block

struct ModelFamily {
  std::string_view type;
  Norm norm = Norm::unknown;  // the final one
  bool tied = false;          // where config.json does not say: its class's own default
  BlockTensors block = {};
  float gain_offset = 0;              // 1 where every norm multiplies by 1 + weight
  bool has_gain = true;               // false: the final norm has no parameters
  bool soft_capped = false;           // where config.json lacks final_logit_softcapping
  std::string_view logit_scale = {};  // key of a positive constant that logits are scaled by
};

inline constexpr ModelFamily model_families[] = {
    {.type = "bloom", .norm = Norm::layer, .tied = true, .block = block::bloom},
    {.type = "cohere",
     .norm = Norm::layer,
     .tied = true,
     .block = block::llama,
     .logit_scale = "logit_scale"},
    {.type = "cohere2",
     .norm = Norm::layer,
     .tied = true,
     .block = block::llama,
     .logit_scale = "logit_scale"},
    {.type = "deepseek_v2", .norm = Norm::rms, .block = block::experts},
    {.type = "deepseek_v3", .norm = Norm::rms, .block = block::experts},
    {.type = "exaone4", .norm = Norm::rms, .block = block::gemma2},
    {.type = "falcon", .norm = Norm::layer, .tied = true, .block = block::bloom},
    {.type = "gemma", .norm = Norm::rms, .tied = true, .block = block::llama, .gain_offset = 1},
    {.type = "gemma2",
     .norm = Norm::rms,
     .tied = true,
     .block = block::gemma2,
     .gain_offset = 1,
     .soft_capped = true},
    {.type = "gemma3", .norm = Norm::rms, .tied = true, .block = block::gemma2, .gain_offset = 1},
    {.type = "gemma3_text",
     .norm = Norm::rms,
     .tied = true,
     .block = block::gemma2,
     .gain_offset = 1},
    // Not 1 + weight; and four streams (AltUp), so that no one matrix leads from a block to them.
    {.type = "gemma3n", .norm = Norm::rms, .tied = true, .soft_capped = true},
    {.type = "gemma3n_text", .norm = Norm::rms, .tied = true, .soft_capped = true},
    {.type = "glm4", .norm = Norm::rms, .block = block::glm4},
    {.type = "gpt2", .norm = Norm::layer, .tied = true, .block = block::gpt2},
    {.type = "gpt_bigcode", .norm = Norm::layer, .tied = true, .block = block::linear_gpt2},
    {.type = "gpt_neo", .norm = Norm::layer, .tied = true, .block = block::gpt_neo},
    {.type = "gpt_neox", .norm = Norm::layer, .block = block::gpt_neox},  // Pythia
    {.type = "gpt_oss", .norm = Norm::rms, .block = block::experts},
    {.type = "gptj", .norm = Norm::layer, .block = block::gptj},
    {.type = "granite", .norm = Norm::rms, .block = block::llama, .logit_scale = "logits_scaling"},
    {.type = "internlm2", .norm = Norm::rms, .block = block::internlm2},
    {.type = "llama", .norm = Norm::rms, .block = block::llama},
    {.type = "llama4_text", .norm = Norm::rms, .block = block::experts},
    {.type = "mamba", .norm = Norm::rms, .tied = true, .block = block::none},
    {.type = "mistral", .norm = Norm::rms, .block = block::llama},
    {.type = "mixtral", .norm = Norm::rms, .block = block::experts},
    {.type = "mpt", .norm = Norm::layer, .tied = true, .block = block::mpt},
    {.type = "nemotron", .norm = Norm::layer, .block = block::llama, .gain_offset = 1},
    {.type = "olmo", .norm = Norm::layer, .block = block::llama, .has_gain = false},
    {.type = "olmo2", .norm = Norm::rms, .block = block::gemma2},
    {.type = "olmo3", .norm = Norm::rms, .block = block::gemma2},
    {.type = "olmoe", .norm = Norm::rms, .block = block::experts},
    {.type = "opt", .norm = Norm::layer, .tied = true, .block = block::opt},
    {.type = "phi", .norm = Norm::layer, .block = block::phi},
    {.type = "phi3", .norm = Norm::rms, .block = block::llama},  // and Phi-4
    {.type = "qwen", .norm = Norm::rms, .block = block::linear_gpt2},
    {.type = "qwen2", .norm = Norm::rms, .block = block::llama},  // and Qwen 1.5 and 2.5
    {.type = "qwen2_moe", .norm = Norm::rms, .block = block::experts},
    {.type = "qwen3", .norm = Norm::rms, .block = block::llama},
    {.type = "qwen3_moe", .norm = Norm::rms, .block = block::experts},
    {.type = "qwen3_next", .norm = Norm::rms, .block = block::experts, .gain_offset = 1},
    {.type = "smollm3", .norm = Norm::rms, .tied = true, .block = block::llama},
    {.type = "stablelm", .norm = Norm::layer, .block = block::llama},
    {.type = "starcoder2", .norm = Norm::layer, .tied = true, .block = block::starcoder2},
};

/// Settings of config.json under which a direction has no logits of its own, so that no convention
/// holds. Of the released models: facebook/opt-350m.
struct Obstacle {
  std::string_view type, key;
  bool value;
  std::string_view reason;
};

inline constexpr Obstacle obstacles[] = {
    {"bloom", "apply_residual_connection_post_layernorm", true,
     "its blocks replace the residual stream by its norm"},
    {"opt", "do_layer_norm_before", false,
     "its blocks normalise the residual stream after every addition, and it has no final norm"},
    {"opt", "_remove_final_layer_norm", true, "it has no final norm"},
};

/// Where the blocks are: "model.layers." of "model.layers.7.self_attn.o_proj.weight".
inline constexpr std::array block_prefixes{
    std::string_view("model.layers."),
    std::string_view("layers."),
    std::string_view("transformer.h."),
    std::string_view("h."),
    std::string_view("gpt_neox.layers."),
    std::string_view("model.decoder.layers."),
    std::string_view("decoder.layers."),
    std::string_view("language_model.model.layers."),  // transformers 4, models of text and images
    std::string_view("model.language_model.layers."),  // the same in transformers 5
    std::string_view("language_model.layers."),
    std::string_view("transformer.blocks."),
    std::string_view("blk."),
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
    std::string_view("language_model.embed_tokens.weight"),
    std::string_view("embed_tokens.weight"),
    std::string_view("transformer.word_embeddings.weight"),
    std::string_view("word_embeddings.weight"),
    std::string_view("backbone.embeddings.weight"),
    std::string_view("model.tok_embeddings.weight"),
    std::string_view("tok_embeddings.weight"),
    std::string_view("token_embd.weight"),
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
    std::string_view("language_model.norm.weight"),
    std::string_view("transformer.norm_f.weight"),
    std::string_view("backbone.norm_f.weight"),
    std::string_view("final_layer_norm.weight"),
    std::string_view("norm.weight"),
    std::string_view("final_norm_weight"),
    std::string_view("final_norm.weight"),
    std::string_view("ln_final.w"),
    std::string_view("output_norm.weight"),
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

/// TransformerLens' blocks are "blocks.7." and these: matrices stored [inputs, d_model], W_O with
/// its inputs apart as [heads, d_head, d_model], and norms whose weight has the 1 + in it already.
inline constexpr std::string_view transformer_lens_prefix = "blocks.";
inline constexpr BlockTensors transformer_lens_block{"attn.W_O", "mlp.W_out", true, "ln1_post.w",
                                                     "ln2_post.w"};

}  // namespace yoneda::ingest
