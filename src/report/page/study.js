'use strict';
// The study that this page carries: JSON for what is read, one compressed block for the arrays.
const Study = (() => {
  function bytesOf(base64) {
    if (Uint8Array.fromBase64) return Uint8Array.fromBase64(base64);
    const text = atob(base64);
    const bytes = new Uint8Array(text.length);
    for (let i = 0; i < bytes.length; ++i) bytes[i] = text.charCodeAt(i);
    return bytes;
  }

  async function inflated(bytes) {
    if (typeof DecompressionStream === 'undefined')
      throw new Error('This browser cannot decompress the data (it needs DecompressionStream: Chrome 80, Firefox 113, Safari 16.4 or later).');
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate'));
    return new Response(stream).arrayBuffer();
  }

  const kinds = {f32: Float32Array, i32: Int32Array, u8: Uint8Array};

  function arraysOf(manifest, buffer) {
    const arrays = {};
    for (const [name, {type, offset, count}] of Object.entries(manifest))
      arrays[name] = new kinds[type](buffer, offset, count);
    return arrays;
  }

  // Edges of each node, strongest first, as the list of edges is.
  function rowsOf(n, source, target) {
    const offsets = new Int32Array(n + 1);
    for (let e = 0; e < source.length; ++e) {
      ++offsets[source[e] + 1];
      ++offsets[target[e] + 1];
    }
    for (let f = 0; f < n; ++f) offsets[f + 1] += offsets[f];
    const next = offsets.slice(0, n);
    const edges = new Int32Array(2 * source.length);
    for (let e = 0; e < source.length; ++e) {
      edges[next[source[e]]++] = e;
      edges[next[target[e]]++] = e;
    }
    return {offsets, edges};
  }

  function membersOf(labels, count) {
    const members = Array.from({length: count}, () => []);
    labels.forEach((c, f) => { if (c >= 0) members[c].push(f); });
    return members;
  }

  // {other, weight} for every edge of a feature, strongest first.
  function neighbors(study, f) {
    const {source, target, weight} = study.arrays;
    const {offsets, edges} = study.rows;
    const found = [];
    for (let i = offsets[f]; i < offsets[f + 1]; ++i) {
      const e = edges[i];
      found.push({other: source[e] === f ? target[e] : source[e], weight: weight[e]});
    }
    return found;
  }

  function tokens(study, f, end) {
    const {shown, arrays} = study;
    const found = [];
    for (let i = f * shown; i < (f + 1) * shown; ++i) {
      const t = arrays[end + '_tokens'][i];
      found.push({token: arrays.token_ids[t], text: study.texts[t], logit: arrays[end + '_logits'][i]});
    }
    return found;
  }

  // What a feature is called: the first tokens that it raises.
  const words = (study, f, count = 3, end = 'positive') =>
    tokens(study, f, end).slice(0, count).map((entry) => entry.text).join(', ');

  // Triangles through f whose signs multiply to −, the strongest first.
  function brokenTriangles(study, f) {
    const near = neighbors(study, f);
    const to = new Map(near.map(({other, weight}) => [other, weight]));
    const broken = [];
    for (const {other: g, weight: fg} of near)
      for (const {other: h, weight: gh} of neighbors(study, g)) {
        if (h <= g || !to.has(h)) continue;
        const strength = fg * gh * to.get(h);
        if (strength < 0) broken.push({triangle: [f, g, h], weights: [fg, to.get(h), gh], strength: -strength});
      }
    return broken.sort((a, b) => b.strength - a.strength);
  }

  // Features that have a token among those kept, as [{feature, logit}], the largest first.
  function actingOn(study, token, end) {
    const index = study.arrays[end + '_tokens'], logits = study.arrays[end + '_logits'];
    const found = [];
    for (let i = 0; i < index.length; ++i)
      if (index[i] === token) found.push({feature: Math.floor(i / study.shown), logit: logits[i]});
    return found.sort((a, b) => Math.abs(b.logit) - Math.abs(a.logit));
  }

  const categoryWords = (study, c, count = 3, end = 'raised') =>
    ((study.categories && study.categories.categories[c][end]) || []).slice(0, count).map((word) => word.text).join(', ');

  async function read() {
    const study = JSON.parse(byId('study-data').textContent);
    const buffer = await inflated(bytesOf(byId('study-arrays').textContent.trim()));
    study.arrays = arraysOf(study.arrays, buffer);
    const {source, target, labels} = study.arrays;
    study.rows = rowsOf(study.n, source, target);
    study.members = membersOf(labels, study.categories ? study.categories.categories.length : 0);
    return study;
  }

  return {read, neighbors, tokens, words, brokenTriangles, actingOn, categoryWords};
})();
