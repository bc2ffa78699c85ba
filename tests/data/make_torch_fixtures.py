#!/usr/bin/python3
"""Writes the PyTorch fixtures, beside this script; needs PyTorch (Debian: python3-torch).

As each ecosystem writes them: its attributes' names, in their order, with the strides that its
initialisation leaves behind, saved by torch.save. The classes here are this script's own. What
they hold is make_sae_fixtures.py's logical SAE. README.md says what a reader must make of each.
"""

import collections
import contextlib
import io
import math
import os
import pickle
import sys
import types
import zipfile

import numpy as np
import torch
from torch import nn

import make_sae_fixtures as logical
from fixture_writers import json_dump, path, pattern
from make_sae_fixtures import D, D_Z, N


def tensor(values, dtype=torch.float32):
    return torch.from_numpy(np.ascontiguousarray(values)).to(dtype)


def columns_first(values):
    """The same matrix stored the other way round, as .T of a clone leaves it."""
    return tensor(values.T).T


def save(name, value, **options):
    torch.save(value, path(name), **options)


def save_once(name, value):
    """The format before zip archives names storages by their addresses: never the same twice."""
    target = path(name)
    if target.exists() and same(torch.load(target), value):
        return
    torch.save(value, target, _use_new_zipfile_serialization=False)


def same(a, b):
    if isinstance(a, torch.Tensor):
        return a.dtype == b.dtype and a.shape == b.shape and torch.equal(a, b)
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    return a == b


class Location:
    """Storages that say they were on another device, as those of a training on one do."""

    current = None


torch.serialization.register_package(0, lambda storage: Location.current, lambda *_: None)


@contextlib.contextmanager
def location(name):
    Location.current = name
    yield
    Location.current = None


class LaterRecords:
    """Adds the records that PyTorch 2.8 writes between data.pkl and the storages."""

    def __init__(self, writer):
        self.writer = writer

    def write_record(self, name, data, size):
        self.writer.write_record(name, data, size)
        if name == "data.pkl":
            for record, text in ((".format_version", "1"), (".storage_alignment", "64"),
                                 ("byteorder", "little")):
                self.writer.write_record(record, text, len(text))


def save_as_later(name, value):
    """Members as PyTorch 2.8 names them; its writer, this version's zip archive."""
    writer = torch._C.PyTorchFileWriter(str(path(name)))
    torch.serialization._save(value, LaterRecords(writer), pickle, 2)
    identity = "0" * 40
    writer.write_record(".data/serialization_id", identity, len(identity))
    writer.write_end_of_file()


def save_script(name, module):
    """torch.jit.script(module).save, without the debugging records: they name source files."""
    buffer = io.BytesIO()
    torch.jit.save(torch.jit.script(module), buffer)
    writer = torch._C.PyTorchFileWriter(str(path(name)))
    with zipfile.ZipFile(buffer) as archive:
        for member in archive.namelist():
            record = member.partition("/")[2]
            if record != "version" and not record.endswith(".debug_pkl"):
                data = archive.read(member)
                writer.write_record(record, data, len(data))
    writer.write_end_of_file()


def fill(module, **values):
    """Sets parameters and buffers; a tensor's strides stay as they are."""
    for name, value in values.items():
        owner, _, leaf = name.replace("__", ".").rpartition(".")
        getattr(module.get_submodule(owner), leaf).data = value
    return module


def on_cpu(module):
    """dictionary_learning: {k: v.cpu() for k, v in ae.state_dict().items()}."""
    return {name: value.cpu() for name, value in module.state_dict().items()}


# --- dictionary_learning -------------------------------------------------------------------------

def in_package(module):
    """Makes a class's pickle name the package that it comes from."""
    parts = module.split(".")
    for i in range(len(parts)):
        name = ".".join(parts[:i + 1])
        sys.modules.setdefault(name, types.ModuleType(name))

    def place(cls):
        cls.__module__, cls.__qualname__ = module, cls.__name__
        setattr(sys.modules[module], cls.__name__, cls)
        return cls

    return place


