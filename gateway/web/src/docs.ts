import 'swagger-ui-dist/swagger-ui.css';
// @ts-expect-error the bundle has no types of its own; @types/swagger-ui-dist covers the package's entry, which wants Node.
import SwaggerUI from 'swagger-ui-dist/swagger-ui-es-bundle.js';

SwaggerUI({
  url: '/openapi.json',
  dom_id: '#docs',
  deepLinking: true,
  // The badge would call a validator elsewhere.
  validatorUrl: null,
});
