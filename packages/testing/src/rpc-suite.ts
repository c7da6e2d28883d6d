import assert from 'node:assert/strict';
import { ATTR } from '@clew/core/plugin';
import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { prepareRecorder, type RecorderOptions } from './recorder.ts';
import type { RecordedSpan } from './recording-span.ts';
import {
  callerSpan,
  currentSpanId,
  laterTurn,
  type Subject,
  type SubjectAdapter,
  tracing,
  within,
} from './subject.ts';
import { runSuite, type Skips, type SuiteTests } from './suite.ts';

/** A request in its handler. */
export interface SuiteServedRequest {
  reply(): void;
}

/** A connection with a service that only the suite uses. */
export interface RpcConnection {
  /** Serves requests; called once. The adapter returns the result of the handler to the library. */
  serve(handler: (request: SuiteServedRequest) => unknown): Promise<void>;
  /** Calls the service. Settles with the reply, and as the library does if there is none within `timeoutMs`. */
  call(timeoutMs: number): Promise<unknown>;
  close(): Promise<void>;
}

/** How the suite uses an RPC library. */
export interface RpcAdapter extends Pick<SubjectAdapter, 'instrument'> {
  /** `amqplib` */
  readonly name: string;
  readonly skips?: Skips;
  /** `rpc.system.name` of the spans. */
  readonly system: string;
  /** `error.type` of a call without a reply; default `timeout`. */
  readonly timeoutType?: string;
  /** Runs the suite with another tracer provider or context manager. */
  readonly recorder?: RecorderOptions;
  open(): Promise<RpcConnection>;
}

/** Longer than a busy machine takes for any call. */
const LONG_MS = 60_000;
/** Of calls without a reply. */
const SHORT_MS = 500;

