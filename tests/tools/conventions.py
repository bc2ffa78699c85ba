#!/usr/bin/python3
"""The four logit conventions, and the way to the residual stream, against weights processed in NumPy.

usage: conventions.py PROGRAM

Every test writes a tiny model as its library would (a Hugging Face folder, or a TransformerLens state
dict) and an SAE, processes W_U in float64 as TransformerLens does when it loads a model, and holds the
arrows that the program writes against W_dec @ W_U. The rules are those of TransformerLens's
ProcessWeights (weight_processing.py):

  fold_layer_norm, into the unembedding: W_U[:, t] *= gain of the final norm (1 + weight for Gemma, whose
    conversion adds the 1). For LayerNorm also W_U[:, t] -= mean over d_model, as the norm subtracts the
    mean of what it reads; not for RMSNorm. (Early versions of ProcessWeights told the axes of W_U apart by
    "shape[0] > shape[1]" and so, for d_model < d_vocab, centred over the vocabulary instead. Versions
    before and after follow the documented rule, and so does this test.)
  center_unembed: W_U[j, :] -= mean over the vocabulary; not where the model caps its logits, since the
    cap is not invariant under adding a constant.

What fold_layer_norm does with biases moves all features' logits alike and is no arrow.
"""
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

import numpy

import tensors
from tensors import read_safetensors

PROGRAM = sys.argv[1]
V, D, N, K = 60, 8, 12, 7


def write_safetensors(path, arrays):
    tensors.write_safetensors(path, {name: array.astype("<f4") for name, array in arrays.items()})


def write_shards(folder, shards):
    """Several files and the index that says which holds what."""
    weight_map = {}
    for i, shard in enumerate(shards, 1):
        name = f"model-{i:05}-of-{len(shards):05}.safetensors"
        write_safetensors(folder / name, shard)
        weight_map.update({tensor: name for tensor in shard})
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": weight_map}))


def fold_ln(W_U, gain, layer_norm):
    """[d_model, d_vocab], as fold_layer_norm leaves it."""
    W_U = W_U * gain[:, None]
    return W_U - W_U.mean(0, keepdims=True) if layer_norm else W_U


def center_unembed(W_U):
    return W_U - W_U.mean(1, keepdims=True)


