import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { ATTR } from '@clew/core/plugin';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { fullApplication, oneRoute, rejectLater } from './framework-application.ts';
import type { FrameworkDriver } from './framework-driver.ts';
import { type RawResponse, send } from './raw-http.ts';
import type { RecordedSpan } from './recording-span.ts';
import { barrier, currentSpanId, injected, laterTurn, tracing } from './subject.ts';
import { listenOn, type SuiteHandler, whileServing } from './suite-server.ts';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const TRACEPARENT = `00-${TRACE_ID}-b7ad6b7169203331-01`;

/** Tests of routes, errors and context, with and without layers. */
export function routeTests(driver: FrameworkDriver): Record<string, () => Promise<void>> {
  const { adapter, recorder, serving, serveOne, spelled } = driver;
  const assertRoute = async (target: string, expected: string | undefined) => {
    const route = expected === undefined ? undefined : spelled(expected);
    const { span } = await serveOne(fullApplication, target);
    assert.equal(span.attributes[ATTR.httpRoute], route);
    assert.equal(span.name, route === undefined ? 'GET' : `GET ${route}`);
  };

  const assertError = ({ span, response }: { span: RecordedSpan; response: RawResponse }) => {
    assert.equal(response.status, 500);
    assert.equal(span.status.code, SpanStatusCode.ERROR);
    assert.equal(span.attributes[ATTR.errorType], 'TypeError');
    assert.equal(span.events.length, 1);
    assert.equal(span.events[0]?.attributes[ATTR.exceptionMessage], 'out of songs');
  };

  return {
    'the SERVER span carries the route and is named after it': () =>
      assertRoute('/users/7?x=1', '/users/:id'),
    'the route of the root is a slash': () => assertRoute('/', '/'),
    'the route of a mounted router has its path as a prefix': () =>
      assertRoute('/api/items/7', '/api/items/:item'),
    'the route of a nested router has both paths as a prefix': () =>
      assertRoute('/api/v1/items/7', '/api/v1/items/:item'),
    'a request that nothing matches has no route': () => assertRoute('/nothing', undefined),
    'a request that only a router matches has no route': () => assertRoute('/api/v1/nothing', undefined),
    'a handler that throws is recorded on the SERVER span': async () =>
      assertError(await serveOne(fullApplication, '/fails')),
    'a handler that rejects is recorded on the SERVER span': async () =>
      assertError(await serveOne(fullApplication, '/rejects')),
    'a middleware that rejects is recorded on the SERVER span': async () =>
      assertError(await serveOne({ middlewares: [{ name: 'broken', run: rejectLater }] }, '/')),
    'a failure with a 4xx response is not an error of the server': async () => {
      const { span, response } = await serveOne(fullApplication, '/gone');
      assert.equal(response.status, 410);
      assert.equal(span.status.code, SpanStatusCode.UNSET);
      assert.equal(span.attributes[ATTR.httpRoute], '/gone');
    },
    'every response is the same with and without tracing': async () => {
      const targets = ['/', '/users/7', '/fails', '/rejects', '/gone', '/api/v1/items/7', '/nothing'];
      const expected: string[] = [];
      await whileServing(listenOn(createServer(adapter.listener(fullApplication))), async (url) => {
        for (const target of targets) expected.push(visibleParts(await send(url + target)));
      });
      for (const options of [{}, { layers: 'all' }]) {
        await serving(fullApplication, options, async (url) => {
          for (const [index, target] of targets.entries()) {
            assert.equal(visibleParts(await send(url + target)), expected[index], target);
            await recorder.takeUntil(({ kind }) => kind === SpanKind.SERVER);
          }
        });
      }
    },
    'the SERVER span is current in handlers and middlewares, also after await': async () => {
      const seen: string[] = [];
      const look = async () => {
        seen.push(currentSpanId());
        await laterTurn();
        seen.push(currentSpanId());
      };
      const handle = async () => {
        await look();
        return {};
      };
      const { span } = await serveOne(
        { middlewares: [{ name: 'look', run: look }], ...oneRoute('/', handle) },
        '/',
      );
      assert.deepEqual(seen, [span.spanId, span.spanId, span.spanId, span.spanId]);
    },
    'concurrent requests have their own contexts': async () => {
      const both = barrier(2);
      const handle: SuiteHandler = async ({ params }) => {
        const before = currentSpanId();
        await both();
        await laterTurn();
        return { body: `${params.id} ${before} ${currentSpanId()}` };
      };
      await serving(oneRoute('/users/:id', handle), {}, async (url) => {
        const responses = await Promise.all([send(`${url}/users/a`), send(`${url}/users/b`)]);
        const spans = await recorder.take(2);
        for (const [index, id] of ['a', 'b'].entries()) {
          const span = spans.find(({ attributes }) => attributes[ATTR.urlPath] === `/users/${id}`);
          assert.equal(responses[index]?.body, `${id} ${span?.spanId} ${span?.spanId}`);
          assert.equal(span?.attributes[ATTR.httpRoute], spelled('/users/:id'));
        }
      });
    },
    'an unsampled request records nothing and propagates its ids': async () => {
      recorder.sampling = 'none';
      const handle: SuiteHandler = async () => {
        await laterTurn();
        return { headers: injected() };
      };
      await serving(oneRoute('/', handle), { layers: 'all' }, async (url) => {
        const { headers } = await send(url, { headers: { traceparent: TRACEPARENT } });
        assert.match(headers.traceparent ?? '', new RegExp(`^00-${TRACE_ID}-[0-9a-f]{16}-00$`));
        assert.equal(recorder.wastedCalls, 0);
      });
    },
    'a request without a SERVER span is served as usual': async () => {
      await tracing(adapter, { layers: 'all' }, () =>
        whileServing(listenOn(createServer(adapter.listener(fullApplication))), async (url) => {
          assert.equal((await send(`${url}/users/7`)).body, 'user 7');
          assert.equal((await send(`${url}/rejects`)).status, 500);
        }),
      );
    },
  };
}

/** Returns a response without its date, as text for comparison. */
function visibleParts({ status, headers, body }: RawResponse): string {
  const { date: _, ...rest } = headers;
  return JSON.stringify([status, rest, body]);
}