/** The tests of every plugin for a library with requests and replies. */
export function rpcSuite(adapter: RpcAdapter): void {
  const recorder = prepareRecorder(adapter.recorder);

  const connected = <T>(
    work: (connection: RpcConnection, subject: Subject) => Promise<T>,
    callTimeoutMs = LONG_MS,
  ): Promise<T> =>
    tracing(adapter, { callTimeoutMs }, async (subject) => {
      const connection = await adapter.open();
      recorder.reset();
      try {
        return await work(connection, subject);
      } finally {
        await connection.close();
      }
    });

  /** Makes a call that is replied to, so that the next one doesn't need its time to connect. */
  const connect = async (call: RpcConnection['call']) => {
    await call(LONG_MS);
    await recorder.take(2);
  };

  const ofKind = (spans: readonly RecordedSpan[], wanted: SpanKind) =>
    spans.filter(({ kind }) => kind === wanted);

  const tests: SuiteTests['tests'] = {
    'a call is a CLIENT span until its reply, and a SERVER child span in its handler': () =>
      connected(async ({ serve, call }) => {
        let inHandler: string | undefined;
        await serve((request) => {
          inHandler = currentSpanId();
          request.reply();
        });
        const caller = callerSpan();
        await within(caller, () => call(LONG_MS));
        caller.end();
        const spans = await recorder.take(3);
        const [[client], [server]] = [ofKind(spans, SpanKind.CLIENT), ofKind(spans, SpanKind.SERVER)];
        assert.equal(client?.parentSpanId, caller.spanContext().spanId);
        assert.equal(server?.parentSpanId, client.spanId);
        assert.equal(server.spanId, inHandler);
        assert.equal(server.name, client.name);
        for (const { attributes, status } of [client, server]) {
          assert.equal(attributes[ATTR.rpcSystemName], adapter.system);
          assert.equal(attributes[ATTR.rpcMethod], client.name);
          assert.equal(status.code, SpanStatusCode.UNSET);
        }
      }),

    'the code after a call runs in the context of the caller': () =>
      connected(async ({ serve, call }) => {
        await serve((request) => request.reply());
        const caller = callerSpan();
        const after = await within(caller, () => call(LONG_MS).then(currentSpanId));
        caller.end();
        assert.equal(after, caller.spanContext().spanId);
        await recorder.take(3);
      }),

    'the span of a handler that replies later is current until then': () =>
      connected(async ({ serve, call }) => {
        const seen: string[] = [];
        await serve(async (request) => {
          seen.push(currentSpanId());
          await laterTurn();
          seen.push(currentSpanId());
          request.reply();
        });
        await call(LONG_MS);
        const [server] = ofKind(await recorder.take(2), SpanKind.SERVER);
        assert.deepEqual(seen, [server?.spanId, server?.spanId]);
      }),

    'each of several calls at once ends with its own reply': () =>
      connected(async ({ serve, call }) => {
        const requests: SuiteServedRequest[] = [];
        await serve((request) => {
          if (requests.push(request) === 3) for (const each of requests.reverse()) each.reply();
        });
        await Promise.all([call(LONG_MS), call(LONG_MS), call(LONG_MS)]);
        const count = (kind: SpanKind) => ofKind(recorder.spans(), kind).length;
        // Two of the replies are sent outside of their handlers: they may have spans of their own.
        const spans = await recorder.takeUntil(
          () => count(SpanKind.CLIENT) === 3 && count(SpanKind.SERVER) === 3,
        );
        const clients = ofKind(spans, SpanKind.CLIENT);
        const servers = ofKind(spans, SpanKind.SERVER);
        assert.deepEqual([clients.length, servers.length], [3, 3]);
        assert.deepEqual(
          servers.map(({ parentSpanId }) => parentSpanId).sort(),
          clients.map(({ spanId }) => spanId).sort(),
        );
        for (const { status } of clients) assert.equal(status.code, SpanStatusCode.UNSET);
      }),

    'a call without a reply fails with a timeout': () =>
      connected(async ({ serve, call }) => {
        let served = 0;
        await serve((request) => {
          if (++served === 1) request.reply();
        });
        await connect(call);
        call(SHORT_MS).catch(() => {});
        const spans = await recorder.take(2);
        const [[client], [server]] = [ofKind(spans, SpanKind.CLIENT), ofKind(spans, SpanKind.SERVER)];
        assert.equal(client?.attributes[ATTR.errorType], adapter.timeoutType ?? 'timeout');
        assert.equal(client.status.code, SpanStatusCode.ERROR);
        assert.equal(server?.parentSpanId, client.spanId);
      }, SHORT_MS),

    'a reply after the timeout is a message in the trace of its call': () =>
      connected(async ({ serve, call }) => {
        const requests: SuiteServedRequest[] = [];
        await serve((request) => {
          if (requests.push(request) === 1) request.reply();
        });
        await connect(call);
        call(SHORT_MS).catch(() => {});
        const [server] = ofKind(await recorder.take(2), SpanKind.SERVER);
        assert.equal(server?.status.code, SpanStatusCode.UNSET);
        requests[1]?.reply();
        const [reply] = await recorder.take(1);
        assert.equal(reply?.kind, SpanKind.PRODUCER);
        assert.equal(reply.parentSpanId, server.spanId);
      }, SHORT_MS),

    'a call that is not sampled creates no spans, and its handler continues its trace': () =>
      connected(async ({ serve, call }) => {
        recorder.sampling = 'none';
        const seen: (string | undefined)[] = [];
        await serve((request) => {
          seen.push(trace.getActiveSpan()?.spanContext().traceId);
          request.reply();
        });
        const caller = callerSpan();
        await within(caller, () => call(LONG_MS));
        caller.end();
        assert.deepEqual(seen, [caller.spanContext().traceId]);
        await recorder.take(0);
      }),

    'after disable(), calls create no spans, and neither do services that were started before': () =>
      connected(async ({ serve, call }, subject) => {
        await serve((request) => request.reply());
        await call(LONG_MS);
        await recorder.take(2);
        subject.disable();
        await call(LONG_MS);
        await recorder.take(0);
      }),
  };

  runSuite({ name: `${adapter.name} as an RPC library`, skips: adapter.skips, recorder, tests });
}