@in_package("dictionary_learning.dictionary")
class AutoEncoder(nn.Module):
    def __init__(self, d, n):
        super().__init__()
        self.activation_dim, self.dict_size = d, n
        self.bias = nn.Parameter(torch.zeros(d))
        self.encoder = nn.Linear(d, n)
        self.decoder = nn.Linear(n, d, bias=False)
        fill(self, bias=tensor(logical.decoder_bias(d)),
             encoder__weight=columns_first(logical.encoder(n, d).T),
             encoder__bias=tensor(logical.encoder_bias(n)),
             decoder__weight=tensor(logical.decoder(n, d).T))


@in_package("dictionary_learning.dictionary")
class AutoEncoderNew(nn.Module):
    def __init__(self, d, n):
        super().__init__()
        self.activation_dim, self.dict_size = d, n
        self.encoder = nn.Linear(d, n)
        self.decoder = nn.Linear(n, d)
        fill(self, encoder__weight=columns_first(logical.encoder(n, d).T),
             encoder__bias=tensor(logical.encoder_bias(n)),
             decoder__weight=tensor(logical.decoder(n, d).T),
             decoder__bias=tensor(logical.decoder_bias(d)))


@in_package("dictionary_learning.dictionary")
class GatedAutoEncoder(nn.Module):
    def __init__(self, d, n):
        super().__init__()
        self.activation_dim, self.dict_size = d, n
        self.decoder_bias = nn.Parameter(tensor(logical.decoder_bias(d)))
        self.encoder = nn.Linear(d, n, bias=False)
        self.r_mag = nn.Parameter(tensor(logical.gates(n)["r_mag"]))
        self.gate_bias = nn.Parameter(tensor(logical.gates(n)["b_gate"]))
        self.mag_bias = nn.Parameter(tensor(logical.gates(n)["b_mag"]))
        self.decoder = nn.Linear(n, d, bias=False)
        fill(self, encoder__weight=columns_first(logical.encoder(n, d).T),
             decoder__weight=tensor(logical.decoder(n, d).T))


@in_package("dictionary_learning.dictionary")
class JumpReluAutoEncoder(nn.Module):
    def __init__(self, d, n):
        super().__init__()
        self.activation_dim, self.dict_size = d, n
        self.W_enc = nn.Parameter(columns_first(logical.encoder(n, d)))
        self.b_enc = nn.Parameter(tensor(logical.encoder_bias(n)))
        self.W_dec = nn.Parameter(tensor(logical.decoder(n, d)))
        self.b_dec = nn.Parameter(tensor(logical.decoder_bias(d)))
        self.threshold = nn.Parameter(tensor(logical.threshold(n)))
        self.apply_b_dec_to_input = False


@in_package("dictionary_learning.trainers.top_k")
class AutoEncoderTopK(nn.Module):
    def __init__(self, d, n, k, threshold):
        super().__init__()
        self.activation_dim, self.dict_size = d, n
        self.register_buffer("k", torch.tensor(k, dtype=torch.int))
        self.register_buffer("threshold", torch.tensor(threshold, dtype=torch.float32))
        self.decoder = nn.Linear(n, d, bias=False)
        self.encoder = nn.Linear(d, n)
        self.b_dec = nn.Parameter(tensor(logical.decoder_bias(d)))
        fill(self, decoder__weight=tensor(logical.decoder(n, d).T),
             encoder__weight=columns_first(logical.encoder(n, d).T),
             encoder__bias=tensor(logical.encoder_bias(n)))


@in_package("dictionary_learning.trainers.batch_top_k")
class BatchTopKSAE(AutoEncoderTopK):
    pass


class FirstTopK(nn.Module):
    """Of 2024: k a number that is not saved, no threshold, the decoder columns first."""

    def __init__(self, d, n):
        super().__init__()
        self.encoder = nn.Linear(d, n)
        self.decoder = nn.Linear(n, d, bias=False)
        self.b_dec = nn.Parameter(tensor(logical.decoder_bias(d)))
        fill(self, encoder__weight=tensor(logical.encoder(n, d).T),
             encoder__bias=tensor(logical.encoder_bias(n)),
             decoder__weight=columns_first(logical.decoder(n, d).T))


