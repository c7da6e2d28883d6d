import assert from 'node:assert/strict';
import { ATTR, type LayerInfo } from '@clew/core/plugin';
import { type Span, SpanStatusCode, trace } from '@opentelemetry/api';
import {
  type FrameworkApplication,
  fullApplication,
  oneRoute,
  rejectLater,
  type SuiteMiddleware,
} from './framework-application.ts';
import type { FrameworkDriver } from './framework-driver.ts';
import type { RecordedSpan } from './recording-span.ts';
import { laterTurn } from './subject.ts';

/** A threshold that no layer reaches, even on a slow machine. */
const NEVER_SLOW_MS = 60_000;

interface InLayer {
  readonly application: FrameworkApplication;
  readonly layerName: string | undefined;
}

/** Tests of layers as spans: none, slow, all. */
export function layerTests(driver: FrameworkDriver): Record<string, () => Promise<void>> {
  const { serveLayers, spelled } = driver;
  const { layerNames } = driver.adapter;
  // A middleware, or the handler of a route if the framework's middlewares are not layers.
  const inLayer = (name: string, run: SuiteMiddleware['run']): InLayer => {
    const middleware = layerNames.middleware(name);
    if (middleware !== undefined)
      return { application: { middlewares: [{ name, run }], ...oneRoute('/') }, layerName: middleware };
    const handle = async () => {
      await run();
      return {};
    };
    return { application: oneRoute('/', handle), layerName: layerNames.handler('/') };
  };
  return {
    'layers are not spans by default': async () => {
      const { layers } = await serveLayers(fullApplication, '/users/7', {});
      assert.deepEqual(namesOf(layers), []);
    },
    'with layers: "all" each middleware and handler is a span': async () => {
      const { server, layers } = await serveLayers(fullApplication, '/users/7', { layers: 'all' });
      const { middleware, handler } = layerNames;
      const expected = [middleware('authenticate'), middleware('loadSession'), handler('/users/:id')];
      const names = namesOf(layers);
      for (const name of expected)
        if (name !== undefined) assert(names.includes(name), `${name} in ${names}`);
      assert.equal(server.name, `GET ${spelled('/users/:id')}`);
    },
    'with layers: "slow" only slow layers are spans': async () => {
      const { application: slow, layerName } = inLayer(
        'waits',
        () => new Promise((resolve) => setTimeout(resolve, 30)),
      );
      const none = await serveLayers(slow, '/', { layers: 'slow', slowLayerMs: NEVER_SLOW_MS });
      assert.deepEqual(namesOf(none.layers), []);
      const { server, layers } = await serveLayers(slow, '/', { layers: 'slow', slowLayerMs: 10 });
      const slowLayer = layers.find(({ name }) => name === layerName);
      assert(slowLayer, `expected the slow layer in ${namesOf(layers)}`);
      assert(slowLayer.startTimeMs >= server.startTimeMs - 2);
      assert(slowLayer.endTimeMs - slowLayer.startTimeMs >= 20);
    },
    'a layer that fails is recorded on its span too': async () => {
      const { application: broken, layerName } = inLayer('broken', rejectLater);
      const { server, layers } = await serveLayers(broken, '/', { layers: 'all' });
      const layer = layers.find(({ name }) => name === layerName);
      assert.equal(layer?.status.code, SpanStatusCode.ERROR);
      assert.equal(layer.attributes[ATTR.errorType], 'TypeError');
      assert.equal(server.attributes[ATTR.errorType], 'TypeError');
    },
    'a span that is started in a layer is its child': async () => {
      const work = async () => {
        await laterTurn();
        trace.getTracer('suite').startSpan('work').end();
      };
      const { application: inside, layerName } = inLayer('works', work);
      const { layers } = await serveLayers(inside, '/', { layers: 'all' });
      const layer = layers.find(({ name }) => name === layerName);
      assert(layer);
      assert.equal(layers.find(({ name }) => name === 'work')?.parentSpanId, layer.spanId);
    },
    'layers of an ignored type are not spans, and the route is unchanged': async () => {
      const options = { layers: 'all', ignoreLayersType: ['middleware'] };
      const { server, layers } = await serveLayers(fullApplication, '/users/7', options);
      assert(!namesOf(layers).includes(layerNames.middleware('authenticate') ?? ''));
      assert.equal(server.name, `GET ${spelled('/users/:id')}`);
    },
    'a layer that is ignored by its name is not a span': async () => {
      const { application, layerName = '' } = inLayer('ignored', () => {});
      const namesWith = async (ignoreLayers: readonly unknown[]) =>
        namesOf((await serveLayers(application, '/', { layers: 'all', ignoreLayers })).layers);
      assert((await namesWith(['another name'])).includes(layerName));
      assert(!(await namesWith([layerName])).includes(layerName));
      assert(!(await namesWith([(name: string) => name === layerName])).includes(layerName));
      assert((await namesWith([throwAtOnce])).includes(layerName), 'a pattern that throws ignores nothing');
    },
    'hooks name the span of a layer and add to it': async () => {
      const { application, layerName = '' } = inLayer('hooked', () => {});
      const options = {
        layers: 'all',
        spanNameHook: (_info: unknown, name: string) => `my ${name}`,
        requestHook: (span: Span, { layerType }: LayerInfo) => span.setAttribute('hook', layerType),
      };
      const { layers } = await serveLayers(application, '/', options);
      const layer = layers.find(({ name }) => name === `my ${layerName}`);
      assert.equal(typeof layer?.attributes.hook, 'string', `the layer is in ${namesOf(layers)}`);
    },
    'hooks of layers that throw do not affect the application': async () => {
      const { application, layerName = '' } = inLayer('hooked', () => {});
      const options = { layers: 'all', spanNameHook: throwAtOnce, requestHook: throwAtOnce };
      const { server, layers } = await serveLayers(application, '/', options);
      assert(namesOf(layers).includes(layerName));
      assert.equal(server.attributes[ATTR.httpResponseStatusCode], 200);
    },
  };
}

function throwAtOnce(): never {
  throw new Error('thrown by an option');
}

function namesOf(spans: readonly RecordedSpan[]): string[] {
  return spans.map(({ name }) => name);
}