class Weights(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="yoneda-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.random = numpy.random.default_rng(7)
        self.model = self.folder / "model"
        self.model.mkdir()
        # A mean far from 0 along both axes, so that forgetting to centre shows.
        self.W_U = self.normal(D, V) + 0.7 + self.normal(D, 1) + self.normal(1, V)
        self.sae(D, "blocks.1.hook_resid_post")

    def normal(self, *shape):
        """float32 numbers, which files hold exactly, to be computed with as float64."""
        return self.random.standard_normal(shape).astype("float32").astype("float64")

    def sae(self, d, hook_point):
        """A SAELens folder; the decoder is what the tests use of it."""
        self.W_dec = self.normal(N, d) + 0.5
        folder = self.folder / "sae"
        folder.mkdir(exist_ok=True)
        (folder / "cfg.json").write_text(json.dumps({
            "architecture": "topk", "k": 3, "d_in": d, "d_sae": N, "dtype": "float32", "apply_b_dec_to_input": True,
            "normalize_activations": "none", "metadata": {"model_name": "tiny", "hook_name": hook_point}}))
        write_safetensors(folder / "sae_weights.safetensors", {
            "W_enc": self.W_dec.T, "W_dec": self.W_dec, "b_enc": self.normal(N), "b_dec": self.normal(d)})

    def config(self, **values):
        (self.model / "config.json").write_text(json.dumps(values))

    def run_arrows(self, convention, *more):
        return subprocess.run([PROGRAM, "arrows", "--sae", self.folder / "sae", "--model", self.model, "-k", str(K),
                               "--convention", convention, "-o", self.folder / "arrows.safetensors", *more],
                              capture_output=True, text=True)

    def arrows(self, convention, *more):
        ran = self.run_arrows(convention, *more)
        self.assertEqual(ran.returncode, 0, ran.stderr)
        self.notes = ran.stderr
        return read_safetensors(self.folder / "arrows.safetensors")

    def check(self, convention, logits, expected_name=None, *more):
        """The kept ids are those of the dense product, and so are values, mean, min and max; the standard deviation may come
        from a product in bfloat16."""
        found, metadata = self.arrows(convention, *more)
        self.assertEqual(metadata["convention"], expected_name or convention)
        for order, end in ((numpy.argsort(-logits, 1, "stable"), "positive"), (numpy.argsort(logits, 1, "stable"), "negative")):
            numpy.testing.assert_array_equal(found[f"{end}_tokens"], order[:, :K])
            numpy.testing.assert_allclose(found[f"{end}_logits"], numpy.take_along_axis(logits, order[:, :K], 1),
                                          rtol=1e-5, atol=1e-5)
        for name, expected in (("logit_mean", logits.mean(1)), ("logit_min", logits.min(1)), ("logit_max", logits.max(1))):
            numpy.testing.assert_allclose(found[name], expected, rtol=1e-4, atol=1e-5)
        numpy.testing.assert_allclose(found["logit_std"], logits.std(1), rtol=1e-3, atol=1e-5)

    def refuse(self, convention, expected, *more):
        ran = self.run_arrows(convention, *more)
        self.assertEqual(ran.returncode, 2, ran.stderr)
        self.assertIn(expected, ran.stderr)

    def check_all(self, gain, layer_norm, capped=False):
        directions = self.W_dec
        folded = fold_ln(self.W_U, gain, layer_norm)
        uncentred = fold_ln(self.W_U, gain, False)
        self.check("raw", directions @ self.W_U)
        self.check("folded", directions @ uncentred)
        if layer_norm:
            self.check("centered", directions @ folded)
        else:
            self.refuse("centered", "'centered' is for LayerNorm models; the final norm here is RMSNorm")
        self.check("transformer-lens", directions @ (folded if capped else center_unembed(folded)))
        self.check("automatic", directions @ folded, "centered" if layer_norm else "folded")


class Conventions(Weights):
    def test_gpt2_layer_norm_tied(self):
        gain = self.normal(D) + 1
        self.config(model_type="gpt2", n_embd=D, vocab_size=V)
        write_safetensors(self.model / "model.safetensors", {
            "wte.weight": self.W_U.T, "ln_f.weight": gain, "ln_f.bias": self.normal(D), "wpe.weight": self.normal(5, D)})
        self.check_all(gain, layer_norm=True)

    def test_llama_rms_norm_untied_sharded(self):
        gain = self.normal(D) + 1
        self.config(model_type="llama", hidden_size=D, tie_word_embeddings=False)
        write_shards(self.model, [{"model.embed_tokens.weight": self.normal(V, D)},
                                  {"lm_head.weight": self.W_U.T, "model.norm.weight": gain}])
        self.check_all(gain, layer_norm=False)

    def test_gemma2_one_plus_weight_and_a_soft_cap_that_config_does_not_mention(self):
        weight = self.normal(D)
        write_safetensors(self.model / "model.safetensors",
                          {"model.embed_tokens.weight": self.W_U.T, "model.norm.weight": weight})
        self.config(model_type="gemma2", hidden_size=D)
        self.check_all(1 + weight, layer_norm=False, capped=True)
        self.config(model_type="gemma2", hidden_size=D, final_logit_softcapping=None)
        self.check_all(1 + weight, layer_norm=False, capped=False)

    def test_olmo_layer_norm_without_parameters(self):
        self.config(model_type="olmo", hidden_size=D)
        write_safetensors(self.model / "model.safetensors",
                          {"model.embed_tokens.weight": self.normal(V, D), "lm_head.weight": self.W_U.T})
        self.check_all(numpy.ones(D), layer_norm=True)

    def test_a_transformer_lens_state_dict_as_trained(self):
        gain = self.normal(D) + 1
        write_safetensors(self.model / "model.safetensors", {
            "embed.W_E": self.normal(V, D), "unembed.W_U": self.W_U, "unembed.b_U": self.normal(V),
            "ln_final.w": gain, "ln_final.b": self.normal(D)})
        self.check_all(gain, layer_norm=True)

    def test_a_transformer_lens_state_dict_with_the_norm_folded_in(self):
        folded = fold_ln(self.W_U, self.normal(D) + 1, layer_norm=True)
        folded32 = folded.astype("float32").astype("float64")
        write_safetensors(self.model / "model.safetensors", {"embed.W_E": self.normal(V, D), "unembed.W_U": folded32})
        self.check("automatic", self.W_dec @ folded, "folded")
        self.assertIn("fold_ln", self.notes)
        self.check("transformer-lens", self.W_dec @ center_unembed(folded))
        # center_unembed as well: one number for each feature, which transformer-lens removes anyway.
        write_safetensors(self.model / "model.safetensors",
                          {"embed.W_E": self.normal(V, D), "unembed.W_U": center_unembed(folded32)})
        self.check("transformer-lens", self.W_dec @ center_unembed(folded))
        self.refuse("centered", "the final norm here is unknown")

    def test_without_a_gain_only_raw_is_honest(self):
        write_safetensors(self.model / "model.safetensors", {"unembed.W_U": self.W_U})
        self.check("automatic", self.W_dec @ self.W_U, "raw")
        for convention in ("folded", "centered", "transformer-lens"):
            self.refuse(convention, "needs the gain of the final norm")

    def test_opt_350m_is_refused(self):
        self.config(model_type="opt", hidden_size=D, word_embed_proj_dim=D // 2, do_layer_norm_before=False)
        write_safetensors(self.model / "model.safetensors", {"model.decoder.embed_tokens.weight": self.normal(V, D // 2)})
        self.refuse("raw", "has no logits of its own")


class Routes(Weights):
    """SAEs that do not write to the residual stream themselves: the model's matrices lead there."""

    def rms_model(self, model_type, tensors):
        self.gain = self.normal(D)
        self.config(model_type=model_type, hidden_size=D, tie_word_embeddings=False)
        write_safetensors(self.model / "model.safetensors",
                          {"lm_head.weight": self.W_U.T, "model.norm.weight": self.gain, **tensors})

    def test_hook_z_of_gpt2_whose_square_w_o_is_stored_as_conv1d(self):
        W_O = self.normal(D, D)
        gain = self.normal(D) + 1
        self.config(model_type="gpt2", n_embd=D, vocab_size=V)
        write_safetensors(self.model / "model.safetensors", {
            "wte.weight": self.W_U.T, "ln_f.weight": gain, "ln_f.bias": self.normal(D), "h.1.attn.c_proj.weight": W_O})
        self.sae(D, "blocks.1.attn.hook_z")
        self.check("automatic", self.W_dec @ W_O @ fold_ln(self.W_U, gain, True), "centered")
        self.assertIn("decoder rows multiplied by W_O 'h.1.attn.c_proj.weight'", self.notes)

    def test_hook_z_of_llama_whose_heads_are_wider_than_the_stream(self):
        W_O = self.normal(2 * D, D)
        self.rms_model("llama", {"model.layers.3.self_attn.o_proj.weight": W_O.T})
        for hook_point in ("blocks.3.attn.hook_z", "model.layers.3.self_attn.o_proj.input"):
            self.sae(2 * D, hook_point)
            self.check("folded", self.W_dec @ W_O @ fold_ln(self.W_U, self.gain, False))

    def test_gemma_puts_a_norm_between_a_block_and_the_stream(self):
        W_O, attention, mlp = self.normal(2 * D, D), self.normal(D), self.normal(D)
        self.rms_model("gemma2", {"model.layers.3.self_attn.o_proj.weight": W_O.T,
                                  "model.layers.3.post_attention_layernorm.weight": attention,
                                  "model.layers.3.post_feedforward_layernorm.weight": mlp})
        folded = fold_ln(self.W_U, 1 + self.gain, False)
        self.sae(2 * D, "blocks.3.attn.hook_z")
        self.check("folded", (self.W_dec @ W_O * (1 + attention)) @ folded)
        self.assertIn("by W_O 'model.layers.3.self_attn.o_proj.weight' and by 1 + "
                      "'model.layers.3.post_attention_layernorm.weight'", self.notes)
        for hook_point, gain in (("layers.3.mlp", 1 + mlp), ("model.layers.3.mlp.output", 1 + mlp),
                                 ("layers.3.self_attn", 1 + attention), ("blocks.3.hook_mlp_out", 1),
                                 ("blocks.3.hook_attn_out", 1), ("blocks.3.hook_resid_post", 1),
                                 ("model.layers.3.post_feedforward_layernorm.output", 1)):
            self.sae(D, hook_point)
            self.check("folded", (self.W_dec * gain) @ folded)

    def test_neurons(self):
        W_out = self.normal(4 * D, D)
        self.rms_model("llama", {"model.layers.0.mlp.down_proj.weight": W_out.T})
        self.sae(4 * D, "blocks.0.mlp.hook_post")
        self.check("folded", self.W_dec @ W_out @ fold_ln(self.W_U, self.gain, False))

    def test_transformer_lens_names(self):
        W_O, gain, post = self.normal(4, 3, D), self.normal(D), self.normal(D)
        write_safetensors(self.model / "model.safetensors", {
            "unembed.W_U": self.W_U, "ln_final.w": gain, "blocks.2.attn.W_O": W_O, "blocks.2.ln1_post.w": post})
        self.sae(12, "blocks.2.attn.hook_z")
        self.check("folded", (self.W_dec @ W_O.reshape(12, D) * post) @ fold_ln(self.W_U, gain, False))

    def test_names_by_hand_are_recorded_and_taken_up_again(self):
        W_O, post = self.normal(2 * D, D), self.normal(D)
        self.rms_model("llama", {"mine": W_O.T, "gamma": post})
        self.sae(2 * D, "somewhere")
        self.refuse("folded", "--output-projection")
        names = ("--output-projection", "mine", "--post-norm-gain", "gamma")
        self.check("folded", (self.W_dec @ W_O * post) @ fold_ln(self.W_U, self.gain, False), None, *names)
        study = self.folder / "study"
        for command in (["run", "--sae", self.folder / "sae", "--model", self.model, "-k", str(K), "--neighbors", "3",
                         "--samples", "20", "-o", study, *names], ["check", study, "--samples", "20"]):
            ran = subprocess.run([PROGRAM, *map(str, command)], capture_output=True, text=True)
            self.assertEqual(ran.returncode, 0, ran.stderr)
        record = json.loads((study / "study.json").read_text())
        self.assertEqual(record["sources"]["model"]["names"], {"output-projection": "mine", "post-norm-gain": "gamma"})

    def test_what_is_missing_is_named(self):
        self.rms_model("llama", {})
        self.sae(2 * D, "blocks.3.attn.hook_z")
        self.refuse("folded", "no tensor 'model.layers.3.self_attn.o_proj.weight': name W_O with --output-projection")


if __name__ == "__main__":
    result = unittest.TextTestRunner(verbosity=1).run(unittest.defaultTestLoader.loadTestsFromModule(sys.modules["__main__"]))
    bad = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - bad - len(result.skipped)} passed, {bad} failed, {len(result.skipped)} skipped")
    sys.exit(bad > 0)
