// A month at a time; the first click is the first day, the second the last. Arrow keys walk the days.
const el = (tag, properties = {}) => Object.assign(document.createElement(tag), properties);
const iso = (year, month, day) => `${String(year).padStart(4, '0')}-${String(month + 1).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
const states = new WeakMap();

export default function period({parentElement, data, setTriggerValue}) {
  const root = parentElement.querySelector('.root');
  const known = states.get(root);
  const told = JSON.stringify(data.days);
  const state = known ?? {};
  if (!known || known.told !== told) {
    const [year, month] = (data.days?.last ?? data.shown).split('-').map(Number);
    Object.assign(state, {year, month: month - 1, first: null, told});
    states.set(root, state);
  }
  const draw = (focus) => {
    const {texts} = data;
    const presets = el('div', {className: 'presets'});
    for (const preset of data.presets) {
      const button = el('button', {type: 'button', textContent: preset.title});
      button.setAttribute('aria-pressed', String(JSON.stringify(preset.days) === told));
      button.onclick = () => setTriggerValue('pick', preset.days ?? {all: true});
      presets.append(button);
    }
    const bar = el('div', {className: 'bar'});
    const step = (by, text, label) => {
      const button = el('button', {type: 'button', textContent: text, title: label});
      button.setAttribute('aria-label', label);
      button.onclick = () => move(by);
      return button;
    };
    const months = el('select');
    months.setAttribute('aria-label', texts.month);
    data.months.forEach((name, i) => months.append(el('option', {value: String(i), textContent: name, selected: i === state.month})));
    months.onchange = () => go(state.year, Number(months.value));
    const year = el('input', {type: 'number', min: '1900', max: '2200', value: String(state.year)});
    year.setAttribute('aria-label', texts.year);
    year.onchange = () => go(Math.min(Math.max(Number(year.value) || state.year, 1900), 2200), state.month);
    bar.append(step(-1, '‹', texts.before), months, year, step(1, '›', texts.after));

    const grid = el('table', {className: 'calendar'});
    const head = el('tr');
    for (const name of data.weekdays) head.append(el('th', {textContent: name, scope: 'col'}));
    grid.append(head);
    const blank = (new Date(Date.UTC(state.year, state.month, 1)).getUTCDay() + 6) % 7;
    const length = new Date(Date.UTC(state.year, state.month + 1, 0)).getUTCDate();
    let row;
    for (let i = 0; i < Math.ceil((blank + length) / 7) * 7; i++) {
      if (i % 7 === 0) grid.append((row = el('tr')));
      const day = i - blank + 1;
      const cell = el('td');
      if (day >= 1 && day <= length) cell.append(dayButton(day));
      row.append(cell);
    }
    const hint = el('p', {className: 'hint', textContent: state.first ? texts.last : texts.first});
    hint.setAttribute('aria-live', 'polite');
    root.replaceChildren(presets, bar, grid, hint);
    if (focus) root.querySelector(`button[data-day="${focus}"]`)?.focus();
  };
  const dayButton = (day) => {
    const date = iso(state.year, state.month, day);
    const button = el('button', {type: 'button', textContent: String(day)});
    button.dataset.day = date;
    const {first, last} = state.first ? {first: state.first, last: state.first} : data.days ?? {};
    if (first && date >= first && date <= last) button.className = date === first || date === last ? 'end' : 'between';
    button.onclick = () => {
      if (!state.first) {
        state.first = date;
        draw(date);
      } else {
        const [low, high] = [state.first, date].sort();
        state.first = null;
        setTriggerValue('pick', {first: low, last: high});
      }
    };
    button.onkeydown = (event) => {
      const by = {ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7}[event.key];
      if (event.key === 'Escape' && state.first) {
        state.first = null;
        draw(date);
      }
      if (!by) return;
      event.preventDefault();
      const to = new Date(Date.UTC(state.year, state.month, day + by));
      go(to.getUTCFullYear(), to.getUTCMonth(), iso(to.getUTCFullYear(), to.getUTCMonth(), to.getUTCDate()));
    };
    return button;
  };
  const go = (year, month, focus) => {
    Object.assign(state, {year, month});
    draw(focus);
  };
  const move = (by) => {
    const to = new Date(Date.UTC(state.year, state.month + by, 1));
    go(to.getUTCFullYear(), to.getUTCMonth());
  };
  draw();
}
