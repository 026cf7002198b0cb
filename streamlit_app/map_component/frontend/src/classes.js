// From a measure to classes: the same object colours the map and draws the legend.

import {HIDDEN, UNKNOWN} from './wire.js';

/** How the classes of one layer look. `breaks` are inclusive upper bounds of all classes but the last. */
export class Classes {
  constructor({breaks, palette, zeroColor, whole, minimum, maximum, unknown, hidden}) {
    Object.assign(this, {breaks, palette, zeroColor, whole, minimum, maximum, unknown, hidden});
  }

  /** Class of a known value; −1 for a zero that is drawn apart ("observed none"). */
  of(value) {
    if (value === 0 && this.zeroColor) return -1;
    let i = 0;
    while (i < this.breaks.length && value > this.breaks[i]) i++;
    return i;
  }

  color(value) {
    const i = this.of(value);
    return i < 0 ? this.zeroColor : this.palette[i];
  }
}

/** Classes for a decoded measure. Breaks: the ones given, else the sender's, else quantiles of the known values. */
export function classesFor(measure, {breaks, palette, zeroColor}) {
  const wanted = breaks ?? measure.breaks ?? quantileBreaks(measure, palette.length, Boolean(zeroColor));
  const usable = wanted.slice(0, palette.length - 1);
  const states = measure.states;
  return new Classes({
    breaks: usable,
    palette: usable.length + 1 === palette.length ? palette : spread(palette, usable.length + 1),
    zeroColor,
    whole: measure.type.startsWith('uint') && measure.scale === 1,
    minimum: measure.minimum,
    maximum: measure.maximum,
    unknown: Boolean(states?.includes(UNKNOWN)),
    hidden: Boolean(states?.includes(HIDDEN))
  });
}

/** Quantiles of the known values, rounded to two digits, without repeats. Zeros drawn apart do not count. */
export function quantileBreaks(measure, classes, zeroApart) {
  const known = measure.values.filter((v) => !Number.isNaN(v) && !(zeroApart && v === 0)).sort();
  const breaks = [];
  for (let c = 1; c < classes && known.length; c++) {
    const value = Number(known[Math.floor((c / classes) * (known.length - 1))].toPrecision(2));
    if (value < known[known.length - 1] && (!breaks.length || value > breaks[breaks.length - 1])) breaks.push(value);
  }
  return breaks;
}

/** `count` colours spread over the palette, its ends kept. */
function spread(palette, count) {
  if (count === 1) return [palette[palette.length - 1]];
  return Array.from({length: count}, (_, i) => palette[Math.round((i * (palette.length - 1)) / (count - 1))]);
}

// narrow and unbreakable, as in i18n/numerals.py
const THIN_SPACE = '\u202f';
const MINUS = '\u2212';

/** Numbers as the house writes them: mark of the language, thousands by a thin space; whole numbers exactly, others to 3 digits. */
export function numberFormat(language) {
  const options = {useGrouping: 'always'};
  const whole = new Intl.NumberFormat(language, {...options, maximumFractionDigits: 0});
  const real = new Intl.NumberFormat(language, {...options, maximumSignificantDigits: 3});
  const marks = {group: THIN_SPACE, minusSign: MINUS};
  return (value) =>
    (Number.isInteger(value) ? whole : real)
      .formatToParts(value)
      .map((part) => marks[part.type] ?? part.value)
      .join('');
}

/** Label of every class: "1–5", "6–20", "> 20". */
export function classLabels(classes, {language, percent}) {
  const factor = percent ? 100 : 1;
  const end = percent ? '\u00a0%' : '';
  const format = numberFormat(language);
  const write = (value) => format(value * factor);
  const {breaks, whole, zeroColor} = classes;
  return classes.palette.map((_, i) => {
    const last = i === breaks.length;
    const top = last ? classes.maximum : breaks[i];
    const floor = i > 0 ? breaks[i - 1] : whole && zeroColor && !(classes.minimum < 0) ? 0 : classes.minimum;
    if (last && i > 0 && !(top > floor)) return `> ${write(floor)}${end}`;
    if (top === null || floor === null || floor === undefined) return last ? '' : `≤ ${write(top)}${end}`;
    const from = whole && (i > 0 || (zeroColor && floor === 0)) ? floor + 1 : floor;
    if (from >= top) return `${write(top)}${end}`;
    return `${write(from)}–${write(top)}${end}`;
  });
}
