"""What is compared. A method of the tool is a row here; so is a peer.

`by` says how a method comes to K categories: it is told ("count"); its resolution is searched for
("resolution"); it finds a number of its own ("itself"); or it is a function of peers.py ("peer").
"""
import typing


class Method(typing.NamedTuple):
    name: str
    side: str           # "signed", "unsigned", or "rows" (of the decoder, or of profiles)
    by: str
    graph: str          # "profile", "decoder", or "" for all cosines of decoder rows
    signs: str          # what is made of its weights: "kept", "absolute" or "positive" ones alone
    options: tuple      # of `yoneda categories`, or the peer's function


METHODS = (
    Method("SPONGE, profile", "signed", "count", "profile", "kept", ("--method", "sponge")),
    Method("SPONGE, decoder", "signed", "count", "decoder", "kept", ("--method", "sponge")),
    Method("Laplacian, profile", "signed", "count", "profile", "kept", ("--method", "laplacian")),
    Method("Laplacian, decoder", "signed", "count", "decoder", "kept", ("--method", "laplacian")),
    Method("Leiden, profile", "signed", "resolution", "profile", "kept", ("--method", "leiden")),
    Method("Leiden, decoder", "signed", "resolution", "decoder", "kept", ("--method", "leiden")),
    Method("correlation, profile", "signed", "itself", "profile", "kept", ("--method", "correlation")),
    Method("correlation, decoder", "signed", "itself", "decoder", "kept", ("--method", "correlation")),
    Method("SPONGE, unnormalized", "signed", "count", "profile", "kept", ("--method", "sponge", "--normalization", "none")),
    Method("linkage, profile", "signed", "count", "profile", "kept", ("--method", "linkage")),
    # The same without signs.
    Method("SPONGE, |profile|", "unsigned", "count", "profile", "absolute", ("--method", "sponge")),
    Method("SPONGE, profile > 0", "unsigned", "count", "profile", "positive", ("--method", "sponge")),
    Method("Laplacian, |profile|", "unsigned", "count", "profile", "absolute", ("--method", "laplacian")),
    Method("Laplacian, profile > 0", "unsigned", "count", "profile", "positive", ("--method", "laplacian")),
    # What others would do.
    Method("spectral, |profile|", "unsigned", "peer", "profile", "absolute", ("spectral",)),
    Method("spectral, |decoder|", "unsigned", "peer", "decoder", "absolute", ("spectral",)),
    Method("spectral, |cosine|", "unsigned", "peer", "", "absolute", ("spectral",)),
    Method("spectral, cosine > 0", "unsigned", "peer", "", "positive", ("spectral",)),
    Method("k-means", "rows", "count", "", "kept", ("--method", "kmeans")),
    Method("k-means, scikit-learn", "rows", "peer", "", "kept", ("kmeans", "rows")),
    Method("k-means of profiles", "rows", "peer", "profile", "kept", ("kmeans", "profiles")),
)

SAES = (1, 2, 3)            # seeds of training; the first is the demo's own SAE
COUNTS = (45, 100, 200)     # K; 45 = √2048 is what the tool takes unless told
SEEDS = (1, 2, 3, 4, 5)     # of the clustering: the first everywhere, all for the first SAE and K
HALF_COUNTS = COUNTS[:2]     # where profiles and classes are of different words
REFERENCE, DEFAULT = "arrows", METHODS[0].name
ASKED = ("numbers", "months and weekdays", "countries", "colours", "animals", "first names",
         "sport", "finance")
LEAST = 3                   # features that a class has at least, to count in the mean F1


def matched(method):
    return method.by != "itself"
