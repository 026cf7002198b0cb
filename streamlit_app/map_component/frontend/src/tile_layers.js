// Vector tiles: parsed on the main thread (the stock layer fetches a worker from a content network).

import {DataFilterExtension} from '@deck.gl/extensions';
import {MVTLayer as StockMVTLayer} from '@deck.gl/geo-layers';
import {MVTLoader} from '@loaders.gl/mvt';
import {parse} from '@loaders.gl/core';

const UNKNOWN = [120, 120, 120];

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
    alpha: {type: 'number', value: 220},
    fillAlpha: {type: 'number', value: 90}
  };

  getSubLayerProps(overrides) {
    const {colorField, colors, breaks, palette, color, unknownColor, keep, alpha, fillAlpha} = this.props;
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
        'polygons-fill': {opacity: fillAlpha / 255}
      },
      extensions: sets.length ? [...(overrides?.extensions ?? []), new DataFilterExtension({filterSize: 1})] : overrides?.extensions,
      getFilterValue: kept,
      filterRange: [1, 1],
      updateTriggers: {
        ...overrides?.updateTriggers,
        getFillColor: look,
        getLineColor: look,
        getFilterValue: JSON.stringify(keep)
      }
    });
  }
}
