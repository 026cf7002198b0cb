// Cells of our API as hexagons: fetched once per address, coloured from breaks and palette, never re-fetched for a colour.

import {CompositeLayer} from '@deck.gl/core';
import {ColumnLayer, SolidPolygonLayer} from '@deck.gl/layers';
import {cellToBoundary, cellToLatLng, gridDistance, getHexagonEdgeLengthAvg, isPentagon, latLngToCell} from 'h3-js';

import {classesFor} from './classes.js';
import {HatchExtension} from './hatch.js';
import {decodeCells, HIDDEN, UNKNOWN} from './wire.js';

// Up to this resolution a hexagon is large enough for the curvature of the earth to show: draw every boundary.
const EXACT_UP_TO_RESOLUTION = 6;
// Farther than this from the hexagon whose shape is shared by all, take a nearer one.
const SHAPE_HOLDS_KM = 10;
const SMALLER = 0.94; // a hair of ground between neighbours, so that single cells can be told apart

const HATCH = [new HatchExtension()];

export class QorganCellLayer extends CompositeLayer {
  static layerName = 'QorganCellLayer';
  static defaultProps = {
    measure: {type: 'string', value: ''},
    breaks: {type: 'object', value: null, optional: true, compare: 2},
    palette: {type: 'array', value: [], compare: 2},
    zeroColor: {type: 'object', value: null, optional: true, compare: 1},
    unknownColor: {type: 'array', value: [120, 120, 120], compare: 1},
    hiddenColor: {type: 'array', value: [110, 90, 140], compare: 1},
    // cells whose denominator is small are drawn faded
    thinMeasure: {type: 'string', value: ''},
    thinBelow: {type: 'number', value: 0},
    alpha: {type: 'number', value: 200},
    coverage: {type: 'number', value: SMALLER},
    onClasses: {type: 'function', value: null, optional: true, compare: false},
    fetch: {
      type: 'function',
      value: async (url, {layer}) => {
        const network = layer.context.userData?.network;
        const response = await network.get(url, {key: `cells ${layer.id}`, accept: 'application/vnd.qorgan.cells'});
        return decodeCells(await response.arrayBuffer());
      }
    }
  };

  initializeState() {
    this.state = {shape: null, shapeCell: null};
  }

  shouldUpdateState({changeFlags}) {
    return changeFlags.somethingChanged; // the shared shape follows the viewport
  }

  updateState({props, oldProps, changeFlags}) {
    const cells = props.data;
    if (!cells?.measures) return;
    if (changeFlags.dataChanged || this.state.cells !== cells) {
      this.setState({cells, centres: null, shapeCell: null, exact: isExact(cells)});
      this.setState({centres: this.state.exact ? null : centresOf(cells)});
    }
    const looks = ['measure', 'breaks', 'palette', 'zeroColor', 'unknownColor', 'hiddenColor', 'thinMeasure', 'thinBelow', 'alpha'];
    if (this.state.painted !== cells || looks.some((name) => props[name] !== oldProps[name])) {
      this._paint(props, cells);
    }
    if (!this.state.exact && cells.length) this._updateShape(cells.resolution);
  }

  _paint(props, cells) {
    const measure = cells.measures.get(props.measure);
    const colors = new Uint8ClampedArray(cells.length * 4);
    const kinds = new Float32Array(cells.length);
    let classes = null;
    if (measure) {
      classes = classesFor(measure, props);
      const thin = cells.measures.get(props.thinMeasure);
      for (let i = 0; i < cells.length; i++) {
        const state = measure.states ? measure.states[i] : 0;
        const color =
          state === UNKNOWN ? props.unknownColor : state === HIDDEN ? props.hiddenColor : classes.color(measure.values[i]);
        const faded = state === 0 && thin && !(thin.values[i] >= props.thinBelow);
        colors[4 * i] = color[0];
        colors[4 * i + 1] = color[1];
        colors[4 * i + 2] = color[2];
        colors[4 * i + 3] = (color[3] ?? props.alpha) * (faded ? 0.4 : 1);
        kinds[i] = state;
      }
    }
    this.setState({colors, kinds, painted: cells});
    props.onClasses?.(this.id, {classes, measure, cells, alpha: props.alpha, unknownColor: props.unknownColor, hiddenColor: props.hiddenColor});
  }

  _updateShape(resolution) {
    const {viewport} = this.context;
    const cell = latLngToCell(viewport.latitude, viewport.longitude, resolution);
    const {shapeCell} = this.state;
    if (shapeCell === cell) return;
    if (shapeCell) {
      try {
        if (gridDistance(shapeCell, cell) * getHexagonEdgeLengthAvg(resolution, 'km') < SHAPE_HOLDS_KM) return;
      } catch {
        // too far apart for h3 to count
      }
    }
    const {unitsPerMeter} = viewport.distanceScales;
    const [lat, lon] = cellToLatLng(cell);
    const [x0, y0] = viewport.projectFlat([lon, lat]);
    const shape = cellToBoundary(cell, true)
      .slice(0, 6)
      .map((corner) => {
        const [x, y] = viewport.projectFlat(corner);
        return [(x - x0) / unitsPerMeter[0], (y - y0) / unitsPerMeter[1]];
      });
    this.setState({shapeCell: cell, shape});
  }

  renderLayers() {
    const {cells, centres, colors, kinds, shape, exact} = this.state;
    if (!cells?.length || !colors || !cells.measures.has(this.props.measure)) return null;
    const {coverage} = this.props;
    if (exact) {
      return new SolidPolygonLayer(this.getSubLayerProps({
        id: 'exact',
        updateTriggers: {getFillColor: colors, getHatch: kinds}
      }), {
        extensions: HATCH,
        data: {length: cells.length, cells},
        getPolygon: (_, {index}) => cellToBoundary([cells.lower[index], cells.upper[index]], true),
        getFillColor: (_, {index}) => colors.subarray(4 * index, 4 * index + 4),
        getHatch: (_, {index}) => kinds[index]
      });
    }
    if (!shape) return null;
    return new ColumnLayer(this.getSubLayerProps({id: 'hexagons'}), {
      extensions: HATCH,
      data: {
        length: cells.length,
        attributes: {
          getPosition: {value: centres, size: 2},
          getFillColor: {value: colors, size: 4},
          getHatch: {value: kinds, size: 1}
        }
      },
      diskResolution: 6,
      vertices: shape,
      radius: 1,
      coverage,
      extruded: false,
      flatShading: true,
      material: false
    });
  }

  getPickingInfo({info}) {
    if (info.index >= 0 && this.state.cells) {
      info.object = this.state.cells.row(info.index);
    }
    return info;
  }
}

function isExact(cells) {
  if (cells.resolution <= EXACT_UP_TO_RESOLUTION) return true;
  for (let i = 0; i < cells.length; i++) {
    if (isPentagon([cells.lower[i], cells.upper[i]])) return true;
  }
  return false;
}

function centresOf(cells) {
  const centres = new Float64Array(cells.length * 2);
  const halves = [0, 0];
  for (let i = 0; i < cells.length; i++) {
    halves[0] = cells.lower[i];
    halves[1] = cells.upper[i];
    const [lat, lon] = cellToLatLng(halves);
    centres[2 * i] = lon;
    centres[2 * i + 1] = lat;
  }
  return centres;
}
