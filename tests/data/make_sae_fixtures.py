"""The safetensors, npz, JSON and YAML fixtures of every SAE dialect; make_fixtures.py runs this.

One logical SAE, stored as each dialect stores it: W_dec[n,d] = pattern(n, d), W_enc as [d,n] =
pattern(d, n, start=5) and the vectors below, so that every reader must arrive at the same matrices.
README.md says which public source each layout follows and what a reader must make of it.
"""

import numpy as np

from fixture_writers import (BFloat16, json_dump, path, pattern, save_file, write_text)

N, D, D_OUT, D_Z = 6, 4, 5, 8


def decoder(n=N, d=D):
    return pattern(n, d)


def encoder(n=N, d=D):
    """[d, n]."""
    return pattern(d, n, start=5)


def encoder_bias(n=N):
    return pattern(n, start=7)


def decoder_bias(d=D):
    return pattern(d, start=11)


def threshold(n=N):
    return np.abs(pattern(n, start=3))


def skip(d_out=D, d_in=D):
    """[d_out, d_in]."""
    return pattern(d_out, d_in, start=17)


def gates(n=N):
    return {"b_gate": pattern(n, start=21), "b_mag": pattern(n, start=23),
            "r_mag": pattern(n, start=25) / 16}


def turned(matrix):
    return np.ascontiguousarray(matrix.T)


def number(value):
    """A tensor without axes, as torch.tensor(value) makes one."""
    return np.array(value, np.float32)


def weights(n=N, d=D, d_out=None, **more):
    """The names and orientations of SAELens."""
    d_out = d if d_out is None else d_out
    return {"W_dec": decoder(n, d_out), "W_enc": encoder(n, d), "b_enc": encoder_bias(n),
            "b_dec": decoder_bias(d_out), **more}


def linear(n=N, d=D):
    """Those of two torch.nn.Linear."""
    return {"encoder.weight": turned(encoder(n, d)), "encoder.bias": encoder_bias(n),
            "decoder.weight": turned(decoder(n, d)), "decoder.bias": decoder_bias(d)}


def brain(tensors):
    return {name: BFloat16(values) for name, values in tensors.items()}


# --- SAELens from 6 on ---------------------------------------------------------------------------

def saelens6_metadata(hook, version="6.0.0", **more):
    return {"sae_lens_version": version, "sae_lens_training_version": version,
            "dataset_path": "monology/pile-uncopyrighted", "hook_name": hook,
            "model_name": "gpt2", "model_class_name": "HookedTransformer", "hook_head_index": None,
            "context_size": 1024, "seqpos_slice": [None],
            "model_from_pretrained_kwargs": {"center_writing_weights": False},
            "prepend_bos": True, **more}


def saelens6(name, architecture, tensors, d=D, n=N, hook="blocks.5.hook_resid_post", dtype="float32",
             centred=True, normalize="none", reshape="none", metadata=None, fields=None):
    """SAE.save_model: the configuration's fields in order, then the architecture."""
    folder = f"sae/saelens/6_{name}"
    save_file(f"{folder}/sae_weights.safetensors", tensors)
    json_dump(f"{folder}/cfg.json", {
        "d_in": d, "d_sae": n, "dtype": dtype, "device": "cpu", "apply_b_dec_to_input": centred,
        "normalize_activations": normalize, "reshape_activations": reshape,
        "metadata": metadata or saelens6_metadata(hook), **(fields or {}),
        "architecture": architecture})


def saelens6_trained(name, tensors, architecture, details):
    """TrainingSAE.save_inference_model: the fields come from a Python set, in any order."""
    folder = f"sae/saelens/6_{name}"
    save_file(f"{folder}/sae_weights.safetensors", tensors)
    json_dump(f"{folder}/cfg.json", {
        "reshape_activations": "none", "d_in": D, "device": "cpu", "d_sae": N,
        "apply_b_dec_to_input": True, "dtype": "float32", "normalize_activations": "none",
        "metadata": saelens6_metadata("blocks.5.hook_resid_post", "6.40.0", **{
            "exclude_special_tokens": False, "sequence_separator_token": "bos",
            "disable_concat_sequences": False, "training_architecture": architecture,
            "training_architecture_details": details}),
        "architecture": "jumprelu"})


