'use strict';
// Search by feature id, token or category, with the keys of a combobox.
const Search = (() => {
  const plain = (text) => text.replace(/^[\u2423\s]+/, '').toLowerCase();

  function results(study, typed) {
    const text = plain(typed), found = [];
    const id = /^#?(\d+)$/.exec(typed.trim());
    if (id && +id[1] < study.n) found.push({place: {feature: +id[1]}, shown: [`feature #${+id[1]} `, Study.words(study, +id[1], 3)]});
    if (id && study.categories && +id[1] < study.categories.categories.length) found.push({place: {category: +id[1]}, shown: [`category ${+id[1]} `, Study.categoryWords(study, +id[1], 3)]});
    if (text === '') return found;
    const starts = [], within = [];
    study.plain = study.plain || study.texts.map(plain);
    study.plain.forEach((token, t) => {
      if (token.startsWith(text)) starts.push(t);
      else if (text.length > 2 && token.includes(text)) within.push(t);
    });
    starts.sort((a, b) => study.plain[a].length - study.plain[b].length || a - b);
    for (const t of [...starts, ...within].slice(0, 12)) found.push({place: {search: study.texts[t]}, shown: ['token ', study.texts[t]]});
    if (study.categories)
      for (const entry of study.categories.categories) {
        if (found.length > 24) break;
        if (['raised', 'lowered'].some((end) => (entry[end] || []).some((word) => plain(word.text).startsWith(text))))
          found.push({place: {category: entry.id}, shown: [`category ${entry.id} `, Study.categoryWords(study, entry.id, 4)]});
      }
    return found;
  }

  function start(study) {
    const input = byId('search'), list = byId('found');
    let found = [], at = -1;
    const close = () => { list.hidden = true; input.setAttribute('aria-expanded', 'false'); input.removeAttribute('aria-activedescendant'); at = -1; };
    const go = (i) => { const chosen = found[i]; if (!chosen) return; close(); input.blur(); App.go(chosen.place); };
    const point = (i) => {
      at = i;
      [...list.children].forEach((line, j) => { line.setAttribute('aria-selected', String(j === i)); if (j === i) line.scrollIntoView({block: 'nearest'}); });
      if (i >= 0) input.setAttribute('aria-activedescendant', `found-${i}`); else input.removeAttribute('aria-activedescendant');
    };
    const draw = () => {
      found = input.value.trim() === '' ? [] : results(study, input.value);
      const lines = found.map(({shown: [kind, text]}, i) => element('li', {id: `found-${i}`, role: 'option', 'aria-selected': 'false', onpointerdown: (event) => { event.preventDefault(); go(i); }}, element('span', {class: 'quiet'}, kind), text));
      if (input.value.trim() !== '' && found.length === 0) lines.push(element('li', {class: 'none', role: 'option', 'aria-disabled': 'true'}, 'nothing among the tokens shown'));
      replaceChildren(list, lines);
      list.hidden = lines.length === 0;
      input.setAttribute('aria-expanded', String(!list.hidden));
      at = -1;
    };
    input.addEventListener('input', draw);
    input.addEventListener('focus', draw);
    input.addEventListener('blur', close);
    input.addEventListener('keydown', (event) => {
      if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
        event.preventDefault();
        const step = event.key === 'ArrowDown' ? 1 : -1;
        if (found.length) point((at + step + found.length) % found.length);
      } else if (event.key === 'Enter') go(Math.max(at, 0));
      else if (event.key === 'Escape') { input.value = ''; close(); input.blur(); }
    });
  }

  return {start};
})();
