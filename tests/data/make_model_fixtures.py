#!/usr/bin/python3
"""Writes the fixtures of models in containers of their own, beside this script: llama2c/, gguf/.

Independent of the library: the layouts are written here from what their own tools publish. What the
tensors hold is pattern() from a start of its own each; README.md lists them. Needs NumPy.
"""

import struct

import numpy as np

import ggml_blocks
from fixture_writers import BFloat16, path, pattern, raw_bytes, safetensors

# llama2.c: dim, hidden_dim, n_layers, n_heads, n_kv_heads, vocab_size, seq_len.
SIZES = (8, 12, 2, 4, 2, 7, 6)


def llama2c_tensors():
    """By name, in no order: [layers, ...] where every layer has one."""
    d, hidden, layers, heads, kv_heads, vocabulary, context = SIZES
    kv, half = d // heads * kv_heads, d // heads // 2
    shapes = {
        "tok_embeddings": (vocabulary, d), "attention_norm": (layers, d), "wq": (layers, d, d),
        "wk": (layers, kv, d), "wv": (layers, kv, d), "wo": (layers, d, d), "ffn_norm": (layers, d),
        "w1": (layers, hidden, d), "w2": (layers, d, hidden), "w3": (layers, hidden, d), "norm": (d,),
        "freqs_cos": (context, half), "freqs_sin": (context, half), "output": (vocabulary, d)}
    return {name: pattern(*shape, start=3 * i) for i, (name, shape) in enumerate(shapes.items())}


VERSION_0 = ("tok_embeddings attention_norm wq wk wv wo ffn_norm w1 w2 w3 norm freqs_cos freqs_sin").split()
VERSION_1 = ("attention_norm ffn_norm norm tok_embeddings wq wk wv wo w1 w2 w3").split()


def llama2c_files():
    tensors = llama2c_tensors()
    for tied in (True, False):
        name = "tied" if tied else "untied"
        last = [] if tied else ["output"]
        sizes = list(SIZES)
        sizes[5] *= 1 if tied else -1
        data = b"".join(tensors[key].tobytes() for key in VERSION_0 + last)
        path(f"llama2c/version0_{name}.bin").write_bytes(struct.pack("<7i", *sizes) + data)
        header = struct.pack("<Ii7iB", 0x616b3432, 1, *SIZES, tied)
        data = b"".join(tensors[key].tobytes() for key in VERSION_1 + last)
        path(f"llama2c/version1_{name}.bin").write_bytes(header.ljust(256, b"\0") + data)
    header = struct.pack("<Ii7iBi", 0x616b3432, 2, *SIZES, True, 8)
    path("llama2c/version2.bin").write_bytes(header.ljust(256, b"\0") + bytes(1000))
    tokens = [b"<unk>", b"\n<s>\n", b"<0x0A>", b" the", "é".encode(), b"", b" "]
    data = b"".join(struct.pack("<fi", -i / 2, len(token)) + token for i, token in enumerate(tokens))
    path("llama2c/tokenizer.bin").write_bytes(struct.pack("<i", max(map(len, tokens))) + data)


# GGUF: kinds of values by their number, and plain types of tensors by ggml's.
U8, I8, U16, I16, U32, I32, F32, BOOL, TEXT, LIST, U64, I64, F64 = range(13)
PACKED = {U8: "B", I8: "b", U16: "H", I16: "h", U32: "I", I32: "i", F32: "f", BOOL: "?", U64: "Q", I64: "q",
          F64: "d"}
PLAIN = {"float32": 0, "float16": 1, "int8": 24, "int16": 25, "int32": 26, "int64": 27, "float64": 28}


def gguf_text(text):
    raw = text if isinstance(text, bytes) else text.encode()
    return struct.pack("<Q", len(raw)) + raw


def gguf_value(kind, value):
    if kind == TEXT:
        return gguf_text(value)
    if kind == LIST:
        element, values = value
        return struct.pack("<IQ", element, len(values)) + b"".join(gguf_value(element, v) for v in values)
    return struct.pack("<" + PACKED[kind], value)


class Raw:
    """A tensor of any type: ggml's number, its bytes, and its shape."""

    def __init__(self, number, data, shape):
        self.number, self.data, self.shape = number, data, shape


def raw(values):
    if isinstance(values, Raw):
        return values
    number = 30 if isinstance(values, BFloat16) else PLAIN[values.dtype.name]
    return Raw(number, raw_bytes(values), values.shape)


def gguf(name, values, tensors, version=3, alignment=32):
    """As docs/gguf.md has it: header, values, descriptions of tensors, and their aligned data."""
    tensors = {key: raw(tensor) for key, tensor in tensors.items()}
    header = b"GGUF" + struct.pack("<IQQ", version, len(tensors), len(values))
    for key, (kind, value) in values.items():
        header += gguf_text(key) + struct.pack("<I", kind) + gguf_value(kind, value)
    data = b""
    for key, tensor in tensors.items():
        axes = tensor.shape[::-1]
        header += gguf_text(key) + struct.pack(f"<I{len(axes)}QIQ", len(axes), *axes, tensor.number, len(data))
        data += tensor.data
        data += bytes(-len(data) % alignment)
    header += bytes(-len(header) % alignment)
    path(name).write_bytes(header + data)


SENTENCEPIECE = ["<unk>", "<s>", "<0x0A>", "▁the", "▁", "▁▁tool", "e\u0301"]
TYPES = [2, 3, 6, 1, 1, 4, 1]  # unknown, control, byte, normal, normal, user-defined, normal
BYTE_LEVEL = ["!", "Ġcat", "Ċ", "<|endoftext|>", "Ã©", "Ã", "Ġ"]