@in_package("dictionary_learning.trainers.matryoshka_batch_top_k")
class MatryoshkaBatchTopKSAE(nn.Module):
    def __init__(self, d, n, k, group_sizes, threshold):
        super().__init__()
        self.activation_dim, self.dict_size = d, n
        self.register_buffer("k", torch.tensor(k, dtype=torch.int))
        self.register_buffer("threshold", torch.tensor(threshold, dtype=torch.float32))
        self.register_buffer("group_sizes", torch.tensor(group_sizes))
        self.W_enc = nn.Parameter(columns_first(logical.encoder(n, d)))
        self.b_enc = nn.Parameter(tensor(logical.encoder_bias(n)))
        self.W_dec = nn.Parameter(tensor(logical.decoder(n, d)))
        self.b_dec = nn.Parameter(tensor(logical.decoder_bias(d)))


class CrossCoder(nn.Module):
    def __init__(self, d, n, layers):
        super().__init__()
        self.encoder, self.decoder = nn.Module(), nn.Module()
        self.encoder.weight = nn.Parameter(tensor(pattern(layers, d, n, start=5)))
        self.encoder.bias = nn.Parameter(tensor(logical.encoder_bias(n)))
        self.decoder.bias = nn.Parameter(tensor(pattern(layers, d, start=11)))
        self.decoder.weight = nn.Parameter(tensor(pattern(layers, n, d)))


def trainer(dict_class, trainer_class, d=D, n=N, **more):
    return {"trainer_class": trainer_class, "dict_class": dict_class, "lr": 0.0002,
            "steps": 244140, "seed": 0, "activation_dim": d, "dict_size": n, **more,
            "device": "cuda:0", "layer": 3, "lm_name": "EleutherAI/pythia-70m-deduped",
            "wandb_name": f"{trainer_class}-EleutherAI/pythia-70m-deduped-resid_post_layer_3",
            "submodule_name": "resid_post_layer_3"}


def config(folder, trained):
    json_dump(f"sae/dictionary_learning/{folder}/config.json", {
        "trainer": trained,
        "buffer": {"d_submodule": trained["activation_dim"], "io": "out", "n_ctxs": 244,
                   "ctx_len": 1024, "refresh_batch_size": 32, "out_batch_size": 2048,
                   "device": "cuda:0"}}, indent=4)


def dictionary(folder, module, trained):
    config(f"{folder}/trainer_0", trained)
    save(f"sae/dictionary_learning/{folder}/trainer_0/ae.pt", on_cpu(module))


