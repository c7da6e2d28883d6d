import assert from 'node:assert/strict';
import { ATTR } from '@clew/core/plugin';
import { SpanKind } from '@opentelemetry/api';
import { decisionTests } from './framework-decision-tests.ts';
import { driveFramework, type FrameworkDriver, type HttpFrameworkAdapter } from './framework-driver.ts';
import { layerTests } from './framework-layer-tests.ts';
import { wholeProgram } from './framework-program.ts';
import { routeTests } from './framework-route-tests.ts';
import { send } from './raw-http.ts';
import { shapeTests, tracing } from './subject.ts';
import { runSuite } from './suite.ts';
import { whileServing } from './suite-server.ts';
import { listenTraced } from './traced-server.ts';

/** What every framework on `node:http` with a plugin of ours must show. No other plugin is needed: core makes the SERVER spans. */
export function httpFrameworkSuite(adapter: HttpFrameworkAdapter): void {
  const driver = driveFramework(adapter);
  runSuite({
    name: `${adapter.name} as a framework`,
    skips: adapter.skips,
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

function switchTests({ adapter, recorder, spelled }: FrameworkDriver): Record<string, () => Promise<void>> {
  const { layerNames } = adapter;
  return {
    'after disable() an application is untraced, after enable() it is traced again': async () => {
      await tracing(adapter, {}, (subject) =>
        whileServing(listenTraced(adapter.listener(wholeProgram)), async (url) => {
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
        await whileServing(listenTraced(adapter.listener(wholeProgram)), async (url) => {
          await send(`${url}/users/7`);
          const spans = await recorder.takeUntil(({ kind }) => kind === SpanKind.SERVER);
          const name = layerNames.middleware('authenticate');
          assert.equal(spans.filter((span) => span.name === name).length, name === undefined ? 0 : 1);
        });
        second.disable();
      });
    },
  };
}
