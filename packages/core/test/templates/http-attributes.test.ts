import { http } from '@clew/core/plugin';
import type { Attributes, Span } from '@opentelemetry/api';
import fc from 'fast-check';
import {
  addHeaders,
  addMethod,
  methodName,
  redactQuery,
  redactUrl,
  splitHost,
  splitTarget,
} from '../../src/templates/http-attributes.ts';

test.each<[method: string, name: string, attributes: Attributes]>([
  ['GET', 'GET', { 'http.request.method': 'GET' }],
  ['QUERY', 'QUERY', { 'http.request.method': 'QUERY' }],
  ['get', 'HTTP', { 'http.request.method': '_OTHER', 'http.request.method_original': 'get' }],
  ['PROPFIND', 'HTTP', { 'http.request.method': '_OTHER', 'http.request.method_original': 'PROPFIND' }],
  [
    'X'.repeat(100),
    'HTTP',
    { 'http.request.method': '_OTHER', 'http.request.method_original': 'X'.repeat(64) },
  ],
])('the method %s', (method, name, expected) => {
  const attributes: Attributes = {};
  addMethod(attributes, method);
  expect(attributes).toEqual(expected);
  expect(methodName(method)).toBe(name);
});

test.each<[query: string, redacted: string]>([
  ['a=1&b=2', 'a=1&b=2'],
  ['sig=s3cr3t', 'sig=REDACTED'],
  ['a=1&sig=s3cr3t=&b=2', 'a=1&sig=REDACTED&b=2'],
  ['sig=&sig', 'sig=REDACTED&sig'],
  ['design=1&signal=2', 'design=1&signal=2'],
  ['SIG=1', 'SIG=1'],
  ['X-Goog-Signature=s3cr3t&AWSAccessKeyId=s3cr3t', 'X-Goog-Signature=REDACTED&AWSAccessKeyId=REDACTED'],
  [
    'X-Amz-Credential=s3cr3t&X-Amz-Date=1&X-Amz-Security-Token=s3cr3t&X-Amz-Signature=s3cr3t',
    'X-Amz-Credential=REDACTED&X-Amz-Date=1&X-Amz-Security-Token=REDACTED&X-Amz-Signature=REDACTED',
  ],
  ['', ''],
  ['&&=', '&&='],
])('the query %j is %j', (query, redacted) => {
  expect(redactQuery(query, http.REDACTED_QUERY_PARAMS)).toBe(redacted);
});

test.each<[target: string, url: string]>([
  ['/', 'https://shop.test/'],
  ['/a?b=1#c', 'https://shop.test/a?b=1'],
  ['/a#sig=1', 'https://shop.test/a'],
  ['/a?sig=s3cr3t#x', 'https://shop.test/a?sig=REDACTED'],
  ['/a?b?sig=1', 'https://shop.test/a?b?sig=1'],
])('the target %s is %s', (target, url) => {
  expect(redactUrl('https://shop.test', target, http.REDACTED_QUERY_PARAMS)).toBe(url);
});

test('a URL has at most 4096 characters', () => {
  expect(redactUrl('https://shop.test', `/${'a'.repeat(10_000)}`, [])).toHaveLength(4096);
});

test('a secret in a redacted parameter is not recorded anywhere', () => {
  const part = fc.string({ unit: fc.constantFrom(...'ab=&?#%/sig'), maxLength: 10 });
  fc.assert(
    fc.property(part, part, (before, after) => {
      const query = `${before.replaceAll('#', '')}&sig=Zs3cr3tZ${after.replaceAll(/[&#]/g, '')}`;
      expect(redactUrl('http://a', `/?${query}`, http.REDACTED_QUERY_PARAMS)).not.toContain('Zs3cr3tZ');
    }),
  );
});

test.each<[host: string, address: string, port: number | undefined]>([
  ['shop.test', 'shop.test', undefined],
  ['shop.test:8080', 'shop.test', 8080],
  ['shop.test:', 'shop.test', undefined],
  ['shop.test:http', 'shop.test', undefined],
  ['shop.test:0', 'shop.test', undefined],
  ['shop.test:65535', 'shop.test', 65535],
  ['shop.test:65536', 'shop.test', undefined],
  ['shop.test:1e3', 'shop.test', undefined],
  ['shop.test:0x50', 'shop.test', undefined],
  ['127.0.0.1:80', '127.0.0.1', 80],
  ['[::1]', '::1', undefined],
  ['[::1]:8080', '::1', 8080],
  ['::1', '::1', undefined],
  ['', '', undefined],
])('the host %j is %j, port %p', (host, address, port) => {
  expect(splitHost(host)).toEqual({ address, port });
});

test('headers become lists under their lower-case names; missing headers are not recorded', () => {
  const attributes: Record<string, unknown> = {};
  const span = {
    setAttribute: (key: string, value: unknown) => {
      attributes[key] = value;
    },
  } as unknown as Span;
  const headers: Record<string, string | string[] | number> = {
    'x-one': 'a',
    'x-many': ['b', 'c'],
    'x-number': 7,
  };
  addHeaders(
    span,
    'http.request.header.',
    ['X-One', 'x-many', 'x-number', 'x-none'],
    (name) => headers[name],
  );
  expect(attributes).toEqual({
    'http.request.header.x-one': ['a'],
    'http.request.header.x-many': ['b', 'c'],
    'http.request.header.x-number': ['7'],
  });
  expect(attributes['http.request.header.x-many']).not.toBe(headers['x-many']);
});

test.each<[target: string, origin: string | undefined, path: string]>([
  ['/songs?page=2', undefined, '/songs?page=2'],
  ['//songs', undefined, '//songs'],
  ['*', undefined, '*'],
  ['shop.test:443', undefined, 'shop.test:443'],
  ['http://shop.test:81/songs?a=http://b/', 'http://shop.test:81', '/songs?a=http://b/'],
  ['HTTPS://shop.test', 'HTTPS://shop.test', '/'],
  ['http://shop.test?page=2', 'http://shop.test', '/?page=2'],
  ['http://user:p@ss@shop.test/', 'http://shop.test', '/'],
  ['', undefined, ''],
])('the request target %p', (target, origin, path) => {
  expect(splitTarget(target)).toEqual({ origin, path });
});
