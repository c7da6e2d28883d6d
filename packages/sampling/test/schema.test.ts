import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { readPolicies } from '../src/index.ts';

const schema = JSON.parse(readFileSync(join(__dirname, '..', 'policies.schema.json'), 'utf8'));
const validate = new Ajv2020({ strictTypes: false, strictRequired: false }).compile(schema);

/** Whether the reader accepts a document. */
function accepts(document: object): boolean {
  try {
    readPolicies(document);
    return true;
  } catch {
    return false;
  }
}

const TEXTS = ['', '/a', 'a*', '^a$', 'x'.repeat(1024), 'x'.repeat(1025), '😀'.repeat(1024)];
const value = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom<unknown>(...TEXTS) },
  fc.constantFrom<unknown>(true, false, 0, 1, 0.5, -1, 2, 1e9, null, [], {}, ['/a'], [1], ['server']),
);
/** An object with some of these keys, and sometimes another one. */
function some(fields: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<object> {
  const keys = [...Object.keys(fields), 'other', '__proto__'];
  return fc.uniqueArray(fc.constantFrom(...keys), { maxLength: 3 }).chain((names) => {
    const entries = names.map((name) =>
      (Object.hasOwn(fields, name) ? fields[name]! : value).map((each) => [name, each] as const),
    );
    return fc.tuple(...entries).map((pairs) => Object.fromEntries(pairs));
  });
}

const condition = some({
  exact: value,
  prefix: value,
  regex: value,
  exists: value,
  ignoreCase: fc.boolean(),
  negate: value,
});
const textMatch = fc.oneof(value, condition, fc.array(fc.constantFrom(...TEXTS), { maxLength: 2 }));
const words = (...all: string[]) => fc.oneof(value, fc.constantFrom(...all), fc.subarray(all));
const match = some({
  path: textMatch,
  service: textMatch,
  kind: words('server', 'client'),
  origin: words('root', 'debug'),
  attributes: fc.oneof(value, some({ a: textMatch })),
  baggage: fc.oneof(value, some({ a: textMatch })),
});
const number = fc.constantFrom<unknown>(0, 0.5, 1, 2, 1e6, 1e6 + 1, -1, '1', null);
const keep = some({
  ratio: number,
  tracesPerSecond: number,
  atLeastPerSecond: number,
  always: fc.boolean(),
  never: fc.boolean(),
  onError: fc.boolean(),
  slowerThanMs: number,
});
const policy = fc.record(
  { id: fc.constantFrom<unknown>('a', '', 'x'.repeat(129), 1), name: value, enabled: value, match, keep },
  { requiredKeys: [] },
);
const matcher = some({
  span_attribute: fc.constantFrom<unknown>(['a'], 'a', { path: ['a'] }, [], [1], {}, null),
  span_kind: fc.constantFrom<unknown>('server', 1),
  exact: value,
  regex: value,
  exists: fc.boolean(),
  negate: fc.boolean(),
});
const telemetryPolicy = fc.record(
  {
    id: fc.constantFrom<unknown>('a', 1),
    name: fc.constantFrom<unknown>('a', 1),
    trace: fc.record(
      {
        match: fc.oneof(value, fc.array(matcher, { minLength: 1, maxLength: 2 })),
        keep: some({
          percentage: number,
          mode: value,
          sampling_precision: number,
          fail_closed: fc.boolean(),
        }),
      },
      { requiredKeys: [] },
    ),
    log: value,
  },
  { requiredKeys: ['id', 'name'] },
);
const document = fc.oneof(
  fc.record({ policies: fc.oneof(value, fc.array(fc.oneof(policy, telemetryPolicy), { maxLength: 1 })) }),
  fc.array(fc.oneof(policy, telemetryPolicy), { maxLength: 1 }),
);

test('the JSON schema accepts the same documents as the reader', () => {
  let accepted = 0;
  fc.assert(
    fc.property(document, (each) => {
      const fits = accepts(each);
      if (fits) accepted++;
      expect({ each, fits: validate(each) }).toEqual({ each, fits });
    }),
    { numRuns: 5_000 },
  );
  expect(accepted).toBeGreaterThan(250);
});
