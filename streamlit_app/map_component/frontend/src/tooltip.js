// A short text at the pointer: plain text, never HTML (names come from data).

import {numberFormat} from './classes.js';
import {element} from './legend.js';
import {pickOf} from './deck_json.js';

export class Tooltip {
  constructor(root) {
    this.root = root;
    this.box = element('div', {className: 'map-tooltip', hidden: true});
    root.append(this.box);
    this.measures = new Map(); // layer id → name of the measure it shows
  }

  update({tooltips, legend, texts, language}) {
    Object.assign(this, {templates: tooltips ?? {}, entries: legend ?? [], texts, format: numberFormat(language)});
  }

  told(layerId, told) {
    if (told?.measure) this.measures.set(layerId, told.measure.name);
    else this.measures.delete(layerId);
  }

  show({x, y}, picked) {
    const text = picked?.object ? this._text(picked) : '';
    this.box.hidden = !text;
    if (!text) return;
    this.box.textContent = text;
    const {clientWidth, clientHeight} = this.root;
    const {offsetWidth, offsetHeight} = this.box;
    this.box.style.left = `${Math.max(4, Math.min(x + 12, clientWidth - offsetWidth - 4))}px`;
    this.box.style.top = `${y + 14 + offsetHeight > clientHeight ? y - offsetHeight - 8 : y + 14}px`;
  }

  hide() {
    this.box.hidden = true;
  }

  _text({id, object}) {
    const template = this.templates[id];
    if (template) {
      const properties = pickOf({object, layer: {id}}).object;
      return template.replace(/\{(\w+)\}/g, (_, key) => this._value(properties[key]));
    }
    const name = this.measures.get(id);
    if (!name || !object.states) return '';
    const entry = this.entries.find((e) => e.layer_id === id);
    const state = object.states[name];
    const value = object.values[name];
    let words = this.texts[state === 'known' ? (value === 0 ? 'none' : '') : state];
    if (words === undefined) words = entry?.percent ? `${this.format(value * 100)}\u00a0%` : [this.format(value), entry?.unit].filter(Boolean).join('\u00a0');
    return entry ? `${entry.title}: ${words}` : words;
  }

  _value(value) {
    if (value === null || value === undefined || value === '') return this.texts.unknown;
    return typeof value === 'number' ? this.format(value) : String(value);
  }
}
