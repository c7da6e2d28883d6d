import { EventEmitter } from 'node:events';
import { context, INVALID_SPAN_CONTEXT, type Span, trace } from '@opentelemetry/api';
import { AsyncContextManager, rootContext } from '../../src/index.ts';
import { NOTE_ROUTE, withServerRequest } from '../../src/internal.ts';
import { http } from '../../src/plugin.ts';

beforeAll(() => void context.setGlobalContextManager(new AsyncContextManager()));
afterAll(() => context.disable());

function response(headersSent = false) {
  return Object.assign(new EventEmitter(), {
    headersSent,
    statusCode: 200,
    writableEnded: false,
    destroyed: false,
  });
}

const otherSpan = () => trace.wrapSpanContext(INVALID_SPAN_CONTEXT);

function observed() {
  const routes: string[] = [];
  const span = Object.assign(otherSpan(), { [NOTE_ROUTE]: (route: string) => void routes.push(route) });
  return { span, routes };
}

const serving = <T>(span: Span, work: () => T): T =>
  context.with(withServerRequest(rootContext, { type: 'http', span }), work);

test('the span of the server request is notified of each route that matches', () => {
  const { span, routes } = observed();
  serving(span, () => {
    const request = new http.RoutedRequest(response());
    request.enter('/static');
    request.match('*');
    request.match('/orders/:id');
  });
  expect(routes).toEqual(['*', '/orders/:id']);
});

test('a route that matches after the headers were sent is not noted', () => {
  const { span, routes } = observed();
  serving(span, () => new http.RoutedRequest(response(true)).match('/late'));
  expect(routes).toEqual([]);
});

test.each([
  ['a span of another tracer', otherSpan()],
  ['a server request without a span', undefined as unknown as Span],
])('%s still gets the route', (_title, span) => {
  const served: { type: 'http'; span: Span; route?: string } = { type: 'http', span };
  context.with(withServerRequest(rootContext, served), () => new http.RoutedRequest(response()).match('/a'));
  expect(served.route).toBe('/a');
});
