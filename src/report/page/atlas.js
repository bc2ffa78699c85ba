'use strict';
// The map: every feature a point, on one canvas. Many points are set as pixels, few are drawn as
// discs; of the edges the strongest in sight are drawn, and all of the chosen feature's.
class Atlas {
  constructor(canvas, study, events) {
    Object.assign(this, {canvas, study, events});
    this.context = canvas.getContext('2d');
    this.layer = document.createElement('canvas');  // the points, where they are set as pixels
    this.transform = d3.zoomIdentity;
    this.chosen = -1;
    this.marked = null;  // features that stand out, or null
    this.shows = {positive: true, negative: true};
    this.lassoing = false;
    this.path = null;
    const {x, y} = study.arrays;
    this.all = d3.range(study.n);
    this.tree = d3.quadtree().x((f) => x[f]).y((f) => y[f]).addAll(this.all);
    this.setColour('category');
    this.setSize('norm');
    this.zoom = d3.zoom().scaleExtent([0.5, 400])
      .filter(() => !this.lassoing && !d3.event.shiftKey && !d3.event.button)
      .on('zoom', () => { this.transform = d3.event.transform; this.drawSoon(true); this.events.hover(-1); })
      .on('end', () => this.drawSoon(false));
    d3.select(canvas).call(this.zoom).on('dblclick.zoom', null);
    this.listen();
  }

  // --- from the plane to the screen

  resize() {
    const {width, height} = this.canvas.getBoundingClientRect();
    if (width === 0 || height === 0) return;
    this.ratio = Math.min(2, window.devicePixelRatio || 1);
    Object.assign(this, {width, height});
    this.canvas.width = Math.round(width * this.ratio);
    this.canvas.height = Math.round(height * this.ratio);
    const {low, high} = this.study.box;
    const margin = Math.min(34, width * 0.06);
    const room = height - this.events.foot();  // above the legend
    const fit = Math.min((width - 2 * margin) / Math.max(high[0] - low[0], 1e-9), (room - 2 * margin) / Math.max(high[1] - low[1], 1e-9));
    this.base = {k: fit, x: width / 2 - fit * (low[0] + high[0]) / 2, y: room / 2 - fit * (low[1] + high[1]) / 2};
    this.drawSoon(false);
  }

  scale() { return this.base.k * this.transform.k; }
  // screen = scale · plane + shift
  shift() { return [this.transform.applyX(this.base.x), this.transform.applyY(this.base.y)]; }
  screenOf(x, y) {
    const k = this.scale(), [dx, dy] = this.shift();
    return [x * k + dx, y * k + dy];
  }
  screen(f) { return this.screenOf(this.study.arrays.x[f], this.study.arrays.y[f]); }
  plane(px, py) {
    return [(this.transform.invertX(px) - this.base.x) / this.base.k, (this.transform.invertY(py) - this.base.y) / this.base.k];
  }

  // Features inside the window, by the quadtree.
  inSight(border = 30) {
    const [x0, y0] = this.plane(-border, -border), [x1, y1] = this.plane(this.width + border, this.height + border);
    const {low, high} = this.study.box;
    if (x0 <= low[0] && y0 <= low[1] && x1 >= high[0] && y1 >= high[1]) return this.all;
    return this.within(x0, y0, x1, y1, () => true);
  }
  within(x0, y0, x1, y1, accept) {
    const {x, y} = this.study.arrays;
    const found = [];
    this.tree.visit((node, left, top, right, bottom) => {
      if (left > x1 || right < x0 || top > y1 || bottom < y0) return true;
      if (!node.length)
        for (let leaf = node; leaf; leaf = leaf.next) {
          const f = leaf.data;
          if (x[f] >= x0 && x[f] <= x1 && y[f] >= y0 && y[f] <= y1 && accept(x[f], y[f])) found.push(f);
        }
      return false;
    });
    return found;
  }

  at(px, py, reach = 14) {
    const [x, y] = this.plane(px, py);
    const found = this.tree.find(x, y, reach / this.scale());
    return found === undefined ? -1 : found;
  }

  // --- what colour and size say