def dictionary_learning_files():
    plain = AutoEncoder(D, N)
    standard = trainer("AutoEncoder", "StandardTrainer", l1_penalty=0.1, warmup_steps=1000,
                       resample_steps=None)
    dictionary("autoencoder", plain, standard)
    save("sae/dictionary_learning/autoencoder/trainer_0/checkpoints/ae_100.pt", on_cpu(plain))
    dictionary("autoencoder_new", AutoEncoderNew(D, N),
               trainer("AutoEncoderNew", "StandardTrainerNew", l1_penalty=0.1,
                       lambda_warm_steps=1500, decay_start=24000))
    dictionary("gated", GatedAutoEncoder(D, N),
               trainer("GatedAutoEncoder", "GatedSAETrainer", l1_penalty=0.1, warmup_steps=1000))
    jump = dict(bandwidth=0.001, sparsity_penalty=1.0, sparsity_warmup_steps=2000, target_l0=20.0)
    dictionary("jumprelu", JumpReluAutoEncoder(D, N),
               trainer("JumpReluAutoEncoder", "JumpReluTrainer", **jump))
    top = dict(auxk_alpha=0.03125, warmup_steps=1000, decay_start=None, threshold_beta=0.999,
               threshold_start_step=1000, k=3)
    for name, threshold in (("", 0.75), ("_unset", -1.0)):
        dictionary(f"topk{name}", AutoEncoderTopK(D, N, 3, threshold),
                   trainer("AutoEncoderTopK", "TopKTrainer", **top))
        dictionary(f"batchtopk{name}", BatchTopKSAE(D, N, 3, threshold),
                   trainer("BatchTopKSAE", "BatchTopKTrainer", top_k_aux=2, **top))
    first = trainer("AutoEncoderTopK", "TrainerTopK", k=3)
    config("topk_2024", first)
    save("sae/dictionary_learning/topk_2024/ae.pt", FirstTopK(D, N).state_dict())
    dictionary("matryoshka", MatryoshkaBatchTopKSAE(D, N, 3, [2, 4], 0.75),
               trainer("MatryoshkaBatchTopKSAE", "MatryoshkaBatchTopKTrainer", top_k_aux=2,
                       group_fractions=[0.3334, 0.6666], group_weights=[0.5, 0.5],
                       group_sizes=[2, 4], **top))
    dictionary("crosscoder", CrossCoder(D, N, 2),
               trainer("CrossCoder", "CrossCoderTrainer", l1_penalty=0.1, warmup_steps=1000))
    # torch.compile wraps the module, and its state dictionary says so.
    config("compiled/trainer_0", standard)
    save("sae/dictionary_learning/compiled/trainer_0/ae.pt",
         collections.OrderedDict((f"_orig_mod.{name}", value)
                                 for name, value in plain.state_dict().items()))

    # A training that was interrupted leaves its backup under the final name.
    optimizer = torch.optim.Adam(plain.parameters(), lr=0.0002)
    for parameter in plain.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimizer.step()
    config("backup/trainer_0", standard)
    save("sae/dictionary_learning/backup/trainer_0/ae.pt", {
        "step": 1000, "ae": plain.state_dict(), "optimizer": optimizer.state_dict(),
        "config": standard, "norm_factor": 12.5})

    # As wide as deep: the class decides, and without config.json nothing does.
    dictionary("square_linear", AutoEncoder(4, 4),
               trainer("AutoEncoder", "StandardTrainer", n=4, l1_penalty=0.1, warmup_steps=1000,
                       resample_steps=None))
    dictionary("square_parameters", JumpReluAutoEncoder(4, 4),
               trainer("JumpReluAutoEncoder", "JumpReluTrainer", n=4, **jump))
    save("sae/dictionary_learning/square_unlabelled/ae.pt", on_cpu(AutoEncoder(4, 4)))

    # torch.save(model): the pickle names the classes.
    save("sae/dictionary_learning/whole/autoencoder.pt", AutoEncoder(D, N))
    save("sae/dictionary_learning/whole/topk.pt", AutoEncoderTopK(D, N, 3, 0.75))
    save("sae/dictionary_learning/whole/jumprelu.pt", JumpReluAutoEncoder(D, N))


# --- OpenAI --------------------------------------------------------------------------------------

class TopK(nn.Module):
    def __init__(self, k):
        super().__init__()
        self.k, self.postact_fn = k, nn.ReLU()

    def state_dict(self, destination=None, prefix="", keep_vars=False):
        state = super().state_dict(destination=destination, prefix=prefix, keep_vars=keep_vars)
        state.update({prefix + "k": self.k, prefix + "postact_fn": "ReLU"})
        return state


class Tied(nn.Module):
    def __init__(self, linear):
        super().__init__()
        self.linear = linear


class OpenAI(nn.Module):
    def __init__(self, activation, tied=False):
        super().__init__()
        self.pre_bias = nn.Parameter(tensor(logical.decoder_bias()))
        self.encoder = nn.Linear(D, N, bias=False)
        self.latent_bias = nn.Parameter(tensor(logical.encoder_bias()))
        self.activation = activation
        self.decoder = Tied(self.encoder) if tied else nn.Linear(N, D, bias=False)
        self.register_buffer("stats_last_nonzero", torch.arange(N))
        self.register_buffer("latents_activation_frequency", torch.ones(N))
        self.register_buffer("latents_mean_square", torch.zeros(N))
        fill(self, encoder__weight=tensor(logical.decoder() if tied else logical.encoder().T))
        if not tied:
            fill(self, decoder__weight=tensor(logical.decoder().T))

    def state_dict(self, **options):
        state = super().state_dict(**options)
        state["activation"] = self.activation.__class__.__name__
        state["activation_state_dict"] = self.activation.state_dict()
        return state


