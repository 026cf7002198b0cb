// The basemap's style: fetched through our own network guard, its addresses made absolute, everything from outside refused.

/** Style without a basemap: one colour. */
export function blankStyle(background) {
  return {version: 8, sources: {}, layers: [{id: 'background', type: 'background', paint: {'background-color': background}}]};
}

/** Fetch a style and make it safe to draw. */
export async function loadStyle(url, network) {
  const response = await network.get(url, {key: 'style', accept: 'application/json'});
  const style = await response.json();
  const own = (address) => network.own(address, response.url);
  for (const source of Object.values(style.sources ?? {})) {
    if (source.tiles) source.tiles = source.tiles.map((tile) => own(tile));
    if (typeof source.url === 'string') source.url = own(source.url);
    if (typeof source.data === 'string') source.data = own(source.data);
  }
  // letters are drawn in the browser from its own fonts: no glyph server, every alphabet
  delete style.glyphs;
  if (typeof style.sprite === 'string') style.sprite = own(style.sprite);
  return style;
}

/** First layer of names: data goes below it. */
export function firstLabel(style) {
  return style.layers.find((layer) => layer.type === 'symbol')?.id;
}
