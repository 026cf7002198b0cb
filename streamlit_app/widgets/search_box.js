// Asks the API itself while the reader types: no run of the page for a letter. Only what is chosen goes to the page.
const WAIT_MS = 150;
const el = (tag, properties = {}) => Object.assign(document.createElement(tag), properties);

export default function searchBox({parentElement, data, setTriggerValue}) {
  const root = parentElement.querySelector('.root');
  if (root.box) return root.box.update(data, setTriggerValue);
  root.box = build(root);
  root.box.update(data, setTriggerValue);
  return () => {
    root.box?.end();
    root.box = null;
    root.replaceChildren();
  };
}

function build(root) {
  let data = {};
  let choose = () => {};
  let found = [];
  let at = -1;
  let timer = 0;
  let asking = null;

  const box = el('div', {className: 'search'});
  const field = el('input', {type: 'search', autocomplete: 'off', spellcheck: false, maxLength: 200});
  const list = el('ul', {className: 'found', hidden: true, id: 'found'});
  const told = el('p', {className: 'hint', hidden: true});
  field.setAttribute('role', 'combobox');
  field.setAttribute('aria-autocomplete', 'list');
  field.setAttribute('aria-controls', list.id);
  field.setAttribute('aria-expanded', 'false');
  list.setAttribute('role', 'listbox');
  told.setAttribute('role', 'status');
  box.append(field, list, told);
  root.replaceChildren(box);

  const say = (text) => {
    told.textContent = text;
    told.hidden = !text;
  };
  const close = () => {
    list.hidden = true;
    at = -1;
    field.setAttribute('aria-expanded', 'false');
    field.removeAttribute('aria-activedescendant');
  };
  const mark = (next) => {
    at = next;
    [...list.children].forEach((item, n) => item.setAttribute('aria-selected', String(n === at)));
    const chosen = list.children[at];
    if (!chosen) return field.removeAttribute('aria-activedescendant');
    field.setAttribute('aria-activedescendant', chosen.id);
    chosen.scrollIntoView({block: 'nearest'});
  };
  const pick = (n) => {
    const one = found[n];
    if (!one) return;
    field.value = one.name;
    close();
    say(one.note_text ?? '');
    choose('pick', {kind: one.kind, layer: one.layer, id: String(one.id), name: one.name, position: one.position, bbox: one.bbox, segment: one.segment});
  };
  const show = () => {
    list.replaceChildren(
      ...found.map((one, n) => {
        const item = el('li', {id: `found-${n}`});
        item.setAttribute('role', 'option');
        const more = [one.kind_text, one.territory, one.matched === one.name ? '' : one.matched].filter(Boolean).join(' · ');
        item.append(el('span', {textContent: one.name}), el('small', {textContent: more}));
        item.onpointerdown = (event) => {
          event.preventDefault();
          pick(n);
        };
        return item;
      })
    );
    list.hidden = !found.length;
    field.setAttribute('aria-expanded', String(found.length > 0));
    mark(found.length ? 0 : -1);
  };
  const ask = async () => {
    asking?.abort();
    const wanted = field.value.trim();
    say('');
    if (!wanted) {
      found = [];
      return close();
    }
    asking = new AbortController();
    try {
      const query = new URLSearchParams({q: wanted, limit: '8', language: data.language});
      const answer = await fetch(`${data.url}?${query}`, {credentials: 'same-origin', signal: asking.signal});
      const body = await answer.json();
      if (!answer.ok) throw new Error(body.detail);
      found = body.results;
      show();
      if (!found.length) say(data.nothing);
    } catch (fault) {
      if (fault.name === 'AbortError') return;
      found = [];
      close();
      say(fault.message && !(fault instanceof TypeError) && !(fault instanceof SyntaxError) ? fault.message : data.failed);
    }
  };

  field.oninput = () => {
    clearTimeout(timer);
    timer = setTimeout(ask, WAIT_MS);
  };
  field.onkeydown = (event) => {
    const moves = {ArrowDown: 1, ArrowUp: -1};
    if (event.key in moves && found.length) {
      event.preventDefault();
      if (list.hidden) show();
      else mark((at + moves[event.key] + found.length) % found.length);
    } else if (event.key === 'Enter') {
      event.preventDefault();
      if (!list.hidden) pick(at);
      else ask();
    } else if (event.key === 'Escape') {
      close();
      field.blur();
    }
  };
  field.onblur = close;
  field.onfocus = () => {
    if (found.length && field.value.trim()) show();
  };
  // "/" goes to the field from anywhere but another field.
  const slash = (event) => {
    const inside = event.composedPath()[0];
    if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey) return;
    if (inside instanceof HTMLElement && (inside.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(inside.tagName))) return;
    event.preventDefault();
    field.focus();
    field.select();
  };
  document.addEventListener('keydown', slash);

  return {
    update(given, setTriggerValue) {
      if (data.url && data.url !== given.url) {
        field.value = '';
        found = [];
        close();
        say('');
      }
      data = given;
      choose = setTriggerValue;
      field.placeholder = data.placeholder;
      field.setAttribute('aria-label', data.label);
    },
    end() {
      clearTimeout(timer);
      asking?.abort();
      document.removeEventListener('keydown', slash);
    }
  };
}
