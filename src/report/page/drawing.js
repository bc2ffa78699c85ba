'use strict';
// Commutative diagrams: objects, arrows with signs and weights.
const Drawing = (() => {
  let marks = 0;

  function boxWidth(lines) { return Math.max(40, Math.min(150, 14 + 6.6 * Math.max(...lines.map((line) => [...line].length)))); }
  const cut = (text, most = 20) => { const letters = [...text]; return letters.length > most ? letters.slice(0, most - 1).join('') + '…' : text; };

  // An object at a place: its name, what it says, and where it leads.
  function object({x, y, title, words, place, most = 22}) {
    const lines = [cut(title, most), words ? cut(words, most) : null].filter(Boolean);
    const w = boxWidth(lines), h = lines.length > 1 ? 36 : 24;
    const shape = [svg('rect', {class: 'object', x: x - w / 2, y: y - h / 2, width: w, height: h, rx: 7})];
    lines.forEach((line, i) => shape.push(svg('text', {x, y: y + (lines.length > 1 ? (i ? 13 : -3) : 4), 'text-anchor': 'middle', class: i ? 'quiet' : null}, line)));
    const whole = `${title}${words ? ' ' + words : ''}`;
    const node = place ? svg('a', {href: '#' + new URLSearchParams(place), 'aria-label': whole}, svg('title', {}, whole), shape) : svg('g', {}, svg('title', {}, whole), shape);
    return {node, x, y, w: w / 2 + 3, h: h / 2 + 3};
  }

  // Where the line from the middle of `from` to that of `to` leaves the box of `from`.
  function leaving(from, to) {
    const dx = to.x - from.x, dy = to.y - from.y;
    const share = Math.min(from.w / Math.max(1e-6, Math.abs(dx)), from.h / Math.max(1e-6, Math.abs(dy)));
    return [from.x + dx * share, from.y + dy * share];
  }

  function arrow(from, to, {weight, label, directed = true, side = -1, faint = false}) {
    const kind = signOf(weight);
    const [x0, y0] = leaving(from, to), [x1, y1] = leaving(to, from);
    const id = `head${++marks}`;
    const parts = [];
    if (directed)
      parts.push(svg('marker', {id, viewBox: '0 0 8 8', refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: 'auto-start-reverse', markerUnits: 'userSpaceOnUse'},
        svg('path', {class: `head ${kind}`, d: 'M0,0 8,4 0,8z'})));
    parts.push(svg('line', {class: kind, x1: x0, y1: y0, x2: x1, y2: y1, 'stroke-width': 1.8, 'marker-end': directed ? `url(#${id})` : null, 'stroke-dasharray': faint ? '5 4' : null}));
    const length = Math.hypot(x1 - x0, y1 - y0) || 1;
    const nx = side * (y1 - y0) / length, ny = -side * (x1 - x0) / length;
    const text = label === undefined ? signed(weight) : label;
    const half = 3.4 * text.length;  // of its width
    const away = half * Math.abs(nx) + 7 * Math.abs(ny) + 3;
    parts.push(svg('text', {class: `weight ${kind}`, x: (x0 + x1) / 2 + nx * away, y: (y0 + y1) / 2 + ny * away + 4, 'text-anchor': 'middle'}, text));
    return parts;
  }

  // Weights come last, so that no object covers one.
  function frame(width, height, label, ...parts) {
    const isWeight = (part) => part.classList.contains('weight');
    const all = parts.flat(Infinity);
    return svg('svg', {viewBox: `0 0 ${width} ${height}`, width, height, role: 'img', 'aria-label': label}, all.filter((part) => !isWeight(part)), all.filter(isWeight));
  }

  const feature = (study, f, x, y) =>
    object({x, y, title: `#${f}`, words: Study.words(study, f, 2), place: {feature: f}});

  // Two ways from f to h: through g, and at once.
  function triangle(study, {triangle: [f, g, h], weights: [fg, fh, gh]}) {
    const a = feature(study, f, 84, 122), b = feature(study, g, 190, 24), c = feature(study, h, 296, 122);
    const through = fg * gh;
    return element('figure', {class: 'diagram'},
      frame(380, 146, `Triangle of features ${f}, ${g}, ${h}`, arrow(a, b, {weight: fg, side: 1}), arrow(b, c, {weight: gh, side: 1}), arrow(a, c, {weight: fh, side: -1}), a.node, b.node, c.node),
      element('figcaption', {class: 'small'},
        `#${f} → #${g} → #${h} is ${signed(fg)} · ${signed(gh)} = `, signMark(through), `, and #${f} → #${h} is `, signMark(fh),
        through * fh < 0 ? ': it does not commute' : ': it commutes'));
  }

  const signMark = (value) => element('b', {class: value < 0 ? 'lowers' : 'raises'}, value < 0 ? '−' : '+');

  // A closed walk, its signs round it.
  function cycle(study, walk, weights) {
    const nodes = walk.slice(0, -1);
    const width = 380, height = 250, rx = 128, ry = 88;
    const placed = nodes.map((f, i) => {
      const angle = -Math.PI / 2 + 2 * Math.PI * i / nodes.length;
      return feature(study, f, width / 2 + rx * Math.cos(angle), height / 2 + ry * Math.sin(angle));
    });
    const lines = nodes.map((f, i) => arrow(placed[i], placed[(i + 1) % nodes.length], {weight: weights[i], directed: false, side: 1}));
    return frame(width, height, 'A cycle whose signs multiply to minus', lines, placed.map((p) => p.node));
  }

  // Two paths with the same ends: one above, one below; a path of one step goes straight.
  function paths(study, objects, left, right) {
    const longest = Math.max(left.path.length, right.path.length);
    const width = 140 * longest, bend = 62;
    const high = left.path.length > 2, deep = right.path.length > 2;
    const middle = 24 + (high ? bend : 16), height = middle + 24 + (deep ? bend : 16);
    const named = (name, x, y) => object({x, y, title: name, most: 16, ...objects[name]});
    const last = left.path.length - 1;
    const ends = [named(left.path[0], 68, middle), named(left.path[last], width - 68, middle)];
    const nodes = [...ends], lines = [];
    for (const [side, way] of [[1, left], [-1, right]]) {
      const steps = way.path.length - 1;
      let before = ends[0];
      for (let i = 1; i <= steps; ++i) {
        const here = i === steps ? ends[1] : named(way.path[i], 68 + (width - 136) * i / steps, middle - side * bend);
        if (i < steps) nodes.push(here);
        const step = way.arrows[i - 1];
        lines.push(step ? arrow(before, here, {weight: step.weight, side, faint: step.source === 'computed'}) : arrow(before, here, {weight: 0, label: 'no arrow', side, faint: true}));
        before = here;
      }
    }
    return frame(width, height, `${left.path.join(' → ')} and ${right.path.join(' → ')}`, lines, nodes.map((node) => node.node));
  }

  // Pairs that should be one step: a → b, each with the cosine of its step with the others' mean.
  function ladder(pairs) {
    const step = 34, width = 380, height = step * pairs.length + 4;
    const parts = [];
    pairs.forEach((pair, i) => {
      const y = step * (i + 0.5) + 2;
      const a = object({x: 80, y, title: pair.a.text, place: {search: pair.a.text}}), b = object({x: 300, y, title: pair.b.text, place: {search: pair.b.text}});
      parts.push(arrow(a, b, {weight: pair.cosine, label: short(pair.cosine), side: 1}), a.node, b.node);
    });
    return frame(width, height, 'Pairs and how far their step agrees with the others', parts);
  }

  return {triangle, cycle, paths, ladder, object, arrow, frame, signMark};
})();
