// Two hundred concurrent requests through a gateway that calls AWS, a language model, a server of MCP, a service of gRPC
// and Kafka, with random delays, faults, retries and clients that leave. The same seed gives the same requests.

import { once } from 'node:events';
import { request as sendRequest } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { ExpressInstrumentation } from '@clew/instrumentation-express';
import {
  listenTraced,
  prepareRecorder,
  type RecordedSpan,
  type Recorder,
  type RecorderOptions,
  recordSpans,
} from '@clew/testing';
import { startCollector } from '@clew/viewer';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import express from 'express';
import { sdkRecorder } from '../opentelemetry/sdk-recorder.ts';
import { spansOf, type TreeSpan, treeOf } from '../span-tree.ts';
import { awsLeg } from './aws-leg.ts';
import { grpcLeg } from './grpc-leg.ts';
import { kafkaLeg } from './kafka-leg.ts';
import { type Leg, Signals } from './leg.ts';
import { mcpLeg } from './mcp-leg.ts';
import { modelLeg } from './model-leg.ts';
import { seeded } from './seeded.ts';

const REQUESTS = 200;
const SEED = 7;
const MAX_WAIT_MS = 30;
const TIMEOUT_MS = 120_000;

/** What a request makes the gateway do. */
interface Plan {
  readonly id: number;
  readonly leg: string;
  readonly fault: string;
  readonly waitMs: number;
  /** Whether the client closes its connection before the gateway makes its call. */
  readonly leaves: boolean;
}

/** A span of any process. */
interface ComparedSpan extends TreeSpan {
  readonly path: unknown;
  readonly retries: number;
}

/** What happened. */
interface Run {
  readonly legs: Legs;
  readonly plans: readonly Plan[];
  /** The spans of all processes. */
  readonly spans: readonly ComparedSpan[];
  readonly open: readonly RecordedSpan[];
}

type Legs = Readonly<Record<string, Leg>>;

/** Sends all requests through a gateway with the plugins of all systems. */
async function run(recorder: Recorder): Promise<Run> {
  const collector = await startCollector({ port: 0 });
  const legs: Legs = {
    aws: await awsLeg(),
    grpc: grpcLeg(),
    kafka: kafkaLeg(),
    mcp: mcpLeg(collector.url),
    model: await modelLeg(),
  };
  const expressPlugin = new ExpressInstrumentation();
  expressPlugin.instrument(express);
  const plans = newPlans(legs);
  await Promise.all(Object.values(legs).map((leg) => leg.open()));
  // The spans of the connections.
  recorder.reset();
  try {
    await sendAll(legs, plans);
  } finally {
    await Promise.all(Object.values(legs).map((leg) => leg.close()));
    expressPlugin.disable();
  }
  // A server may notice later that a client has left.
  for (let rounds = 0; recorder.open().length > 0 && rounds < 1000; rounds++) await delay(20);
  const spans = [...recorder.spans(), ...spansOf(collector, 'weather')].map(compared);
  await collector.close();
  return { legs, plans, spans, open: recorder.open() };
}

/** Each fault of each system once, and then random ones. */
function newPlans(legs: Legs): Plan[] {
  const random = seeded(SEED);
  const faults = Object.entries(legs).flatMap(([leg, given]) =>
    Object.keys(given.faults).map((fault) => ({ leg, fault })),
  );
  return Array.from({ length: REQUESTS }, (_, id) => {
    const chosen = faults[id] ?? faults[Math.floor(random() * faults.length)]!;
    return { id, ...chosen, waitMs: Math.floor(random() * MAX_WAIT_MS), leaves: random() < 0.1 };
  });
}

