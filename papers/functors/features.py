"""What is known of every feature, from weights and from the words it fires on."""
import numpy

import tensors

ACTIVE = 12  # codes that an SAE keeps of a word


def weights(path):
    return {name: value.astype(numpy.float32)
            for name, value in tensors.read(path / "sae_weights.safetensors").items()}


def words(path):
    (rows,) = tensors.read(path).values()
    return rows.astype(numpy.float32)


def unit(rows):
    return rows / numpy.linalg.norm(rows, axis=1, keepdims=True)


def directions(path):
    """Decoder rows of length 1."""
    return unit(weights(path)["W_dec"])


def codes(sae, rows):
    """[words, features]; the SAE keeps the 12 largest of a word, where they are above 0."""
    found = numpy.maximum((rows - sae["b_dec"]) @ sae["W_enc"] + sae["b_enc"], 0)
    least = numpy.partition(found, -ACTIVE, axis=1)[:, -ACTIVE]
    found[found < least[:, None]] = 0
    return found


def explained(sae, rows):
    """Share of the variance that reconstructions keep."""
    made = codes(sae, rows) @ sae["W_dec"] + sae["b_dec"]
    return float(1 - ((rows - made) ** 2).sum() / ((rows - rows.mean(0)) ** 2).sum())


def crowding(rows):
    """The largest cosine of each row with another row."""
    found = numpy.empty(len(rows), numpy.float32)
    for first in range(0, len(rows), 1024):
        part = rows[first:first + 1024] @ rows.T
        part[numpy.arange(len(part)), numpy.arange(first, first + len(part))] = -1
        found[first:first + 1024] = part.max(1)
    return found


def properties(path, early, rows):
    """{name: a number for every feature}"""
    sae, after_a_tenth = weights(path), directions(early)
    fired = codes(sae, rows)
    count = (fired > 0).sum(0)
    return {
        "words": count,
        "strength": fired.sum(0) / numpy.maximum(count, 1),
        "bias": sae["b_enc"],
        "encoder": numpy.linalg.norm(sae["W_enc"], axis=0),
        "early": (unit(sae["W_dec"]) * after_a_tenth).sum(1),
        "crowding": crowding(unit(sae["W_dec"])),
    }
