// What the reader is told inside the map: loading, away and trying again, refused, nothing to show. All words come from Python.

import {element} from './legend.js';

const SHOW_PROGRESS_AFTER_MS = 150; // what is quicker does not flicker

export class Notices {
  constructor(root, {onRetry}) {
    this.bar = element('div', {className: 'progress', hidden: true});
    this.bar.setAttribute('role', 'progressbar');
    this.box = element('div', {className: 'notice', hidden: true});
    this.box.setAttribute('role', 'status');
    this.words = element('span');
    this.button = element('button', {type: 'button', onclick: onRetry});
    this.box.append(this.words, this.button);
    root.append(this.bar, this.box);
    this.texts = null;
    this.network = {busy: 0, waitUntil: null, refused: null};
    this.empty = false;
    this.fault = null;
  }

  update({texts}) {
    this.texts = texts;
    this.button.textContent = texts.retry;
    this.bar.setAttribute('aria-label', texts.loading);
    this.draw();
  }

  set(change) {
    Object.assign(this, change);
    this.draw();
  }

  draw() {
    if (!this.texts) return;
    const {busy, waitUntil, refused} = this.network;
    clearTimeout(this.barTimer);
    if (busy > 0) this.barTimer = setTimeout(() => (this.bar.hidden = false), SHOW_PROGRESS_AFTER_MS);
    else this.bar.hidden = true;
    clearTimeout(this.tick);
    const {texts} = this;
    let kind = '';
    let words = '';
    if (this.fault) [kind, words] = ['fault', texts[this.fault] ?? this.fault];
    else if (waitUntil) {
      const seconds = Math.max(1, Math.ceil((waitUntil - Date.now()) / 1000));
      [kind, words] = ['away', texts.away.replace('{seconds}', seconds)];
      this.tick = setTimeout(() => this.draw(), 1000);
    } else if (refused) [kind, words] = ['refused', [texts.refused, refused.detail].filter(Boolean).join(' ')];
    else if (this.empty && busy === 0) [kind, words] = ['empty', texts.empty];
    this.box.hidden = !kind;
    this.box.dataset.kind = kind;
    if (this.words.textContent !== words) this.words.textContent = words;
    this.button.hidden = kind !== 'away';
  }

  destroy() {
    clearTimeout(this.barTimer);
    clearTimeout(this.tick);
  }
}
