// Code of a user, which is compiled but not run. @clew/instrumentation-express and -http are installed, and nothing imports
// them. Each `@ts-expect-error` marks a mistake that must not compile.
import { init, type PluginOptions } from '@clew/node';

init({ plugins: {} });
init({ plugins: { express: { layers: 'slow', slowLayerMs: 5 }, http: false } });
init({ plugins: { '@clew/instrumentation-express': { layers: 'all' }, http: { enabled: true } } });
init({ plugins: { http: { requestHook: (span, request) => span.setAttribute('url', request.url ?? '') } } });

const fromElsewhere: PluginOptions = { express: { layers: 'none' } };
init({ plugins: fromElsewhere });

// @ts-expect-error the name of a plugin is misspelt
init({ plugins: { expres: { layers: 'slow' } } });
// @ts-expect-error the package name of a plugin is misspelt
init({ plugins: { '@clew/instrumentation-expres': false } });
// @ts-expect-error the plugin is not installed
init({ plugins: { koa: { layers: 'slow' } } });
// @ts-expect-error an option is misspelt
init({ plugins: { express: { layer: 'slow' } } });
// @ts-expect-error an option is misspelt, below the package name
init({ plugins: { '@clew/instrumentation-express': { layer: 'slow' } } });
// @ts-expect-error no such value
init({ plugins: { express: { layers: 'some' } } });
// @ts-expect-error a number
init({ plugins: { express: { slowLayerMs: '5' } } });
// @ts-expect-error the option of another plugin
init({ plugins: { http: { layers: 'slow' } } });
// @ts-expect-error a plugin is disabled with false
init({ plugins: { http: true } });
// @ts-expect-error no such property of a request
init({ plugins: { http: { requestHook: (_span, request) => request.nothing } } });
