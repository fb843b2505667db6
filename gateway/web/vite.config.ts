import { svelte } from '@sveltejs/vite-plugin-svelte';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { mockGateway } from './dev/mock';
import { mockWorkspace } from './dev/mock-workspace';
import { workspacePath } from './dev/paths';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

// FTL_GATEWAY names a running gateway to develop against; without it the mock answers.
const gateway = process.env.FTL_GATEWAY;
const proxied = ['/api', '/api-keys', '/benchmark', '/performance', '/openapi.json', '/health'];
const proxy = gateway ? Object.fromEntries(proxied.map((path) => [path, { target: gateway }])) : {};

// Each door is built by itself, so that what the workspace shares with the wizard weighs nothing there: `vite build --mode workspace`.
const doors = {
  wizard: { input: { index: here('index.html'), docs: here('docs.html') }, minChunk: 12_000 },
  // A language's words are little, and stay apart.
  workspace: { input: { workspace: here('workspace.html') }, minChunk: 1 },
};

export default defineConfig(({ mode }) => {
  const { input, minChunk } = doors[mode === 'workspace' ? 'workspace' : 'wizard'];
  return {
    plugins: [svelte(), workspacePath(), ...(gateway ? [] : [mockWorkspace(), mockGateway()])],
    server: { host: '127.0.0.1', proxy },
    preview: { host: '127.0.0.1', proxy },
    build: {
      target: 'es2022',
      emptyOutDir: mode !== 'workspace',
      modulePreload: { polyfill: false },
      // An inlined asset would be a data: URL, which the policy allows for images alone.
      assetsInlineLimit: 0,
      // Smaller by some kilobytes than what is there by default.
      minify: 'terser',
      terserOptions: { ecma: 2020, module: true, compress: { passes: 3, keep_fargs: false, inline: 1, unsafe_arrows: true } },
      rollupOptions: {
        input,
        // What two steps share and weighs next to nothing comes with what it is used beside.
        output: { experimentalMinChunkSize: minChunk },
      },
    },
    test: { environment: 'jsdom', include: ['src/**/*.test.ts'], setupFiles: ['dev/test-setup.ts'] },
  };
});
