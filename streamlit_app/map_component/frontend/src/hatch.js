// Patterns for cells without a number: diagonal lines for unknown, dots for hidden; and lines over areas that let through what lies
// below. Drawn in screen space, so that they look the same at every zoom and need no texture.

import {LayerExtension} from '@deck.gl/core';
import {SolidPolygonLayer} from '@deck.gl/layers';

/** Lines over areas by name: far apart, close together, and those that mean unknown everywhere. */
export const AREA_HATCHES = {sparse: 3, dense: 4, unknown: 5};

const ratio = typeof devicePixelRatio === 'number' ? Math.max(1, devicePixelRatio) : 1;

const hatch = {
  name: 'hatch',
  inject: {
    'vs:#decl': 'in float hatchKinds;\nout float hatch_kind;\n',
    'vs:#main-end': 'hatch_kind = hatchKinds;\n',
    'fs:#decl': 'in float hatch_kind;\n',
    'fs:DECKGL_FILTER_COLOR': `
  vec2 hatch_at = gl_FragCoord.xy / ${ratio.toFixed(2)};
  if (hatch_kind > 4.5) {
    color.a *= mod(hatch_at.x + hatch_at.y, 7.0) < 1.8 ? 1.0 : 0.06;
  } else if (hatch_kind > 3.5) {
    color.a *= mod(hatch_at.x - hatch_at.y, 6.0) < 2.2 ? 1.0 : 0.06;
  } else if (hatch_kind > 2.5) {
    color.a *= mod(hatch_at.x - hatch_at.y, 12.0) < 1.8 ? 1.0 : 0.06;
  } else if (hatch_kind > 1.5) {
    vec2 from_dot = mod(hatch_at, 6.0) - 3.0;
    color.a *= dot(from_dot, from_dot) < 2.6 ? 1.0 : 0.28;
  } else if (hatch_kind > 0.5) {
    color.a *= mod(hatch_at.x + hatch_at.y, 7.0) < 1.8 ? 1.0 : 0.22;
  }
`
  }
};

/** Adds the accessor `getHatch`: 0 plain, 1 unknown, 2 hidden, or one of `AREA_HATCHES`. */
export class HatchExtension extends LayerExtension {
  static extensionName = 'HatchExtension';
  static defaultProps = {getHatch: {type: 'accessor', value: 0}};

  getShaders() {
    return {modules: [hatch]};
  }

  initializeState() {
    this.getAttributeManager()?.add({
      hatchKinds: {size: 1, type: 'float32', stepMode: 'dynamic', accessor: 'getHatch'}
    });
  }
}

/** The same where a layer draws areas with outlines: the outlines stay whole. */
export class AreaHatchExtension extends HatchExtension {
  static extensionName = 'AreaHatchExtension';

  getShaders() {
    return this instanceof SolidPolygonLayer ? super.getShaders() : null;
  }

  initializeState() {
    if (this instanceof SolidPolygonLayer) super.initializeState();
  }
}
