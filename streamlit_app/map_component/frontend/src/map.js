// One map: MapLibre for the ground, deck.gl for the layers, and what goes back to Python.

import {MapboxOverlay} from '@deck.gl/mapbox';
import {Map as GroundMap, NavigationControl, ScaleControl} from 'maplibre-gl';

import {layersOf, pickOf} from './deck_json.js';
import {Drawing} from './drawing.js';
import {element, Legend} from './legend.js';
import {Network} from './network.js';
import {Notices} from './notices.js';
import {blankStyle, firstLabel, loadStyle} from './style.js';
import {Tooltip} from './tooltip.js';

const VIEW_REST_MS = 250; // the view goes to Python when the map has been still for so long
const PICK_RADIUS_PX = 4;
const BACKGROUND = {light: '#f3f1ec', dark: '#16191d'};

export class QorganMap {
  constructor(parent, data, send) {
    this.send = send;
    this.root = element('div', {className: 'map-root'});
    this.root.dataset.state = 'loading';
    this.ground = element('div', {className: 'map-ground'});
    this.cross = element('div', {className: 'map-cross'});
    this.attribution = element('div', {className: 'map-attribution'});
    const legendRoot = element('div', {className: 'map-legend'});
    this.root.append(this.ground, this.cross, legendRoot, this.attribution);
    parent.append(this.root);
    this.legend = new Legend(legendRoot);
    this.tooltip = new Tooltip(this.root);
    this.notices = new Notices(this.root, {onRetry: () => this.network.retryNow()});
    this.network = new Network({onChange: (network) => this._network(network)});
    this.counts = new Map();
    this._build(data);
    this.update(data, send);
  }

  _build(data) {
    const {view, texts, theme} = data;
    this.style = blankStyle(BACKGROUND[theme]);
    try {
      this.map = new GroundMap({
        container: this.ground,
        style: this.style,
        center: [view.longitude, view.latitude],
        zoom: view.zoom,
        bearing: view.bearing,
        pitch: view.pitch,
        minZoom: data.min_zoom,
        maxZoom: data.max_zoom,
        attributionControl: false,
        maplibreLogo: false,
        dragRotate: data.rotate,
        touchPitch: data.rotate,
        localIdeographFontFamily: false,
        transformRequest: (url) => ({url: this.network.own(url), headers: this._headersFor(url), credentials: 'same-origin'}),
        locale: {
          'Map.Title': texts.map_label,
          'NavigationControl.ZoomIn': texts.zoom_in,
          'NavigationControl.ZoomOut': texts.zoom_out,
          'NavigationControl.ResetBearing': texts.reset_north,
          'ScaleControl.Meters': texts.metres,
          'ScaleControl.Kilometers': texts.kilometres
        }
      });
    } catch (error) {
      console.error(error);
      this.notices.update({texts});
      this.notices.set({fault: 'no_webgl'});
      this.root.dataset.state = 'fault';
      return;
    }
    this.viewToken = data.view_token;
    if (!data.rotate) this.map.touchZoomRotate.disableRotation();
    this.map.keyboard.enable();
    if (!data.rotate) this.map.keyboard.disableRotation();
    this.map.addControl(new NavigationControl({showCompass: data.rotate}), 'top-right');
    this.map.addControl(new ScaleControl({maxWidth: 110}), 'bottom-right');
    this.overlay = new MapboxOverlay({interleaved: true, layers: [], userData: {network: this.network}});
    this.map.addControl(this.overlay);
    this.layers = [];
    this.drawing = new Drawing(this.map, {
      onChange: (drawn) => this.send.setStateValue('drawn', drawn),
      onRedraw: () => this._put()
    });
    this.map.on('load', () => this._loaded());
    this.map.on('moveend', () => this._viewMoved());
    this.map.on('click', (event) => this._clicked(event.point, event.lngLat));
    this.map.on('mousemove', (event) => this._hover(event.point));
    this.map.on('mouseout', () => this.tooltip.hide());
    this.map.on('idle', () => this._idle());
    this.map.on('error', ({error}) => this._groundError(error));
    const canvas = this.map.getCanvas();
    canvas.addEventListener('keydown', (event) => {
      if (event.key === 'Backspace' && this.drawing.active) return this.drawing.shorten();
      if (event.key !== 'Enter') return;
      event.preventDefault();
      const {clientWidth, clientHeight} = this.ground;
      this._clicked({x: clientWidth / 2, y: clientHeight / 2}, this.map.getCenter());
    });
    this.resizes = new ResizeObserver(() => {
      this.map.resize();
      this.legend.draw();
    });
    this.resizes.observe(this.root);
  }

  /** New data from Python. The camera only moves when the view's token is new. */
  update(data, send) {
    this.send = send;
    const before = this.data;
    this.data = data;
    this.root.lang = data.language;
    this.root.dataset.theme = data.theme;
    this.root.style.height = `${data.height_px}px`;
    this.attribution.textContent = data.attribution;
    this.notices.update(data);
    if (!this.map) return;
    this.network.configure(data);
    this.map.getCanvas().setAttribute('aria-label', data.texts.map_label);
    this.legend.update({entries: data.legend, texts: data.texts, language: data.language});
    this.tooltip.update(data);
    if (data.view_token !== this.viewToken) {
      this.viewToken = data.view_token;
      const {longitude, latitude, zoom, bearing, pitch} = data.view;
      this.map.jumpTo({center: [longitude, latitude], zoom, bearing, pitch});
    }
    if (!before || before.map_style !== data.map_style || before.theme !== data.theme) this._ground();
    if (!before || before.deck !== data.deck) this._draw();
    this.drawing.update(data.draw, data.texts);
    this.root.dataset.drawing = this.drawing.active ? 'yes' : 'no';
  }

