import { rootContext } from '@clew/core';
import { type FrameworkOptions, http, type LayerInfo } from '@clew/core/plugin';
import { recordSpans, suiteTools } from '@clew/testing';
import { type Context, type Span, trace } from '@opentelemetry/api';

const recorder = recordSpans();
const defaults: FrameworkOptions<LayerInfo> = {
  layers: 'all',
  slowLayerMs: 10,
  ignoreLayers: [],
  ignoreLayersType: [],
  spanNameHook: undefined,
  requestHook: undefined,
};
const middleware = { layerType: 'middleware' };
const response = {
  headersSent: false,
  statusCode: 200,
  writableEnded: false,
  destroyed: false,
  prependOnceListener: () => {},
};

/** A plugin's tools, whose options can be replaced, and its `disable()`. */
function pluginTools(options: Partial<FrameworkOptions<LayerInfo>> = {}) {
  const undos: (() => void)[] = [];
  const tools = {
    ...suiteTools<FrameworkOptions<LayerInfo>>({ ...defaults, ...options }),
    onDisable: (undo: () => void) => void undos.push(undo),
  };
  const disable = () => {
    for (const undo of undos) undo();
  };
  return { tools, undos, disable };
}

function startServer(): { readonly server: Span; readonly around: Context } {
  const server = trace.getTracer('test').startSpan('server');
  return { server, around: trace.setSpan(rootContext, server) };
}

function newFramework() {
  return new http.Framework({ name: 'toy', layerTypes: ['middleware', 'request_handler'] });
}

test('a request object has its routed request until it is released', () => {
  const framework = newFramework();
  framework.enable(pluginTools().tools);
  const request = {};
  const routed = framework.take(request, new http.RoutedRequest(response));
  expect(routed).toBeInstanceOf(http.RoutedRequest);
  expect(framework.of(request)).toBe(routed);
  framework.release(request);
  expect(framework.of(request)).toBeUndefined();
  expect(framework.of({})).toBeUndefined();
  for (const value of [undefined, null, 7, 'text']) expect(framework.of(value)).toBeUndefined();
});

test('a disabled plugin accepts and finds no requests, and traces no layers', async () => {
  const framework = newFramework();
  const { server, around } = startServer();
  const first = pluginTools();
  framework.enable(first.tools);
  const request = {};
  framework.take(request, new http.RoutedRequest(response));
  first.disable();
  expect(framework.of(request)).toBeUndefined();
  expect(framework.take({}, new http.RoutedRequest(response))).toBeUndefined();
  expect(framework.hasLayers).toBe(false);
  expect(framework.traces('middleware', around)).toBe(false);
  expect(framework.startLayer('one', undefined, middleware, around)).toBeUndefined();
  expect(framework.settleLayer('one', undefined, middleware, () => 7)).toBe(7);
  server.end();
  await recorder.take(1);
});

test('the end of one instance does not disable the next one', () => {
  const framework = newFramework();
  const [first, second] = [pluginTools(), pluginTools()];
  framework.enable(first.tools);
  framework.enable(second.tools);
  first.disable();
  expect(framework.tools).toBe(second.tools);
});

test('each copy of a module that is patched enables it, and disable() is registered once', () => {
  const framework = newFramework();
  const { tools, undos } = pluginTools();
  framework.enable(tools);
  framework.enable(tools);
  expect(undos).toHaveLength(1);
});

test('a layer has its type, name and route', async () => {
  const framework = newFramework();
  framework.enable(pluginTools().tools);
  const { server, around } = startServer();
  framework.startLayer('/songs', '/songs', { layerType: 'request_handler' }, around)?.end();
  framework.startLayer('session', undefined, middleware, around)?.end();
  server.end();
  const [, handler, session] = await recorder.take(3);
  expect([handler?.name, handler?.attributes]).toEqual([
    'request handler - /songs',
    { 'toy.type': 'request_handler', 'toy.name': '/songs', 'http.route': '/songs' },
  ]);
  expect([session?.name, session?.attributes]).toEqual([
    'middleware - session',
    { 'toy.type': 'middleware', 'toy.name': 'session' },
  ]);
});

test('the options are those of the moment', async () => {
  const framework = newFramework();
  const { tools } = pluginTools();
  framework.enable(tools);
  const { server, around } = startServer();
  const isStarted = (options: Partial<FrameworkOptions<LayerInfo>>) => {
    tools.options = { ...defaults, ...options };
    const run = framework.startLayer('one', undefined, middleware, around);
    run?.end();
    return run !== undefined;
  };
  expect(isStarted({})).toBe(true);
  expect(isStarted({ ignoreLayers: ['middleware - one'] })).toBe(false);
  expect(isStarted({ ignoreLayersType: ['middleware'] })).toBe(false);
  expect(isStarted({ layers: 'none' })).toBe(false);
  expect(isStarted({ ignoreLayers: [/two/] })).toBe(true);
  server.end();
  await recorder.take(3);
});

test('a layer of a request that is not recorded does not start', () => {
  const framework = newFramework();
  framework.enable(pluginTools().tools);
  const unsampled = trace.wrapSpanContext({ traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: 0 });
  expect(framework.traces('middleware', trace.setSpan(rootContext, unsampled))).toBe(false);
  expect(framework.traces('middleware', rootContext)).toBe(false);
});
