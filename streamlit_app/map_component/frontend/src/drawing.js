// Drawing by hand: a pin, or the corners of an area. Each is a handle that is dragged, or moved with the arrow keys.

import {PathLayer, PolygonLayer} from '@deck.gl/layers';
import {Marker} from 'maplibre-gl';

import {element} from './legend.js';

const REST_MS = 150; // what was drawn goes to Python when the hand has been still for so long
const STEP_PX = 1;
const BIG_STEP_PX = 10; // with Shift
const INK = [214, 51, 132];
const STEPS = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]};

export class Drawing {
  constructor(map, {onChange, onRedraw}) {
    Object.assign(this, {map, onChange, onRedraw, kind: null, token: null, handles: []});
  }

  get active() {
    return this.kind !== null;
  }

  /** What Python wants drawn; it begins anew only when the token is new. */
  update(wanted, texts) {
    this.texts = texts;
    const token = wanted?.token ?? null;
    if (token === this.token) return;
    this._clear();
    this.token = token;
    this.kind = wanted?.kind ?? null;
    for (const place of cornersOf(wanted?.geometry)) this._add(place);
    this.onRedraw();
  }

  /** A click or Enter at a place: the pin goes there, an area gets one more corner. */
  place({lng, lat}) {
    if (this.kind === 'point' && this.handles.length) this.handles[0].setLngLat([lng, lat]);
    else this._add([lng, lat]);
    this._changed();
  }

  /** Takes the last corner away (Backspace on the map). */
  shorten() {
    if (this.kind === 'polygon' && this.handles.length) this._remove(this.handles.at(-1));
  }

  get places() {
    return this.handles.map((handle) => handle.getLngLat().toArray().map((d) => Number(d.toFixed(7))));
  }

  /** GeoJSON of what is drawn; null while it is not enough for a shape. */
  get geometry() {
    const {places} = this;
    if (this.kind === 'point') return places.length ? {type: 'Point', coordinates: places[0]} : null;
    return places.length > 2 ? {type: 'Polygon', coordinates: [[...places, places[0]]]} : null;
  }

  layers() {
    if (this.kind !== 'polygon' || this.handles.length < 2) return [];
    const path = this.places;
    const look = {id: 'qorgan-drawing', pickable: false, getLineColor: INK, getColor: INK, widthUnits: 'pixels', lineWidthUnits: 'pixels'};
    if (path.length === 2) return [new PathLayer({...look, data: [path], getPath: (d) => d, getWidth: 2})];
    return [
      new PolygonLayer({...look, id: 'qorgan-drawing-area', data: [path], getPolygon: (d) => d, getFillColor: [...INK, 50], getLineWidth: 2})
    ];
  }

  destroy() {
    this._clear();
  }

  _add(place) {
    const button = element('button', {className: `map-handle ${this.kind}`});
    button.type = 'button';
    const handle = new Marker({element: button, draggable: true, anchor: this.kind === 'point' ? 'bottom' : 'center'});
    handle.setLngLat(place).addTo(this.map);
    handle.on('drag', () => this.onRedraw());
    handle.on('dragend', () => this._changed());
    button.addEventListener('click', (event) => event.stopPropagation());
    button.addEventListener('keydown', (event) => this._key(event, handle));
    this.handles.push(handle);
    this._name();
  }

  _key(event, handle) {
    const step = STEPS[event.key];
    if (step) {
      const length = event.shiftKey ? BIG_STEP_PX : STEP_PX;
      const {x, y} = this.map.project(handle.getLngLat());
      handle.setLngLat(this.map.unproject([x + step[0] * length, y + step[1] * length]));
      this._changed();
    } else if ((event.key === 'Delete' || event.key === 'Backspace') && this.kind === 'polygon') {
      this._remove(handle);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  _remove(handle) {
    const at = this.handles.indexOf(handle);
    this.handles.splice(at, 1);
    handle.remove();
    this._name();
    (this.handles[Math.min(at, this.handles.length - 1)]?.getElement() ?? this.map.getCanvas()).focus();
    this._changed();
  }

  _name() {
    this.handles.forEach((handle, at) => {
      const label = this.kind === 'point' ? this.texts.pin : this.texts.corner.replace('{n}', at + 1);
      handle.getElement().setAttribute('aria-label', label);
    });
  }

  _changed() {
    this.onRedraw();
    clearTimeout(this.rest);
    const {token} = this;
    this.rest = setTimeout(() => {
      if (token === this.token) this.onChange({token, geometry: this.geometry});
    }, REST_MS);
  }

  _clear() {
    clearTimeout(this.rest);
    for (const handle of this.handles) handle.remove();
    this.handles = [];
    this.kind = null;
  }
}

/** Corners of a GeoJSON shape: of a point itself, of an area its outer ring without the repeated end. */
export function cornersOf(geometry) {
  switch (geometry?.type) {
    case 'Point':
      return [geometry.coordinates];
    case 'Polygon':
      return geometry.coordinates[0].slice(0, -1);
    case 'MultiPolygon':
      return geometry.coordinates[0][0].slice(0, -1);
    default:
      return [];
  }
}
