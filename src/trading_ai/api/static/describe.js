"use strict";
// Whichever of the two this page has.
const swagger = document.getElementById("swagger"), redoc = document.getElementById("redoc");
if (swagger) SwaggerUIBundle({ url: "/openapi.json", domNode: swagger, deepLinking: true, validatorUrl: null, presets: [SwaggerUIBundle.presets.apis, SwaggerUIBundle.SwaggerUIStandalonePreset] });
if (redoc) Redoc.init("/openapi.json", { disableGoogleFont: true, hideDownloadButton: false }, redoc);