  setColour(by) {
    this.colourBy = by;
    const {study} = this;
    const count = study.categories ? study.categories.categories.length : 0;
    if (by === 'category' && count > 0) {
      this.palette = d3.range(-1, count).map((c) => Colours.category(c));
      this.shade = (f) => study.arrays.labels[f] + 1;
      this.range = null;
    } else {
      const values = study.arrays[by === 'category' ? 'decoder_norm' : by];
      this.range = Colours.scaled(values);
      this.palette = [Colours.category(-1), ...d3.range(32).map((i) => Colours.ramp(i / 31))];
      this.shade = (f) => {
        const share = this.range.share(values[f]);
        return isFinite(share) ? 1 + Math.round(31 * share) : 0;
      };
    }
    this.drawSoon(false);
  }
  setSize(by) {
    const values = by === 'same' ? null : this.study.arrays[by];
    const range = values && Colours.scaled(values);
    this.size = new Float32Array(this.study.n);
    for (let f = 0; f < this.study.n; ++f) {
      const share = range ? range.share(values[f]) : 0.5;
      this.size[f] = isFinite(share) ? 0.65 + 0.8 * share : 0.55;
    }
    this.drawSoon(false);
  }
  radius() {
    const narrow = Math.max(0.6, Math.min(1, Math.min(this.width, this.height) / 600));
    return narrow * Math.max(0.9, Math.min(5, 150 / Math.sqrt(this.study.n))) * Math.min(4.5, Math.pow(this.transform.k, 0.4));
  }

  // --- drawing

  drawSoon(moving) {
    this.moving = moving;
    if (this.waiting || !this.base) return;
    this.waiting = requestAnimationFrame(() => { this.waiting = 0; this.draw(); });
  }

  draw() {
    const c = this.context;
    c.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    c.clearRect(0, 0, this.width, this.height);
    const sight = this.inSight();
    this.drawEdges(c, sight);
    if (sight.length > 6000) this.drawPixels(c, sight);
    else this.drawDiscs(c, sight);
    if (this.chosen >= 0) this.drawChosen(c);
    this.drawLabels(c, sight);
    if (this.path) this.drawLasso(c);
    clearTimeout(this.later);
    if (this.moving) this.later = setTimeout(() => this.drawSoon(false), 160);
  }

  // The strongest edges with both ends in sight, few while the map moves: lines cost most of all
  // that is drawn, long ones and long paths above all.
  drawEdges(c, sight) {
    const most = this.moving ? 250 : 4000;
    const {source, target, weight} = this.study.arrays;
    if (weight.length === 0) return;
    const seen = new Uint8Array(this.study.n);
    for (const f of sight) if (!this.marked || this.marked.has(f)) seen[f] = 1;
    const edges = [];
    for (let e = 0; e < weight.length && edges.length < most; ++e)
      if (seen[source[e]] && seen[target[e]] && this.shows[signOf(weight[e])]) edges.push(e);
    const strongest = Math.abs(weight[0]);
    const width = (e) => Math.ceil(3 * Math.abs(weight[e]) / strongest);
    c.globalAlpha = Math.max(0.08, Math.min(0.5, 200 / Math.max(1, edges.length)));
    for (const [key, group] of d3.group(edges, (e) => signOf(weight[e]) + width(e))) {
      c.strokeStyle = Colours.variable('--' + key.slice(0, -1));
      c.lineWidth = 0.4 + 0.5 * +key.slice(-1);
      for (let begin = 0; begin < group.length; begin += 100) {
        c.beginPath();
        for (const e of group.slice(begin, begin + 100)) {
          c.moveTo(...this.screen(source[e]));
          c.lineTo(...this.screen(target[e]));
        }
        c.stroke();
      }
    }
    c.globalAlpha = 1;
  }

  drawDiscs(c, sight) {
    const radius = this.radius();
    const groups = new Map();
    for (const f of sight) {
      const key = this.shade(f) + (this.marked && !this.marked.has(f) ? 'dim' : '');
      if (!groups.has(key)) groups.set(key, []);
      groups.get(key).push(f);
    }
    const rim = Colours.variable('--ground');
    for (const [key, features] of [...groups].sort(([a], [b]) => String(b).endsWith('dim') - String(a).endsWith('dim'))) {
      const path = new Path2D();
      for (const f of features) {
        const [x, y] = this.screen(f);
        const r = radius * this.size[f];
        path.moveTo(x + r, y);
        path.arc(x, y, r, 0, 2 * Math.PI);
      }
      c.globalAlpha = String(key).endsWith('dim') ? 0.13 : 0.92;
      c.fillStyle = this.palette[parseInt(key)];
      c.fill(path);
      if (radius > 3) { c.strokeStyle = rim; c.lineWidth = 0.8; c.stroke(path); }
    }
    c.globalAlpha = 1;
  }

