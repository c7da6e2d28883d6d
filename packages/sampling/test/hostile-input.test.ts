import { DiagLogLevel, diag } from '@opentelemetry/api';
import { TokenBucket } from '../src/deciding/token-bucket.ts';
import { PolicyError, PolicySampler, readPolicies } from '../src/index.ts';
import { compileText } from '../src/matching/text-matcher.ts';
import { decide } from './local-root.ts';

/** The message of the error that a text causes. */
function refusal(text: string): string {
  try {
    readPolicies(text);
  } catch (error) {
    expect(error).toBeInstanceOf(PolicyError);
    return (error as PolicyError).message;
  }
  throw new Error('the text is accepted');
}

describe('a document', () => {
  const valid = '[{"id":"a","match":{"path":"/a"},"keep":{"ratio":0.5}}]';

  test.each([
    ['10 MB of JSON', `["${'x'.repeat(10_000_000)}"]`, 'at most 1048576 characters'],
    ['10 MB of YAML', '- a\n'.repeat(2_500_000), 'at most 1048576 characters'],
    ['1 MB of opening brackets as JSON', '['.repeat(1_000_000), 'to be JSON'],
    [
      '1 MB of nested JSON',
      `${'['.repeat(500_000)}${']'.repeat(500_000)}`,
      'expected policies[0] to be an object',
    ],
    [
      '1 MB of opening brackets as YAML',
      `policies: ${'['.repeat(1_000_000)}`,
      'more than 32 levels of brackets',
    ],
    ['deeply nested lists', `policies:\n${'- '.repeat(50_000)}a`, 'to be YAML'],
    ['a list that is its own item', 'policies: &a [*a]', 'the alias *a is inside its own anchor'],
    ['a policy inside itself', '- &a\n  id: a\n  keep: *a', 'the alias *a is inside its own anchor'],
    ['an alias without an anchor', '- *a', 'the alias *a has no anchor'],
    [
      'an alias bomb',
      `a: &a [x,x]\n${Array.from({ length: 20 }, (_, n) => `b${n}: &b${n} [*${n === 0 ? 'a' : `b${n - 1}`}, *${n === 0 ? 'a' : `b${n - 1}`}]`).join('\n')}`,
      'to be YAML (Excessive alias count',
    ],
    ['many aliases', `a: &a x\nb: [${Array(101).fill('*a').join(',')}]`, 'more than 100 aliases'],
    ['a tag of JavaScript', '- !!js/function "function () {}"', 'expected policies[0] to be an object'],
    ['a key with the name __proto__', '{"policies":[],"__proto__":{"polluted":1}}', 'got "__proto__"'],
    ['a policy with the key __proto__', '[{"id":"a","keep":{"ratio":1},"__proto__":{}}]', 'got "__proto__"'],
    ['keep with the key constructor', '[{"id":"a","keep":{"constructor":1}}]', 'got "constructor"'],
    ['numbers beyond all bounds', '[{"id":"a","keep":{"ratio":1e999}}]', 'in [0, 1], got Infinity'],
    [
      'a number that is none',
      '[{id: a, keep: {ratio: .nan}}]\n'.replace('[', '- ').replace(']\n', ''),
      'got NaN',
    ],
    ['binary data', '\u0000\u0001\u0002', 'expected'],
    ['a page of HTML', '<html><body>Bad Gateway</body></html>', 'expected policies to be a list'],
  ])('is refused: %s', (_name, text, message) => {
    expect(refusal(text)).toContain(message);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });

  test('is refused wherever it is cut off', () => {
    for (let length = 0; length < valid.length; length++)
      expect(() => readPolicies(valid.slice(0, length), 'json')).toThrow(PolicyError);
    expect(readPolicies(valid).policies).toHaveLength(1);
  });

  test('has a short error, however long its texts are', () => {
    const text = JSON.stringify(Array.from({ length: 100 }, () => ({ id: 'x'.repeat(5_000), keep: 1 })));
    expect(refusal(text).length).toBeLessThan(5_000);
  });

  test.each(['(a+)+$', '(a|a)*$', '(.*)(.*)(.*)(.*)x$', '^(([a-z])+.)+[A-Z]([a-z])+$'])(
    'may have the regular expression %s, which takes linear time',
    (regex) => {
      const matcher = compileText({ regex });
      const timeOf = (length: number) => {
        const text = `${'a'.repeat(length)}!`;
        return Math.min(...Array.from({ length: 5 }, () => cpuTime(() => matcher.test(text))));
      };
      timeOf(2_000);
      // Sixteen times the length: an expression that backtracks takes at least 256 times as long.
      expect(timeOf(128_000)).toBeLessThan(100 * Math.max(timeOf(8_000), 50));
    },
  );

  test.each(['*aab*', '*a?b*', '*a*a*a*?b*', '*aaaaaaaaaaaaaaab*b'])(
    'may have the glob %s, which takes linear time',
    (glob) => {
      const matcher = compileText({ glob });
      const timeOf = (length: number) => {
        const text = 'a'.repeat(length);
        return Math.min(...Array.from({ length: 5 }, () => cpuTime(() => matcher.test(text))));
      };
      timeOf(2_000);
      expect(timeOf(128_000)).toBeLessThan(100 * Math.max(timeOf(8_000), 50));
    },
  );

  test.each(['((((a{100}){100}){100}){100})', 'a{1001}', '(?=a)', '(?<!a)b', '\\1', '[', '(?P<n'])(
    'can not have the regular expression %s',
    (regex) => {
      expect(
        refusal(JSON.stringify([{ id: 'a', match: { path: { regex } }, keep: { ratio: 1 } }])),
      ).toContain('expected policies[0].match.path.regex to be a regular expression of RE2');
    },
  );
});

