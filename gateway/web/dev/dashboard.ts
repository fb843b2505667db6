// A dashboard of the operators drawn by the page's own charts, for tests/deploy/pictures; no build contains it.
import { mount } from 'svelte';
import { speak } from '../src/lib/words/words.svelte';
import Dashboard, { type Drawn } from './Dashboard.svelte';

declare global {
  interface Window {
    dashboard: Drawn;
  }
}

await speak('en');
mount(Dashboard, { target: document.getElementById('app')!, props: { drawn: window.dashboard } });