def openai_files():
    state = OpenAI(TopK(3)).state_dict()
    # What from_state_dict(strict=True) accepts: without the keys that the activation adds.
    accepted = collections.OrderedDict(
        (key, value) for key, value in state.items() if not key.startswith("activation."))
    with location("cuda:0"):
        save("sae/openai/resid_post_mlp_v5_32k/autoencoders/8.pt", accepted)
    save("sae/openai/resid_post_mlp_v5_32k/autoencoders/9.pt", state)
    relu = OpenAI(nn.ReLU()).state_dict()
    save("sae/openai/mlp_post_act/autoencoders/8.pt", relu)
    # Before the activation was saved.
    save("sae/openai/mlp_post_act/autoencoders/9.pt", collections.OrderedDict(
        (key, value) for key, value in relu.items() if not key.startswith("activation")))
    save("sae/openai/tied/8.pt", OpenAI(nn.ReLU(), tied=True).state_dict())


# --- Others --------------------------------------------------------------------------------------

def renamed_linear(dtype=torch.float32, encoder="encoder", decoder="decoder"):
    state = logical.linear()
    return collections.OrderedDict(
        (name.replace("encoder", encoder).replace("decoder", decoder), tensor(values, dtype))
        for name, values in state.items())


def other_files():
    name = "DeepSeek-R1-Distill-Llama-8B-SAE-l19.pt"
    with location("cuda:0"):
        save(f"sae/deepseek-r1/{name}", renamed_linear(torch.bfloat16))
    save(f"sae/deepseek-r1/float32/{name}", renamed_linear())
    for name in ("Llama-3.1-8B-Instruct-SAE-l19.pth", "Llama-3.3-70B-Instruct-SAE-l50.pt"):
        save(f"sae/goodfire/{name}", renamed_linear(torch.bfloat16, "encoder_linear",
                                                    "decoder_linear"))

    # The attention SAEs over the heads' concatenated outputs, with their training's settings.
    name = "sae/hook_z/gpt2-small_L5_Hcat_z_lr1.20e-03_l11.80e+00_ds6_v9"
    heads = logical.weights(d=D_Z)
    save(f"{name}.pt", collections.OrderedDict(
        (key, tensor(heads[key])) for key in ("W_enc", "W_dec", "b_enc", "b_dec")))
    json_dump(f"{name}_cfg.json", {
        "seed": 49, "batch_size": 4096, "buffer_mult": 384, "lr": 0.0012,
        "num_tokens": 2000000000, "l1_coeff": 1.8, "beta1": 0.9, "beta2": 0.99, "dict_mult": 32,
        "seq_len": 128, "enc_dtype": "fp32", "model_name": "gpt2-small", "site": "z", "layer": 5,
        "device": "cuda", "reinit": "reinit", "head": "cat", "concat_heads": True,
        "resample_scheme": "anthropic", "anthropic_neuron_resample_scale": 0.2,
        "dead_direction_cutoff": 1e-06, "re_init_every": 25000, "anthropic_resample_last": 12500,
        "resample_factor": 0.01, "num_resamples": 4, "wandb_project_name": "gpt2-L5-20240117",
        "save_state_dict_every": 50000, "b_dec_init": "zeros", "sched_type": "cosine_warmup",
        "sched_epochs": 1000, "sched_lr_factor": 0.1, "sched_warmup_epochs": 1000,
        "sched_finish": True, "anthropic_resample_batches": 100, "eval_every": 1000,
        "model_batch_size": 512, "buffer_size": 1572864, "buffer_batches": 12288,
        "act_name": "blocks.5.attn.hook_z", "act_size": D_Z, "dict_size": N,
        "name": "gpt2-small_5_6_z"})

    # Qwen Scope: SAELens' names, both matrices the other way round.
    for folder, n in (("SAE-Res-Qwen3-1.7B-Base-W32K-L0_50", N), ("square", 4)):
        json_dump(f"sae/qwen-scope/{folder}/config.json", {
            "model_type": "topk_sae", "base_model": "Qwen/Qwen3-1.7B-Base", "d_model": D,
            "d_sae": n, "k": 3, "num_layers": 28, "hook_point": "resid_post",
            "dtype": "float32"}, indent=2)
        save(f"sae/qwen-scope/{folder}/layer5.sae.pt", {
            "W_enc": tensor(logical.encoder(n).T), "W_dec": tensor(logical.decoder(n).T),
            "b_enc": tensor(logical.encoder_bias(n)), "b_dec": tensor(logical.decoder_bias())})

    later = {"W_E": tensor(logical.encoder()), "b_E": tensor(logical.encoder_bias()),
             "W_D": tensor(logical.decoder()), "b_D": tensor(logical.decoder_bias()),
             "activation_function.log_jumprelu_threshold": tensor(np.log(logical.threshold())),
             "dataset_average_activation_norm.blocks.14.hook_resid_post": torch.tensor(4.0)}
    save("sae/lm-saes/final.pt", {"sae": collections.OrderedDict(later), "version": "2.0.0"})

    named = {name: tensor(values) for name, values in logical.weights().items()}
    save("sae/plain/names.pt", named)
    save("sae/plain/parameters.pt",
         {name: nn.Parameter(values) for name, values in named.items()})
    save("sae/plain/protocol4.pt", named, pickle_protocol=4)
    save_as_later("sae/plain/later_records.pt", named)
    save_once("sae/plain/legacy.pt", named)
    save_once("sae/plain/legacy_nested.pt", {"state_dict": named, "step": 1000})
    save("sae/plain/nested.pt", {"cfg": {"d_in": D, "d_sae": N, "hook_point":
                                         "blocks.8.hook_resid_pre"}, "state_dict": named})

    @in_package("sae_training.config")
    class LanguageModelSAERunnerConfig:
        def __init__(self):
            self.d_in, self.d_sae, self.hook_point = D, N, "blocks.8.hook_resid_pre"
            self.dtype, self.device = torch.float32, torch.device("cpu")

    save("sae/plain/nested_object.pt", {"cfg": LanguageModelSAERunnerConfig(),
                                        "state_dict": named})
    save("sae/plain/numpy_scalar.pt", {**named, "norm_factor": np.float64(12.5)})


