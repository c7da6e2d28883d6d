// Functions that are wrapped by `traceHandler`: how they are invoked, respond and fail.
import { Buffer } from 'node:buffer';
import { PassThrough } from 'node:stream';
import * as aws from '@aws-sdk/client-lambda';
import { callerSpan, currentSpanId, recordSpans, within } from '@clew/testing';
import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { traceHandler } from '../../packages/instrumentation-aws-lambda/src/index.ts';
import { AwsSdkInstrumentation } from '../../packages/instrumentation-aws-sdk/src/index.ts';
import { type AwsServer, startAwsServer } from './servers/aws-server.ts';

const recorder = recordSpans();
const plugin = new AwsSdkInstrumentation();
let server: AwsServer;
let lambda: aws.LambdaClient;
beforeAll(async () => {
  server = await startAwsServer();
  plugin.instrument(aws);
  lambda = new aws.LambdaClient(server.client);
});
afterAll(async () => {
  plugin.disable();
  lambda.destroy();
  await server.close();
});

const context = { awsRequestId: 'request-1', functionName: 'orders', getRemainingTimeInMillis: () => 3000 };
type Respond = (error: unknown, result?: unknown) => void;

/** Makes the recorder's provider one that exports. */
function exporting(forceFlush: () => Promise<void>): () => void {
  const { getDelegate } = trace.getTracerProvider() as unknown as { getDelegate(): object };
  const provider = getDelegate.call(trace.getTracerProvider()) as { forceFlush?: () => Promise<void> };
  provider.forceFlush = forceFlush;
  return () => delete provider.forceFlush;
}

test.each(['RequestResponse', 'Event'] as const)(
  'an invocation of the type %s is in the trace of its caller, and the first one is a cold start',
  async (InvocationType) => {
    const handler = traceHandler(async (_event: unknown, _context: unknown) => ({ span: currentSpanId() }));
    const FunctionName = server.functions.define(InvocationType, handler as never);
    const caller = callerSpan('caller');
    await within(caller, () => lambda.send(new aws.InvokeCommand({ FunctionName, InvocationType })));
    caller.end();
    await server.functions.idle();
    const [, call, invoked] = await recorder.take(3);
    expect(invoked).toMatchObject({
      name: InvocationType,
      kind: SpanKind.SERVER,
      traceId: call!.traceId,
      parentSpanId: call!.spanId,
    });
    expect(invoked!.attributes).toMatchObject({
      'faas.trigger': 'other',
      'faas.coldstart': InvocationType === 'RequestResponse',
      'faas.invocation_id': expect.any(String),
      'cloud.resource_id': FunctionName,
    });
  },
);

test('a client context of older senders is read', async () => {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const ClientContext = Buffer.from(JSON.stringify({ Custom: { traceparent } })).toString('base64');
  const FunctionName = server.functions.define('older', traceHandler(async () => {}) as never);
  plugin.setConfig({ propagateThrough: [] });
  await lambda.send(new aws.InvokeCommand({ FunctionName, ClientContext }));
  plugin.setConfig({});
  const [, invoked] = await recorder.take(2);
  expect(invoked!.parentSpanId).toBe('b7ad6b7169203331');
});

test('an error of the handler is recorded and reported to the caller', async () => {
  const fail = async () => {
    throw new RangeError('too far');
  };
  const FunctionName = server.functions.define('failing', traceHandler(fail) as never);
  const { FunctionError, Payload } = await lambda.send(new aws.InvokeCommand({ FunctionName }));
  expect([FunctionError, JSON.parse(Payload!.transformToString()).errorType]).toEqual([
    'Unhandled',
    'RangeError',
  ]);
  const [, span] = await recorder.take(2);
  expect([span!.status.code, span!.attributes['error.type']]).toEqual([SpanStatusCode.ERROR, 'RangeError']);
});

test.each([
  [
    'three parameters',
    function orders(this: unknown, _event: unknown, _context: unknown, respond: Respond) {
      setImmediate(() => respond(null, { statusCode: 503, this: this }));
    },
    3,
  ],
  [
    'a list of parameters',
    function orders(this: unknown, ...args: unknown[]) {
      setImmediate(() => (args[2] as Respond)(null, { statusCode: 503, this: this }));
    },
    0,
  ],
])('a handler with a callback and %s ends its span with the response', async (_name, handler, length) => {
  const traced = traceHandler(handler as (...args: unknown[]) => unknown);
  expect([traced.name, traced.length]).toEqual(['orders', length]);
  const event = { httpMethod: 'GET', path: '/', requestContext: {} };
  for (const flushes of [false, true]) {
    const reset = exporting(async () => {
      expect(recorder.open()).toEqual([]);
    });
    if (!flushes) reset();
    const self = {};
    const response = await new Promise((resolve, reject) =>
      traced.call(self, event, context, (error: unknown, value: unknown) =>
        error ? reject(error) : resolve(value),
      ),
    );
    expect(response).toEqual({ statusCode: 503, this: self });
    reset();
    const [span] = await recorder.take(1);
    expect([span!.status.code, span!.attributes['http.response.status_code']]).toEqual([
      SpanStatusCode.ERROR,
      503,
    ]);
  }
});

