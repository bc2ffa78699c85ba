'use strict';
// The pages beside the map: categories, diagrams, nulls, and how it was all made.
const Views = (() => {
  const missing = (what, command) => [element('h2', {}, what), element('p', {}, `This study holds none yet. To make them, and this page again:`), element('pre', {}, command)];

  // --- categories

  const columns = [
    {name: '', key: 'id', number: true, value: (entry) => entry.id, show: (study, entry) => [Card.swatch(entry.id), String(entry.id)]},
    {name: 'size', key: 'size', number: true, value: (entry) => entry.size, show: (study, entry) => whole(entry.size)},
    {name: 'raises', show: (study, entry) => Study.categoryWords(study, entry.id, 6)},
    {name: 'lowers', show: (study, entry) => element('span', {class: 'quiet'}, Study.categoryWords(study, entry.id, 3, 'lowered'))},
    {name: 'opposite', show: (study, entry) => entry.opposite ? Card.categoryLink(study, entry.opposite.category, 2) : '–'},
    {name: 'cohesion', key: 'cohesion', number: true, value: (entry) => entry.cohesion, show: (study, entry) => short(entry.cohesion)},
    {name: 'silhouette', key: 'silhouette', number: true, value: (entry) => entry.silhouette, show: (study, entry) => short(entry.silhouette)},
    {name: 'stability', key: 'stability', number: true, value: (entry) => entry.stability, show: (study, entry) => short(entry.stability)},
  ];

  function categoryTable(study) {
    const place = element('div', {class: 'scroll'});
    let order = {key: 'size', down: true};
    const shown = columns.filter((column) => !column.key || study.categories.categories.some((entry) => column.value(entry) !== undefined));
    const draw = () => {
      const column = columns.find((one) => one.key === order.key);
      const entries = [...study.categories.categories].sort((a, b) => ((column.value(b) ?? -Infinity) - (column.value(a) ?? -Infinity)) * (order.down ? 1 : -1) || a.id - b.id);
      const head = shown.map((one) => element('th', {class: one.number ? 'number' : null, scope: 'col', 'aria-sort': one.key === order.key ? (order.down ? 'descending' : 'ascending') : null},
        one.key ? element('button', {onclick: () => { order = {key: one.key, down: one.key === order.key ? !order.down : one.key !== 'id'}; draw(); }}, (one.name || '#') + (one.key === order.key ? (order.down ? ' ↓' : ' ↑') : '')) : one.name));
      const open = (entry) => () => App.go({view: 'categories', category: entry.id});
      replaceChildren(place, element('table', {}, element('thead', {}, element('tr', {}, head)), element('tbody', {},
        entries.map((entry) => element('tr', {tabindex: 0, 'aria-label': `Category ${entry.id}`, onclick: (event) => { if (!event.target.closest('a')) open(entry)(); }, onkeydown: (event) => { if (event.key === 'Enter' && event.target.tagName === 'TR') open(entry)(); }},
          shown.map((one) => element('td', {class: one.number ? 'number' : null}, one.show(study, entry))))))));
    };
    draw();
    return place;
  }

  // Categories at the middle of their features on the map, and the strongest arrows between them.
  function quotient(study) {
    const {low, high} = study.box;
    const width = 960, height = 640, margin = 70;
    const x = d3.scaleLinear([low[0], high[0]], [margin, width - margin]), y = d3.scaleLinear([low[1], high[1]], [margin, height - margin]);
    const entries = study.centres.slice(0, 60);
    const size = d3.scaleSqrt([0, d3.max(entries, (entry) => study.members[entry.category].length)], [0, 24]);
    const nodes = entries.map((entry) => ({...entry, r: Math.max(4, size(study.members[entry.category].length)), x: x(entry.x), y: y(entry.y), at: [x(entry.x), y(entry.y)]}));
    d3.forceSimulation(nodes).force('x', d3.forceX((node) => node.at[0])).force('y', d3.forceY((node) => node.at[1])).force('apart', d3.forceCollide((node) => node.r + 22)).stop().tick(160);
    for (const node of nodes) {
      node.x = Math.max(margin, Math.min(width - margin, node.x));
      node.y = Math.max(node.r + 4, Math.min(height - node.r - 18, node.y));
    }
    const known = new Map(nodes.map((node) => [node.category, node]));
    const arrows = strongestArrows(study, known);
    const most = d3.max(arrows, (a) => Math.abs(a.weight)) || 1;
    const lines = arrows.map((a) => {
      const from = known.get(a.source), to = known.get(a.target);
      return svg('line', {class: signOf(a.weight), x1: from.x, y1: from.y, x2: to.x, y2: to.y, 'stroke-width': 0.7 + 4.3 * Math.abs(a.weight) / most, opacity: 0.55},
        svg('title', {}, `${a.source} and ${a.target}: ${signed(a.weight)}`));
    });
    const discs = nodes.map((node) => {
      const disc = svg('circle', {cx: node.x, cy: node.y, r: node.r, stroke: 'var(--ground)', 'stroke-width': 1.5});
      disc.style.fill = Colours.category(node.category);
      const words = Study.categoryWords(study, node.category, 2);
      return svg('a', {href: '#' + new URLSearchParams({view: 'categories', category: node.category}), 'aria-label': `Category ${node.category}: ${words}`},
        svg('title', {}, `${node.category}: ${Study.categoryWords(study, node.category, 6)}`), disc);
    });
    const names = nodes.map((node) => svg('text', {class: 'name', x: node.x, y: node.y + node.r + 12, 'text-anchor': 'middle', 'aria-hidden': 'true'}, Study.categoryWords(study, node.category, 2)));
    return element('div', {class: 'scroll'}, svg('svg', {viewBox: `0 0 ${width} ${height}`, width, height, role: 'img', 'aria-label': 'Quotient graph: categories and the strongest signed arrows between them'}, lines, discs, names));
  }

  // Of every category its two strongest positive arrows and its strongest negative one.
  function strongestArrows(study, known) {
    const all = study.categories.quotient.arrows.filter((a) => known.has(a.source) && known.has(a.target)).sort((a, b) => Math.abs(b.weight) - Math.abs(a.weight));
    const kept = new Map(), counts = new Map();
    for (const a of all)
      for (const end of [a.source, a.target]) {
        const key = end + signOf(a.weight), count = counts.get(key) || 0;
        if (count >= (a.weight > 0 ? 2 : 1)) continue;
        counts.set(key, count + 1);
        kept.set(`${a.source} ${a.target}`, a);
      }
    return [...kept.values()];
  }

  function categories(study) {
    if (!study.categories) return missing('Categories', 'yoneda categories STUDY\nyoneda report STUDY');
    const {scores, method} = study.categories;
    return [
      element('h2', {}, `${study.categories.categories.length} categories by ${method}`),
      element('p', {class: 'quiet'}, 'Features are together that raise and lower the same tokens; opposites stand apart. '
        + `Signed modularity ${short(scores.modularity)}; ${percent(scores.positive_cut)} of positive weight is cut, ${percent(scores.negative_uncut)} of negative weight is within.`),
      quotient(study),
      element('p', {class: 'quiet small'}, 'Each category at the middle of its features; blue: what one raises the other raises, orange: what one raises the other lowers; of every category the strongest arrows.'),
      categoryTable(study),
    ];
  }

  // --- diagrams

  function weightOf(study, f, g) {
    const found = Study.neighbors(study, f).find(({other}) => other === g);
    return found ? found.weight : NaN;
  }

  function graphPanels(study) {
    const {check} = study;
    const panels = [];
    const cycle = check.balance.certificate || [];
    panels.push(element('section', {class: 'panel'}, element('h3', {}, 'Balance'),
      check.balance.balanced
        ? element('p', {}, 'Signs multiply to + round every cycle: the graph splits into two sides.')
        : [element('p', {}, 'Not balanced: the signs multiply to − round this cycle.'),
          cycle.length > 1 && cycle.length <= 9 ? Drawing.cycle(study, cycle, cycle.slice(0, -1).map((f, i) => weightOf(study, f, cycle[i + 1]))) : element('p', {class: 'number'}, cycle.map((f) => `#${f}`).join(' – '))]));
    const shares = check.frustration;
    panels.push(element('section', {class: 'panel'}, element('h3', {}, 'In numbers'), element('dl', {},
      element('dt', {}, 'triangles'), element('dd', {}, `${whole(check.triangles.balanced)} of ${whole(check.triangles.count)} balanced (${percent(check.triangles.balance)})`),
      check.squares && [element('dt', {}, 'squares'), element('dd', {}, `${whole(check.squares.balanced)} of ${whole(check.squares.count)} balanced (${percent(check.squares.balance)})`)],
      element('dt', {}, 'frustrated edges'), element('dd', {}, `between ${percent(shares.share_at_least)} and ${percent(shares.share_at_most)} of all`),
      element('dt', {}, 'walk balance'), element('dd', {}, `${check.walks.balance.toFixed(4)} ± ${check.walks.error.toFixed(4)} (1 where balanced)`)),
      element('p', {class: 'small'}, link({view: 'nulls'}, 'What a null says of these'))));
    return panels;
  }

  const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

  function equationPanel(study, objects, equation) {
    const value = (side) => (side.value === null ? 'no value' : equation.base === 'sign' ? (side.value < 0 ? '−' : '+') : short(side.value));
    return element('section', {class: 'panel'},
      element('div', {class: 'panel-head'}, element('h3', {}, equation.name), verdictMark(equation.verdict)),
      element('div', {class: 'scroll'}, Drawing.paths(study, objects, equation.left, equation.right)),
      element('dl', {},
        element('dt', {}, equation.left.path.join(' → ')), element('dd', {}, value(equation.left)),
        element('dt', {}, equation.right.path.join(' → ')), element('dd', {}, value(equation.right)),
        element('dt', {}, 'discrepancy'), element('dd', {}, `${short(equation.discrepancy)}, tolerance ${short(equation.tolerance)}, base ${equation.base}`),
        equation.percentile !== undefined && equation.percentile !== null && [element('dt', {}, 'null percentile'), element('dd', {}, `${equation.percentile.toFixed(1)}% of ${whole(equation.samples)} other arrangements are as near`)]),
      element('p', {class: 'small'}, equation.reason),
      element('p', {class: 'quiet small'}, 'Dashed: computed from the weights, not an edge of the graph.'));
  }

  function relationPanel(relation) {
    return element('section', {class: 'panel'},
      element('div', {class: 'panel-head'}, element('h3', {}, capital(relation.name)), verdictMark(relation.verdict)),
      element('p', {class: 'quiet small'}, `${relation.pairs.length} pairs in ${relation.in}; on each arrow the cosine of its step with the mean of the others`),
      Drawing.ladder(relation.pairs.slice(0, 10)),
      element('dl', {},
        element('dt', {}, 'agreement Q'), element('dd', {}, short(relation.agreement.observed)),
        element('dt', {}, 'second word first'), element('dd', {}, percent(relation.hit_at_1.observed)),
        element('dt', {}, 'mean reciprocal rank'), element('dd', {}, short(relation.mean_reciprocal_rank.observed))),
      element('p', {class: 'small'}, relation.reason));
  }

  function gridPanel(grid) {
    const words = grid.words.map((word) => (typeof word === 'string' ? word : word.text));
    const rows = d3.range(grid.rows).map((r) => words.slice(r * grid.columns, (r + 1) * grid.columns));
    return element('section', {class: 'panel'},
      element('div', {class: 'panel-head'}, element('h3', {}, capital(grid.name)), verdictMark(grid.verdict)),
      element('p', {class: 'quiet small'}, `${grid.rows} × ${grid.columns} in ${grid.in}: does every square of it commute?`),
      element('div', {class: 'scroll'}, element('table', {}, element('tbody', {}, rows.map((row) => element('tr', {}, row.map((word, i) => [i > 0 && element('td', {class: 'quiet'}, '→'), element('td', {}, link({search: word}, word))])))))),
      element('dl', {}, element('dt', {}, 'additivity G'), element('dd', {}, short(grid.G)), grid.F_rows !== undefined && [element('dt', {}, 'F of rows, columns'), element('dd', {}, `${short(grid.F_rows)}, ${short(grid.F_columns)}`)]),
      element('p', {class: 'small'}, grid.reason));
  }

  // Grids that were written down, and those that were found from one row.
  const gridsOf = (diagrams) => [...diagrams.grids, ...diagrams.searches.map((found) => ({...found, rows: found.rows.length, columns: found.rows.length ? found.rows[0].words.length : 0,
    words: found.rows.flatMap((row) => row.words)}))];

  // What a diagram's object is called, says and leads to.
  function objectsOf(study, diagrams) {
    const named = {};
    for (const {name, type, tokens = [], features = [], category} of diagrams.objects) {
      if (type === 'feature') named[name] = {place: {feature: features[0]}, words: `#${features[0]} ${Study.words(study, features[0], 2)}`};
      else if (type === 'category') named[name] = {place: {category}, words: study.categories ? Study.categoryWords(study, category, 2) : ''};
      else named[name] = {place: tokens.length ? {search: tokens[0].text} : null, words: type === 'token' ? '' : tokens.map((token) => token.text).slice(0, 3).join(', ')};
    }
    return named;
  }

  function userDiagrams(study) {
    const {diagrams} = study.check;
    if (!diagrams) return [element('h3', {}, 'Diagrams of your own'), element('p', {class: 'quiet'}, 'None checked. A belief about the model can be written down and held against every SAE of it: yoneda check STUDY --diagram FILE.toml')];
    const objects = objectsOf(study, diagrams);
    return [element('h3', {}, `Diagrams of ${diagrams.file}: ${diagrams.checked - diagrams.failed} of ${diagrams.checked} as believed`),
      element('div', {class: 'panels'},
        diagrams.equations.map((equation) => equationPanel(study, objects, equation)),
        diagrams.relations.map(relationPanel), gridsOf(diagrams).map(gridPanel))];
  }

  function listed(entries, most, draw) {
    const place = element('div', {class: 'panels'}, entries.slice(0, most).map(draw));
    if (entries.length <= most) return place;
    const more = element('button', {class: 'more', onclick: () => { replaceChildren(place, entries.map(draw)); more.remove(); }}, `all ${whole(entries.length)}`);
    return [place, more];
  }

  // A path of features with the weights of its edges.
  const walked = (study, path) => ({path: path.map((f) => `#${f}`), arrows: path.slice(1).map((g, i) => ({weight: weightOf(study, path[i], g), source: 'graph'}))});

  function shapePanel(study, {left, right, left_value, right_value, discrepancy}, base) {
    const objects = Object.fromEntries([...left, ...right].map((f) => [`#${f}`, {words: Study.words(study, f, 2), place: {feature: f}}]));
    const value = (number) => (base === 'sign' ? (number < 0 ? '−' : '+') : short(number));
    return element('section', {class: 'panel'}, element('div', {class: 'scroll'}, Drawing.paths(study, objects, walked(study, left), walked(study, right))),
      element('p', {class: 'small'}, `${left.map((f) => '#' + f).join(' → ')} is ${value(left_value)}, ${right.map((f) => '#' + f).join(' → ')} is ${value(right_value)}: `,
        base === 'sign' ? 'it does not commute' : `they differ by ${short(discrepancy)}`));
  }

  function shapes(study) {
    const {equations} = study.check;
    if (!equations) return null;
    return [element('h3', {}, `${capital(equations.shape)} in the base ${equations.base}`),
      element('p', {}, `${whole(equations.holding)} of ${whole(equations.checked)} hold`, equations.checked < equations.total ? ` (of ${whole(equations.total)} there are).` : '.'),
      listed(equations.failures.slice(0, 200), 6, (failure) => shapePanel(study, failure, equations.base))];
  }

  function diagrams(study) {
    if (!study.check) return missing('Diagrams', 'yoneda check STUDY\nyoneda report STUDY');
    const failures = study.check.failures || [];
    return [element('h2', {}, 'Which diagrams commute'),
      element('div', {class: 'panels'}, graphPanels(study)),
      userDiagrams(study),
      failures.length > 0 && [element('h3', {}, `The strongest of ${whole(study.check.triangles.unbalanced)} triangles that do not commute`),
        listed(failures, 9, (failure) => element('section', {class: 'panel'}, Drawing.triangle(study, failure)))],
      shapes(study)];
  }

  // --- nulls

  function nullPanel({title, statement, observed, draws, mean, sd, verdict, reason, keeps, facts, percentage}) {
    return element('section', {class: 'panel'},
      element('div', {class: 'panel-head'}, element('h3', {}, title), verdict && verdictMark(verdict)),
      statement && element('p', {class: 'quiet small'}, statement),
      Charts.beside({observed, draws, mean, sd, percentage}),
      element('p', {class: 'small'}, facts), reason && element('p', {}, reason),
      keeps && element('p', {class: 'quiet small'}, keeps));
  }

  // A quantity beside each of its nulls, as relations and grids have them.
  const beside = (title, quantity, note) => quantity.nulls.map((one) => ({
    title, statement: note, observed: quantity.observed, draws: one.draws, mean: one.null_mean, sd: one.null_sd, verdict: one.verdict, keeps: one.keeps,
    facts: `null ${one.null}: ${short(one.null_mean)} ± ${short(one.null_sd)}, p ${short(one.p)}, ${whole(one.samples)} draws, seed ${one.seed}`}));

  // relations.json names its nulls once for all.
  const relationNulls = (study, relation, test) => [['swap', test.q.swap], ['re-pair', test.q.re_pair]].map(([kind, one]) => {
    const null_ = study.relations.nulls.find((entry) => entry.kind === kind);
    return {title: capital(relation.name), statement: `agreement of differences Q, in ${test.representation}`, observed: test.q.observed, mean: one.null_mean, sd: one.null_sd, verdict: one.verdict,
      reason: one.reason, keeps: null_ && null_.keeps, facts: `null ${kind}: ${short(one.null_mean)} ± ${short(one.null_sd)}, p ${short(one.p_upper)}` + (null_ ? `, ${whole(null_.samples)} draws, seed ${null_.seed}` : '')};
  });

  function testsOf(study) {
    const {check} = study;
    const graph = (check.tests || []).map((test) => ({
      title: capital(test.statistic), observed: test.observed, draws: test.draws, mean: test.null_mean, sd: test.null_sd, verdict: test.verdict, reason: test.reason, keeps: test.keeps,
      percentage: Math.abs(test.observed) <= 1 && /balance|share/.test(test.statistic),
      facts: `null ${test.null}: p ${short(test.p_upper)} to be as large, ${short(test.p_lower)} as small; ${whole(test.samples)} draws, seed ${test.seed}`}));
    const {equations, relations} = check.diagrams || {equations: [], relations: []};
    const grids = check.diagrams ? gridsOf(check.diagrams) : [];
    const own = [
      ...equations.filter((equation) => equation.samples > 0).map((equation) => ({title: equation.name, statement: 'discrepancy of the two sides', observed: equation.discrepancy, draws: equation.draws, mean: equation.null_mean, sd: equation.null_sd,
        verdict: equation.verdict, reason: equation.reason, keeps: equation.keeps, facts: `null ${equation.null}: p ${short(equation.p)}, ${whole(equation.samples)} arrangements, seed ${equation.seed}`})),
      ...relations.flatMap((relation) => beside(capital(relation.name), relation.agreement, `agreement of differences Q, in ${relation.in}`)),
      ...grids.flatMap((grid) => beside(capital(grid.name), {observed: grid.G, nulls: grid.nulls}, `additivity G, in ${grid.in}`)),
    ];
    const asked = (study.relations ? study.relations.relations : []).flatMap((relation) => relation.tests.flatMap((test) => relationNulls(study, relation, test)));
    return {graph, own, asked};
  }

  function nulls(study) {
    if (!study.check) return missing('Nulls', 'yoneda check STUDY\nyoneda report STUDY');
    const {graph, own, asked} = testsOf(study);
    const part = (title, tests) => tests.length > 0 && [element('h3', {}, title), element('div', {class: 'panels'}, tests.map(nullPanel))];
    return [element('h2', {}, 'Every number beside its null'),
      element('p', {class: 'quiet'}, 'A number about a graph means nothing without a null that keeps what the construction guarantees. '
        + 'Forced: the null comes nearly as far as can be. Underpowered: not even a perfect value would stand out. A p-value is of “this SAE is a draw from that null”.'),
      part('The graph', graph), part('Your diagrams', own), part('Relations', asked),
      graph.length + own.length + asked.length === 0 && element('p', {}, 'No null was drawn in this study.'),
      (study.check.notes || []).map((note) => element('p', {class: 'quiet small'}, note))];
  }

  // --- how it was made

  function about(study) {
    const {record} = study;
    const rows = [['features', whole(study.n)], ['tokens', whole(study.V)], ['kept at each end', String(study.k)], ['graph', `${study.kind}, ${whole(study.arrays.weight.length)} edges`],
      ['convention', record.convention || '–'], ['instruction set', record.instruction_set], ['yoneda', record.version]];
    return [element('h2', {}, 'How this was made'),
      element('pre', {}, [record.command, study.command].filter((line, i, all) => line && all.indexOf(line) === i).join('\n')),
      element('dl', {}, rows.map(([name, value]) => [element('dt', {}, name), element('dd', {}, value)])),
      element('h3', {}, 'Sources'),
      element('dl', {}, Object.entries(record.sources).map(([role, source]) => [element('dt', {}, role), element('dd', {}, `${source.path} `, element('span', {class: 'quiet small'}, `${source.dialect}, xxh3-128 ${source.hash}`))])),
      element('h3', {}, 'Options'),
      element('dl', {}, Object.entries(record.options).map(([name, value]) => [element('dt', {}, name), element('dd', {}, value)])),
      study.notes.length > 0 && [element('h3', {}, 'Notes'), study.notes.map((note) => element('p', {}, note))],
      element('h3', {}, 'Keys'),
      element('dl', {}, [['/', 'search'], ['1 … 5', 'views'], ['← →', 'the feature or category before, after'], ['+ − 0', 'zoom in, out, all (on the map: arrows move)'], ['l', 'lasso; or drag with Shift'], ['Esc', 'close']].map(([key, what]) => [element('dt', {}, key), element('dd', {}, what)])),
      element('h3', {}, 'Links'), element('p', {}, 'This page with #feature=123, #category=7, #search=deer or #view=nulls at the end of its address opens there.'),
      element('h3', {}, 'Licence of d3'), element('pre', {}, study.licence)];
  }

  return {categories, diagrams, nulls, about};
})();
