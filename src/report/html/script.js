// Sorts, filters and folds what is on the page. Nothing is remembered, nothing is
// sent, and everything can be read without it.
(() => {
  'use strict';
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];
  const byId = (id) => document.getElementById(id);
  const LEVELS = ['informational', 'low', 'medium', 'high', 'critical'];

  // Sorting: a button in each head; numbers by value, levels by rank, the rest as text.
  const value = (cell) => {
    if (!cell) return '';
    const data = cell.querySelector('data');
    const text = (data ? data.value : cell.textContent).trim();
    const rank = LEVELS.indexOf(text);
    if (rank >= 0) return rank;
    if (text === 'none' || text === '') return -1;
    const number = /^\d[\d,]*(\.\d+)?(?=$| )/.exec(text);
    return number ? Number(number[0].replace(/,/g, '')) : text.toLowerCase();
  };
  const compare = (a, b) => {
    if (typeof a === typeof b) return a < b ? -1 : a > b ? 1 : 0;
    return typeof a === 'number' ? -1 : 1;
  };
  // In a table of alerts each has a body of its own, with its log lines.
  const entries = (table) => {
    const bodies = all(':scope > tbody', table);
    return table.classList.contains('al') ? bodies : [...bodies[0].rows];
  };
  const sort = (table, head, at) => {
    // Numbers and levels begin with the most, names with A.
    const most = head.matches('.r, :first-child');
    const before = head.getAttribute('aria-sort');
    const up = before ? before === 'descending' : !most;
    const rows = entries(table);
    const parent = rows[0].parentElement;
    const cell = (row) => (row.rows ? row.rows[0] : row).cells[at];
    rows
      .map((row) => [value(cell(row)), row])
      .sort((a, b) => (up ? compare(a[0], b[0]) : compare(b[0], a[0])))
      .forEach(([, row]) => parent.append(row));
    all('th[aria-sort]', table.tHead).forEach((other) => other.removeAttribute('aria-sort'));
    head.setAttribute('aria-sort', up ? 'ascending' : 'descending');
  };
  for (const table of all('table.sort')) {
    if (entries(table).length < 2) continue;
    [...table.tHead.rows[0].cells].forEach((head, at) => {
      if (head.className === 'x') return;
      const button = document.createElement('button');
      button.type = 'button';
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener('click', () => sort(table, head, at));
    });
  }

  // Filtering: incidents as a whole, and rows of tables that are not within one.
  const find = byId('find');
  const least = byId('least');
  const kinds = [
    ['incident', all('article.inc')],
    ['actor', all('table.who > tbody > tr')],
    ['bucket', all('table.buckets > tbody > tr')],
    ['object', all('table.keys > tbody > tr')],
    ['change', all('table.changes > tbody > tr')],
  ].filter(([, items]) => items.length);
  const read = new Map();
  const known = (item) => {
    if (!read.has(item)) {
      const level = item.querySelector('.l');
      const rank = level ? LEVELS.indexOf(level.textContent) : -1;
      read.set(item, [item.textContent.toLowerCase(), rank]);
    }
    return read.get(item);
  };
  const filter = () => {
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    const rank = Number(least.value);
    const told = kinds.map(([name, items]) => {
      let shown = 0;
      for (const item of items) {
        const [text, level] = known(item);
        item.hidden = !((rank === 0 || level >= rank) && words.every((word) => text.includes(word)));
        if (!item.hidden) shown += 1;
      }
      return `${shown} of ${items.length} ${name}${items.length === 1 ? '' : 's'}`;
    });
    byId('found').textContent = words.length || rank ? told.join(', ') : '';
  };
  let timer = 0;
  find.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(filter, 150);
  });
  least.addEventListener('change', filter);

  // Folding. On paper nothing is folded.
  const fold = (open) => all('main details').forEach((details) => { details.open = open; });
  byId('open').addEventListener('click', () => fold(true));
  byId('close').addEventListener('click', () => fold(false));
  let folded = [];
  addEventListener('beforeprint', () => {
    folded = all('details:not([open])');
    folded.forEach((details) => { details.open = true; });
  });
  addEventListener('afterprint', () => folded.forEach((details) => { details.open = false; }));

  // A link into what is folded unfolds it, in browsers that do not do so themselves.
  const reveal = () => {
    let target = location.hash && byId(location.hash.slice(1));
    if (!target) return;
    for (let at = target; at; at = at.parentElement) {
      if (at.tagName === 'DETAILS') at.open = true;
      at.hidden = false;
    }
    target.scrollIntoView();
  };
  addEventListener('hashchange', reveal);

  byId('tools').hidden = kinds.length === 0;
})();