def saelens6_files():
    saelens6("standard", "standard", weights())
    save_file("sae/saelens/6_standard/sparsity.safetensors",
              {"sparsity": -np.abs(pattern(N, start=9))})
    saelens6("topk", "topk", weights(), fields={"k": 3, "rescale_acts_by_decoder_norm": False})
    saelens6("topk_rescaled", "topk", weights(),
             fields={"k": 3, "rescale_acts_by_decoder_norm": True})
    saelens6("jumprelu", "jumprelu", weights(threshold=threshold()))
    gated = weights(**gates())
    del gated["b_enc"]
    saelens6("gated", "gated", gated)
    saelens6("uncentred", "standard", weights(), centred=False)
    saelens6("square", "standard", weights(4, 4), n=4)
    saelens6("bfloat16", "standard", brain(weights()), dtype="bfloat16")
    saelens6("hook_z", "standard", weights(d=D_Z), d=D_Z, reshape="hook_z",
             hook="blocks.5.attn.hook_z")
    for name, rule in (("expected_average", "expected_average_only_in"),
                       ("constant_norm", "constant_norm_rescale"), ("layer_norm", "layer_norm")):
        saelens6(name, "standard", weights(), normalize=rule)

    # BatchTopK and Matryoshka are saved as JumpReLU with one threshold.
    flat = weights(threshold=np.full(N, 0.75, "<f4"))
    batch = {"decoder_init_norm": 0.1, "k": 3, "use_sparse_activations": False,
             "aux_loss_coefficient": 1.0, "rescale_acts_by_decoder_norm": False,
             "topk_threshold_lr": 0.01}
    saelens6_trained("batchtopk", flat, "batchtopk", batch)
    saelens6_trained("matryoshka", flat, "matryoshka_batchtopk",
                     {**batch, "matryoshka_widths": [2, 6], "use_matryoshka_aux_loss": False})

    # Checkpoints of a training keep the training's names.
    training = {"decoder_init_norm": 0.1}
    before = weights(log_threshold=np.log(threshold()))
    saelens6("training_jumprelu", "jumprelu", before, fields={
        **training, "jumprelu_init_threshold": 0.01, "jumprelu_bandwidth": 0.05,
        "jumprelu_sparsity_loss_mode": "step", "l0_coefficient": 1.0, "l0_warm_up_steps": 0,
        "pre_act_loss_coefficient": None, "jumprelu_tanh_scale": 4.0})
    saelens6("training_batchtopk", "batchtopk", weights(topk_threshold=np.array(0.75)), fields={
        **training, "k": 3, "use_sparse_activations": False, "aux_loss_coefficient": 1.0,
        "rescale_acts_by_decoder_norm": False, "topk_threshold_lr": 0.01})

    into, out = "blocks.5.ln2.hook_normalized", "blocks.5.hook_mlp_out"
    both = saelens6_metadata(into, hook_name_out=out, hook_head_index_out=None)

    def transcoder(name, **tensors):
        saelens6(name, name, weights(d_out=D_OUT, **tensors), centred=False, metadata=both,
                 fields={"d_out": D_OUT})

    transcoder("transcoder")
    transcoder("skip_transcoder", W_skip=skip(D_OUT))
    transcoder("jumprelu_transcoder", threshold=threshold())
    transcoder("jumprelu_skip_transcoder", W_skip=skip(D_OUT), threshold=threshold())
    # Of the same width on both sides, with as many features: only the architecture tells.
    saelens6("square_skip_transcoder", "skip_transcoder", weights(4, 4, W_skip=skip()), n=4,
             centred=False, metadata=both, fields={"d_out": 4})

    # Tied: there is no W_enc and no b_enc.
    saelens6("matching_pursuit", "matching_pursuit",
             {"W_dec": decoder(), "b_dec": decoder_bias()}, fields={"residual_threshold": 0.01})


