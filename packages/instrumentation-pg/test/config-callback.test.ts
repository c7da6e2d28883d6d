// Configurations whose callback pg can't replace.
import { recordSpans } from '@clew/testing';
import { findPostgres, type Postgres } from '../../../integration-tests/services/postgres.ts';
import { instrument, VERSIONS } from './subjects.ts';

const recorder = recordSpans();
let postgres: Postgres;
beforeAll(async () => {
  postgres = await findPostgres();
});
afterAll(() => postgres.stop());

type Done = (error: Error | null, result: { readonly rows: unknown }) => void;

const CONFIGS: readonly [string, (callback: Done) => object][] = [
  [
    'a getter',
    (callback) => ({
      text: 'SELECT 1 AS one',
      get callback() {
        return callback;
      },
    }),
  ],
  [
    'a read-only property',
    (callback) => Object.defineProperty({ text: 'SELECT 1 AS one' }, 'callback', { value: callback }),
  ],
  ['a frozen object', (callback) => Object.freeze({ text: 'SELECT 1 AS one', callback })],
  [
    'an inherited property of a frozen object',
    (callback) => Object.freeze(Object.create({ text: 'SELECT 1 AS one', callback })),
  ],
];

describe.each(Object.entries(VERSIONS))('%s', (_name, version) => {
  test.each(CONFIGS)('a callback in %s is called, and ends the span', async (_case, configOf) => {
    const plugin = instrument({}, version);
    const client = new version.Client({ connectionString: postgres.url });
    await client.connect();
    const rows = await new Promise((resolve, reject) => {
      const config = configOf((error, result) => (error ? reject(error) : resolve(result.rows)));
      client.query(config as { text: string });
    });
    await client.end();
    plugin.disable();
    expect(rows).toEqual([{ one: 1 }]);
    expect(recorder.spans().at(-1)?.name).toBe('SELECT');
    expect(recorder.open()).toEqual([]);
  });
});
