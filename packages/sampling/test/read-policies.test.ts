import { PolicyError, readPolicies } from '../src/index.ts';
import { LIMITS } from '../src/limits.ts';

const YAML = `
# Health checks are never traced.
- id: health
  match:
    path: [/health, /ready]
  keep: { never: true }
- id: checkout
  description: Every error of the shop's most important page.
  match: { service: shop, method: POST, route: /checkout/:id }
  keep:
    ratio: 0.25
    onError: true
`;

const POLICIES = [
  { id: 'health', match: { path: ['/health', '/ready'] }, keep: { never: true } },
  {
    id: 'checkout',
    description: "Every error of the shop's most important page.",
    match: { service: 'shop', method: 'POST', route: '/checkout/:id' },
    keep: { ratio: 0.25, onError: true },
  },
];

/** The message of the error that a document causes. */
function messageOf(source: string | object, format?: 'json' | 'yaml'): string {
  try {
    readPolicies(source, format);
  } catch (error) {
    expect(error).toBeInstanceOf(PolicyError);
    return (error as PolicyError).message;
  }
  throw new Error('the document is valid');
}

/** The message for one policy. */
function messageOfPolicy(policy: object): string {
  return messageOf({ policies: [policy] });
}

describe('a set of policies', () => {
  test.each([
    ['YAML', YAML],
    ['a list in JSON', JSON.stringify(POLICIES)],
    ['an object in JSON', JSON.stringify({ $schema: 'policies.schema.json', policies: POLICIES })],
    ['JSON with a byte order mark', `\uFEFF${JSON.stringify(POLICIES)}`],
    ['a list', POLICIES],
    ['an object', { policies: POLICIES }],
  ])('is read from %s', (_form, source) => {
    expect(readPolicies(source)).toEqual({ policies: POLICIES, skipped: [] });
  });

  test('is a copy, which later changes of the object do not affect', () => {
    const policy = { id: 'a', match: { path: ['/a'] }, keep: { ratio: 0.5 } };
    const { policies } = readPolicies({ policies: [policy] });
    policy.keep.ratio = 1;
    policy.match.path.push('/b');
    expect(policies).toEqual([{ id: 'a', match: { path: ['/a'] }, keep: { ratio: 0.5 } }]);
  });

  test('is not read twice', () => {
    const set = readPolicies(POLICIES);
    expect(readPolicies(set)).toBe(set);
  });

  test('is empty in an empty list', () => {
    expect(readPolicies('policies: []').policies).toEqual([]);
  });

  test('treats a property with the value undefined as missing', () => {
    expect(readPolicies([{ id: 'a', name: undefined, keep: { ratio: 1 } }]).policies).toEqual([
      { id: 'a', keep: { ratio: 1 } },
    ]);
  });

  test('keeps attributes whose names are those of JavaScript prototypes', () => {
    const text = '[{"id":"a","match":{"attributes":{"__proto__":"x","constructor":"y"}},"keep":{"ratio":1}}]';
    const attributes = readPolicies(text).policies[0]?.match?.attributes ?? {};
    expect(Object.keys(attributes)).toEqual(['__proto__', 'constructor']);
    expect(Object.getPrototypeOf(attributes)).toBe(Object.prototype);
  });
});

