import assert from 'node:assert/strict';
import { ATTR } from '@clew/core/plugin';
import { SpanKind } from '@opentelemetry/api';
import { fullApplication } from './framework-application.ts';
import { decisionTests } from './framework-decision-tests.ts';
import { driveFramework, type FrameworkDriver, type HttpFrameworkAdapter } from './framework-driver.ts';
import { layerTests } from './framework-layer-tests.ts';
import { routeTests } from './framework-route-tests.ts';
import { send } from './raw-http.ts';
import { shapeTests, tracing } from './subject.ts';
import { runSuite, type Skips } from './suite.ts';
import { whileServing } from './suite-server.ts';
import { listenTraced } from './traced-server.ts';

/** The tests of every plugin for a framework on `node:http`. Core creates the SERVER spans, so that no other plugin is needed. */
export function httpFrameworkSuite(adapter: HttpFrameworkAdapter): void {
  const driver = driveFramework(adapter);
  runSuite({
    name: `${adapter.name} as a framework`,
    skips: { ...skipsOf(adapter), ...adapter.skips },
    recorder: driver.recorder,
    tests: {
      ...routeTests(driver),
      ...decisionTests(driver),
      ...layerTests(driver),
      ...switchTests(driver),
    },
    parts: [shapeTests(adapter)],
  });
}

/** Returns the tests to skip because the framework has no such layers. */
function skipsOf({ layerNames }: HttpFrameworkAdapter): Skips {
  const skips: Record<string, string> = {};
  if (layerNames.middleware('any') === undefined)
    skips['layers of an ignored type are not spans, and the route is unchanged'] =
      'its middlewares are not layers';
  if (layerNames.handler('/') !== undefined) return skips;
  skips['layers after such middleware belong to its span'] = 'its handlers are not layers';
  if (layerNames.middleware('any') !== undefined) return skips;
  for (const title of [
    'with layers: "all" each middleware and handler is a span',
    'with layers: "slow" only slow layers are spans',
    'a layer that fails is recorded on its span too',
    'a span that is started in a layer is its child',
    'a layer that is ignored by its name is not a span',
    'hooks name the span of a layer and add to it',
    'hooks of layers that throw do not affect the application',
  ])
    skips[title] = 'it has no layers';
  return skips;
}

function switchTests({ adapter, recorder, spelled }: FrameworkDriver): Record<string, () => Promise<void>> {
  const { layerNames } = adapter;
  return {
    'after disable() an application is untraced, after enable() it is traced again': async () => {
      await tracing(adapter, {}, (subject) =>
        whileServing(listenTraced(adapter.listener(fullApplication)), async (url) => {
          for (const on of [true, false, true]) {
            if (on) subject.enable();
            else subject.disable();
            assert.equal((await send(`${url}/users/7`)).body, 'user 7');
            const [span] = await recorder.take(1);
            assert.equal(span?.attributes[ATTR.httpRoute], on ? spelled('/users/:id') : undefined);
          }
        }),
      );
    },
    'a second instance adds nothing': async () => {
      await tracing(adapter, { layers: 'all' }, async () => {
        const second = adapter.instrument({ layers: 'all' });
        await whileServing(listenTraced(adapter.listener(fullApplication)), async (url) => {
          await send(`${url}/users/7`);
          const spans = await recorder.takeUntil(({ kind }) => kind === SpanKind.SERVER);
          const name = layerNames.middleware('authenticate') ?? layerNames.handler('/users/:id');
          assert.equal(spans.filter((span) => span.name === name).length, name === undefined ? 0 : 1);
          assert.equal(spans.filter(({ kind }) => kind === SpanKind.SERVER).length, 1);
        });
        second.disable();
      });
    },
  };
}
