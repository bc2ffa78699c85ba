'use strict';
// What a feature's colour says: its category, or a number on a scale.
const Colours = (() => {
  const dark = () => document.documentElement.dataset.theme === 'dark';
  const variable = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  // Hues a golden angle apart, in three lightnesses: neighbours in the list differ most.
  function category(c) {
    if (c < 0) return dark() ? '#6b7480' : '#a6adb8';
    const lightness = (dark() ? [72, 60, 80] : [52, 64, 42])[c % 3];
    return d3.hcl((c * 137.508 + 20) % 360, 52, lightness).toString();
  }

  // Light to dark on white, dark to light on black: what stands out is what is large.
  const ramp = (share) => d3.interpolateViridis(dark() ? 0.15 + 0.85 * share : 0.95 * (1 - share));

  // The 2nd to the 98th percentile on a scale of 0 to 1; what is no number gives NaN.
  function scaled(values) {
    const sorted = Array.from(values).filter(isFinite).sort((a, b) => a - b);
    if (sorted.length === 0) return {low: 0, high: 1, share: () => NaN};
    const at = (q) => sorted[Math.round(q * (sorted.length - 1))];
    const low = at(0.02), high = at(0.98) > at(0.02) ? at(0.98) : at(0.02) + 1;
    return {low, high, share: (value) => (isFinite(value) ? Math.max(0, Math.min(1, (value - low) / (high - low))) : NaN)};
  }

  return {category, ramp, scaled, variable};
})();
