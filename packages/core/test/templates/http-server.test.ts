import { EventEmitter } from 'node:events';
import { AsyncContextManager, isTracingSuppressed, rootContext } from '@clew/core';
import { NOTE_ROUTE, needHostAtStart } from '@clew/core/internal';
import { emitters, type HttpServerOptions, type HttpServerView, http, type Tools } from '@clew/core/plugin';
import {
  type Attributes,
  type Context,
  context,
  type Span,
  type SpanOptions,
  trace,
} from '@opentelemetry/api';
import { ListeningSpan } from '../listening-span.ts';

class Message extends EventEmitter {
  readonly headers: Record<string, string> = { host: 'shop.test' };
}

/** A server's view of messages on one connection; a new connection for each test. */
let connection = {};
const view: HttpServerView<Message, Message> = {
  method: () => 'GET',
  target: () => '/songs',
  scheme: () => 'http',
  headers: ({ headers }) => headers,
  protocolVersion: () => '1.1',
  localPort: () => 80,
  peer: () => ({ address: '10.0.0.1', port: 4000 }),
  connection: () => connection,
  status: () => 200,
  headersSent: () => true,
  responseHeader: () => undefined,
  onClose: emitters.onClose,
};

const defaults: HttpServerOptions<Message, Message> = {
  trust: undefined,
  ignoreIncomingRequestHook: undefined,
  suppressTracingInIgnoredRequests: false,
  startIncomingSpanHook: undefined,
  requestHook: undefined,
  responseHook: undefined,
  redactedQueryParams: [],
  capturedRequestHeaders: [],
  capturedResponseHeaders: [],
};

let spans: ListeningSpan[] = [];
let startAttributes: Attributes = {};
let undoing: (() => void)[] = [];

function tracingWith(options: Partial<HttpServerOptions<Message, Message>> = {}) {
  const startSpan = (_name: string, { attributes = {} }: SpanOptions) => {
    startAttributes = attributes;
    spans.push(new ListeningSpan());
    return spans.at(-1) as unknown as Span;
  };
  const tools = {
    name: 'test',
    options: { ...defaults, ...options },
    tracer: { startSpan },
    callHook: (hook: (...args: unknown[]) => unknown, ...args: unknown[]) => hook(...args),
  };
  return http.server(tools as unknown as Tools<HttpServerOptions<Message, Message>>, view);
}

/** Serves a request, and returns the contexts of its handler and of listeners of both messages. */
function serve(tracing = tracingWith(), request = new Message()): Context[] {
  const seen: Context[] = [];
  const response = new Message();
  tracing.serve(request, response, () => {
    seen.push(context.active());
    request.on('data', () => seen.push(context.active()));
    response.on('close', () => seen.push(context.active()));
  });
  request.emit('data');
  response.emit('close');
  return seen;
}

/** The last client address set on a span. */
function clientOf(span: ListeningSpan | undefined): unknown {
  const given = (span?.calls ?? []).flatMap((each) =>
    Array.isArray(each) ? [each] : typeof each === 'object' ? Object.entries(each as Attributes) : [],
  );
  return given.filter(([key]) => key === 'client.address').at(-1)?.[1];
}

beforeAll(() => {
  context.setGlobalContextManager(new AsyncContextManager());
  emitters.emitInOwnContext({ onDisable: (undo) => undoing.push(undo) }, Message.prototype);
});
afterEach(() => {
  connection = {};
  spans = [];
});
afterAll(() => {
  for (const undo of undoing) undo();
  undoing = [];
  context.disable();
});

test('the handler and the listeners of request and response run in the span’s context, and the span ends at close', () => {
  const seen = serve();
  expect(seen.map((each) => trace.getSpan(each))).toEqual([spans[0], spans[0], spans[0]]);
  expect(spans[0]?.calls.at(-1)).toBe('end');
  expect(context.active()).toBe(rootContext);
});

test('the context has the host of the request', () => {
  const [inHandler] = serve();
  expect(http.serverRequestOf(inHandler as Context)?.host).toBe('shop.test');
});

test('the span is notified at its end of a route that another plugin has set', () => {
  const routes: string[] = [];
  const response = new Message();
  tracingWith().serve(new Message(), response, () => {
    const served = http.serverRequestOf(context.active());
    if (served !== undefined) served.route = '/songs';
  });
  Object.assign(spans[0] as object, { [NOTE_ROUTE]: (route: string) => routes.push(route) });
  response.emit('close');
  expect(routes).toEqual(['/songs']);
});

test('each request has the address of its own client, whatever earlier requests of its connection had', () => {
  const tracing = tracingWith();
  for (const client of ['203.0.113.7', '203.0.113.8', undefined, '203.0.113.9']) {
    const request = new Message();
    if (client !== undefined) request.headers['x-forwarded-for'] = client;
    serve(tracing, request);
  }
  const clients = spans.map(clientOf);
  expect(clients).toEqual(['203.0.113.7', '203.0.113.8', '10.0.0.1', '203.0.113.9']);
});

test('a request that is already being served gets no second span', () => {
  const tracing = tracingWith();
  const [request, response] = [new Message(), new Message()];
  const inner = tracing.serve(request, response, () => tracing.serve(request, response, () => 'served'));
  expect(inner).toBe('served');
  expect(spans.length).toBe(1);
});

test('an ignored request has no span, and is traced inside unless tracing is suppressed', () => {
  const ignoreIncomingRequestHook = () => true;
  const traced = serve(tracingWith({ ignoreIncomingRequestHook }));
  const suppressed = serve(
    tracingWith({ ignoreIncomingRequestHook, suppressTracingInIgnoredRequests: true }),
  );
  expect(spans).toEqual([]);
  expect(traced.map(isTracingSuppressed)).toEqual([false, false, false]);
  expect(suppressed.map(isTracingSuppressed)).toEqual([true, true, true]);
});

test('an upgrade has no span, and its listeners run in the extracted context', () => {
  const seen: Context[] = [];
  const [request, socket] = [new Message(), new EventEmitter()];
  const elsewhere = trace.setSpan(rootContext, new ListeningSpan() as unknown as Span);
  context.with(elsewhere, () => {
    tracingWith().serveUpgrade(request, socket, () => seen.push(context.active()));
    for (const each of [request, socket]) {
      each.on('data', () => seen.push(context.active()));
      each.emit('data');
    }
  });
  // `toEqual` considers all contexts equal, because their fields are private.
  expect(seen.map((each) => each === rootContext)).toEqual([true, true, true]);
  expect(spans).toEqual([]);
});

// The last test, because a sampler that needs the host needs it for the life of the process.
test('a span has the host at its start only if a sampler needs it', () => {
  serve();
  expect(startAttributes['server.address']).toBeUndefined();
  needHostAtStart();
  const request = new Message();
  request.headers.host = 'shop.test:8080';
  serve(tracingWith(), request);
  expect(startAttributes['server.address']).toBe('shop.test');
  const without = new Message();
  delete without.headers.host;
  serve(tracingWith(), without);
  expect(startAttributes['server.address']).toBeUndefined();
});