# --- SAELens before 6 ----------------------------------------------------------------------------

def saelens5(name, tensors, architecture="standard", function="relu", kwargs=None, d=D, n=N,
             hook="blocks.8.hook_resid_pre", scaled=False, normalize="none", centred=True):
    """SAEConfig.to_dict of versions 3 to 5: flat."""
    folder = f"sae/saelens/{name}"
    save_file(f"{folder}/sae_weights.safetensors", tensors)
    json_dump(f"{folder}/cfg.json", {
        "architecture": architecture, "d_in": d, "d_sae": n, "dtype": "float32", "device": "cpu",
        "model_name": "gpt2-small", "hook_name": hook, "hook_layer": 8, "hook_head_index": None,
        "activation_fn_str": function, "activation_fn_kwargs": kwargs or {},
        "apply_b_dec_to_input": centred, "finetuning_scaling_factor": scaled,
        "sae_lens_training_version": "3.22.0", "prepend_bos": True,
        "dataset_path": "Skylion007/openwebtext", "dataset_trust_remote_code": True,
        "context_size": 128, "normalize_activations": normalize,
        "neuronpedia_id": "gpt2-small/8-res-jb", "model_from_pretrained_kwargs": {},
        "seqpos_slice": [None]})


def saelens1(name, tensors, **more):
    """The runner's whole configuration of versions 0 and 1: hook_point, no architecture."""
    folder = f"sae/saelens/{name}"
    save_file(f"{folder}/sae_weights.safetensors", tensors)
    json_dump(f"{folder}/cfg.json", {
        "model_name": "gpt2-small", "hook_point": "blocks.8.hook_resid_pre",
        "hook_point_layer": 8, "hook_point_head_index": None,
        "dataset_path": "Skylion007/openwebtext", "is_dataset_tokenized": False,
        "context_size": 128, "use_cached_activations": False, "d_in": D,
        "n_batches_in_buffer": 128, "total_training_tokens": 300000000, "store_batch_size": 32,
        "device": "mps", "seed": 42, "dtype": "torch.float32",
        "b_dec_init_method": "geometric_median", "expansion_factor": 1.5, "l1_coefficient": 8e-05,
        "lr": 0.0004, "lr_scheduler_name": None, "lr_warm_up_steps": 5000,
        "train_batch_size": 4096, "use_ghost_grads": False, "log_to_wandb": True, "d_sae": N,
        "checkpoint_path": "checkpoints/run", **more})


def saelens5_files():
    saelens5("5_standard", weights())
    saelens5("5_topk", weights(), function="topk", kwargs={"k": 3})  # "standard" with topk inside
    saelens5("5_topk_architecture", weights(), "topk", "topk", {"k": 3})
    saelens5("5_jumprelu", weights(threshold=threshold()), "jumprelu", centred=False)
    gated = weights(**gates())
    del gated["b_enc"]
    saelens5("5_gated", gated, "gated")
    saelens5("5_tanh_relu", weights(), function="tanh-relu")
    saelens5("5_hook_z", weights(d=D_Z), d=D_Z, hook="blocks.8.attn.hook_z")
    saelens5("5_layer_norm", weights(), function="topk", kwargs={"k": 3}, normalize="layer_norm")
    factor = pattern(N, start=31)
    saelens5("5_scaling_ones", weights(scaling_factor=np.ones(N, "<f4")), scaled=True)
    saelens5("5_scaling_factor", weights(scaling_factor=factor), scaled=True)
    saelens5("5_scaling_contradiction", weights(scaling_factor=factor))
    saelens5("5_scaling_renamed", weights(finetuning_scaling_factor=factor), scaled=True)
    ones = weights(scaling_factor=np.ones(N, "<f4"))
    saelens1("1_runner", ones)
    saelens1("2_normalize_true", ones, normalize_activations=True)
    saelens1("2_normalize_false", ones, normalize_activations=False)


