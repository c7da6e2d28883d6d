import {
  ATTR,
  createLayer,
  guard,
  type Layer,
  RoutedRequest,
  remembered,
  settleLayer,
  startLayer,
  type Tools,
} from '@clew/core/plugin';
import {
  type Call,
  type CallOptions,
  type Execute,
  type HapiModule,
  type HapiRequest,
  type HapiResponse,
  type LifecycleMethod,
  type Lookup,
  ROUTED,
  type SetResponse,
} from './hapi.ts';
import type { HapiOptions } from './hapi-instrumentation.ts';

/** The main export is enough: a server that never listens leads to the classes inside hapi. */
export function patchHapi(moduleExports: unknown, tools: Tools<HapiOptions>): void {
  const { Request, toolkit } = (moduleExports as HapiModule).server()._core;
  const requests = Object.getPrototypeOf(Request.prototype);
  tools.wrap(requests, '_execute', takeRequest);
  tools.wrap(requests, '_lookup', matchRoute);
  tools.wrap(requests, '_setResponse', noteResponse);
  tools.wrap(Object.getPrototypeOf(toolkit), 'execute', (call: Call) => traceCalls(tools, call));
}

function takeRequest(execute: Execute): Execute {
  return function () {
    guard('taking a request of hapi', () => {
      this[ROUTED] = new RoutedRequest(this.raw.res);
    });
    return execute.call(this);
  };
}

function matchRoute(lookup: Lookup): Lookup {
  return function () {
    lookup.call(this);
    if (this.route.method !== '_special') this[ROUTED]?.match(this.route.path);
  };
}

/** Every response passes here, errors included, whichever part of hapi or of the application has made it. */
function noteResponse(setResponse: SetResponse): SetResponse {
  return function (response) {
    const routed = this[ROUTED];
    if (routed !== undefined && response !== this.response)
      guard('reading a response of hapi', () => {
        if (response.isBoom === true) routed.fail(response);
        else if (response.variety === 'stream' && response.source !== undefined)
          routed.failWith(response.source);
      });
    return setResponse.call(this, response);
  };
}

function traceCalls(tools: Tools<HapiOptions>, call: Call): Call {
  return function (method, request, options) {
    const layer = tools.options.layers === 'none' ? undefined : layerOf(method, request, options);
    if (layer === undefined) return call.call(this, method, request, options);
    const layerType = options.name === undefined ? 'handler' : 'extension';
    const run = startLayer(tools, layer, { request, layerType });
    if (run === undefined) return call.call(this, method, request, options);
    return settleLayer(run, () => call.call(this, method, request, options), boomIn);
  };
}

/** Prerequisites, authentication and failure actions are no layers. */
function layerOf(
  method: LifecycleMethod,
  { route }: HapiRequest,
  { name: point }: CallOptions,
): Layer | undefined {
  if (point !== undefined) return extensionLayer(point)(method.name || point);
  return route.method !== '_special' && method === route.settings.handler
    ? handlerLayer(route.path)
    : undefined;
}

const handlerLayer = remembered((path: string) =>
  createLayer(`handler - ${path}`, { 'hapi.type': 'handler', [ATTR.httpRoute]: path }),
);

const extensionLayer = remembered((point: string) =>
  remembered((name: string) =>
    createLayer(`extension - ${name}`, { 'hapi.type': 'extension', 'hapi.extension_point': point }),
  ),
);

function boomIn(response: unknown): unknown {
  return (response as HapiResponse | null | undefined)?.isBoom === true ? response : undefined;
}