  drawPixels(c, sight) {
    const width = this.canvas.width, height = this.canvas.height;
    if (this.layer.width !== width || this.layer.height !== height || !this.image) {
      this.layer.width = width;
      this.layer.height = height;
      this.image = this.layer.getContext('2d').createImageData(width, height);
      this.pixels = new Uint32Array(this.image.data.buffer);
    }
    this.pixels.fill(0);
    const inks = this.palette.map((colour) => { const {r, g, b} = d3.rgb(colour); return (b << 16) | (g << 8) | r; });
    const half = Math.max(1, Math.round(this.radius() * this.ratio * 0.9));
    const {x: px, y: py} = this.study.arrays;
    const k = this.scale() * this.ratio, [dx, dy] = this.shift().map((d) => d * this.ratio);
    const put = (f, alpha) => {
      const x0 = Math.max(0, Math.round(px[f] * k + dx) - (half >> 1)), y0 = Math.max(0, Math.round(py[f] * k + dy) - (half >> 1));
      const x1 = Math.min(width, x0 + half), y1 = Math.min(height, y0 + half);
      const ink = (alpha << 24 | inks[this.shade(f)]) >>> 0;
      for (let y = y0; y < y1; ++y)
        for (let x = x0; x < x1; ++x) this.pixels[y * width + x] = ink;
    };
    if (this.marked) {
      for (const f of sight) if (!this.marked.has(f)) put(f, 40);
      for (const f of sight) if (this.marked.has(f)) put(f, 255);
    } else {
      for (const f of sight) put(f, 225);
    }
    this.layer.getContext('2d').putImageData(this.image, 0, 0);
    c.save();
    c.setTransform(1, 0, 0, 1, 0, 0);
    c.drawImage(this.layer, 0, 0);
    c.restore();
  }

  drawChosen(c) {
    const [x, y] = this.screen(this.chosen);
    const near = Study.neighbors(this.study, this.chosen);
    const strongest = near.length ? Math.abs(near[0].weight) : 1;
    for (const {other, weight} of near) {
      const [x1, y1] = this.screen(other);
      c.strokeStyle = Colours.variable('--' + signOf(weight));
      c.lineWidth = 0.8 + 2.4 * Math.abs(weight) / strongest;
      c.globalAlpha = 0.85;
      c.beginPath();
      c.moveTo(x, y);
      c.lineTo(x1, y1);
      c.stroke();
      c.globalAlpha = 1;
      this.disc(c, other, 3.4);
    }
    this.disc(c, this.chosen, 6);
    c.strokeStyle = Colours.variable('--ink');
    c.lineWidth = 2;
    c.beginPath();
    c.arc(x, y, 8.5, 0, 2 * Math.PI);
    c.stroke();
  }
  disc(c, f, least) {
    const [x, y] = this.screen(f);
    c.fillStyle = this.palette[this.shade(f)];
    c.beginPath();
    c.arc(x, y, Math.max(least, this.radius() * this.size[f]), 0, 2 * Math.PI);
    c.fill();
  }

  // Names of categories, the largest first, and of features where few are in sight; a name that
  // would cover another waits until there is room.
  drawLabels(c, sight) {
    const placed = [];
    const write = (text, x, y, font, colour) => {
      c.font = font;
      const width = c.measureText(text).width, height = parseInt(font.match(/(\d+)px/)[1]) * 1.25;
      const box = [x - width / 2 - 3, y - height / 2, x + width / 2 + 3, y + height / 2];
      if (box[0] < 4 || box[2] > this.width - 4 || box[1] < 2 || box[3] > this.height - 44) return;
      if (placed.some((p) => box[0] < p[2] && box[2] > p[0] && box[1] < p[3] && box[3] > p[1])) return;
      placed.push(box);
      c.lineWidth = 3.5;
      c.lineJoin = 'round';
      c.strokeStyle = Colours.variable('--ground');
      c.globalAlpha = 0.85;
      c.strokeText(text, x, y);
      c.globalAlpha = 1;
      c.fillStyle = colour;
      c.fillText(text, x, y);
    };
    c.textAlign = 'center';
    c.textBaseline = 'middle';
    const family = 'system-ui, "DejaVu Sans", sans-serif';
    const ink = Colours.variable('--ink');
    if (this.chosen >= 0) {
      const [x, y] = this.screen(this.chosen);
      write(`#${this.chosen} ${Study.words(this.study, this.chosen, 2)}`, x, y - 18, `600 12px ${family}`, ink);
    }
    this.study.centres.forEach(({category, x, y}) => {
      if (this.marked && !this.study.members[category].some((f) => this.marked.has(f))) return;
      const words = Study.categoryWords(this.study, category, this.transform.k > 2.5 ? 4 : 2);
      write(words || `category ${category}`, ...this.screenOf(x, y),
        `600 ${this.transform.k > 2.5 ? 13 : 12}px ${family}`, ink);
    });
    if (sight.length > 160 || this.moving) return;
    const quiet = Colours.variable('--quiet');
    for (const f of sight) {
      if (f === this.chosen || (this.marked && !this.marked.has(f))) continue;
      const [x, y] = this.screen(f);
      write(Study.words(this.study, f, 2), x, y - this.radius() - 8, `11px ${family}`, quiet);
    }
  }