# --- EleutherAI sparsify -------------------------------------------------------------------------

def sparsify(folder, cfg, n, square=D, tensors=None):
    """SparseCoder.save_to_disk."""
    d = square
    json_dump(f"{folder}/cfg.json", {**cfg, "d_in": d})
    save_file(f"{folder}/sae.safetensors", tensors or {
        "encoder.weight": turned(encoder(n, d)), "encoder.bias": encoder_bias(n),
        "W_dec": decoder(n, d), "b_dec": decoder_bias(d)})


def sparsify_run(folder, sae, hookpoints, seeds=(0,), **more):
    """RunConfig.save_json beside the hookpoints' folders, its fields in order."""
    json_dump(f"{folder}/config.json", {
        "sae": sae, "batch_size": 32, "grad_acc_steps": 1, "micro_acc_steps": 1,
        "loss_fn": "fvu", "optimizer": "signum", "lr": None, "lr_warmup_steps": 1000,
        "k_decay_steps": 0, "auxk_alpha": 0.0, "dead_feature_threshold": 10000000,
        "exclude_tokens": [], "hookpoints": list(hookpoints), "init_seeds": list(seeds),
        "layers": [], "layer_stride": 1, "distribute_modules": False, "save_every": 1000,
        "log_to_wandb": True, "run_name": None, "wandb_log_frequency": 1,
        "save_dir": "checkpoints", **more, "model": "EleutherAI/pythia-70m",
        "dataset": "EleutherAI/SmolLM2-135M-10B", "split": "train", "ctx_len": 2048,
        "hf_token": None, "revision": None, "load_in_8bit": False, "max_examples": None,
        "resume": False, "text_column": "text", "shuffle_seed": 42,
        "data_preprocessing_num_proc": 1})


def sparse_coder(k=3, **more):
    return {"activation": "topk", "expansion_factor": 2, "normalize_decoder": True,
            "num_latents": 0, "k": k, "multi_topk": False, "skip_connection": False,
            "transcode": False, **more}


def sparsify_files():
    n = 2 * D  # expansion_factor * d_in
    run = "sae/sparsify/run"
    sparsify_run(run, sparse_coder(), ["embed_tokens", "layers.5", "layers.5.mlp"])
    sparsify(f"{run}/layers.5", sparse_coder(), n)  # num_latents 0: the factor counts
    sparsify(f"{run}/layers.5.mlp", sparse_coder(num_latents=N), N)  # and here it does not
    # Before num_latents and activation existed.
    first = {"expansion_factor": 2, "normalize_decoder": True, "k": 3, "signed": False}
    sparsify(f"{run}/embed_tokens", first, n)

    sparsify("sae/sparsify/signed/layers.3", {
        "expansion_factor": 2, "normalize_decoder": True, "num_latents": N, "k": 3,
        "signed": True}, N)
    sparsify_run("sae/sparsify/seeds", sparse_coder(num_latents=N), ["layers.5"], (1, 2))
    for seed in (1, 2):
        sparsify(f"sae/sparsify/seeds/layers.5/seed{seed}", sparse_coder(num_latents=N), N)

    skipping = {"encoder.weight": turned(encoder()), "encoder.bias": encoder_bias(),
                "W_dec": decoder(), "b_dec": decoder_bias(), "W_skip": skip()}
    both = sparse_coder(num_latents=N, skip_connection=True, transcode=True)
    sparsify_run("sae/sparsify/transcoder", both, ["layers.5.mlp"])
    sparsify("sae/sparsify/transcoder/layers.5.mlp", both, N, tensors=skipping)
    # Published skip transcoders say "transcode" in the run's config.json only.
    early = {"expansion_factor": 2, "normalize_decoder": True, "num_latents": N, "k": 3,
             "multi_topk": False, "skip_connection": True}
    sparsify_run("sae/sparsify/early_transcoder", early, ["layers.5.mlp"], transcode=True)
    sparsify("sae/sparsify/early_transcoder/layers.5.mlp", early, N, tensors=skipping)

    sparsify("sae/sparsify/groupmax/layers.5", sparse_coder(num_latents=N, activation="groupmax"),
             N)
    sparsify("sae/sparsify/square/layers.5", sparse_coder(num_latents=4, k=2), 4)
    sparsify("sae/sparsify/mixed_dtype/layers.5", sparse_coder(num_latents=N), N, tensors={
        "encoder.weight": BFloat16(turned(encoder())), "encoder.bias": BFloat16(encoder_bias()),
        "W_dec": decoder(), "b_dec": decoder_bias()})
    sparsify("sae/sparsify/decoder_weight/layers.5", sparse_coder(num_latents=N), N,
             tensors={**linear(), "b_dec": decoder_bias()})


