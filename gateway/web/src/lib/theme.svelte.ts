// Light, dark or as the system: chosen by hand and kept. The colours themselves stand in styles/base.css.
import { remembered } from './remembered';

export const themes = ['system', 'light', 'dark'] as const;
export type Theme = (typeof themes)[number];

const kept = remembered.get('theme') as Theme;
let chosen = $state.raw<Theme>(themes.includes(kept) ? kept : 'system');

const show = () => (document.documentElement.style.colorScheme = chosen === 'system' ? '' : chosen);
show();

export const theme = {
  get chosen(): Theme {
    return chosen;
  },
  set chosen(wanted: Theme) {
    chosen = wanted;
    remembered.set('theme', wanted);
    show();
  },
};
