import { defineInstrumentation, type FrameworkTools, http } from '@clew/core/plugin';
import { errorIn, type HapiLayerInfo, type HapiRequest, type HapiResponse, hapi } from './hapi.ts';

declare const __VERSION__: string;

/**
 * Traces hapi 20 and 21: the route and the error of the SERVER span, and handlers and extensions as spans on request.
 *
 * @example
 * init({ instrumentations: [new HttpInstrumentation(), new HapiInstrumentation({ layers: 'slow' })] });
 */
export const HapiInstrumentation = defineInstrumentation({
  name: '@clew/instrumentation-hapi',
  version: __VERSION__,
  options: hapi.options,
  targets: [{ module: '@hapi/hapi', versions: ['>=20 <22'], patch }],
});

export type HapiInstrumentation = InstanceType<typeof HapiInstrumentation>;

interface HapiModule {
  server(): {
    readonly _core: {
      /** Each server has a class of its own, derived from the one that all servers share. */
      readonly Request: { readonly prototype: object };
      /** Calls handlers and extensions. */
      readonly toolkit: object;
    };
  };
}

type Step = (this: HapiRequest) => unknown;
type SetResponse = (this: HapiRequest, response: HapiResponse) => unknown;
type Method = { readonly name: string };
/** The name is the extension point, `onPreHandler`; handlers have none. */
type CallOptions = { readonly name?: string };
type Call = (this: object, method: Method, request: HapiRequest, options: CallOptions) => Promise<unknown>;

/** The main export is enough: a server that never listens leads to the classes inside hapi. */
function patch(moduleExports: unknown, tools: FrameworkTools<HapiLayerInfo>): void {
  const { Request, toolkit } = (moduleExports as HapiModule).server()._core;
  const requests = Object.getPrototypeOf(Request.prototype);
  hapi.enable(tools);
  tools.wrap(requests, '_execute', takeRequest);
  tools.wrap(requests, '_lookup', matchRoute);
  tools.wrap(requests, '_setResponse', noteResponse);
  tools.wrap(Object.getPrototypeOf(toolkit), 'execute', traceCalls);
}

function takeRequest(execute: Step): Step {
  return function () {
    hapi.take(this, new http.RoutedRequest(this.raw.res));
    return execute.call(this);
  };
}

function matchRoute(lookup: Step): Step {
  return function () {
    lookup.call(this);
    if (this.route.method !== '_special') hapi.of(this)?.match(this.route.path);
  };
}

/** Every response passes here, errors included, whichever part of hapi or of the application has made it. */
function noteResponse(setResponse: SetResponse): SetResponse {
  return function (response) {
    const routed = response === this.response ? undefined : hapi.of(this);
    if (response.isBoom === true) routed?.fail(response);
    else routed?.failWith(response.source);
    return setResponse.call(this, response);
  };
}

/** Prerequisites, authentication and failure actions are not layers. */
function traceCalls(execute: Call): Call {
  return function (method, request, options) {
    const call = () => execute.call(this, method, request, options);
    const { route } = request;
    if (options.name !== undefined) {
      const info = { request, layerType: 'extension' } as const;
      return hapi.settleLayer(method.name || options.name, options.name, info, call, errorIn);
    }
    if (route.method === '_special' || method !== route.settings.handler) return call();
    return hapi.settleLayer(route.path, route.path, { request, layerType: 'handler' }, call, errorIn);
  };
}
