// Vector tiles: parsed on the main thread (the stock layer fetches a worker from a content network).

import {DataFilterExtension} from '@deck.gl/extensions';
import {MVTLayer as StockMVTLayer} from '@deck.gl/geo-layers';
import {MVTLoader} from '@loaders.gl/mvt';
import {parse} from '@loaders.gl/core';

import {AREA_HATCHES, AreaHatchExtension} from './hatch.js';

const UNKNOWN = [120, 120, 120];
const AREA_HATCH = new AreaHatchExtension();

async function fetchTile(url, {layer, loadOptions, signal}) {
  const response = await layer.context.userData.network.get(url, {signal, accept: 'application/vnd.mapbox-vector-tile'});
  const body = await response.arrayBuffer();
  // an empty tile is an empty body or 204
  return body.byteLength ? parse(body, MVTLoader, {...loadOptions, worker: false, core: {...loadOptions?.core, worker: false}}) : null;
}

export class MVTLayer extends StockMVTLayer {
  static layerName = 'MVTLayer';
  static defaultProps = {
    loaders: [MVTLoader],
    loadOptions: {type: 'object', value: {worker: false}},
    fetch: {type: 'function', value: fetchTile}
  };
}

/** Features of one of our layers, coloured by a code or by a number, filtered by codes. */
export class QorganFeatureTiles extends MVTLayer {
  static layerName = 'QorganFeatureTiles';
  static defaultProps = {
    colorField: {type: 'string', value: ''},
    colors: {type: 'array', value: [], compare: 2}, // [[code, [r, g, b]], …]
    breaks: {type: 'array', value: [], compare: 2},
    palette: {type: 'array', value: [], compare: 2},
    color: {type: 'array', value: [90, 90, 90], compare: 1},
    unknownColor: {type: 'array', value: UNKNOWN, compare: 1},
    keep: {type: 'array', value: [], compare: 2}, // [[field, [codes …]], …]; null among the codes keeps unknown
    hatches: {type: 'array', value: [], compare: 2}, // [[code, name of a hatch], …]: areas of these codes let through what lies below
    alpha: {type: 'number', value: 220},
    fillAlpha: {type: 'number', value: 90}
  };

  getSubLayerProps(overrides) {
    const {colorField, colors, breaks, palette, color, unknownColor, keep, hatches, alpha, fillAlpha} = this.props;
    const codes = new Map(colors.map(([code, rgb]) => [String(code), rgb]));
    const rgbOf = ({properties}) => {
      if (!colorField) return color;
      const value = properties?.[colorField];
      if (value === undefined || value === null || value === '') return unknownColor;
      if (codes.size) return codes.get(String(value)) ?? color;
      let i = 0;
      while (i < breaks.length && value > breaks[i]) i++;
      return palette[i] ?? color;
    };
    const sets = keep.map(([field, wanted]) => [field, new Set(wanted.map((w) => (w === null ? null : String(w))))]);
    const kept = ({properties}) => {
      for (const [field, wanted] of sets) {
        const value = properties?.[field];
        if (!wanted.has(value === undefined || value === null || value === '' ? null : String(value))) return 0;
      }
      return 1;
    };
    const kinds = new Map(hatches.map(([code, name]) => [String(code), AREA_HATCHES[name] ?? 0]));
    const extensions = [
      ...(overrides?.extensions ?? []),
      ...(sets.length ? [new DataFilterExtension({filterSize: 1})] : []),
      ...(kinds.size ? [AREA_HATCH] : [])
    ];
    const look = JSON.stringify([colorField, colors, breaks, palette, color, unknownColor, alpha, fillAlpha]);
    return super.getSubLayerProps({
      ...overrides,
      filled: true,
      stroked: true,
      pointType: 'circle',
      getFillColor: (f) => [...rgbOf(f), alpha],
      getLineColor: (f) => [...rgbOf(f), alpha],
      // binary tiles do not tell an accessor the geometry, so what differs by geometry is said to the layer of that geometry
      _subLayerProps: {
        'points-circle': {getLineColor: [255, 255, 255, 230], getLineWidth: 1, lineWidthMinPixels: 1},
        'polygons-fill': {opacity: kinds.size ? 1 : fillAlpha / 255}
      },
      extensions: extensions.length ? extensions : overrides?.extensions,
      getHatch: ({properties}) => kinds.get(String(properties?.[colorField])) ?? 0,
      getFilterValue: kept,
      filterRange: [1, 1],
      updateTriggers: {
        ...overrides?.updateTriggers,
        getFillColor: look,
        getLineColor: look,
        getHatch: JSON.stringify([colorField, hatches]),
        getFilterValue: JSON.stringify(keep)
      }
    });
  }
}