test('without an exporter, a callback is called at once, and its exception reaches the handler', () => {
  const thrown = new Error('of the callback');
  const seen: unknown[] = [];
  const handler = traceHandler((_event: unknown, _context: unknown, respond: Respond) => {
    try {
      respond(null, 'first');
    } catch (error) {
      seen.push(error);
    }
  });
  handler({}, context, () => {
    throw thrown;
  });
  expect(seen).toEqual([thrown]);
  return recorder.take(1);
});

test('a handler that never calls back has ended when it returned', async () => {
  const handler = traceHandler((_event: unknown, _context?: unknown, _respond?: Respond) => 'ignored');
  expect(handler({}, context, () => {})).toBe('ignored');
  expect(recorder.open()).toHaveLength(1);
  process.emit('beforeExit', 0);
  expect(handler({}, context)).toBe('ignored');
  await recorder.take(2);
});

test('many handlers that never call back do not accumulate', async () => {
  const handler = traceHandler((_event: unknown, _context: unknown, _respond: Respond) => {});
  for (let count = 0; count < 250; count++) handler({}, context, () => {});
  expect(recorder.open()).toHaveLength(100);
  process.emit('beforeExit', 0);
  await recorder.take(250);
});

test('an error that is thrown at once goes up after the export', async () => {
  const thrown = new Error('at once');
  const throwing = traceHandler((..._args: unknown[]) => {
    throw thrown;
  });
  expect(() => throwing({}, context)).toThrow(thrown);
  const exported: number[] = [];
  const reset = exporting(async () => {
    await new Promise((resolve) => setImmediate(resolve));
    exported.push(recorder.spans().length);
  });
  await expect(throwing({}, context)).rejects.toBe(thrown);
  reset();
  expect(exported).toEqual([2]);
  const spans = await recorder.take(2);
  expect(spans.map(({ status }) => status.code)).toEqual([SpanStatusCode.ERROR, SpanStatusCode.ERROR]);
});

test('an export that hangs or fails delays the response within the time of the function', async () => {
  const handler = traceHandler(async (..._args: unknown[]) => 'done', { flushTimeoutMs: 60_000 });
  let remainingMs = 110;
  const limited = { ...context, getRemainingTimeInMillis: () => remainingMs };
  const resets = [exporting(() => new Promise(() => {}))];
  expect(await handler({}, limited)).toBe('done');
  remainingMs = 50;
  expect(await handler({}, limited)).toBe('done');
  resets.push(exporting(() => Promise.reject(new Error('no collector'))));
  expect(await handler({}, context)).toBe('done');
  resets.push(
    exporting(() => {
      throw new Error('no collector');
    }),
  );
  expect(await handler({}, { ...context, getRemainingTimeInMillis: undefined })).toBe('done');
  for (const reset of resets) reset();
  await recorder.take(4);
});

test('the handler of a streamed response gets its stream and keeps its properties', async () => {
  const streamed = async (_event: unknown, stream: PassThrough, _context: unknown) => void stream.end('s');
  const mark = Symbol.for('aws.lambda.runtime.handler.streaming');
  const handler = traceHandler(Object.assign(streamed, { [mark]: 'response' }));
  expect((handler as never)[mark]).toBe('response');
  const stream = new PassThrough();
  await handler({}, stream, context);
  expect(String(stream.read())).toBe('s');
  const [span] = await recorder.take(1);
  expect([span!.name, span!.status.code]).toEqual(['orders', SpanStatusCode.UNSET]);
});

test('a response that cannot be read, and a context of another shape, do not hurt the handler', async () => {
  const event = { httpMethod: 'GET', path: '/', requestContext: {} };
  const response = {
    get statusCode(): number {
      throw new Error('unreadable');
    },
  };
  expect(await traceHandler(async (..._args: unknown[]) => response)(event, null)).toBe(response);
  expect(await traceHandler(async (..._args: unknown[]) => 1)(event, { invokedFunctionArn: 5 })).toBe(1);
  await recorder.take(2);
});

test('invalid arguments are an error at once', () => {
  expect(() => traceHandler(() => {}, { flushTimeoutMs: -1 })).toThrow('flushTimeoutMs');
  expect(() => traceHandler(undefined as never)).toThrow('expected handler to be a function');
});
