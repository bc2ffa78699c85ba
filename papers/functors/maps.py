"""Nearest features, as `yoneda compare` has them, and other directions in an SAE's place.

`yoneda compare` says of whole SAEs what chance would do. Here the same is asked of some features
only, and of directions that are no rotation: words.
"""
import numpy

from features import unit


def nearest(rows, others):
    """Where each row goes and how near: (index, cosine). Both have length 1."""
    index, cosine = (numpy.empty(len(rows), kind) for kind in (numpy.int64, numpy.float32))
    for first in range(0, len(rows), 2048):
        part = rows[first:first + 2048] @ others.T
        best = part.argmax(1)
        index[first:first + 2048] = best
        cosine[first:first + 2048] = part[numpy.arange(len(best)), best]
    return index, cosine


def compose(A, B, C, through=None, direct=None):
    """Of which features of A the way through B leads where the direct way does. Maps that a caller
    has made already can be given: A to B, and A to C."""
    through = nearest(A, B)[0] if through is None else through
    direct = nearest(A, C)[0] if direct is None else direct
    reached, back = numpy.unique(through, return_inverse=True)
    return nearest(B[reached], C)[0][back] == direct


class Rotated:
    """Whitened rotations of unit rows: their second moment stays, and where they point does not."""

    def __init__(self, rows):
        values, vectors = numpy.linalg.eigh((rows.T @ rows).astype(float) / len(rows))
        self.root = vectors * numpy.sqrt(values) @ vectors.T
        self.white = rows @ (vectors / numpy.sqrt(values) @ vectors.T)

    def draw(self, random):
        turned, triangle = numpy.linalg.qr(random.normal(size=self.root.shape))
        turned *= numpy.sign(numpy.diag(triangle))  # else it is not uniform (Mezzadri 2007)
        return unit((self.white @ (turned @ self.root)).astype(numpy.float32))


class Words:
    """As many words as there are features, seen from the SAE's centre: what clusters in the data
    clusters here too, and nothing was learnt."""

    def __init__(self, rows, count, centre):
        self.rows, self.count, self.centre = rows, count, centre

    def draw(self, random):
        chosen = random.choice(len(self.rows), self.count, replace=False)
        return unit(self.rows[chosen] - self.centre)


def fates(A, B, floors):
    """The share of A that is matched, split, absorbed and lost in B: see yoneda's correspondence.hpp."""
    (there, cosine), (back, cosine_back) = nearest(A, B), nearest(B, A)
    parts = numpy.bincount(back[cosine_back >= floors[1]], minlength=len(A))
    split = parts > 1
    lost = ~split & (cosine < floors[0])
    matched = ~split & ~lost & (back[there] == numpy.arange(len(A)))
    return {"matched": float(matched.mean()), "split": float(split.mean()),
            "absorbed": float((~split & ~lost & ~matched).mean()), "lost": float(lost.mean())}
