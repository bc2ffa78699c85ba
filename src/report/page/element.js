'use strict';
// Elements made from text that is never read as markup: a token may hold anything.
const svgSpace = 'http://www.w3.org/2000/svg';

const shown = (children) => children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? '' : value);
  }
  node.append(...shown(children));
  return node;
}

const element = (name, attributes, ...children) => fill(document.createElement(name), attributes, children);
const svg = (name, attributes, ...children) => fill(document.createElementNS(svgSpace, name), attributes, children);
const byId = (id) => document.getElementById(id);

// A bar behind a line of a list, `share` of its width.
function bar(share) {
  const mark = element('i');
  mark.style.width = `${Math.max(0, Math.min(1, share)) * 100}%`;
  return mark;
}

const replaceChildren = (node, ...children) => node.replaceChildren(...shown(children));

// Numbers as a person reads them.
const whole = d3.format(',');
const minus = (text) => text.replace('-', '−');
function short(value) {
  if (value === null || value === undefined || !isFinite(value)) return '–';
  if (Number.isInteger(value)) return minus(whole(value));
  const size = Math.abs(value);
  return minus(size >= 1e5 || size < 1e-3 ? d3.format('.2e')(value) : d3.format('.3r')(value));
}
const signed = (value) => (value > 0 ? '+' : '') + short(value);
const percent = (share) => (share === null || share === undefined || !isFinite(share) ? '–' : d3.format('.1%')(share));
const signOf = (value) => (value < 0 ? 'negative' : 'positive');

function verdictMark(verdict) {
  return element('span', {class: `verdict ${String(verdict).replace(/\W+/g, '-')}`}, String(verdict));
}

// Where a link leads: #feature=123&view=map.
const link = (place, ...children) => element('a', {href: '#' + new URLSearchParams(place)}, ...children);
