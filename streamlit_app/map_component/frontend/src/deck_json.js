// From a pydeck description to deck.gl layers. Only what is listed here can be drawn.

import {HeatmapLayer} from '@deck.gl/aggregation-layers';
import {Layer} from '@deck.gl/core';
import {H3HexagonLayer} from '@deck.gl/geo-layers';
import {JSONConfiguration, JSONConverter} from '@deck.gl/json';
import {ArcLayer, GeoJsonLayer, IconLayer, PathLayer, PolygonLayer, ScatterplotLayer, TextLayer} from '@deck.gl/layers';
import {JSONLoader, load} from '@loaders.gl/core';

import {QorganCellLayer} from './cell_layer.js';
import {MVTLayer, QorganFeatureTiles} from './tile_layers.js';

export const CLASSES = {
  ArcLayer,
  GeoJsonLayer,
  H3HexagonLayer,
  HeatmapLayer,
  IconLayer,
  MVTLayer,
  PathLayer,
  PolygonLayer,
  QorganCellLayer,
  QorganFeatureTiles,
  ScatterplotLayer,
  TextLayer
};

// Every stock layer whose `data` is an address asks through our network too: own addresses only, tries again, counted.
Layer.defaultProps.fetch = {
  type: 'function',
  value: async (url, {layer, propName, signal, loaders, loadOptions}) => {
    const {network} = layer.context.userData;
    if (propName !== 'data') return load(network.own(url), loaders ?? layer.props.loaders, loadOptions ?? layer.getLoadOptions());
    return (await network.get(url, {key: `data ${layer.id}`, accept: JSONLoader.mimeTypes[0], signal})).json();
  }
};

// Cells without a number, on light and on dark ground.
const INKS = {
  light: {unknownColor: [120, 120, 120], hiddenColor: [110, 90, 140]},
  dark: {unknownColor: [165, 165, 165], hiddenColor: [170, 150, 205]}
};

/** Layers of a pydeck description (a JSON string). Throws where it names a layer we do not have or an address outside. */
export function layersOf(json, {network, beforeId, theme, onClasses, onError}) {
  const parsed = JSON.parse(json);
  for (const layer of parsed.layers ?? []) {
    if (!(layer['@@type'] in CLASSES)) throw new Error(`no such layer here: ${layer['@@type']}`);
    for (const address of addressesIn(layer)) network.own(address);
  }
  const converter = new JSONConverter({configuration: new JSONConfiguration({classes: CLASSES})});
  const {layers = []} = converter.convert({layers: parsed.layers ?? []});
  return layers.filter(Boolean).map((layer) =>
    layer.clone({
      beforeId: layer.props.beforeId ?? (layer instanceof TextLayer ? undefined : beforeId),
      onError: (error) => onError(layer.id, error),
      ...(layer instanceof QorganCellLayer ? {onClasses, ...INKS[theme]} : {})
    })
  );
}

/** Addresses a layer would ask: its own texts that are one, and every `url` inside (icons). */
function* addressesIn(value, depth = 0) {
  for (const [key, one] of Object.entries(value ?? {})) {
    if (typeof one === 'string') {
      if ((depth === 0 || key === 'url' || key === 'workerUrl') && /^([a-z]+:)?\/\//i.test(one)) yield one;
    } else if (one && typeof one === 'object') yield* addressesIn(one, depth + 1);
  }
}

/** What a pick tells Python: the layer and the plain properties of the thing. */
export function pickOf(info) {
  if (!info?.object || !info.layer) return null;
  const {object} = info;
  const properties = object.type === 'Feature' ? ofFeature(object) : object;
  return {layer_id: info.layer.id, object: plain(properties)};
}

/** A tile's own id is a number, which loses digits from 2^53 on: where the tile says it as a text too, the text counts. */
function ofFeature({id, properties}) {
  const {id_text: text, ...rest} = properties ?? {};
  const known = text ?? id;
  return {...(known === undefined ? {} : {id: known}), ...rest};
}

function plain(value) {
  return JSON.parse(JSON.stringify(value, (_, v) => (typeof v === 'bigint' ? v.toString() : v)));
}
