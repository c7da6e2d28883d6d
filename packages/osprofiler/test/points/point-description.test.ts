import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { describeAsPoint } from '../../src/points/point-description.ts';
import { makeSpan, type SpanParts } from './make-span.ts';

const described = (parts: SpanParts) => describeAsPoint(makeSpan(parts));

test('a served request is wsgi', () => {
  const attributes = {
    'http.request.method': 'GET',
    'url.path': '/songs/1',
    'url.query': 'full=1',
    'url.scheme': 'https',
    'http.response.status_code': 200,
  };
  expect(described({ name: 'GET /songs/:id', kind: SpanKind.SERVER, attributes })).toEqual({
    name: 'wsgi',
    start: { request: { method: 'GET', path: '/songs/1', query: 'full=1', scheme: 'https' } },
    stop: { request: { status_code: 200 } },
  });
});

test('a request without details has all keys that OSProfiler reads', () => {
  const attributes = { 'http.request.method': '_OTHER', 'http.request.method_original': 'PURGE' };
  expect(described({ kind: SpanKind.SERVER, attributes })).toEqual({
    name: 'wsgi',
    start: { request: { method: 'PURGE', path: '', query: '', scheme: 'http' } },
    stop: {},
  });
});

test.each(['http', 'https'])('a sent request is %s', (scheme) => {
  const attributes = {
    'http.request.method': 'POST',
    'url.full': `${scheme}://keystone:5000/v3/auth/tokens?nocatalog=1`,
    'server.address': 'keystone',
    'server.port': 5000,
    'http.response.status_code': 201,
  };
  expect(described({ name: 'POST', kind: SpanKind.CLIENT, attributes })).toEqual({
    name: scheme,
    start: {
      requests: {
        method: 'POST',
        scheme,
        hostname: 'keystone',
        port: 5000,
        path: '/v3/auth/tokens',
        query: 'nocatalog=1',
      },
    },
    stop: { requests: { status_code: 201 } },
  });
});

test('a sent request without a URL still has all keys', () => {
  const attributes = { 'http.request.method': 'GET', 'server.address': 'keystone' };
  expect(described({ kind: SpanKind.CLIENT, attributes }).start).toEqual({
    requests: { method: 'GET', scheme: 'http', hostname: 'keystone', port: null, path: '', query: '' },
  });
});

test('a query is db', () => {
  const attributes = {
    'db.system.name': 'postgresql',
    'db.query.text': 'SELECT * FROM songs WHERE id = $1',
    'db.query.parameter.0': '7',
  };
  expect(described({ name: 'SELECT songs', kind: SpanKind.CLIENT, attributes })).toEqual({
    name: 'db',
    start: { db: { statement: 'SELECT * FROM songs WHERE id = $1', params: { 0: '7' } } },
    stop: {},
  });
});

test('a query without its text has the name of the span as its statement', () => {
  const attributes = { 'db.system.name': 'redis' };
  expect(described({ name: 'GET', kind: SpanKind.CLIENT, attributes }).start).toEqual({
    db: { statement: 'GET', params: {} },
  });
});

test.each([
  ['a call', { 'rpc.system.name': 'oslo.messaging' }],
  ['a cast', { 'messaging.system': 'rabbitmq', 'clew.rpc.kind': 'cast' }],
])('%s is rpc, with its method', (_, attributes) => {
  expect(described({ name: 'build_instance', kind: SpanKind.CLIENT, attributes })).toEqual({
    name: 'rpc',
    start: { function: { name: 'build_instance', kwargs: JSON.stringify(attributes) } },
    stop: {},
  });
});

test.each([
  ['send orders-eu', 'send_orders_eu'],
  ['middleware - query', 'middleware_query'],
  ['tcp.connect', 'tcp.connect'],
  ['/songs/:id', '/songs/:id'],
  ['-', 'span_'],
  ['', 'span_'],
  ['wsgi', 'span_wsgi'],
  ['<script>', 'script'],
  ['x'.repeat(300), 'x'.repeat(240)],
])('all other spans are functions; the point of %j is named %j', (name, expected) => {
  expect(described({ name })).toEqual({ name: expected, start: { function: { name } }, stop: {} });
});

test('a failed span ends with the class and the message of its error', () => {
  const events = [
    { name: 'exception', attributes: { 'exception.type': 'RangeError', 'exception.message': 'first' } },
    { name: 'retry' },
    { name: 'exception', attributes: { 'exception.type': 'DatabaseError', 'exception.message': 'last' } },
  ];
  const status = { code: SpanStatusCode.ERROR, message: 'no such table' };
  const attributes = { 'error.type': '42P01' };
  expect(described({ status, events, attributes }).stop).toEqual({
    etype: 'DatabaseError',
    message: 'no such table',
  });
  expect(described({ status: { code: SpanStatusCode.ERROR }, events }).stop).toEqual({
    etype: 'DatabaseError',
    message: 'last',
  });
});

test('a failed span without an exception ends with its error.type', () => {
  const status = { code: SpanStatusCode.ERROR };
  const attributes = { 'http.request.method': 'GET', 'http.response.status_code': 503, 'error.type': '503' };
  expect(described({ kind: SpanKind.SERVER, status, attributes }).stop).toEqual({
    request: { status_code: 503 },
    etype: '503',
    message: '',
  });
  expect(described({ status }).stop).toEqual({ etype: 'Error', message: '' });
});

test('an exception that the application handled is not a failure', () => {
  const events = [{ name: 'exception', attributes: { 'exception.type': 'Error' } }];
  expect(described({ events }).stop).toEqual({});
});

test('long texts are cut', () => {
  const statement = 'x'.repeat(10_000);
  const attributes = { 'db.system.name': 'mysql', 'db.query.text': statement };
  expect(described({ attributes }).start).toEqual({
    db: { statement: statement.slice(0, 8192), params: {} },
  });
});