# --- The container itself ------------------------------------------------------------------------

def container_files():
    base = tensor(pattern(6, 4))
    save("torch/views.pt", {
        "whole": base, "rows": base[2:5], "columns": base[:, 1:3], "every_other": base[::2],
        "turned": base.T, "repeated": base[:1].expand(3, 4), "element": base[1, 2],
        "empty": torch.zeros(0, 4), "empty_view": base[:0], "three": base.view(2, 3, 4),
        "moved": base.view(2, 3, 4).permute(2, 0, 1)})
    values = tensor(pattern(2, 3))
    whole = torch.tensor([-5, 7])
    save("torch/types.pt", collections.OrderedDict(
        F64=values.double(), F32=values, F16=values.half(), BF16=values.bfloat16(),
        I64=torch.tensor([-2**60, 3]), I32=whole.int(), I16=whole.short(), I8=whole.char(),
        U8=torch.tensor([0, 255], dtype=torch.uint8), BOOL=torch.tensor([True, False]),
        scalar=torch.tensor(1.5), scalar_int=torch.tensor(3, dtype=torch.int),
        minus_zero=torch.tensor([-0.0, math.inf, math.nan])))
    save("torch/unreadable_types.pt", {
        "x": values, "complex": torch.zeros(2, dtype=torch.complex64),
        "quantized": torch.quantize_per_tensor(values, 0.1, 0, torch.qint8),
        "sparse": values.to_sparse()})
    save("torch/values.pt", {
        "none": None, "true": True, "int": -3, "long": 2**70, "float": 0.5, "text": "Ġ→λ",
        "bytes": b"\0\xff", "list": [1, [2, "x"]], "tuple": (1, (2,), (1, 2, 3, 4)),
        "set": {1}, "size": torch.Size([2, 3]), "dtype": torch.float16,
        "device": torch.device("cpu"), 7: "a whole number as a key",
        "nested": collections.OrderedDict(x=values), "default":
        collections.defaultdict(dict, a={}), "x": values})
    save("torch/tensor.pt", values)
    save("torch/list.pt", [values, values.T])
    save("torch/odd_names.pt", {"": values, "a/b": values.clone(), "é": values.clone()})
    parent = torch.zeros(1000)
    parent[500:506] = values.flatten()
    save("torch/small_view_of_large.pt", {"x": parent[500:506].view(2, 3)})
    layer = fill(nn.Linear(2, 3), weight=tensor(pattern(3, 2)), bias=tensor(pattern(3, start=7)))
    save_script("torch/torchscript.pt", layer)
    many = {str(i): torch.tensor(float(i)) for i in range(12)}
    save("torch/many.pt", many)