# --- Gemma Scope ---------------------------------------------------------------------------------

def gemma_scope(name, n=N, d=D, lower=False):
    """numpy.savez. The folder promises a width that a tiny file cannot have."""
    tensors = weights(n, d, threshold=threshold(n))
    if lower:
        tensors = {key.replace("W_", "w_"): values for key, values in tensors.items()}
    np.savez(path(f"sae/{name}/params.npz"), **tensors)


def gemma_scope_files():
    gemma_scope("gemma-scope-2b-pt-res/layer_20/width_16k/average_l0_71")
    gemma_scope("gemma-scope-2b-pt-res/embedding/width_4k/average_l0_6")
    gemma_scope("gemma-scope-2b-pt-res/layer_0/width_16k/average_l0_105", 4, 4)
    gemma_scope("gemma-scope-2b-pt-att/layer_20/width_16k/average_l0_71", d=D_Z)
    gemma_scope("gemma-scope-2b-pt-mlp/layer_3/width_16k/average_l0_71")
    gemma_scope("gemma-scope-2b-pt-transcoders/layer_6/width_16k/average_l0_95")
    gemma_scope("gemma-scope-9b-it-res/layer_9/width_16k/average_l0_88", lower=True)


# --- Gemma Scope 2 -------------------------------------------------------------------------------

def gemma_scope_2(folder, into, out, kind, files, width=N, affine=False):
    json_dump(f"sae/gemma-scope-2-4b-pt/{folder}/config.json", {
        "hf_hook_point_in": into, "hf_hook_point_out": out, "width": width,
        "model_name": "google/gemma-3-4b-pt", "architecture": "jump_relu", "l0": 20,
        "affine_connection": affine, "type": kind}, indent=2)
    for name, tensors in files.items():
        save_file(f"sae/gemma-scope-2-4b-pt/{folder}/{name}.safetensors", tensors)


def lower_case(n=N, d=D, **more):
    return {"w_enc": encoder(n, d), "w_dec": decoder(n, d), "b_enc": encoder_bias(n),
            "b_dec": decoder_bias(d), "threshold": threshold(n), **more}


