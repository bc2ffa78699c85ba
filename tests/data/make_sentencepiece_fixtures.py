#!/usr/bin/python3
"""Writes vocabulary/sentencepiece_*.model with SentencePiece's own trainer, and what its own decoder makes
of every piece, beside this script (Debian: sentencepiece; written with 0.1.97). The text is LICENSE.
"""

import subprocess
import tempfile
from pathlib import Path

from fixture_writers import HERE, path

SOURCE = HERE.parent.parent
MODELS = {
    "bpe": ["--model_type=bpe", "--byte_fallback=true", "--vocab_size=420",
            "--user_defined_symbols=▁▁,<tool>,é▁", "--control_symbols=<pad>,<mask>"],
    "unigram": ["--model_type=unigram", "--vocab_size=120", "--hard_vocab_limit=false"],
}


def run(*command, text=None):
    return subprocess.run(command, input=text, capture_output=True, check=True, cwd=SOURCE).stdout


def decoded(model, pieces, kinds):
    """What each piece stands for. Behind another piece, so that a space at its start is not dropped; what
    is a mark for the model or a byte, which the decoder does not give back alone, is told by its kind."""
    before = next(i for i, piece in enumerate(pieces) if len(piece) == 1 and piece.isalpha() and piece.isascii())
    asked = [i for i in range(len(pieces)) if not kinds[i]]
    lines = "".join(f"{before} {i}\n" for i in asked).encode()
    answers = run("spm_decode", f"--model={model}", "--input_format=id", text=lines).split(b"\n")
    texts = dict(zip(asked, answers))
    for i, piece in enumerate(pieces):
        if kinds[i] == "byte":
            yield bytes([int(piece[3:5], 16)])
        elif kinds[i] == "mark":
            yield piece.encode()
        else:
            assert texts[i].startswith(pieces[before].encode())
            yield texts[i][1:]


def main():
    for name, options in MODELS.items():
        with tempfile.TemporaryDirectory() as folder:
            prefix = str(Path(folder) / "m")
            run("spm_train", "--input=LICENSE", f"--model_prefix={prefix}", "--num_threads=1",
                "--normalization_rule_name=identity", *options)
            raw = Path(prefix + ".model").read_bytes().replace(prefix.encode(), b"m" * len(prefix))
            vocabulary = Path(prefix + ".vocab").read_text().splitlines()
        model = path(f"vocabulary/sentencepiece_{name}.model")
        model.write_bytes(raw)
        pieces = [line.split("\t")[0] for line in vocabulary]
        marks = {"<unk>", "<s>", "</s>", "<pad>", "<mask>"}
        kinds = ["mark" if p in marks else "byte" if p.startswith("<0x") else "" for p in pieces]
        texts = list(decoded(model, pieces, kinds))
        path(f"vocabulary/sentencepiece_{name}_model.hex").write_text("".join(t.hex() + "\n" for t in texts))


main()
