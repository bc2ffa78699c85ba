'use strict';
// What is chosen: a feature, a category, or a selection of features.
const Card = (() => {
  const swatch = (c) => { const mark = element('span', {class: 'swatch'}); mark.style.background = Colours.category(c); return mark; };
  const featureLink = (study, f, words = 3) => link({feature: f}, `#${f} `, element('span', {class: 'quiet'}, Study.words(study, f, words)));
  const categoryLink = (study, c, words = 3) => link({category: c}, swatch(c), `${c} `, element('span', {class: 'quiet'}, Study.categoryWords(study, c, words)));

  function head(title, subtitle, {before, after} = {}) {
    return [element('div', {class: 'card-head'}, element('h2', {}, title),
      before && element('button', {'aria-label': 'Previous', title: 'Previous ( ← )', onclick: before}, '‹'),
      after && element('button', {'aria-label': 'Next', title: 'Next ( → )', onclick: after}, '›'),
      element('button', {'aria-label': 'Close', title: 'Close ( Esc )', onclick: () => App.go({})}, '×')),
    subtitle && element('p', {class: 'quiet small'}, subtitle)];
  }

  function tokenBars(study, f, end) {
    const entries = Study.tokens(study, f, end);
    const most = Math.max(...['positive', 'negative'].flatMap((side) => Study.tokens(study, f, side).map((entry) => Math.abs(entry.logit))), 1e-30);
    return element('ol', {class: `bars ${end}`}, entries.map(({token, text, logit}) =>
      element('li', {title: `token ${token}, logit ${short(logit)}`}, bar(Math.abs(logit) / most),
        element('button', {class: 'text', onclick: () => App.go({search: text})}, text), element('span', {class: 'number'}, short(logit)))));
  }

  function neighborBars(study, f, sign) {
    const near = Study.neighbors(study, f).filter(({weight}) => signOf(weight) === sign);
    if (near.length === 0) return element('p', {class: 'quiet small'}, 'none');
    const most = Math.abs(near[0].weight);
    const line = ({other, weight}) => element('li', {}, bar(Math.abs(weight) / most),
      element('span', {class: 'text'}, featureLink(study, other, 2)), element('span', {class: 'number'}, short(weight)));
    return shortList(near, 8, (some) => element('ol', {class: `bars ${sign}`}, some.map(line)));
  }

  // The first entries, and a button for the rest.
  function shortList(entries, most, draw) {
    if (entries.length <= most) return draw(entries);
    const place = element('div', {}, draw(entries.slice(0, most)));
    place.append(element('button', {class: 'more small', onclick: () => replaceChildren(place, draw(entries))}, `all ${whole(entries.length)}`));
    return place;
  }

  function facts(rows) {
    const cells = rows.filter(Boolean);
    const lines = [];
    for (let i = 0; i < cells.length; i += 2)
      lines.push(element('tr', {}, [cells[i], cells[i + 1]].map((cell) => cell && [element('td', {}, cell[0]), element('td', {class: 'number'}, cell[1])])));
    return element('table', {class: 'facts'}, element('tbody', {}, lines));
  }

  function feature(study, f) {
    const {arrays} = study;
    const near = Study.neighbors(study, f);
    const negative = near.filter(({weight}) => weight < 0).length;
    const broken = Study.brokenTriangles(study, f);
    const tested = study.check && (study.check.frustration.features || []).find((entry) => entry.feature === f);
    const c = arrays.labels[f];
    return [
      head(`#${f} ${Study.words(study, f, 3)}`, null,
        {before: f > 0 && (() => App.go({feature: f - 1})), after: f + 1 < study.n && (() => App.go({feature: f + 1}))}),
      study.categories && element('p', {class: 'small'}, 'category ', c >= 0 ? categoryLink(study, c) : 'none'),
      element('div', {class: 'ends'},
        element('div', {}, element('h3', {class: 'raises'}, 'raises'), tokenBars(study, f, 'positive')),
        element('div', {}, element('h3', {class: 'lowers'}, 'lowers'), tokenBars(study, f, 'negative'))),
      study.shown < study.k && element('p', {class: 'quiet small'}, `The first ${study.shown} of ${study.k} tokens kept at each end.`),
      element('h3', {}, `Logits of all ${whole(study.V)} tokens`), Charts.logits(study, f),
      facts([['norm', short(arrays.decoder_norm[f])], ['mean', short(arrays.mean[f])], ['std', short(arrays.std[f])], ['skewness', short(arrays.skewness[f])],
        ['kurtosis', short(arrays.kurtosis[f])], ['largest', short(arrays.max[f])], ['smallest', short(arrays.min[f])], ['neighbours', `${near.length - negative} + / ${negative} −`],
        ['frustration', percent(arrays.frustration[f])], tested && tested.q !== null && tested.q !== undefined && ['q of it', short(tested.q)]]),
      element('div', {class: 'ends'},
        element('div', {}, element('h3', {class: 'raises'}, 'raise the same'), neighborBars(study, f, 'positive')),
        element('div', {}, element('h3', {class: 'lowers'}, 'opposed'), neighborBars(study, f, 'negative'))),
      element('h3', {}, 'Triangles that it breaks'),
      broken.length === 0
        ? element('p', {class: 'quiet small'}, 'None: signs multiply to + round every triangle through it.')
        : shortList(broken, 3, (some) => some.map((entry) => Drawing.triangle(study, entry))),
    ];
  }

  function contrastBars(words, end) {
    const most = Math.max(...words.map((word) => Math.abs(word.contrast)), 1e-30);
    return element('ol', {class: `bars ${end}`}, words.map((word) => element('li', {title: `token ${word.token}, contrast ${short(word.contrast)}`}, bar(Math.abs(word.contrast) / most),
      element('button', {class: 'text', onclick: () => App.go({search: word.text})}, word.text), element('span', {class: 'number'}, short(word.contrast)))));
  }

  function category(study, c) {
    const entry = study.categories.categories[c];
    const members = study.members[c];
    const count = study.categories.categories.length;
    const inside = study.check && study.check.frustration && (study.check.frustration.categories || []).find((other) => other.id === c);
    const others = (list) => element('ul', {class: 'bars'}, list.map(({category: other, weight}) =>
      element('li', {}, element('span', {class: 'text'}, categoryLink(study, other)), element('span', {class: 'number'}, short(weight)))));
    return [
      head([swatch(c), `Category ${c}`], `${whole(members.length)} features`,
        {before: c > 0 && (() => App.go({category: c - 1})), after: c + 1 < count && (() => App.go({category: c + 1}))}),
      entry.raised && element('div', {class: 'ends'},
        element('div', {}, element('h3', {class: 'raises'}, 'raises'), contrastBars(entry.raised, 'positive')),
        element('div', {}, element('h3', {class: 'lowers'}, 'lowers'), contrastBars(entry.lowered, 'negative'))),
      element('h3', {}, 'Opposite'),
      entry.opposite ? element('div', {}, others([entry.opposite]), oppositeWords(study, entry.opposite.category)) : element('p', {class: 'quiet small'}, 'No category opposes it: all arrows out of it are positive on balance.'),
      entry.neighbors && entry.neighbors.length > 0 && [element('h3', {}, 'Nearest'), others(entry.neighbors)],
      facts([['cohesion', short(entry.cohesion)], entry.silhouette !== undefined && ['silhouette', short(entry.silhouette)], entry.stability !== undefined && ['stability', short(entry.stability)],
        inside && ['frustrated inside', percent(inside.inside.share)]]),
      entry.exemplars && [element('h3', {}, 'Exemplary features'), element('ul', {class: 'bars'}, entry.exemplars.map((f) => element('li', {}, element('span', {class: 'text'}, featureLink(study, f, 5)))))],
      element('h3', {}, 'Features'),
      shortList(members, 40, (some) => element('div', {class: 'chips'}, some.map((f) => featureLink(study, f, 2)))),
    ];
  }

  function oppositeWords(study, c) {
    const raised = Study.categoryWords(study, c, 8);
    return raised && element('p', {class: 'small'}, element('span', {class: 'quiet'}, 'which raises '), raised);
  }

  // Tokens that many of the features raise or lower among their first ten.
  function common(study, features, end) {
    const counts = new Map();
    for (const f of features) for (const {text} of Study.tokens(study, f, end).slice(0, 10)) counts.set(text, (counts.get(text) || 0) + 1);
    return [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, 12);
  }

  function countBars(entries, end) {
    const most = entries.length ? entries[0][1] : 1;
    return element('ol', {class: `bars ${end}`}, entries.map(([text, count]) => element('li', {}, bar(count / most), element('span', {class: 'text'}, text), element('span', {class: 'number'}, String(count)))));
  }

  function copied(button, text) {
    navigator.clipboard.writeText(text).then(() => { button.textContent = 'copied'; }, () => window.prompt('Copy these', text));
  }

  function selection(study, features, title) {
    const byCategory = d3.nest().key((f) => study.arrays.labels[f]).rollup((list) => list.length).entries(features).sort((a, b) => b.value - a.value);
    return [
      head(title || `${whole(features.length)} features selected`),
      element('p', {}, element('button', {class: 'small', onclick: (event) => copied(event.target, features.join(','))}, 'copy their ids')),
      element('div', {class: 'ends'},
        element('div', {}, element('h3', {class: 'raises'}, 'often raised'), countBars(common(study, features, 'positive'), 'positive')),
        element('div', {}, element('h3', {class: 'lowers'}, 'often lowered'), countBars(common(study, features, 'negative'), 'negative'))),
      study.categories && [element('h3', {}, 'Categories'),
        shortList(byCategory, 8, (some) => element('ul', {class: 'bars'}, some.map(({key, value}) => element('li', {}, bar(value / features.length), element('span', {class: 'text'}, +key >= 0 ? categoryLink(study, +key) : 'none'), element('span', {class: 'number'}, whole(value))))))],
      element('h3', {}, 'Features'),
      shortList(features, 60, (some) => element('div', {class: 'chips'}, some.slice(0, 2000).map((f) => featureLink(study, f, 2)))),
    ];
  }

  // Features that act on a token.
  function token(study, text) {
    const t = study.texts.indexOf(text);
    const list = (end) => {
      const acting = t < 0 ? [] : Study.actingOn(study, t, end);
      if (acting.length === 0) return element('p', {class: 'quiet small'}, 'none');
      const most = Math.abs(acting[0].logit);
      return shortList(acting, 15, (some) => element('ol', {class: `bars ${end}`}, some.map(({feature: f, logit}) =>
        element('li', {}, bar(Math.abs(logit) / most), element('span', {class: 'text'}, featureLink(study, f, 3)), element('span', {class: 'number'}, short(logit))))));
    };
    return [head(`“${text}”`, t < 0 ? null : `token ${study.arrays.token_ids[t]}; features that have it among the ${study.shown} tokens shown at an end`),
      t < 0 && element('p', {}, 'No feature has this token among those shown.'),
      element('h3', {class: 'raises'}, 'raised by'), list('positive'), element('h3', {class: 'lowers'}, 'lowered by'), list('negative')];
  }

  return {feature, category, selection, token, featureLink, categoryLink, swatch};
})();
