// Entry of the Streamlit component: called on every run of the page's script with the newest data.

import {QorganMap} from './map.js';

const maps = new WeakMap(); // place in the page → {map, leaving}
const LEAVE_MS = 500; // Streamlit may clean up and call again at once: the map must not be rebuilt then

export default function qorganMap({parentElement, data, setStateValue, setTriggerValue}) {
  const place = parentElement.querySelector('.qorgan-map') ?? parentElement;
  const send = {setStateValue, setTriggerValue};
  const known = maps.get(place);
  if (known) {
    clearTimeout(known.leaving);
    known.map.update(data, send);
  } else {
    maps.set(place, {map: new QorganMap(place, data, send)});
  }
  return () => {
    const leaver = maps.get(place);
    if (!leaver) return;
    clearTimeout(leaver.leaving);
    leaver.leaving = setTimeout(() => {
      leaver.map.destroy();
      maps.delete(place);
    }, LEAVE_MS);
  };
}
