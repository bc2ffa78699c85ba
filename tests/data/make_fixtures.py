#!/usr/bin/python3
"""Writes the fixtures of tests/core, tests/io and tests/ingest, beside this script.

Independent of the library: NumPy writes its own formats, and fixture_writers.py writes the others
from their descriptions. Run it again after a change; the results are committed. Two more scripts:
make_torch_fixtures.py needs PyTorch, make_hostile.py writes files that must be refused.
"""

import io
import json
import math
import struct
import sys
import unicodedata
import zipfile

import numpy as np

import make_sae_fixtures
from fixture_writers import BFloat16, path, pattern, safetensors, write_json


def numpy_files():
    for kind in ("<f8", "<f4", "<f2", "<i8", "<i4", "<i2", "|i1"):
        values = (pattern(3, 5) * (8 if "i" in kind else 1)).astype(kind)
        np.save(path(f"npy/{kind[1:]}.npy"), values)
    np.save(path("npy/u1.npy"), np.arange(6, dtype="|u1"))
    np.save(path("npy/b1.npy"), np.array([True, False, True]))
    np.save(path("npy/vector.npy"), pattern(7))
    np.save(path("npy/scalar.npy"), np.float32(2.5))
    np.save(path("npy/empty.npy"), pattern(0, 4))
    np.save(path("npy/fortran.npy"), pattern(5, 3).T)
    np.save(path("npy/fortran3.npy"), np.asfortranarray(pattern(2, 3, 4)))
    for kind in ("f8", "f4", "f2", "i8", "i4", "i2"):
        values = pattern(3, 5) * (8 if "i" in kind else 1)
        np.save(path(f"npy/big_{kind}.npy"), values.astype(">" + kind))
    for kind in ("u8", "u4", "u2"):
        for order, name in (("<", ""), (">", "big_")):
            np.save(path(f"npy/{name}{kind}.npy"), np.array([0, 1, 2, 2**(8 * int(kind[1]) - 1)], order + kind))
    np.save(path("npy/big_fortran.npy"), pattern(5, 3).astype(">f4").T)
    np.save(path("npy/objects.npy"), np.array([{}, None], dtype=object), allow_pickle=True)
    np.save(path("npy/strings.npy"), np.array(["a", "bc"]))
    np.save(path("npy/structure.npy"), np.zeros(2, dtype=[("x", "<f4"), ("y", "<f4")]))
    np.save(path("npy/complex.npy"), np.zeros(2, dtype="<c8"))
    for version in ((2, 0), (3, 0)):
        with open(path(f"npy/version{version[0]}.npy"), "wb") as file:
            np.lib.format.write_array(file, pattern(3, 5), version=version)

    arrays = {"W_dec": pattern(6, 4), "b_dec": pattern(4, start=9), "half": pattern(4).astype("<f2"),
              "columns_first": pattern(4, 6).T, "ids": np.arange(5, dtype="<i4")}
    np.savez(path("npz/stored.npz"), **arrays)
    np.savez_compressed(path("npz/deflated.npz"), zeros=np.zeros((50, 40), "<f4"), **arrays)
    turned = {name: values.astype(values.dtype.newbyteorder(">")) for name, values in arrays.items()}
    np.savez(path("npz/big_endian.npz"), **turned)
    np.savez_compressed(path("npz/big_endian_deflated.npz"), **turned)
    np.savez(path("npz/mixed.npz"), W_dec=pattern(6, 4), names=np.array(["a", "b"]))
    np.savez(path("npz/nothing_readable.npz"), names=np.array(["a", "b"]))
    with zipfile.ZipFile(path("npz/not_arrays.zip"), "w") as archive:
        archive.writestr(zipfile.ZipInfo("hello.txt"), "hello")
    with zipfile.ZipFile(path("npz/checkpoint.pt"), "w") as archive:
        archive.writestr(zipfile.ZipInfo("archive/data.pkl"), b"\x80\x02}.")
    buffer = io.BytesIO()
    np.save(buffer, pattern(3, 5))
    with zipfile.ZipFile(path("npz/bzip2.npz"), "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr(zipfile.ZipInfo("x.npy"), buffer.getvalue(), zipfile.ZIP_BZIP2)


def safetensors_files():
    safetensors("safetensors/every_type.safetensors", {
        "byte": np.arange(3, dtype="<u1"),  # everything behind it is unaligned
        "F64": pattern(2, 3).astype("<f8"),
        "F32": pattern(2, 3),
        "F16": pattern(2, 3).astype("<f2"),
        "BF16": BFloat16(pattern(2, 3)),
        "I64": np.array([-2**60, 3], "<i8"),
        "I32": np.array([-5, 2**31 - 1], "<i4"),
        "I16": np.array([-5, 7], "<i2"),
        "I8": np.array([-128, 127], "|i1"),
        "U32": np.array([0, 2**32 - 1], "<u4"),
        "U64": np.array([0, 2**64 - 1], "<u8"),
        "BOOL": np.array([True, False]),
        "scalar": np.array(1.5, "<f4"),
        "none": np.zeros((0, 4), "<f4"),
        "three": pattern(2, 3, 4),
    }, {"made by": "make_fixtures.py", "unicode": "Ġ→λ"})
    safetensors("safetensors/small.safetensors", {"x": pattern(2, 2)}, {"k": "v"})
    float8_file()


def float8(byte, mantissa_bits, bias):
    """By the book: sign, exponent, mantissa. What stands for no number is up to the format."""
    sign = -1 if byte & 128 else 1
    exponent, mantissa = (byte & 127) >> mantissa_bits, (byte & 2**mantissa_bits - 1) / 2**mantissa_bits
    return sign * (math.ldexp(1 + mantissa, exponent - bias) if exponent else math.ldexp(mantissa, 1 - bias))


def float8_file():
    """All 256 bytes of each 8-bit float, and of the types that are listed alone; the numbers as F32."""
    nan = math.nan
    tables = {
        "F8_E4M3": [nan if b & 127 == 127 else float8(b, 3, 7) for b in range(256)],
        "F8_E5M2": [(np.uint16(b << 8).view("<f2")) for b in range(256)],
        "F8_E4M3FNUZ": [nan if b == 128 else float8(b, 3, 8) for b in range(256)],
        "F8_E5M2FNUZ": [nan if b == 128 else float8(b, 2, 16) for b in range(256)],
        "F8_E8M0": [nan if b == 255 else math.ldexp(1, b - 127) for b in range(256)]}
    numbers = {name: np.array(values, "<f4").reshape(16, 16) for name, values in tables.items()}
    safetensors("safetensors/float8_numbers.safetensors", numbers)
    header, data = {}, b""
    for name, size, shape in [(name, 256, [16, 16]) for name in tables] + [
            ("F4", 12, [4, 6]), ("F6_E2M3", 18, [4, 6]), ("F6_E3M2", 18, [24]), ("C64", 16, [2])]:
        header[name] = {"dtype": name, "shape": shape, "data_offsets": [len(data), len(data) + size]}
        data += bytes(i % 256 for i in range(size))
    text = json.dumps(header).encode()
    path("safetensors/float8.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + data)


def saelens_weights(n, d, **more):
    return {"W_dec": pattern(n, d), "W_enc": pattern(d, n, start=5), "b_enc": pattern(n, start=7),
            "b_dec": pattern(d, start=11), **more}


def sae_files():
    n, d = 6, 4
    threshold = np.abs(pattern(n, start=3))
    safetensors("sae/saelens6/sae_weights.safetensors",
                saelens_weights(n, d, threshold=threshold))
    write_json("sae/saelens6/cfg.json", {
        "architecture": "jumprelu", "d_in": d, "d_sae": n, "dtype": "float32",
        "apply_b_dec_to_input": False, "normalize_activations": "none",
        "reshape_activations": "none",
        "metadata": {"sae_lens_version": "6.0.0", "model_name": "gemma-2-2b",
                     "hook_name": "blocks.20.hook_resid_post", "hook_head_index": None,
                     "model_from_pretrained_kwargs": {"center_writing_weights": False}}})
    safetensors("sae/saelens5/sae_weights.safetensors", saelens_weights(n, d))
    write_json("sae/saelens5/cfg.json", {
        "model_name": "gpt2-small", "hook_point": "blocks.8.hook_resid_pre", "d_in": d, "d_sae": n,
        "activation_fn_str": "topk", "activation_fn_kwargs": {"k": 3},
        "apply_b_dec_to_input": True, "normalize_activations": "layer_norm"})
    # As wide as it is deep: only cfg.json can tell the axes apart.
    safetensors("sae/saelens_square/sae_weights.safetensors", saelens_weights(4, 4))
    write_json("sae/saelens_square/cfg.json", {
        "architecture": "topk", "d_in": 4, "d_sae": 4, "k": 2, "rescale_acts_by_decoder_norm": True,
        "metadata": {"model_name": "pythia-70m", "hook_name": "blocks.1.hook_mlp_out"}})
    safetensors("sae/saelens_gated/sae_weights.safetensors",
                {"W_dec": pattern(n, d), "W_enc": pattern(d, n), "b_dec": pattern(d),
                 "b_gate": pattern(n), "b_mag": pattern(n), "r_mag": pattern(n)})
    write_json("sae/saelens_gated/cfg.json", {"architecture": "gated", "d_in": d, "d_sae": n})

    np.savez(path("sae/gemma_scope/layer_20/width_6/average_l0_3/params.npz"),
             **saelens_weights(n, d, threshold=threshold))
    # As torch.nn.Linear stores them: the decoder [d, n], the encoder [n, d].
    safetensors("sae/linear_layers.safetensors",
                {"decoder.weight": BFloat16(np.ascontiguousarray(pattern(n, d).T)),
                 "encoder.weight": pattern(n, d, start=5), "encoder.bias": pattern(n, start=7),
                 "decoder.bias": pattern(d, start=11)}, {"activation": "topk", "k": "2"})
    safetensors("sae/decoder_only.safetensors", {"W_dec": pattern(n, d)})
    safetensors("sae/square.safetensors", saelens_weights(4, 4))
    broken = pattern(n, d)
    broken[2, 1] = np.nan
    safetensors("sae/nan.safetensors", {"W_dec": broken, "b_dec": pattern(d)})


def model_files():
    V, d = 7, 4
    # Sharded and untied.
    safetensors("model/llama/model-00001-of-00002.safetensors",
                {"model.embed_tokens.weight": pattern(V, d, start=50)})
    safetensors("model/llama/model-00002-of-00002.safetensors",
                {"model.norm.weight": pattern(d, start=13),
                 "lm_head.weight": BFloat16(pattern(V, d))})
    write_json("model/llama/model.safetensors.index.json", {
        "metadata": {"total_size": 1}, "weight_map": {
            "model.embed_tokens.weight": "model-00001-of-00002.safetensors",
            "model.norm.weight": "model-00002-of-00002.safetensors",
            "lm_head.weight": "model-00002-of-00002.safetensors",
            "lost.weight": "model-00003-of-00002.safetensors"}})
    write_json("model/llama/config.json", {
        "model_type": "llama", "hidden_size": d, "vocab_size": V, "tie_word_embeddings": False,
        "_name_or_path": "tiny-llama"})
    write_json("model/llama/vocab.json", byte_level(
        {"the": 0, " cat": 1, "sat": 2, "→": 4, "</s>": 6, "a": 3}))
    # Tied, RMSNorm with 1 + weight, capped logits.
    safetensors("model/gemma/model.safetensors",
                {"model.embed_tokens.weight": pattern(V, d).astype("<f2"),
                 "model.norm.weight": pattern(d, start=13)})
    write_json("model/gemma/config.json", {
        "model_type": "gemma2", "hidden_size": d, "vocab_size": V, "final_logit_softcapping": 30.0})
    # Tied by default, LayerNorm, names without the "transformer." in front.
    safetensors("model/gpt2/model.safetensors",
                {"wte.weight": pattern(V, d), "ln_f.weight": pattern(d, start=13),
                 "ln_f.bias": pattern(d, start=17)})
    write_json("model/gpt2/config.json", {"model_type": "gpt2", "n_embd": d, "vocab_size": V})
    safetensors("model/unknown/model.safetensors",
                {"lm_head.weight": pattern(V, d), "last.norm": pattern(d, start=13)})
    write_json("model/unknown/config.json", {"model_type": "perceptron", "hidden_size": d})
    # TransformerLens stores [d, V].
    np.savez(path("model/transformer_lens.npz"),
             **{"unembed.W_U": np.ascontiguousarray(pattern(V, d).T),
                "ln_final.w": pattern(d, start=13), "ln_final.b": pattern(d, start=17)})
    np.savez(path("model/plain.npz"), W_U=np.ascontiguousarray(pattern(V, d).T),
             final_norm_weight=pattern(d, start=13))
    safetensors("model/no_gain.safetensors", {"W_U": pattern(V, d)})
    safetensors("model/square.safetensors", {"W_U": pattern(4, 4), "final_norm_weight": pattern(4)})


# Radford et al. 2019: bytes printable in Latin-1 stand for themselves, the rest for U+0100 on.
BYTE_CHARACTERS = {b: chr(b) for b in (*range(33, 127), *range(161, 173), *range(174, 256))}
for number in range(256):
    if number not in BYTE_CHARACTERS:
        BYTE_CHARACTERS[number] = chr(256 + len(BYTE_CHARACTERS) - 188)


def byte_level(value):
    """A text, bytes, or the keys of a dictionary as a byte-level vocabulary stores them."""
    if isinstance(value, dict):
        return {byte_level(key): item for key, item in value.items()}
    return "".join(BYTE_CHARACTERS[b] for b in (value if isinstance(value, bytes) else value.encode()))


def vocabulary(name, stored, meant):
    """The file, and beside it what each id means: its bytes, in hexadecimal, a line each."""
    write_json(f"vocabulary/{name}.json", stored)
    as_bytes = [text if isinstance(text, bytes) else text.encode() for text in meant]
    path(f"vocabulary/{name}.hex").write_text("".join(text.hex() + "\n" for text in as_bytes))


def numbered(texts):
    return {text: id for id, text in enumerate(texts)}


def added(id, content, special=False):
    return {"id": id, "content": content, "single_word": False, "lstrip": False, "rstrip": False,
            "normalized": False, "special": special}


def vocabulary_files():
    write_json("vocabulary/list.json", ["<unk>", "\n", "é", "the"])
    path("vocabulary/lines.txt").write_bytes("<unk>\n\n é\nthe\n".encode())
    path("vocabulary/windows.txt").write_bytes(b"a\r\nb\r\n")
    path("vocabulary/marked.txt").write_bytes(b"\xef\xbb\xbfa\nb\n")

    every_byte = [bytes([b]) for b in range(256)]
    byte_tokens = [f"<0x{b:02X}>" for b in range(256)]
    words = [" cat", "cat", " 猫", "é", "\n\n", " →", "猫".encode()[:2], "猫".encode()[1:], b"\xc0\xaf"]
    pieces = [byte_level(word) for word in every_byte + words]
    n = len(pieces)
    # As GPT-2 and its many children. What no byte stands for stays: "x→" could never be met.
    vocabulary("byte_level", {
        "version": "1.0", "truncation": None, "padding": None,
        "added_tokens": [added(n + 1, "<|endoftext|>", True), added(n + 2, "    "),
                         added(n + 3, "été", True), added(0, "Ā")],
        "normalizer": None, "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False},
        "post_processor": None, "decoder": {"type": "ByteLevel", "trim_offsets": True},
        "model": {"type": "BPE", "dropout": None, "byte_fallback": False, "end_of_word_suffix": None,
                  "vocab": numbered(pieces + ["x→"]),
                  "merges": [["Ġ", "c"], ["Ġc", "at"], "Ġc at"]}},
        every_byte + words + ["x→", "<|endoftext|>", "    ", "été"])
    write_json("vocabulary/beside/vocab.json", numbered(pieces))
    write_json("vocabulary/beside/added_tokens.json", {"<|im_start|>": n, "Ġ▁": n + 1})

    # As Llama 2 and Gemma: spaces and single bytes have texts of their own.
    spaced = ["<unk>", "<s>", *byte_tokens, "▁", "▁cat", "cat", "▁▁", "<0x0a", "<0x4G>", "▁New▁York"]
    spaced_meant = ["<unk>", "<s>", *every_byte, " ", " cat", "cat", "  ", "<0x0a", "<0x4G>", " New York"]
    vocabulary("sentencepiece", {
        "version": "1.0",
        "added_tokens": [added(0, "<unk>", True), added(1, "<s>", True), added(261, "▁▁"),
                         added(len(spaced), "<｜begin▁of▁sentence｜>", True), added(len(spaced) + 1, "<0x41>x▁")],
        "normalizer": {"type": "Sequence", "normalizers": [
            {"type": "Prepend", "prepend": "▁"},
            {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}]},
        "pre_tokenizer": None,
        "decoder": {"type": "Sequence", "decoders": [
            {"type": "Replace", "pattern": {"String": "▁"}, "content": " "}, {"type": "ByteFallback"},
            {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 0}]},
        "model": {"type": "BPE", "byte_fallback": True, "vocab": numbered(spaced), "merges": ["▁ cat"]}},
        spaced_meant + ["<｜begin▁of▁sentence｜>", "<0x41>x▁"])
    vocabulary("sentencepiece_vocab", numbered(spaced), spaced_meant)
    vocabulary("bytes_and_spaces", ["<unk>", "\n<s>\n", *byte_tokens, " cat", "cat", "▁"],
               ["<unk>", "\n<s>\n", *every_byte, " cat", "cat", "▁"])
    vocabulary("unigram", {
        "added_tokens": [added(0, "<pad>", True)], "decoder": {
            "type": "Metaspace", "replacement": "_", "prepend_scheme": "always", "split": True},
        "model": {"type": "Unigram", "unk_id": 0, "vocab": [
            ["<pad>", 0.0], ["_a", -1.5], ["b_", -2], ["▁", -3.25], ["<0x41>", -4.0], ["_a", -5.0]]}},
        ["<pad>", " a", "b ", "▁", "<0x41>", " a"])
    vocabulary("wordpiece", {
        "added_tokens": [added(0, "[PAD]", True), added(4, "[MASK]", True)],
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
        "model": {"type": "WordPiece", "continuing_subword_prefix": "##", "vocab": numbered(
            ["[PAD]", "walk", "##ing", "▁", "[MASK]"])}},
        ["[PAD]", "walk", "##ing", "▁", "[MASK]"])
    # CLIP: byte-level, and the end of a word is part of the token.
    ends = ["cat</w>", "cat", byte_level("é") + "</w>", "</w>", "a</w>b"]
    vocabulary("word_ends", {
        "added_tokens": [added(5, "<|end</w>", True)], "decoder": {"type": "ByteLevel"},
        "model": {"type": "BPE", "end_of_word_suffix": "</w>", "vocab": numbered(ends), "merges": []}},
        ["cat ", "cat", "é ", " ", "a</w>b", "<|end</w>"])


def text_files():
    """Code points by what Python's copy of the Unicode database says of them, as ranges: hidden
    (controls, format, private use, line ends, spaces but U+0020) and seen (letters, marks, numbers,
    punctuation, symbols); unassigned ones and surrogates are in neither."""
    lines, last = [], None
    for code in range(sys.maxunicode + 1):
        category = unicodedata.category(chr(code))
        kind = None
        if category in ("Cc", "Cf", "Co", "Zl", "Zp", "Zs") and code != 0x20:
            kind = "hidden"
        elif category[0] in "LMNPS":
            kind = "seen"
        if kind and last == (kind, code - 1):
            lines[-1][2] = code
        elif kind:
            lines.append([kind, code, code])
        last = kind, code
    path("text/unicode.txt").write_text("".join(f"{k} {a:x} {b:x}\n" for k, a, b in lines))


if __name__ == "__main__":
    numpy_files()
    safetensors_files()
    sae_files()
    make_sae_fixtures.write_all()
    model_files()
    vocabulary_files()
    text_files()
