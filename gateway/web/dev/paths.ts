// The workspace's page stands where the gateway serves it.
import type { Connect, Plugin } from 'vite';

const asFile: Connect.NextHandleFunction = (request, _, next) => {
  request.url = request.url?.replace(/^\/workspace(?=$|[?#])/, '/workspace.html');
  next();
};

export function workspacePath(): Plugin {
  return {
    name: 'workspace-path',
    configureServer: (server) => void server.middlewares.use(asFile),
    configurePreviewServer: (server) => void server.middlewares.use(asFile),
  };
}
