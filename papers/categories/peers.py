"""scikit-learn's groupings of the same features: of decoder rows, and of graphs without signs."""
import warnings

import numpy
import scipy.sparse
import sklearn.cluster

import tensors


def unit_rows(sae):
    rows = tensors.read(sae / "sae_weights.safetensors")["W_dec"].astype(float)
    return rows / numpy.linalg.norm(rows, axis=1, keepdims=True)


def profiles(arrows):
    """The rows whose cosines a profile graph is made of: the kept tokens' logits, standardised."""
    found = tensors.read(arrows)
    mean, deviation = (found[name].astype(float)[:, None] for name in ("logit_mean", "logit_std"))
    tokens = numpy.hstack([found["positive_tokens"], found["negative_tokens"]])
    values = (numpy.hstack([found["positive_logits"], found["negative_logits"]]) - mean) / deviation
    values /= numpy.linalg.norm(values, axis=1, keepdims=True)
    features = numpy.repeat(numpy.arange(len(tokens)), tokens.shape[1])
    return scipy.sparse.csr_matrix((values.ravel(), (features, tokens.ravel())))


def weights(graph):
    """Of a graph file, as a sparse matrix."""
    found = tensors.read(graph)
    return scipy.sparse.csr_matrix((found["weights"].astype(float), found["columns"],
                                    found["row_offsets"]))


def kmeans(rows, count, seed):
    made = sklearn.cluster.KMeans(count, n_init=10, random_state=seed).fit(rows)
    return made.labels_.tolist()


def spectral(affinity, count, seed):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a sparse graph falls into pieces
        made = sklearn.cluster.SpectralClustering(count, affinity="precomputed", random_state=seed)
        return made.fit_predict(affinity).tolist()


def affinity(rows, graph, signs):
    """Dense, for that is faster here; `graph` is None where all cosines are looked at."""
    matrix = rows @ rows.T if graph is None else weights(graph).toarray()
    return numpy.abs(matrix) if signs == "absolute" else numpy.maximum(matrix, 0)


def grouped(method, sae, arrows, graph, count, seed):
    """The labels of a peer's row in methods.py."""
    if method.options == ("kmeans", "profiles"):
        return kmeans(profiles(arrows), count, seed)
    if method.options == ("kmeans", "rows"):
        return kmeans(unit_rows(sae), count, seed)
    return spectral(affinity(unit_rows(sae), graph, method.signs), count, seed)
