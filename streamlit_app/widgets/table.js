// A table that says which row was picked. Texts only: nothing from the data ever becomes markup.
const el = (tag, properties = {}) => Object.assign(document.createElement(tag), properties);

export default function table({parentElement, data, setTriggerValue}) {
  const root = parentElement.querySelector('.root');
  const scrolled = root.querySelector('.scroll')?.scrollTop ?? 0;
  const focused = root.getRootNode().activeElement?.dataset?.row;
  const box = el('div', {className: 'scroll'});
  if (data.height_px) box.style.maxHeight = `${data.height_px}px`;
  const head = el('tr');
  for (const column of data.columns) {
    const cell = el('th', {scope: 'col', textContent: column.title, className: column.align});
    if (column.help) cell.append(' ', el('abbr', {title: column.help, textContent: '?', tabIndex: 0}));
    head.append(cell);
  }
  const body = el('tbody');
  for (const row of data.rows) {
    const line = el('tr', {className: [row.faded ? 'faded' : '', row.tone].join(' ').trim()});
    line.dataset.row = row.id;
    row.cells.forEach((text, i) => line.append(el('td', {textContent: text, className: data.columns[i]?.align ?? ''})));
    if (data.selectable) {
      line.tabIndex = 0;
      line.setAttribute('aria-selected', String(row.id === data.selected));
      line.onclick = () => setTriggerValue('pick', row.id);
      line.onkeydown = (event) => {
        if (event.key === 'Enter' || event.key === ' ') {
          event.preventDefault();
          setTriggerValue('pick', row.id);
        }
        const next = {ArrowDown: line.nextElementSibling, ArrowUp: line.previousElementSibling}[event.key];
        if (next) {
          event.preventDefault();
          next.focus();
        }
      };
    }
    body.append(line);
  }
  const made = el('table');
  made.setAttribute('aria-label', data.caption);
  if (data.selectable) made.className = 'selectable';
  const thead = el('thead');
  thead.append(head);
  made.append(thead, body);
  box.append(made);
  root.replaceChildren(box);
  box.scrollTop = scrolled;
  if (focused) body.querySelector(`[data-row="${CSS.escape(focused)}"]`)?.focus({preventScroll: true});
}
