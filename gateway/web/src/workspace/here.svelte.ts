// The place that is shown, in step with the address.
import { hashOf, placeOf, type Place, type View } from './place';

let place = $state.raw<Place>(placeOf(location.hash));
addEventListener('hashchange', () => (place = placeOf(location.hash)));

export const here = {
  get place(): Place {
    return place;
  },
  /** A step that *back* takes back. */
  go(view: View, id?: string, look: Place['look'] = {}): void {
    location.hash = hashOf({ view, id, look });
  },
  /** What lies open has a name now; no step of its own. */
  become(view: View, id: string): void {
    place = { view, id, look: {} };
    history.replaceState(history.state, '', hashOf(place));
  },
  /** Changes the look of what is shown, without a step of its own; an empty value takes one away. */
  turn(look: Record<string, string>): void {
    place = { ...place, look: { ...place.look, ...look } };
    history.replaceState(history.state, '', hashOf(place));
  },
};
