// /docs: the API's description, served by this gateway, shown by Swagger UI. No part of the first page loads it.
import bundle from 'swagger-ui-dist/swagger-ui-bundle.js?url';
import 'swagger-ui-dist/swagger-ui.css';

declare const SwaggerUIBundle: (options: Record<string, unknown>) => void;

// It comes built and is served as it came.
const script = document.createElement('script');
script.src = bundle;
script.onload = () =>
  SwaggerUIBundle({
    url: '/openapi.json',
    dom_id: '#docs',
    deepLinking: true,
    // The badge would call a validator elsewhere.
    validatorUrl: null,
  });
document.head.append(script);
