import fc from 'fast-check';
import { isUnambiguous, pathOfTarget } from '../src/propagation/routed-path.ts';
import { trustDecider } from '../src/propagation/trust.ts';

const RULES = [
  { path: '/internal/public/*', trace: 'link' },
  { path: '/internal/*', trace: 'continue' },
  { trace: 'ignore', baggage: 'drop' },
] as const;
const decide = trustDecider(RULES);
const traceOf = (target: string) => decide(() => ({ path: pathOfTarget(target), port: 80 })).trace;

test.each([
  '/internal/x',
  '/internal/',
  '/internal/a/b.c/d-e_f~g',
  '/internal/x?path=/../public',
  '/internal/a%20b',
  '/internal/100%25',
  '/internal/%C3%A9t%C3%A9',
  '/internal/ann%40example.org',
  '/internal/urn%3Aa%2Bb%2C%7Bc%7D',
  '/internal/a:b@c,d=e+f(g)',
  '/internal/.well-known/x',
  '/internal/a..b/c.',
  '/internal/{id}',
  'http://shop.example/internal/x',
  'http://127.0.0.1:8080/internal/x?y',
  'http://user:secret@shop.example/internal/x',
])('%s matches a rule for /internal/*', (target) => {
  expect(traceOf(target)).toBe('continue');
});

test.each([
  '/internal/../public',
  '/internal/..',
  '/internal/./x',
  '/internal/.',
  '/internal/a/../../public',
  '/internal/%2e%2e/public',
  '/internal/%2E%2e/public',
  '/internal/.%2e/public',
  '/internal/%2e/x',
  '/internal/%252e%252e/public',
  '/internal/%25252e%25252e/public',
  '/internal/%c0%ae%c0%ae/public',
  '/internal/%e0%80%ae%e0%80%ae/public',
  '/internal/%u002e%u002e/public',
  '/internal/..%2fpublic',
  '/internal/..%5cpublic',
  '/internal%2f..%2fpublic',
  '/internal/..\\public',
  '/internal\\..\\public',
  '/internal/\\..\\public',
  '/internal/..;/public',
  '/internal/..;v=1/public',
  '/internal/..%3b/public',
  '/internal/..%00/public',
  '/internal/..%0d%0a/public',
  '/internal/..%20/public',
  '/internal/%20../public',
  '/internal/.%09./public',
  '/internal/.\t./public',
  '/internal/...//public',
  '/internal//public',
  '/internal//x',
  '/internal/%2f/x',
  '/internal/a%2fb',
  '/internal/publi%63/x',
  '/internal/%70ublic/x',
  '/internal/public;v=1/x',
  '/internal/x#/../public',
  '/internal/\xe9',
  '/internal/%',
  '/internal/%zz',
  '//internal/x',
  '/./internal/x',
  '/public/../internal/x',
  'internal/x',
  '*',
  'http:///internal/x',
  'http:/internal/x',
  'http:\\\\shop\\internal/x',
  'http://shop\\@evil/internal/x',
  'http://a@b@shop/internal/x',
  'http://shop/internal/../public',
  'http://%2e/internal/x',
  'ftp://shop/internal/x',
])('%j matches no rule with *', (target) => {
  expect(traceOf(target)).toBe('ignore');
});

test('an ambiguous path has at most the trust of the strictest matching rule', () => {
  const open = trustDecider([{ path: '/partner/*', baggage: ['tenant'] }]);
  expect(open(() => ({ path: '/public/../partner/x', port: 80 }))).toEqual({
    trace: 'link',
    baggage: 'drop',
  });
  expect(open(() => ({ path: '/public', port: 80 }))).toEqual({ trace: 'continue', baggage: 'keep' });
  const closed = trustDecider([{ path: '/public/*', trace: 'ignore' }]);
  expect(closed(() => ({ path: '/public/./x', port: 80 }))).toEqual({ trace: 'ignore', baggage: 'drop' });
});

test.each([
  '/open/../internal/x',
  '/open/./x',
  '/open/%2e/x',
  '/internal/../open/x',
  '/internal/%2e%2e/open/x',
  '/internal/%252e%252e/open/x',
  '/internal/..\\open/x',
  '/internal/..;v=1/open/x',
  '/internal/..%2fopen/x',
  '//open/x',
  '/%6fpen/x',
  '/open;v=1/x',
  'http:///open/x',
  'http:\\\\shop\\open\\x',
  'http://a@b@shop/open/x',
])('%j matches a rule that distrusts /open/*', (target) => {
  const distrusting = trustDecider([
    { path: '/open/*', trace: 'ignore', baggage: ['a', 'b'] },
    { trace: 'continue', baggage: ['b', 'c'] },
  ]);
  const at = { path: pathOfTarget(target), port: 80 };
  expect(distrusting(() => at)).toEqual({ trace: 'ignore', baggage: ['b'] });
  expect(distrusting(() => ({ path: '/files/a%2Fb', port: 80 }))).toEqual({
    trace: 'continue',
    baggage: ['b', 'c'],
  });
});

test('a rule without a path, and one with the exact path, match any path', () => {
  const byPort = trustDecider([{ port: 8080, trace: 'continue' }, { trace: 'ignore' }]);
  expect(byPort(() => ({ path: '/a/../b', port: 8080 })).trace).toBe('continue');
  const exact = trustDecider([{ path: '/a;b', trace: 'continue' }, { trace: 'ignore' }]);
  expect(exact(() => ({ path: '/a;b', port: 80 })).trace).toBe('continue');
});

test("a queue's name is not a path", () => {
  const queues = trustDecider([{ path: 'orders.*', trace: 'continue' }, { trace: 'ignore' }]);
  for (const path of ['orders.//', 'orders.;', 'orders.%2e', 'orders.'])
    expect(queues(() => ({ path, port: undefined, isQueue: true })).trace).toBe('continue');
});

test('a path is unambiguous exactly if the URL parser keeps it unchanged and decoding adds no slash or dots', () => {
  const pieces = fc.constantFrom(
    '/',
    '.',
    '..',
    '%2e',
    '%2F',
    '\\',
    ';',
    'a',
    'internal',
    '%20',
    '%41',
    '%',
    '?',
    '#',
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 8 }), (parts) => {
      const path = `/${parts.join('')}`;
      if (!isUnambiguous(path)) return;
      expect(new URL(path, 'http://h').pathname).toBe(path);
      const segments = decodeURIComponent(path).split('/');
      expect(segments).toHaveLength(path.split('/').length);
      expect(segments.some((segment) => segment === '.' || segment === '..')).toBe(false);
    }),
    { numRuns: 5000 },
  );
});

test('a long path is checked in time proportional to its length', () => {
  for (const unit of ['/', '/.', '%2e', '/a', '%20', '.', '/%20', 'a;']) {
    const path = `/${unit.repeat(500_000)}`;
    // The least of several times: a busy machine may stop the process in one of them.
    const times = Array.from({ length: 3 }, () => {
      const begin = performance.now();
      isUnambiguous(path);
      return performance.now() - begin;
    });
    expect(Math.min(...times)).toBeLessThan(1000);
  }
});
