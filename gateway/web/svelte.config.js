import { vitePreprocess } from '@sveltejs/vite-plugin-svelte';

export default {
  preprocess: vitePreprocess(),
  // External style sheets only: the page's policy refuses style elements.
  compilerOptions: { css: 'external', runes: true },
};