describe('an error', () => {
  test.each([
    [{ id: 'a', keep: { ratio: '2' } }, 'expected policies[0].keep.ratio in [0, 1], got "2"'],
    [{ id: 'a', keep: { ratio: Number.NaN } }, 'expected policies[0].keep.ratio in [0, 1], got NaN'],
    [{ id: 'a', keep: { always: false } }, 'expected policies[0].keep.always to be true, got false'],
    [{ id: '', keep: { ratio: 1 } }, 'expected policies[0].id to be a string of 1 to 128 characters, got ""'],
    [{ keep: { ratio: 1 } }, 'expected policies[0] to have an id, got {"keep":{"ratio":1}}'],
    [{ id: 'a' }, 'expected policies[0] to have the key keep, got {"id":"a"}'],
    [{ id: 'a', keep: null }, 'expected policies[0].keep to be an object, got null'],
    [
      { id: 'a', keep: { never: true, onError: true } },
      'expected policies[0].keep to have never alone, got {"never":true,"onError":true}',
    ],
    [
      { id: 'a', keep: { always: true, ratio: 1 } },
      'expected policies[0].keep to have always without ratio and rates, got {"always":true,"ratio":1}',
    ],
    [
      { id: 'a', keep: { atLeastPerSecond: 1 } },
      'expected policies[0].keep to have atLeastPerSecond only with ratio, got {"atLeastPerSecond":1}',
    ],
    [
      { id: 'a', keep: { ratio: 1 }, mach: {} },
      'expected policies[0] to have only the keys id, name, description, enabled, match, keep, got "mach"',
    ],
    [
      { id: 'a', keep: { ratio: 1 }, match: { kind: 'SERVER' } },
      'expected policies[0].match.kind to be "internal" | "server" | "client" | "producer" | "consumer", or a list of them, got "SERVER"',
    ],
    [
      { id: 'a', keep: { ratio: 1 }, match: { path: { prefix: '/', suffix: '/' } } },
      'expected policies[0].match.path to have exactly one of the keys exact, prefix, suffix, contains, glob, regex, exists, got "prefix, suffix"',
    ],
    [
      { id: 'a', keep: { ratio: 1 }, match: { attributes: { 'db.system': {} } } },
      'expected policies[0].match.attributes["db.system"] to have exactly one of the keys exact, prefix, suffix, contains, glob, regex, exists, got ""',
    ],
    [
      { id: 'a', keep: { ratio: 1 }, match: { path: { regex: '(?=a)' } } },
      'expected policies[0].match.path.regex to be a regular expression of RE2 (error parsing regexp: invalid or unsupported Perl syntax: `(?=`), got "(?=a)"',
    ],
    [null, 'expected policies[0] to be an object, got null'],
  ])('of %j has the place, what was expected, and the value', (policy, message) => {
    expect(messageOfPolicy(policy as object)).toBe(`@clew/sampling: ${message}`);
  });

  test.each([
    ['policies: 1', 'expected policies to be a list, got 1'],
    ['', 'expected policies to be a list, got null'],
    [
      '{"policies":[],"version":1}',
      'expected the document to have only the keys policies, $schema, got "version"',
    ],
    ['a: [1, 2', 'expected the document to be YAML (Flow sequence'],
    [
      'a: 1\na: 2',
      'expected the document to be YAML (Map keys must be unique at line 2, column 1), got "a: 1\\na: 2"',
    ],
    ['[1, 2', 'expected the document to be JSON ('],
    ['- a\n---\n- b', 'expected the document to be YAML (Source contains multiple documents'],
  ])('of the document %j names the problem', (text, message) => {
    expect(messageOf(text)).toContain(`@clew/sampling: ${message}`);
  });

  test('names both places of an id that is used twice', () => {
    const policy = { id: 'same', keep: { ratio: 1 } };
    expect(messageOf([policy, { id: 'other', keep: { ratio: 1 } }, policy])).toBe(
      '@clew/sampling: expected policies[2].id to differ from policies[0].id, got "same"',
    );
  });

  test('lists all that is wrong in a document, and at most 20 problems', () => {
    const wrong = Array.from({ length: 30 }, () => ({ id: 1, keep: {} }));
    const error = (() => {
      try {
        return readPolicies(wrong);
      } catch (caught) {
        return caught as PolicyError;
      }
    })() as PolicyError;
    expect(error.problems).toHaveLength(LIMITS.problems);
    expect(error.problems.slice(0, 2)).toEqual([
      { place: 'policies[0].id', expected: 'to be a string of 1 to 128 characters', got: '1' },
      {
        place: 'policies[0].keep',
        expected:
          'to have at least one of ratio, tracesPerSecond, atLeastPerSecond, always, never, onError, slowerThanMs',
        got: '{}',
      },
    ]);
    expect(error.message).toMatch(/; and 40 more$/);
    expect(error.name).toBe('PolicyError');
  });
});

describe('the bounds of a document', () => {
  const keep = { ratio: 1 };
  test.each([
    ['text', ' '.repeat(LIMITS.document + 1), 'at most 1048576 characters'],
    ['policies', Array.from({ length: 10_001 }, (_, id) => ({ id: `${id}`, keep })), 'at most 10000 items'],
    ['a text in it', [{ id: 'a', name: 'x'.repeat(1025), keep }], 'at most 1024 characters'],
    ['a list', [{ id: 'a', match: { path: Array(1001).fill('/') }, keep }], 'a list of 1 to 1000 strings'],
    [
      'attributes',
      [
        {
          id: 'a',
          match: {
            attributes: Object.fromEntries(Array.from({ length: 65 }, (_, n) => [n, 1])),
          },
          keep,
        },
      ],
      'at most 64 keys',
    ],
    [
      'regular expressions',
      Array.from({ length: 1001 }, (_, id) => ({ id: `${id}`, match: { path: { regex: 'a' } }, keep })),
      'at most 1000 regular expressions',
    ],
  ])('are checked: %s', (_name, source, message) => {
    expect(messageOf(source)).toContain(message);
  });

  test('accept 10,000 policies', () => {
    const policies = Array.from({ length: 10_000 }, (_, id) => ({
      id: `p${id}`,
      match: { path: `/${id}` },
      keep,
    }));
    expect(readPolicies(JSON.stringify(policies)).policies).toHaveLength(10_000);
  });
});