  drawLasso(c) {
    c.beginPath();
    this.path.forEach(([x, y], i) => (i ? c.lineTo(x, y) : c.moveTo(x, y)));
    c.closePath();
    c.strokeStyle = Colours.variable('--ink');
    c.setLineDash([5, 4]);
    c.lineWidth = 1.2;
    c.stroke();
    c.setLineDash([]);
    c.globalAlpha = 0.06;
    c.fillStyle = Colours.variable('--ink');
    c.fill();
    c.globalAlpha = 1;
  }

  // --- what a person does

  listen() {
    const {canvas} = this;
    const place = (event) => { const box = canvas.getBoundingClientRect(); return [event.clientX - box.left, event.clientY - box.top]; };
    let down = null;
    canvas.addEventListener('pointerdown', (event) => {
      down = place(event);
      if (this.lassoing || event.shiftKey) {
        this.path = [down];
        canvas.setPointerCapture(event.pointerId);
      }
    });
    canvas.addEventListener('pointermove', (event) => {
      const here = place(event);
      if (this.path) {
        this.path.push(here);
        this.drawSoon(true);
      } else if (!event.buttons) {
        this.events.hover(this.at(...here), here);
      }
    });
    canvas.addEventListener('pointerleave', () => this.events.hover(-1));
    canvas.addEventListener('pointerup', (event) => {
      const here = place(event);
      const still = down && Math.hypot(here[0] - down[0], here[1] - down[1]) < 4;
      if (this.path && !still) this.events.selected(this.enclosed());
      else if (still) this.events.chosen(this.at(...here));
      this.path = down = null;
      this.drawSoon(false);
    });
    canvas.addEventListener('keydown', (event) => {
      const steps = {ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60]};
      if (steps[event.key] && !event.altKey) {
        event.preventDefault();
        event.stopPropagation();
        d3.select(canvas).call(this.zoom.translateBy, ...steps[event.key].map((step) => step / this.transform.k));
      }
    });
    new ResizeObserver(() => this.resize()).observe(canvas);
  }

  enclosed() {
    const polygon = this.path.map((point) => this.plane(...point));
    const xs = polygon.map((p) => p[0]), ys = polygon.map((p) => p[1]);
    return this.within(Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys),
      (x, y) => d3.polygonContains(polygon, [x, y])).sort((a, b) => a - b);
  }

  choose(f) { this.chosen = f; this.drawSoon(false); }
  mark(features) { this.marked = features && features.length ? new Set(features) : null; this.drawSoon(false); }

  // Brings features into sight where they are not, without more zoom than is needed.
  show(features) {
    if (!this.base || features.length === 0) return;
    const {x, y} = this.study.arrays;
    const inside = features.every((f) => { const [sx, sy] = this.screen(f); return sx > 30 && sx < this.width - 30 && sy > 30 && sy < this.height - 60; });
    if (inside) return;
    const xs = features.map((f) => x[f] * this.base.k + this.base.x), ys = features.map((f) => y[f] * this.base.k + this.base.y);
    const spread = Math.max((Math.max(...xs) - Math.min(...xs)) / this.width, (Math.max(...ys) - Math.min(...ys)) / this.height, 1e-9);
    const k = Math.min(this.transform.k, 0.8 / spread);
    const centre = [(Math.max(...xs) + Math.min(...xs)) / 2, (Math.max(...ys) + Math.min(...ys)) / 2];
    this.move(d3.zoomIdentity.translate(this.width / 2, this.height / 2).scale(k).translate(-centre[0], -centre[1]));
  }
  move(transform) {
    const calm = window.matchMedia('(prefers-reduced-motion: reduce)').matches;
    d3.select(this.canvas).transition().duration(calm ? 0 : 350).call(this.zoom.transform, transform);
  }
  zoomBy(factor) { d3.select(this.canvas).transition().duration(150).call(this.zoom.scaleBy, factor); }
  reset() { this.move(d3.zoomIdentity); }
}
