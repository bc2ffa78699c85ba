"""What fuzzers of formats start with that have no fixture: one small sound file each, or a few."""
import json
import struct

RECORD = {"version": "0.1.0", "command": "yoneda run", "convention": "centered"}
SOURCE = {"path": "/sae", "hash": "0" * 32, "dialect": "safetensors", "files": ["/sae"], "names": {"decoder": "W"}}

TEXTS = {
    "tsv": ["# yoneda graph, kind profile\n# node count 4\nsource\ttarget\tweight\n0\t1\t0.5\n1\t2\t-1e-3\n",
            "# directed\n# yoneda graph, kind virtual\n# nodes from 0: f < 2 is feature f of a\n0,2,1\n1 3 -2\n"],
    "matrix_market": ["%%MatrixMarket matrix coordinate real symmetric\n% yoneda graph, kind decoder\n3 3 2\n"
                      "2 1 0.5\n3 1 -0.25\n",
                      "%%MatrixMarket matrix coordinate integer general\n2 2 1\n1 2 3\n"],
    "tiktoken": ["IQ== 0\nIg== 1\nIHRoZQ== 2\n"],
    "words": [": capital\na b c d\n king queen\nman woman\n", "a b\nc d\n"],
    "configuration": ["{}"],
    "study": [json.dumps({"format": "yoneda-study/1", **RECORD, "sources": {"sae": SOURCE},
                          "options": {"k": "50"}, "files": {"arrows": "arrows.safetensors"}}),
              json.dumps({"format": "yoneda-categories/1", **RECORD, "sources": {}, "options": {},
                          "labels": [0, 0, 1, -1],
                          "categories": [{"id": c, "size": 2, "features": [c], "exemplars": [c],
                                          "raised": [{"token": 1, "text": "a", "contrast": 0.5}],
                                          "lowered": [], "cohesion": 0.5, "silhouette": 0.1,
                                          "stability": 1.0, "opposite": {"category": 1 - c, "weight": -1},
                                          "neighbors": [{"category": 1 - c, "weight": 1}]}
                                         for c in (0, 1)],
                          "quotient": {"directed": False, "arrows": []}})],
}


def safetensors(tensors, metadata):
    """Tensors as (dtype, shape, format of struct, numbers)."""
    header, data = {"__metadata__": metadata}, b""
    for name, (dtype, shape, letter, numbers) in tensors.items():
        raw = struct.pack(f"<{len(numbers)}{letter}", *numbers)
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header, separators=(",", ":")).encode()
    return struct.pack("<Q", len(text)) + text + data


def metadata_of(form, **more):
    return {"format": form, **RECORD, "sources": json.dumps({"sae": SOURCE}), "options": json.dumps({"k": "2"}),
            **more}


def arrows():
    n, k = 2, 2
    tensors = {}
    for end in ("positive", "negative"):
        tensors[f"{end}_tokens"] = ("I32", [n, k], "i", [0, 1, 2, 0])
        tensors[f"{end}_logits"] = ("F32", [n, k], "f", [2, 1, 2, 1])
    for name in ("logit_mean", "logit_std", "logit_skewness", "logit_kurtosis", "logit_min", "logit_max",
                 "decoder_norm", "histogram_low", "histogram_high"):
        tensors[name] = ("F32", [n], "f", [1, 2])
    tensors["logit_histogram"] = ("I32", [n, 52], "i", [0] * 52 * n)
    tensors["token_bytes"] = ("U8", [4], "B", list(b"abcd"))
    tensors["token_offsets"] = ("I64", [4], "q", [0, 1, 2, 4])
    return safetensors(tensors, metadata_of("yoneda-arrows/1", vocabulary_size="3"))


def graph():
    tensors = {"row_offsets": ("I64", [4], "q", [0, 1, 3, 4]), "columns": ("I32", [4], "i", [1, 0, 2, 1]),
               "weights": ("F32", [4], "f", [0.5, 0.5, -1, -1])}
    return safetensors(tensors, metadata_of("yoneda-graph/1", directed="false", kind="profile"))


def write(name, folder):
    """Writes those of a target into a folder. The files."""
    contents = [text.encode() for text in TEXTS.get(name, [])]
    contents += {"arrows": [arrows()], "scipy": [graph()]}.get(name, [])
    paths = [folder / str(i) for i in range(len(contents))]
    for path, content in zip(paths, contents):
        path.write_bytes(content)
    return paths
