import assert from 'node:assert/strict';
import { createServer, IncomingMessage, type RequestListener, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { withServerRequest } from '@clew/core/internal';
import { ATTR, http, type ServerRequest } from '@clew/core/plugin';
import { context, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { FrameworkDriver } from './framework-driver.ts';
import { type Situation, situations } from './framework-situations.ts';
import {
  CATCH_ALL,
  mount,
  passes,
  responds,
  route,
  type Step,
  type StepHandler,
  use,
} from './framework-steps.ts';
import { send } from './raw-http.ts';
import type { RecordedSpan } from './recording-span.ts';
import { laterTurn, tracing } from './subject.ts';
import { listenOn, whileServing } from './suite-server.ts';
import { listenTraced } from './traced-server.ts';

/** Tests that the route is the one matched when the response is decided, and that an error decides or aborts it. */
export function decisionTests(driver: FrameworkDriver): Record<string, () => Promise<void>> {
  const { adapter, recorder, spelled } = driver;
  const check = async (
    { steps, target, method = 'GET', route, status, error }: Situation,
    options: object,
  ) => {
    const { server } = await serveSteps(steps, target, method, options);
    const expected = route === undefined ? undefined : spelled(route.replace(/\*$/, adapter.catchAll));
    assert.equal(server.attributes[ATTR.httpRoute], expected);
    assert.equal(server.name, expected === undefined ? method : `${method} ${expected}`);
    assert.equal(server.attributes[ATTR.httpResponseStatusCode], status);
    assert.equal(server.attributes[ATTR.errorType], error);
    assert.equal(server.status.code, error === undefined ? SpanStatusCode.UNSET : SpanStatusCode.ERROR);
    assert.equal(server.events.length, error === undefined ? 0 : 1);
  };

  const serveSteps = (steps: readonly Step[], target: string, method: string, options: object) =>
    tracing(adapter, options, () =>
      whileServing(listenTraced(adapter.steps(steps)), async (url) => {
        await send(url + target, { method });
        const spans = await recorder.takeUntil(({ kind }) => kind === SpanKind.SERVER);
        const [server] = spans;
        assert(server);
        return { server, spans };
      }),
    );

  const tests: Record<string, () => Promise<void>> = {};
  for (const [title, situation] of Object.entries(situations)) {
    tests[title] = async () => {
      await check(situation, {});
      await check(situation, { layers: 'all' });
    };
  }
  return { ...tests, ...ownServerTests(driver, serveSteps) };
}

/** A server request that middleware creates, as tracers do whose HTTP plugin is a middleware. */
class OwnServer {
  metadata: ServerRequest | undefined;

  readonly handle: StepHandler = ({ next }) => {
    const span = trace.getTracer('suite').startSpan('own', { kind: SpanKind.CONSUMER });
    this.metadata = { type: 'http', span };
    return context.with(withServerRequest(trace.setSpan(context.active(), span), this.metadata), next);
  };

  get span(): Span {
    assert(this.metadata, 'the middleware has run');
    return this.metadata.span;
  }
}

type ServedMessage = Parameters<RequestListener>[0];

type ServeSteps = (
  steps: readonly Step[],
  target: string,
  method: string,
  options: object,
) => Promise<{ readonly server: RecordedSpan; readonly spans: readonly RecordedSpan[] }>;

function ownServerTests(
  { adapter, recorder, spelled }: FrameworkDriver,
  serveSteps: ServeSteps,
): Record<string, () => Promise<void>> {
  const ending =
    (own: OwnServer): StepHandler =>
    ({ respond }) => {
      own.span.end();
      respond();
    };
  return {
    'a server request started by middleware has the route, and so has the outer one': async () => {
      for (const options of [{}, { layers: 'all' }]) {
        const own = new OwnServer();
        const steps = [use(own.handle), mount('/m', route('/foo/:id', ending(own)))];
        const { server } = await serveSteps(steps, '/m/foo/7', 'GET', options);
        assert.equal(own.metadata?.route, spelled('/m/foo/:id'));
        assert.equal(server.attributes[ATTR.httpRoute], spelled('/m/foo/:id'));
      }
    },
    'a server request started by the handler has the route': async () => {
      const own = new OwnServer();
      const steps = [route('/foo/:id', own.handle, ending(own))];
      const { server } = await serveSteps(steps, '/foo/7', 'GET', {});
      assert.equal(own.metadata?.route, spelled('/foo/:id'));
      assert.equal(server.attributes[ATTR.httpRoute], spelled('/foo/:id'));
    },
    'a server request started without an outer one has the route': async () => {
      const own = new OwnServer();
      const steps = [use(own.handle), use(passes), route('/foo/:id', ending(own))];
      await tracing(adapter, {}, () =>
        whileServing(listenOn(createServer(adapter.steps(steps))), async (url) => {
          assert.equal((await send(`${url}/foo/7`)).status, 200);
          await recorder.take(1);
        }),
      );
      assert.equal(own.metadata?.route, spelled('/foo/:id'));
    },
    'layers after such middleware belong to its span': async () => {
      const own = new OwnServer();
      const steps = [use(own.handle), use(passes), route('/foo/:id', ending(own))];
      const { spans } = await serveSteps(steps, '/foo/7', 'GET', { layers: 'all' });
      const handler = spans.find(({ name }) => name === adapter.layerNames.handler('/foo/:id'));
      assert(handler, `expected a span of the handler in ${spans.map(({ name }) => name)}`);
      const parents = new Set<string>();
      for (let at: RecordedSpan | undefined = handler; at !== undefined; ) {
        const { parentSpanId }: RecordedSpan = at;
        if (parentSpanId !== undefined) parents.add(parentSpanId);
        at = spans.find(({ spanId }) => spanId === parentSpanId);
      }
      assert(parents.has(own.span.spanContext().spanId));
    },
    'a request that a handler sends to its own server does not change the route': async () => {
      const steps = [
        route('/foo/:id', async ({ respond }) => {
          const request = new IncomingMessage(new Socket());
          Object.assign(request, { method: 'GET', url: '/inner' });
          adapter.steps([route('/inner', responds)])(request as ServedMessage, new ServerResponse(request));
          await laterTurn();
          respond();
        }),
      ];
      const { server } = await serveSteps(steps, '/foo/7', 'GET', {});
      assert.equal(server.attributes[ATTR.httpRoute], spelled('/foo/:id'));
    },
    'a context that outlives its request does not keep the response': async () => {
      let kept = context.active();
      const keeping: StepHandler = ({ respond }) => {
        kept = context.active();
        respond();
      };
      for (const before of [[], [route(CATCH_ALL, passes)]]) {
        await serveSteps([...before, route('/foo/:id', keeping)], '/foo/7', 'GET', {});
        assert.equal(http.serverRequestOf(kept)?.route, spelled('/foo/:id'));
        assert.equal(reachesResponse(http.serverRequestOf(kept)), false);
      }
    },
    "a handler that runs in another client's context does not change that client's route": async () => {
      let lost = context.active();
      const steps = [
        route('/keeps', ({ respond }) => {
          lost = context.active();
          respond();
        }),
        use(({ next }) => context.with(lost, () => next())),
        route('/foo/:id', responds),
      ];
      const kept = await serveSteps(steps, '/keeps', 'GET', {});
      const other = http.serverRequestOf(lost);
      assert.equal(other?.route, '/keeps');
      await serveSteps(steps, '/foo/7', 'GET', {});
      assert.equal(other.route, '/keeps');
      assert.equal(kept.server.attributes[ATTR.httpRoute], '/keeps');
    },
  };
}

/** Whether an object refers to a response, directly or through other objects. */
function reachesResponse(value: unknown, seen = new Set<unknown>()): boolean {
  if (value instanceof ServerResponse) return true;
  if (typeof value !== 'object' || value === null || seen.has(value)) return false;
  seen.add(value);
  return Reflect.ownKeys(value).some((key) => reachesResponse(Reflect.get(value, key), seen));
}