def gemma_scope_2_files():
    layer = "model.layers.17."
    before_mlp = layer + "pre_feedforward_layernorm.output"
    after_mlp = layer + "post_feedforward_layernorm.output"
    gemma_scope_2("resid_post/layer_17_width_16k_l0_small", layer + "output", layer + "output",
                  "sae", {"params": lower_case()})
    gemma_scope_2("resid_post_all/layer_17_width_16k_l0_small", layer + "output",
                  layer + "output", "sae", {"params": lower_case(4, 4)}, width=4)
    heads = layer + "self_attn.o_proj.input"
    gemma_scope_2("attn_out/layer_17_width_16k_l0_small", heads, heads, "sae",
                  {"params": lower_case(d=D_Z)})
    gemma_scope_2("mlp_out/layer_17_width_16k_l0_small", after_mlp, after_mlp, "sae",
                  {"params": lower_case()})
    gemma_scope_2("transcoder/layer_17_width_16k_l0_small", before_mlp, after_mlp, "transcoder",
                  {"params": lower_case()})
    gemma_scope_2("transcoder/layer_17_width_16k_l0_small_affine", before_mlp, after_mlp,
                  "transcoder", {"params": lower_case(affine_skip_connection=turned(skip()))},
                  affine=True)  # x @ affine_skip_connection: stored [d_in, d_out]

    # One file per layer that is read, each with its share of the features, w_dec [n, layers, d].
    share, layers = 2, 3
    w_enc, w_dec = encoder(), pattern(N, layers, D)
    b_enc, bar = encoder_bias(), threshold()

    def files(first_target):
        written = {}
        for i in range(layers):
            mine = slice(share * i, share * (i + 1))
            rows = w_dec[mine].copy()
            rows[:, :first_target(i)] = 0
            written[f"params_layer_{i}"] = {
                "w_enc": np.ascontiguousarray(w_enc[:, mine]), "w_dec": rows, "b_enc": b_enc[mine],
                "b_dec": pattern(D, start=11 + D * i), "threshold": bar[mine]}
        return written

    some, every = "model.layers.{5,9,12}.output", "model.layers.{all}."
    gemma_scope_2("crosscoder/layer_5_9_12_width_1m_l0_big", some, some, "crosscoder",
                  files(lambda i: 0))
    across = files(lambda i: i)
    for i, tensors in enumerate(across.values()):
        tensors["affine_skip_connection"] = turned(pattern(D, D, start=17 + D * D * i))
    gemma_scope_2("clt/width_262k_l0_big_affine", every + "pre_feedforward_layernorm.output",
                  every + "post_feedforward_layernorm.output", "clt", across, affine=True)


# --- Llama Scope and what followed it ------------------------------------------------------------

def llama_scope(name, into, out, norm_in, norm_out):
    """hyperparams.json as published, a bfloat16 state dictionary of two Linears."""
    n, folder = 2 * D, f"sae/llama-scope/{name}"
    save_file(f"{folder}/checkpoints/final.safetensors", brain(linear(n)))
    json_dump(f"{folder}/hyperparams.json", {
        "device": "cuda:0", "seed": 42, "dtype": "torch.bfloat16", "hook_point_in": into,
        "hook_point_out": out, "use_decoder_bias": True,
        "apply_decoder_bias_to_pre_encoder": False, "expansion_factor": 2, "d_model": D,
        "d_sae": n, "bias_init_method": "all_zero", "act_fn": "jumprelu",
        "jump_relu_threshold": 0.75, "norm_activation": "dataset-wise",
        "dataset_average_activation_norm": {"in": norm_in, "out": norm_out},
        "decoder_exactly_fixed_norm": False, "sparsity_include_decoder_norm": True,
        "use_glu_encoder": False, "init_decoder_norm": 0.5, "init_encoder_norm": None,
        "init_encoder_with_decoder_transpose": True, "lp": 1, "l1_coefficient": 8e-05,
        "l1_coefficient_warmup_steps": 78125, "top_k": 50, "k_warmup_steps": 78125,
        "use_batch_norm_mse": True, "use_ghost_grads": False, "tp_size": 1, "ddp_size": 1},
        indent=4)


def lm_saes_config(into, out, **more):
    return {"sae_type": "sae", "hook_point_in": into, "hook_point_out": out, "d_model": D,
            "expansion_factor": 2, "use_decoder_bias": True, "use_glu_encoder": False,
            "act_fn": "jumprelu", "jump_relu_threshold": 0.0,
            "apply_decoder_bias_to_pre_encoder": False, "norm_activation": "dataset-wise",
            "sparsity_include_decoder_norm": True, "force_unit_decoder_norm": False, "top_k": 50,
            "sae_pretrained_name_or_path": None, "strict_loading": True,
            "use_triton_kernel": False, "sparsity_threshold_for_triton_spmm_kernel": 0.99,
            "jumprelu_threshold_window": 2.0, **more}


