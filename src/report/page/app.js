'use strict';
// What is shown follows from the address: #view=categories&category=7.
const App = (() => {
  const views = ['map', 'categories', 'diagrams', 'nulls', 'about'];
  let study = null, atlas = null, place = {view: 'map'}, selected = null;
  const drawn = new Set();

  function placeOf(hash) {
    const found = {};
    for (const [key, value] of new URLSearchParams(hash.replace(/^#/, ''))) found[key] = value;
    const whole = (text, count) => (/^\d+$/.test(text || '') && +text < count ? +text : undefined);
    return {
      view: views.includes(found.view) ? found.view : undefined,
      feature: whole(found.feature, study.n),
      category: whole(found.category, study.categories ? study.categories.categories.length : 0),
      search: found.search,
    };
  }

  // Goes to a feature, category or token; the view stays unless it is named.
  function go(next) {
    selected = null;
    const named = {view: next.view || place.view, ...next};
    const hash = '#' + new URLSearchParams(named);
    if (hash === location.hash) follow();
    else location.hash = hash;
  }

  function follow() {
    const next = placeOf(location.hash);
    const asked = next.feature !== undefined || next.category !== undefined || next.search !== undefined;
    // A link to a feature or category alone keeps the view; so does one that names no view.
    place = {...next, view: next.view || place.view || 'map'};
    if (asked) selected = null;
    show();
  }

  function showView() {
    for (const view of views) {
      byId(view).hidden = view !== place.view;
      byId('tab-' + view).setAttribute('aria-selected', String(view === place.view));
      byId('tab-' + view).tabIndex = view === place.view ? 0 : -1;
    }
    if (place.view === 'map') atlas.resize();
    else if (!drawn.has(place.view)) {
      drawn.add(place.view);
      replaceChildren(byId(place.view), Views[place.view](study));
    }
  }

  function showCard() {
    const card = byId('card');
    let content = null, marked = null, name = '';
    if (place.feature !== undefined) {
      content = Card.feature(study, place.feature);
      name = `Feature ${place.feature}: raises ${Study.words(study, place.feature, 3)}; lowers ${Study.words(study, place.feature, 3, 'negative')}`;
    } else if (place.category !== undefined) {
      content = Card.category(study, place.category);
      marked = study.members[place.category];
      name = `Category ${place.category}: ${Study.categoryWords(study, place.category, 4)}`;
    } else if (place.search !== undefined) {
      content = Card.token(study, place.search);
      const t = study.texts.indexOf(place.search);
      marked = t < 0 ? null : [...Study.actingOn(study, t, 'positive'), ...Study.actingOn(study, t, 'negative')].map((entry) => entry.feature);
      name = `Features that act on ${place.search}`;
    } else if (selected && selected.length) {
      content = Card.selection(study, selected);
      marked = selected;
      name = `${selected.length} features selected`;
    }
    const hidden = content === null;
    const changed = card.hidden !== hidden;
    card.hidden = hidden;
    if (!hidden) replaceChildren(card, content);
    card.scrollTop = 0;
    if (changed && place.view === 'map') atlas.resize();
    atlas.choose(place.feature !== undefined ? place.feature : -1);
    atlas.mark(marked);
    const near = place.feature !== undefined ? [place.feature] : marked;
    if (place.view === 'map' && near && near.length) requestAnimationFrame(() => atlas.show(near));
    byId('spoken').textContent = name;
    document.title = (name ? name.slice(0, 60) + ' – ' : '') + 'Yoneda';
    if (!hidden && window.matchMedia('(max-width: 800px)').matches) card.scrollIntoView({block: 'start'});
  }

  function show() {
    showView();
    showCard();
  }

  function hover(f, at) {
    const box = byId('hover');
    box.hidden = f < 0;
    if (f < 0) return;
    const c = study.arrays.labels[f];
    replaceChildren(box, element('b', {}, `#${f}`), element('div', {class: 'raises'}, Study.words(study, f, 5)), element('div', {class: 'lowers'}, Study.words(study, f, 3, 'negative')),
      study.categories && c >= 0 && element('div', {class: 'quiet'}, Card.swatch(c), Study.categoryWords(study, c, 2)));
    const stage = byId('atlas').getBoundingClientRect();
    box.style.left = `${Math.max(4, Math.min(at[0] + 16, stage.width - box.offsetWidth - 4))}px`;
    box.style.top = `${Math.max(4, Math.min(at[1] + 14, stage.height - box.offsetHeight - 4))}px`;
  }

  function choices(select, options, change) {
    replaceChildren(select, options.map(([value, text]) => element('option', {value}, text)));
    select.addEventListener('change', () => change(select.value));
  }

  function drawScale() {
    const box = byId('scale');
    box.hidden = !atlas.range;
    if (!atlas.range) return;
    const strip = element('canvas', {width: 64, height: 1, 'aria-hidden': 'true'});
    const context = strip.getContext('2d');
    for (let i = 0; i < 64; ++i) { context.fillStyle = Colours.ramp(i / 63); context.fillRect(i, 0, 1, 1); }
    replaceChildren(box, element('span', {}, short(atlas.range.low)), strip, element('span', {}, short(atlas.range.high)));
  }

  function lasso(on) {
    atlas.lassoing = on;
    byId('lasso').setAttribute('aria-pressed', String(on));
    byId('atlas').classList.toggle('lasso', on);
  }

  function controls() {
    const numbers = [['decoder_norm', 'norm'], ['frustration', 'frustration'], ['skewness', 'skewness'], ['kurtosis', 'kurtosis'], ['std', 'std of logits']];
    choices(byId('colour-by'), [...(study.categories ? [['category', 'category']] : []), ...numbers], (by) => { atlas.setColour(by); drawScale(); });
    choices(byId('size-by'), [...numbers.slice(0, 2), ['same', 'all alike']], (by) => atlas.setSize(by));
    for (const sign of ['positive', 'negative'])
      byId('show-' + sign).addEventListener('change', (event) => { atlas.shows[sign] = event.target.checked; atlas.drawSoon(false); });
    byId('zoom-in').addEventListener('click', () => atlas.zoomBy(1.6));
    byId('zoom-out').addEventListener('click', () => atlas.zoomBy(1 / 1.6));
    byId('zoom-all').addEventListener('click', () => atlas.reset());
    byId('lasso').addEventListener('click', () => lasso(!atlas.lassoing));
    for (const view of views) byId('tab-' + view).addEventListener('click', () => go({...chosen(), view}));
    byId('theme').addEventListener('click', () => setTheme(document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark'));
    document.addEventListener('keydown', keys);
  }

  const chosen = () => Object.fromEntries(['feature', 'category', 'search'].filter((key) => place[key] !== undefined).map((key) => [key, place[key]]));

  function keys(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) return;
    const step = (by) => {
      for (const [key, count] of [['feature', study.n], ['category', study.categories ? study.categories.categories.length : 0]])
        if (place[key] !== undefined && place[key] + by >= 0 && place[key] + by < count) return go({[key]: place[key] + by});
      return undefined;
    };
    if (event.target.getAttribute && event.target.getAttribute('role') === 'tab' && /^Arrow(Left|Right)$/.test(event.key)) {
      const next = views[(views.indexOf(place.view) + (event.key === 'ArrowRight' ? 1 : views.length - 1)) % views.length];
      go({...chosen(), view: next});
      byId('tab-' + next).focus();
      event.preventDefault();
      return;
    }
    const actions = {
      '/': () => { byId('search').focus(); byId('search').select(); }, '+': () => atlas.zoomBy(1.6), '=': () => atlas.zoomBy(1.6), '-': () => atlas.zoomBy(1 / 1.6), '0': () => atlas.reset(),
      l: () => lasso(!atlas.lassoing), Escape: () => { lasso(false); selected = null; go({}); }, ArrowLeft: () => step(-1), ArrowRight: () => step(1),
    };
    const action = actions[event.key] || (/^[1-5]$/.test(event.key) && (() => go({...chosen(), view: views[event.key - 1]})));
    if (action) { event.preventDefault(); action(); }
  }

  function setTheme(theme) {
    document.documentElement.dataset.theme = theme;
    if (!atlas) return;
    atlas.setColour(atlas.colourBy);
    drawScale();
    drawn.clear();
    show();
  }

  function centresOf() {
    const {x, y} = study.arrays;
    const middle = (members, values) => d3.median(members, (f) => values[f]);
    return study.members.map((members, category) => ({category, size: members.length, x: middle(members, x), y: middle(members, y)}))
      .filter(({size}) => size > 0).sort((a, b) => b.size - a.size);
  }

  async function start() {
    setTheme(window.matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light');
    try {
      study = await Study.read();
    } catch (problem) {
      replaceChildren(byId('busy'), element('span', {class: 'problem'}, `This report could not be read: ${problem.message}`));
      return;
    }
    study.box = {low: [d3.min(study.arrays.x) || 0, d3.min(study.arrays.y) || 0], high: [d3.max(study.arrays.x) || 0, d3.max(study.arrays.y) || 0]};
    study.centres = centresOf();
    byId('subtitle').textContent = `${study.title}: ${whole(study.n)} features, ${whole(study.arrays.weight.length)} edges` + (study.categories ? `, ${study.categories.categories.length} categories` : '');
    byId('busy').hidden = true;
    byId('map').hidden = false;
    atlas = new Atlas(byId('atlas'), study, {
      hover, foot: () => byId('legend').offsetHeight + 8, chosen: (f) => go(f < 0 ? {} : {feature: f}),
      selected: (features) => { lasso(false); if (location.hash !== '') history.replaceState(null, '', '#view=map'); place = {view: 'map'}; selected = features; show(); },
    });
    window.yoneda = {study, atlas};  // for the console
    controls();
    Search.start(study);
    drawScale();
    window.addEventListener('hashchange', follow);
    follow();
    document.documentElement.dataset.ready = 'yes';
  }

  return {start, go};
})();

App.start();
