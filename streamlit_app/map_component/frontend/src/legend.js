// The legend: plain HTML made from the very classes that colour the map.

import {classLabels} from './classes.js';

// A smaller map starts with its legend folded: open it would hide a quarter of what it explains.
const OPEN_FROM_PX = {width: 640, height: 400};
const KEPT = 'qorgan-legend';
let chosen = null; // where the browser keeps nothing, this page still does

/** What the reader chose, whichever map they see next in this tab; null: nothing yet. */
function remembered() {
  try {
    const kept = sessionStorage.getItem(KEPT);
    return kept === null ? chosen : kept === 'open';
  } catch {
    return chosen;
  }
}

function remember(open) {
  chosen = open;
  try {
    sessionStorage.setItem(KEPT, open ? 'open' : 'folded');
  } catch {
    // private windows may refuse
  }
}

const css = ([r, g, b, a], alpha = 255) => `rgba(${r},${g},${b},${(a ?? alpha) / 255})`;

export class Legend {
  constructor(root) {
    this.root = root;
    this.classes = new Map(); // layer id → what the layer said about its classes
    this.props = null;
    // made once: what is drawn anew inside must not take the focus away or fold what the reader opened
    this.box = element('details', {className: 'legend-box'});
    this.summary = element('summary');
    this.body = element('div', {className: 'legend-body'});
    this.box.append(this.summary, this.body);
    this.summary.addEventListener('click', () => remember(!this.box.open)); // Enter and Space click, too
    this.root.append(this.box);
  }

  update(props) {
    this.props = props;
    this.draw();
  }

  /** A layer coloured itself; `told` is null when it left the map. */
  told(layerId, told) {
    this.classes.set(layerId, told);
    this.draw();
  }

  draw() {
    const {entries, texts, language} = this.props ?? {};
    this.root.hidden = !entries?.length;
    if (!entries?.length) return;
    this.summary.textContent = texts.legend;
    const {clientWidth, clientHeight} = this.root.parentElement;
    this.box.open = remembered() ?? (clientWidth >= OPEN_FROM_PX.width && clientHeight >= OPEN_FROM_PX.height);
    this.body.replaceChildren(...entries.map((entry) => this._section(entry, texts, language)));
  }

  _section(entry, texts, language) {
    const section = element('section');
    section.dataset.layer = entry.layer_id;
    const heading = element('h3', {textContent: entry.title});
    if (entry.unit) heading.append(element('span', {className: 'unit', textContent: entry.unit}));
    section.append(heading);
    if (entry.denominator) section.append(element('p', {className: 'denominator', textContent: entry.denominator}));
    const list = element('ul');
    const told = this.classes.get(entry.layer_id);
    if (told?.classes) this._classes(list, told, entry, texts, language);
    for (const item of entry.items ?? []) list.append(swatch(item.label, item.shape, css(item.rgb)));
    section.append(list);
    if (entry.note) section.append(element('p', {className: 'note', textContent: entry.note}));
    return section;
  }

  _classes(list, {classes, alpha, unknownColor, hiddenColor}, entry, texts, language) {
    const labels = entry.labels?.length === classes.palette.length ? entry.labels : classLabels(classes, {language, percent: entry.percent});
    if (classes.zeroColor) list.append(swatch(texts.none, 'area', css(classes.zeroColor)));
    classes.palette.forEach((color, i) => {
      // a layer whose values are all zero has no class to show
      if (classes.maximum !== null && labels[i] && !(classes.zeroColor && classes.maximum === 0 && classes.minimum === 0)) {
        list.append(swatch(labels[i], 'area', css(color, alpha)));
      }
    });
    if (classes.unknown) list.append(swatch(texts.unknown, 'unknown', css(unknownColor)));
    if (classes.hidden) list.append(swatch(texts.hidden, 'hidden', css(hiddenColor)));
  }
}

function swatch(label, shape, color) {
  const item = element('li');
  const box = element('span', {className: `swatch ${shape}`});
  box.setAttribute('aria-hidden', 'true');
  if (color) box.style.setProperty('--swatch', color);
  item.append(box, element('span', {textContent: label}));
  return item;
}

export function element(tag, properties = {}) {
  return Object.assign(document.createElement(tag), properties);
}