def llama_scope_files():
    hook, normed = "blocks.24.hook_resid_post", "blocks.8.ln2.hook_normalized"
    llama_scope("Llama3_1-8B-Base-L24R-2x", hook, hook, 4.0, 4.0)
    llama_scope("Llama3_1-8B-Base-L8TC-2x", normed, "blocks.8.hook_mlp_out", 4.0, 8.0)

    n, hook = 2 * D, "blocks.15.hook_resid_post"
    folder = "sae/llama-scope-r1-distill/400M-Slimpajama-400M-OpenR1-Math-220k/L15R"
    save_file(f"{folder}/sae_weights.safetensors", {
        **brain(linear(n)), "log_jumprelu_threshold": np.log(threshold(n)),
        f"dataset_average_activation_norm.{hook}": number(4.0)}, {"version": "0.1.0"})
    json_dump(f"{folder}/config.json", lm_saes_config(hook, hook), indent=4)

    # Later versions of the same software: other names, the other orientation.
    hook = "blocks.14.hook_resid_post"
    folder = "sae/lm-saes/L14R"
    save_file(f"{folder}/sae_weights.safetensors", {
        "W_E": encoder(n), "b_E": encoder_bias(n), "W_D": decoder(n), "b_D": decoder_bias(),
        "activation_function.log_jumprelu_threshold": np.log(threshold(n)),
        f"dataset_average_activation_norm.{hook}": number(4.0)}, {"version": "2.0.0"})
    json_dump(f"{folder}/config.json", lm_saes_config(hook, hook), indent=4)


# --- circuit-tracer ------------------------------------------------------------------------------

def transcoder_layer(n=N, d=D, **more):
    return {"W_enc": turned(encoder(n, d)), "W_dec": decoder(n, d), "b_enc": encoder_bias(n),
            "b_dec": decoder_bias(d), **more}


def set_config(model, into, out):
    return (f'model_name: "{model}"\nmodel_kind: "transcoder_set"\n'
            f'feature_input_hook: "{into}"\nfeature_output_hook: "{out}"\n')


WANDB = ("wandb_version: 1\n\nact_fn:\n  desc: null\n  value: relu\nbatch_size:\n  desc: null\n"
         "  value: 4096\nd_feature:\n  desc: null\n  value: 6\nd_model:\n  desc: null\n  value: 4\n")


