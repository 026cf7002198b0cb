// Decoder of the binary cells encoding (geo_core/cell_wire.py describes it). Cells stay pairs of 32-bit halves: JavaScript
// numbers hold 53 bits, an H3 cell has 64.

const PREFIX_BYTES = 12;
const BYTES = {uint8: 1, uint16: 2, uint32: 4, float32: 4, float64: 8};
const ARRAYS = {uint8: Uint8Array, uint16: Uint16Array, uint32: Uint32Array, float32: Float32Array, float64: Float64Array};

export const KNOWN = 0;
export const UNKNOWN = 1;
export const HIDDEN = 2;

/** Cells of one message: halves of the H3 index, and per measure values and states. */
export class Cells {
  constructor(header, lower, upper, measures) {
    this.header = header;
    this.length = header.count;
    this.resolution = header.resolution;
    this.lower = lower;
    this.upper = upper;
    this.measures = measures;
  }

  /** Hexadecimal name of the i-th cell, as everyone writes it. */
  name(i) {
    return this.upper[i].toString(16) + this.lower[i].toString(16).padStart(8, '0');
  }

  /** Everything known about the i-th cell: null where unknown or hidden, with the state beside it. */
  row(i) {
    const values = {};
    const states = {};
    for (const [name, measure] of this.measures) {
      states[name] = ['known', 'unknown', 'hidden'][measure.states ? measure.states[i] : KNOWN];
      values[name] = states[name] === 'known' ? measure.values[i] : null;
    }
    return {cell: this.name(i), resolution: this.resolution, values, states};
  }
}

/** Decode a message. Throws an Error where it is not one. */
export function decodeCells(buffer) {
  const bytes = new Uint8Array(buffer);
  const view = new DataView(buffer);
  if (bytes.length < PREFIX_BYTES || String.fromCharCode(...bytes.subarray(0, 4)) !== 'QCEL') {
    throw new Error('not a message of cells');
  }
  if (bytes[4] !== 1) {
    throw new Error(`version ${bytes[4]} of the cells encoding is not known`);
  }
  const start = PREFIX_BYTES + view.getUint32(8, true);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(PREFIX_BYTES, start)));
  const n = header.count;
  const body = header.delta_bytes + header.measures.reduce((sum, m) => sum + BYTES[m.type], 0);
  if (bytes.length !== start + n * body) {
    throw new Error('a message of cells was cut short');
  }
  const {lower, upper} = cellHalves(bytes.subarray(start), header);
  let at = start + n * header.delta_bytes;
  const measures = new Map();
  for (const description of header.measures) {
    const size = n * BYTES[description.type];
    const codes = fromPlanes(bytes.subarray(at, at + size), n, description.type);
    measures.set(description.name, {...description, ...valuesAndStates(codes, description)});
    at += size;
  }
  return new Cells(header, lower, upper, measures);
}

function cellHalves(planes, {count: n, resolution, first, delta_bytes: deltaBytes}) {
  const lower = new Uint32Array(n);
  const upper = new Uint32Array(n);
  const unused = 3 * (15 - resolution);
  const tail = 2 ** unused - 1; // all digits below the resolution are 7
  const head = 0x08000000 + resolution * 2 ** 20; // mode 1 and the resolution, in the upper half
  let path = first;
  for (let i = 0; i < n; i++) {
    let factor = 1;
    for (let plane = 0; plane < deltaBytes; plane++) {
      path += planes[plane * n + i] * factor;
      factor *= 256;
    }
    // path * 2**unused + tail has at most 52 bits
    const digits = path * 2 ** unused + tail;
    const high = Math.floor(digits / 2 ** 32);
    lower[i] = digits - high * 2 ** 32;
    upper[i] = head + high;
  }
  return {lower, upper};
}

function fromPlanes(planes, n, type) {
  const width = BYTES[type];
  if (width === 1) {
    return planes;
  }
  const joined = new Uint8Array(n * width);
  for (let plane = 0; plane < width; plane++) {
    for (let i = 0, from = plane * n; i < n; i++) {
      joined[i * width + plane] = planes[from + i];
    }
  }
  return new ARRAYS[type](joined.buffer); // browsers run on little-endian machines only
}

function valuesAndStates(codes, {type, offset, scale, unknown, hidden}) {
  const n = codes.length;
  const values = new Float64Array(n);
  let states = null;
  const mark = (i, state) => {
    states ??= new Uint8Array(n);
    states[i] = state;
    values[i] = NaN;
  };
  if (type.startsWith('float')) {
    for (let i = 0; i < n; i++) {
      values[i] = codes[i];
      if (Number.isNaN(values[i])) mark(i, UNKNOWN);
      else if (values[i] === Infinity) mark(i, HIDDEN);
    }
  } else {
    for (let i = 0; i < n; i++) {
      values[i] = (codes[i] + offset) * scale;
      if (codes[i] === unknown) mark(i, UNKNOWN);
      else if (codes[i] === hidden) mark(i, HIDDEN);
    }
  }
  return {values, states};
}