/** Starts the gateway, and sends all requests at once. Resolves when the gateway has finished all of them. */
async function sendAll(legs: Legs, plans: readonly Plan[]): Promise<void> {
  const [arrived, finished] = [new Signals(), new Signals()];
  const app = express();
  app.get('/calls/:id', async (request, response) => {
    const { id, leg, fault, waitMs, leaves } = plans[Number(request.params.id)]!;
    const closed = leaves && once(response, 'close');
    arrived.of(id).resolve();
    await Promise.all([closed, delay(waitMs)]);
    await legs[leg]!.call(fault, id).catch(() => {});
    response.end();
    finished.of(id).resolve();
  });
  const gateway = await listenTraced(app);
  const send = async ({ id, leaves }: Plan) => {
    const request = sendRequest(`${gateway.url}/calls/${id}`, { agent: false }).end();
    if (leaves) {
      request.on('error', () => {});
      await arrived.of(id).promise;
      request.destroy();
    } else {
      const [response] = await once(request, 'response');
      await text(response);
    }
    await finished.of(id).promise;
  };
  await Promise.all(plans.map(send));
  await gateway.close();
}

function compared(span: RecordedSpan | ReturnType<typeof spansOf>[number]): ComparedSpan {
  const { traceId, spanId, parentSpanId, kind, name, attributes, events, status } = span;
  const isCancelled = events.some((event) => event.name === 'cancelled');
  const isFailed = status.code === SpanStatusCode.ERROR || status.code === 'ERROR';
  const ending = isFailed
    ? `failed ${attributes['error.type']}`
    : (attributes['clew.client.incomplete'] ?? (isCancelled ? 'cancelled' : 'complete'));
  return {
    ...{ traceId, spanId, parentSpanId },
    kind: typeof kind === 'number' ? SpanKind[kind]! : kind,
    name: `${name}: ${ending}`,
    path: attributes['url.path'],
    retries: events.filter((event) => event.name === 'retry').length,
  };
}

/** The spans of the trace of a request. */
function traceOf({ id }: Plan, spans: readonly ComparedSpan[]): readonly ComparedSpan[] {
  const [root] = spans.filter(({ path }) => path === `/calls/${id}`);
  return spans.filter(({ traceId }) => traceId === root?.traceId);
}

describe.each([
  ['the recorder', {}],
  ["OpenTelemetry's SDK", sdkRecorder()],
])('with the spans of %s', (_, options: RecorderOptions) => {
  const recorder = recordSpans(prepareRecorder(options));
  let done: Run;

  beforeAll(async () => {
    done = await run(recorder);
  }, TIMEOUT_MS);

  test('each request has a complete trace of its own, whose calls end for the right reason', () => {
    const { legs, plans, spans } = done;
    const traces = plans.map((plan) => ({ ...plan, tree: treeOf(traceOf(plan, spans)) }));
    const expected = plans.map((plan) => ({
      ...plan,
      tree: [
        `SERVER GET /calls/:id: ${plan.leaves ? 'failed connection_closed' : 'complete'}`,
        ...legs[plan.leg]!.faults[plan.fault]!.map((line) => `  ${line}`),
      ],
    }));
    expect(traces).toEqual(expected);
  });

  test('each span exists once, and no span belongs to another trace', () => {
    const { plans, spans } = done;
    expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(spans.length);
    const own = new Set(plans.flatMap((plan) => traceOf(plan, spans)));
    const others = spans.filter((span) => !own.has(span)).map(({ kind, name }) => `${kind} ${name}`);
    // The connection to the server of MCP, whose other half was recorded before the requests.
    expect(others.sort()).toEqual([
      'SERVER initialize: complete',
      'SERVER notifications/initialized: complete',
    ]);
  });

  test('no span is open at the end', () => {
    expect(done.open).toEqual([]);
  });

  test('retries are events of their call', () => {
    const retriesOf = (leg: string, fault?: string) =>
      done.plans
        .filter((plan) => plan.leg === leg && (fault === undefined || plan.fault === fault))
        .map((plan) => traceOf(plan, done.spans).reduce((sum, { retries }) => sum + retries, 0));
    expect(new Set(retriesOf('model', 'busy'))).toEqual(new Set([1]));
    expect(new Set(retriesOf('model', 'none'))).toEqual(new Set([0]));
    // AWS refuses the requests that arrive first.
    expect(Math.max(...retriesOf('aws'))).toBeGreaterThan(0);
  });
});