def gguf_vocabulary(model, tokens, types):
    values = {"tokenizer.ggml.model": (TEXT, model), "tokenizer.ggml.tokens": (LIST, (TEXT, tokens)),
              "tokenizer.ggml.scores": (LIST, (F32, [0.0] * len(tokens)))}
    if types:
        values["tokenizer.ggml.token_type"] = (LIST, (I32, types))
    return values


def gguf_files():
    # Every type of number; every kind of value.
    tensors, numbers = {}, {}
    for i, (name, (number, size, _)) in enumerate(ggml_blocks.QUANTIZED.items()):
        number, data, numbers[name] = ggml_blocks.tensor(name, 3, 2, i)
        tensors[name] = Raw(number, data, (3, 2 * size))
    for kind in ("<f4", "<f2", "<f8"):
        tensors[f"F{8 * int(kind[2])}"] = pattern(3, 5).astype(kind)
    tensors["BF16"] = BFloat16(pattern(3, 5))
    for kind in ("i1", "<i2", "<i4", "<i8"):
        tensors[f"I{8 * int(kind[-1])}"] = (pattern(3, 5) * 8).astype(kind)
    tensors["three"] = pattern(2, 3, 4)
    tensors["scalar"] = np.float32(2.5).reshape(())
    tensors["IQ2_XXS"] = Raw(16, bytes(66 * 2), (2, 256))
    tensors["later"] = Raw(199, bytes(40), (2, 20))
    values = {"general.architecture": (TEXT, "none"), "u8": (U8, 200), "i8": (I8, -100), "u16": (U16, 60000),
              "i16": (I16, -30000), "u32": (U32, 4000000000), "i32": (I32, -2000000000), "f32": (F32, 0.5),
              "yes": (BOOL, True), "no": (BOOL, False), "text": (TEXT, "é\n"), "u64": (U64, 2**64 - 1),
              "i64": (I64, -2**63), "f64": (F64, 1e300), "list": (LIST, (U16, [1, 2, 3])),
              "lists": (LIST, (LIST, [(TEXT, ["a", ""]), (U8, [])])), "nothing": (LIST, (TEXT, []))}
    gguf("gguf/types.gguf", values, tensors)
    safetensors("gguf/types.safetensors", numbers)

    # Models whose unembedding is pattern(7, 4), as in model/.
    W, norm = pattern(7, 4), pattern(4, start=13)
    block = {"blk.1.attn_output.weight": pattern(4, 6, start=60), "blk.1.ffn_down.weight": pattern(4, 10, start=70),
             "blk.1.attn_norm.weight": pattern(4, start=80), "blk.1.ffn_norm.weight": pattern(4, start=90)}
    llama = {"general.architecture": (TEXT, "llama"), "general.name": (TEXT, "Tiny Llama"),
             "llama.attention.layer_norm_rms_epsilon": (F32, 1e-5)}
    gguf("gguf/llama.gguf", {**llama, **gguf_vocabulary("llama", SENTENCEPIECE, TYPES)},
         {"token_embd.weight": pattern(7, 4, start=50), "output_norm.weight": norm,
          "output.weight": W.astype("<f2"), **block})
    gemma = {"general.architecture": (TEXT, "gemma2"), "gemma2.attention.layer_norm_rms_epsilon": (F32, 1e-6),
             "gemma2.final_logit_softcapping": (F32, 30.0), "general.alignment": (U32, 64)}
    gguf("gguf/gemma2.gguf", gemma,
         {"token_embd.weight": BFloat16(W), "output_norm.weight": norm, **block,
          "blk.1.post_attention_norm.weight": pattern(4, start=100), "blk.1.post_ffw_norm.weight": pattern(4, start=110)},
         version=2, alignment=64)
    gpt2 = {"general.architecture": (TEXT, "gpt2"), "gpt2.attention.layer_norm_epsilon": (F32, 1e-5),
            "gpt2.logit_scale": (F32, 0.25)}
    gguf("gguf/gpt2.gguf", {**gpt2, **gguf_vocabulary("gpt2", BYTE_LEVEL, [1, 1, 1, 3, 1, 1, 1])},
         {"token_embd.weight": W, "output_norm.weight": norm, "output_norm.bias": pattern(4, start=17)})
    olmo = {"general.architecture": (TEXT, "olmo"), "olmo.attention.layer_norm_epsilon": (F32, 1e-5)}
    gguf("gguf/olmo.gguf", olmo, {"output.weight": W})
    gguf("gguf/unknown_norm.gguf", {"general.architecture": (TEXT, "new")}, {"output.weight": W, "output_norm.weight": norm})
    number, data, values = ggml_blocks.tensor("Q6_K", 7, 1, 99)
    gguf("gguf/quantized.gguf", llama,
         {"token_embd.weight": Raw(number, data, (7, 256)), "output_norm.weight": pattern(256, start=13)})
    safetensors("gguf/quantized.safetensors", {"token_embd.weight": values})

    # In pieces; the metadata is in the first.
    pieces = {"split.no": (U16, 0), "split.count": (U16, 3), "split.tensors.count": (I32, 3)}
    gguf("gguf/split-00001-of-00003.gguf", {**llama, **pieces}, {"token_embd.weight": pattern(7, 4, start=50)})
    gguf("gguf/split-00002-of-00003.gguf", {**pieces, "split.no": (U16, 1)}, {"output_norm.weight": norm})
    gguf("gguf/split-00003-of-00003.gguf", {**pieces, "split.no": (U16, 2)}, {"output.weight": W})
    gguf("gguf/vocabulary.gguf", {"general.architecture": (TEXT, "llama"), **gguf_vocabulary("rwkv", ["a", "b'\\x00'"], None)}, {})


llama2c_files()
gguf_files()