describe('an object from the application', () => {
  test.each([
    [
      'itself as a policy',
      () => {
        const list: unknown[] = [];
        list.push(list);
        return list;
      },
    ],
    [
      'itself as a condition',
      () => {
        const policy: Record<string, unknown> = { id: 'a', keep: { ratio: 1 } };
        policy.match = { path: policy };
        return [policy];
      },
    ],
    ['functions', () => [() => 1]],
    ['symbols and big numbers', () => [{ id: Symbol('a'), keep: { ratio: 1n } }]],
  ])('is refused with a PolicyError: %s', (_name, create) => {
    expect(() => readPolicies(create())).toThrow(PolicyError);
  });
});

describe('a clock', () => {
  const bucketAt = (nowMs: number) => {
    const bucket = new TokenBucket(2);
    bucket.has(nowMs);
    bucket.take();
    bucket.take();
    return bucket;
  };

  test.each([
    ['that jumps a year ahead', 1_000, 31_536_000_000],
    ['that starts to count from 0', 1e12, 10_000],
  ])('%s gives at most one full bucket', (_name, before, after) => {
    const bucket = bucketAt(before);
    bucket.has(after);
    let tokens = 0;
    while (bucket.has(after) && tokens < 10) {
      bucket.take();
      tokens++;
    }
    expect(tokens).toBeLessThanOrEqual(2);
    expect(bucket.has(after + 500)).toBe(true);
  });

  test('that is not a number gives nothing, and is forgotten', () => {
    const bucket = bucketAt(0);
    expect(bucket.has(Number.NaN)).toBe(false);
    expect(bucket.has(499)).toBe(false);
    expect(bucket.has(500)).toBe(true);
  });
});

test('hostile requests are decided: huge paths, attributes of any type, invalid trace states', () => {
  const errors: unknown[] = [];
  const ignore = () => {};
  diag.setLogger(
    { error: (...error) => errors.push(error), warn: ignore, info: ignore, debug: ignore, verbose: ignore },
    DiagLogLevel.ERROR,
  );
  const never = { never: true } as const;
  const sampler = new PolicySampler({
    policies: [
      { id: 'glob', match: { path: '*a*b*c' }, keep: never },
      { id: 'regex', match: { attributes: { x: { regex: '^(a+)+$' } } }, keep: never },
      { id: 'ratio', keep: { ratio: 0.5 } },
    ],
  });
  const values = ['x'.repeat(1_000_000), 42, Number.NaN, null, {}, [null], () => 1, Symbol('a'), 1n];
  for (const value of values) {
    const attributes = { 'url.path': value, 'http.request.method': value, x: value } as never;
    expect(decide(sampler, { attributes }).sampled).toBe(true);
  }
  const broken = {
    get: () => {
      throw new Error('broken');
    },
    serialize: () => {
      throw new Error('broken');
    },
  };
  expect(decide(sampler, { traceState: broken as never }).sampled).toBe(true);
  const oversized = { get: () => `rv:${'f'.repeat(1_000)}`, serialize: () => 'ot=1', set: () => oversized };
  expect(decide(sampler, { traceState: oversized as never }).sampled).toBe(true);
  expect(errors.length).toBeLessThanOrEqual(1);
  diag.disable();
});

/** Microseconds of CPU time. */
function cpuTime(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}