def circuit_tracer_files():
    folder = "sae/circuit-tracer/qwen3-4b-transcoders"
    write_text(f"{folder}/config.yaml", set_config("Qwen/Qwen3-4B", "mlp.hook_in", "mlp.hook_out"))
    write_text(f"{folder}/wandb-config.yaml", WANDB)
    for layer in (0, 1):
        save_file(f"{folder}/layer_{layer}.safetensors", transcoder_layer())
    # Some repositories spell the file wanb-config.yaml, and the 14B one has no config.yaml.
    folder = "sae/circuit-tracer/qwen3-14b-transcoders"
    write_text(f"{folder}/wanb-config.yaml", WANDB)
    save_file(f"{folder}/layer_0.safetensors", transcoder_layer())

    folder = "sae/circuit-tracer/transcoder-Llama-3.2-1B"
    write_text(f"{folder}/config.yaml",
               set_config("meta-llama/Llama-3.2-1B", "hook_resid_mid", "hook_mlp_out"))
    save_file(f"{folder}/layer_0.safetensors", transcoder_layer(W_skip=skip()))
    folder = "sae/circuit-tracer/square"
    write_text(f"{folder}/config.yaml",
               set_config("meta-llama/Llama-3.2-1B", "hook_resid_mid", "hook_mlp_out"))
    save_file(f"{folder}/layer_0.safetensors", transcoder_layer(4, 4, W_skip=skip()))
    folder = "sae/circuit-tracer/jumprelu"
    write_text(f"{folder}/config.yaml",
               set_config("google/gemma-2-2b", "ln2.hook_normalized", "hook_mlp_out"))
    save_file(f"{folder}/layer_0.safetensors",
              transcoder_layer(**{"activation_function.threshold": threshold()}))

    # June 2025: a list with ids, layers and paths; load_relu_transcoder turned W_dec too.
    folder = "sae/circuit-tracer/llama-relu"
    write_text(f"{folder}/config.yaml", (
        'model_name: "meta-llama/Llama-3.2-1B"\nfeature_input_hook: "hook_resid_mid"\n'
        'feature_output_hook: "hook_mlp_out"\n\ntranscoders:\n'
        '  - id: "l0_relu"\n    layer: 0\n    filepath: "layer_0.safetensors"\n'
        '  - id: "l1_relu"\n    layer: 1\n    filepath: "layer_1.safetensors"\n'))
    early = {**transcoder_layer(W_skip=skip()), "W_dec": turned(decoder())}
    for layer in (0, 1):
        save_file(f"{folder}/layer_{layer}.safetensors", early)

    # A set whose weights are Gemma Scope's, somewhere else.
    weights_of = "google/gemma-scope-2b-pt-transcoders"
    write_text("sae/circuit-tracer/gemma-scope-transcoders/config.yaml", (
        "# Transcoder Configuration Gemma Scope Transcoders (lowest L0)\n" +
        set_config("google/gemma-2-2b", "ln2.hook_normalized", "hook_mlp_out") +
        "\ntranscoders:\n" + "".join(
            f'  - "hf://{weights_of}/layer_{i}/width_16k/average_l0_{l0}/params.npz"\n'
            for i, l0 in enumerate((76, 65)))))

    layers, w_dec = 3, pattern(N, 3, D)
    for name, more in (("clt", False), ("clt_skip_jumprelu", True)):
        folder = f"sae/circuit-tracer/{name}"
        write_text(f"{folder}/config.yaml", (
            'model_name: "google/gemma-2-2b"\nmodel_kind: cross_layer_transcoder\n'
            "feature_input_hook: hook_resid_mid\nfeature_output_hook: hook_mlp_out\n"))
        for i in range(layers):
            encoders = {f"W_enc_{i}": turned(encoder()), f"b_enc_{i}": encoder_bias(),
                        f"b_dec_{i}": decoder_bias()}
            if more:
                encoders[f"W_skip_{i}"] = turned(skip())  # x @ W_skip: [d_in, d_out]
                encoders[f"threshold_{i}"] = threshold()
            decoders = {f"W_dec_{i}": np.ascontiguousarray(w_dec[:, i:])}
            save_file(f"{folder}/W_enc_{i}.safetensors", encoders if more else brain(encoders))
            save_file(f"{folder}/W_dec_{i}.safetensors", decoders if more else brain(decoders))


# --- Temporal SAEs -------------------------------------------------------------------------------

def attention(n):
    tensors = {}
    for i, name in enumerate(("k_ctx", "q_target", "v_ctx", "c_proj")):
        tensors[f"attn_layers.0.{name}.weight"] = pattern(n, n, start=40 + i)
        tensors[f"attn_layers.0.{name}.bias"] = pattern(n, start=50 + i)
    return tensors


def temporal_files():
    n = 2 * D
    for name, tied in (("layer_12", True), ("layer_13", False)):
        folder = f"sae/temporal/{name}/temporal"
        write_text(f"{folder}/conf.yaml", (
            f"llm:\n  name: google/gemma-2-2b\n  dimin: {D}\nsae:\n  sae_type: temporal\n"
            "  exp_factor: 2\n  n_heads: 2\n  n_attn_layers: 1\n  bottleneck_factor: 1\n"
            f"  sae_diff_type: topk\n  kval_topk: 3\n  tied_weights: {str(tied).lower()}\n"
            "  scaling_factor: 0.5\ndata:\n  dtype: float32\n"))
        tensors = {"D": decoder(n), "b": decoder_bias(), **attention(n)}
        if not tied:
            tensors.update(E=encoder(n), b=decoder_bias().reshape(1, D))
        save_file(f"{folder}/latest_ckpt.safetensors", tensors)


def write_all():
    saelens6_files()
    saelens5_files()
    sparsify_files()
    gemma_scope_files()
    gemma_scope_2_files()
    llama_scope_files()
    circuit_tracer_files()
    temporal_files()