# --- Models --------------------------------------------------------------------------------------

def model_files():
    V = 7
    embedding = nn.Parameter(tensor(pattern(V, D)))
    gpt2 = nn.Module()
    gpt2.transformer = nn.Module()
    gpt2.transformer.wte = nn.Module()
    gpt2.transformer.wte.weight = embedding
    gpt2.transformer.ln_f = nn.LayerNorm(D)
    gpt2.lm_head = nn.Module()
    gpt2.lm_head.weight = embedding  # tied
    fill(gpt2, transformer__ln_f__weight=tensor(pattern(D, start=13)),
         transformer__ln_f__bias=tensor(pattern(D, start=17)))
    json_dump("model/gpt2_bin/config.json", {
        "architectures": ["GPT2LMHeadModel"], "model_type": "gpt2", "n_embd": D, "vocab_size": V},
        indent=2)
    save("model/gpt2_bin/pytorch_model.bin", gpt2.state_dict())

    first, second = "pytorch_model-00001-of-00002.bin", "pytorch_model-00002-of-00002.bin"
    save(f"model/llama_bin/{first}",
         {"model.embed_tokens.weight": tensor(pattern(V, D, start=50), torch.float16)})
    save(f"model/llama_bin/{second}",
         {"model.norm.weight": tensor(pattern(D, start=13), torch.float16),
          "lm_head.weight": tensor(pattern(V, D), torch.float16)})
    json_dump("model/llama_bin/pytorch_model.bin.index.json", {
        "metadata": {"total_size": 2 * (2 * V * D + D)}, "weight_map": {
            "lm_head.weight": second, "model.embed_tokens.weight": first,
            "model.norm.weight": second}}, indent=2)
    json_dump("model/llama_bin/config.json", {
        "model_type": "llama", "hidden_size": D, "vocab_size": V, "tie_word_embeddings": False,
        "_name_or_path": "tiny-llama"}, indent=2)

    # HookedTransformer.state_dict() of one layer with two heads of four dimensions.
    heads, d_head = 2, D_Z // 2
    lens = collections.OrderedDict({
        "embed.W_E": tensor(pattern(V, D, start=50)),
        "pos_embed.W_pos": tensor(pattern(3, D, start=51)),
        "blocks.0.ln1.w": tensor(pattern(D, start=52)),
        "blocks.0.ln1.b": tensor(pattern(D, start=53)),
        "blocks.0.attn.W_Q": tensor(pattern(heads, D, d_head, start=54)),
        "blocks.0.attn.W_O": tensor(pattern(heads, d_head, D, start=60)),
        "blocks.0.attn.b_Q": tensor(pattern(heads, d_head, start=55)),
        "blocks.0.attn.b_O": tensor(pattern(D, start=61)),
        "blocks.0.attn.W_K": tensor(pattern(heads, D, d_head, start=56)),
        "blocks.0.attn.W_V": tensor(pattern(heads, D, d_head, start=57)),
        "blocks.0.attn.b_K": tensor(pattern(heads, d_head, start=58)),
        "blocks.0.attn.b_V": tensor(pattern(heads, d_head, start=59)),
        "blocks.0.attn.mask": torch.ones(3, 3).tril().bool(),
        "blocks.0.attn.IGNORE": torch.tensor(-math.inf),
        "ln_final.w": tensor(pattern(D, start=13)), "ln_final.b": tensor(pattern(D, start=17)),
        "unembed.W_U": tensor(pattern(V, D).T), "unembed.b_U": tensor(pattern(V, start=70))})
    save("model/transformer_lens.pt", lens)
    # With the norm's gain folded in (LNPre), which leaves no ln_final.
    save("model/transformer_lens_folded.pt", collections.OrderedDict(
        (name, value) for name, value in lens.items() if not name.startswith("ln_final")))


if __name__ == "__main__":
    if os.environ.get("PYTHONHASHSEED") != "0":
        # torch.jit writes a module's constants in the order of a set of strings.
        os.environ["PYTHONHASHSEED"] = "0"
        os.execv(sys.executable, [sys.executable, *sys.argv])
    dictionary_learning_files()
    openai_files()
    other_files()
    container_files()
    model_files()
