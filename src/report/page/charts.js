'use strict';
// Small charts: the histogram of a feature's logits, and a value beside its null.
const Charts = (() => {
  function ticks(chart, x, count, y, kind) {
    const format = x.tickFormat(count, kind), [first, last] = x.range();
    for (const tick of x.ticks(count)) {
      const text = minus(format(tick)), half = 3.4 * text.length;
      if (x(tick) - half >= first - 4 && x(tick) + half <= last + 4) chart.append(svg('text', {class: 'quiet', x: x(tick), y, 'text-anchor': 'middle'}, text));
    }
  }

  // Counts on a log scale, so that the few tokens at the ends are seen.
  function logits(study, f) {
    const {histogram, histogram_low, histogram_high, mean} = study.arrays;
    if (!histogram) return null;
    const bins = histogram.subarray(f * 52, f * 52 + 52);
    const low = histogram_low[f], high = histogram_high[f], step = (high - low) / 50;
    const width = 360, height = 110, foot = 18;
    const x = d3.scaleLinear([low - step, high + step], [4, width - 4]);
    const top = height - foot;
    const chart = svg('svg', {viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': 'Histogram of the logits of all tokens, counts on a log scale'});
    bins.forEach((share, i) => {
      const tall = (top - 4) * share / 255;
      if (tall === 0) return;
      const left = low + (i - 1) * step;
      chart.append(svg('rect', {class: 'bin', x: x(left) + 0.4, y: top - tall, width: Math.max(0.5, x(left + step) - x(left) - 0.8), height: tall}));
    });
    const ends = [['positive', 1], ['negative', -1]];
    for (const [end] of ends) {
      const kept = Study.tokens(study, f, end);
      if (kept.length === 0) continue;
      const [a, b] = [kept[0].logit, kept[kept.length - 1].logit].sort((p, q) => p - q);
      chart.append(svg('line', {class: end, x1: x(a), x2: Math.max(x(a) + 2, x(b)), y1: top + 1.5, y2: top + 1.5, 'stroke-width': 3}));
    }
    chart.append(svg('line', {class: 'observed', x1: x(mean[f]), x2: x(mean[f]), y1: 2, y2: top, 'stroke-dasharray': '2 3', 'stroke-width': 1}));
    ticks(chart, x, 6, height - 3);
    return chart;
  }

  // The draws of a null as a histogram, or a band of two standard deviations where they were not
  // kept, and the observed value as a line.
  function beside({observed, draws, mean, sd, percentage}) {
    const format = percentage ? percent : short;
    const values = (draws || []).filter((value) => value !== null && isFinite(value));
    if (!isFinite(observed) || (values.length === 0 && !isFinite(mean))) return null;
    const width = 420, height = 128, foot = 34, top = height - foot;
    const known = values.length ? values : [mean - 3 * sd, mean + 3 * sd];
    let [low, high] = d3.extent([...known, observed]);
    const pad = (high - low || Math.abs(high) || 1) * 0.07;
    const x = d3.scaleLinear([low - pad, high + pad], [6, width - 6]);
    const chart = svg('svg', {viewBox: `0 0 ${width} ${height}`, role: 'img',
      'aria-label': `Observed ${format(observed)}; null ${format(mean)} give or take ${format(sd)}`});
    if (values.length) {
      const bins = d3.histogram().domain(x.domain()).thresholds(x.ticks(Math.min(40, 10 + Math.sqrt(values.length) * 2)))(values);
      const y = d3.scaleLinear([0, d3.max(bins, (bin) => bin.length)], [0, top - 18]);
      for (const bin of bins)
        if (bin.length) chart.append(svg('rect', {class: 'bin', x: x(bin.x0) + 0.5, width: Math.max(1, x(bin.x1) - x(bin.x0) - 1), y: top - y(bin.length), height: y(bin.length)}));
    } else {
      const curve = d3.range(61).map((i) => mean + sd * (i - 30) / 10);
      const shape = d3.area().x((v) => x(v)).y0(top).y1((v) => top - (top - 22) * Math.exp(-0.5 * ((v - mean) / sd) ** 2));
      chart.append(svg('path', {class: 'bin', d: sd > 0 ? shape(curve) : `M${x(mean) - 1},${top}h2V18h-2z`}));
    }
    chart.append(svg('line', {x1: 6, x2: width - 6, y1: top, y2: top, stroke: 'var(--line)'}));
    const at = x(observed);
    chart.append(svg('line', {class: 'observed', x1: at, x2: at, y1: 16, y2: top}));
    const anchor = at > width * 0.7 ? 'end' : at < width * 0.3 ? 'start' : 'middle';
    chart.append(svg('text', {x: Math.max(4, Math.min(width - 4, at)), y: 11, 'text-anchor': anchor}, `observed ${format(observed)}`));
    ticks(chart, x, 5, top + 15, percentage ? '%' : undefined);
    chart.append(svg('text', {class: 'quiet', x: width / 2, y: height - 3, 'text-anchor': 'middle'},
      values.length ? `${whole(values.length)} draws of the null` : 'the null as mean and standard deviation (its draws were not kept)'));
    return chart;
  }

  return {logits, beside};
})();