  async _ground() {
    const {map_style: url, theme} = this.data;
    let style = blankStyle(BACKGROUND[theme]);
    if (url) {
      try {
        style = await loadStyle(url, this.network);
      } catch (error) {
        if (this.gone || error.name === 'AbortError') return;
        console.error(error);
        this.network.refuse(Object.assign(error, {topic: 'style'})); // the data is drawn without its ground
      }
    }
    if (this.gone) return;
    this.style = style;
    this.map.setStyle(style, {diff: false});
    this.map.once('styledata', () => this._draw());
    this._draw();
  }

  _draw() {
    let layers;
    try {
      layers = layersOf(this.data.deck, {
        network: this.network,
        beforeId: firstLabel(this.style),
        theme: this.data.theme,
        onClasses: (id, told) => this._classes(id, told),
        onError: (id, error) => this._layerError(id, error)
      });
    } catch (error) {
      console.error(error);
      this.notices.set({fault: `${this.data.texts.refused} ${error.detail ?? error.message}`});
      return;
    }
    const ids = new Set(layers.map((layer) => layer.id));
    for (const id of this.counts.keys()) {
      if (!ids.has(id)) {
        this.counts.delete(id);
        this.legend.told(id, null);
        this.tooltip.told(id, null);
      }
    }
    this.notices.set({fault: null});
    // what is still on the map is not asked for again: its refusal stands until it leaves
    const {refused} = this.network;
    if (refused?.topic !== 'style' && !this.data.deck.includes(JSON.stringify(refused?.asked ?? ''))) this.network.refuse(null);
    this.root.dataset.state = 'loading';
    this.layers = layers;
    this._put();
    this._emptiness();
  }

  /** The layers of the description, and over them what is being drawn. */
  _put() {
    this.overlay.setProps({layers: [...this.layers, ...this.drawing.layers()]});
    this.map.triggerRepaint();
  }

  _classes(id, told) {
    this.counts.set(id, told.cells.length);
    this.legend.told(id, told);
    this.tooltip.told(id, told);
    this._emptiness();
  }

  _emptiness() {
    const counts = [...this.counts.values()];
    this.notices.set({empty: counts.length > 0 && counts.every((n) => n === 0)});
    this.root.dataset.cells = counts.reduce((sum, n) => sum + n, 0);
  }

  _loaded() {
    this._viewMoved();
  }

  _viewMoved() {
    clearTimeout(this.rest);
    this.rest = setTimeout(() => this._sendView(), VIEW_REST_MS);
  }

  _sendView() {
    if (this.gone || !this.data.report_view) return;
    const {lng, lat} = this.map.getCenter();
    const bounds = this.map.getBounds();
    const view = {
      longitude: round(lng, 6),
      latitude: round(lat, 6),
      zoom: round(this.map.getZoom(), 3),
      bearing: round(this.map.getBearing(), 2),
      pitch: round(this.map.getPitch(), 2),
      bounds: [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()].map((d) => round(d, 6)),
      token: this.viewToken
    };
    const text = JSON.stringify(view);
    if (text === this.sentView) return;
    this.sentView = text;
    this.send.setStateValue('view', view);
  }

  _pick({x, y}) {
    try {
      return this.overlay.pickObject({x, y, radius: PICK_RADIUS_PX});
    } catch (error) {
      console.error(error);
      return null;
    }
  }

  _clicked(point, {lng, lat}) {
    if (this.drawing.active) return this.drawing.place({lng, lat});
    const pick = pickOf(this._pick(point));
    this.send.setTriggerValue('click', {longitude: round(lng, 7), latitude: round(lat, 7), pick});
  }

  _hover(point) {
    if (this.hovering) return;
    this.hovering = requestAnimationFrame(() => {
      this.hovering = null;
      if (this.gone || this.map.isMoving()) return this.tooltip.hide();
      const info = this._pick(point);
      this.map.getCanvas().style.cursor = info?.object ? 'pointer' : '';
      this.tooltip.show(point, info && {id: info.layer?.id, object: info.object});
    });
  }

  _network(network) {
    this.notices.set({network});
    this.root.dataset.away = network.waitUntil ? 'yes' : 'no';
    if (network.busy) this.root.dataset.state = 'loading';
    else if (this.map) this.map.triggerRepaint();
  }

  _idle() {
    if (!this.notices.network.busy && this.root.dataset.state === 'loading') this.root.dataset.state = 'ready';
  }

  _headersFor(url) {
    return url.startsWith('blob:') || url.startsWith('data:') ? {} : this.network.headers;
  }

  _groundError(error) {
    // a tile of the basemap that failed is asked for again when the map moves; the reader sees the ground missing
    if (error?.name !== 'AbortError') console.warn(String(error?.message ?? error));
  }

  _layerError(id, error) {
    if (error?.name === 'AbortError' || /abort/i.test(error?.message ?? '')) return true;
    console.error(id, error);
    return true;
  }

  destroy() {
    this.gone = true;
    clearTimeout(this.rest);
    if (this.hovering) cancelAnimationFrame(this.hovering);
    this.network.close();
    this.notices.destroy();
    this.resizes?.disconnect();
    this.drawing?.destroy();
    this.map?.remove();
    this.root.remove();
  }
}

const round = (value, digits) => Number(value.toFixed(digits));
