import { expectedRequests, FAILURES, requestsOf } from './expected-requests.ts';
import { createProject, type Driver, type OrmProject } from './orm-project.ts';
import { STATEMENTS } from './statements.ts';

// TypeORM can't be installed next to ioredis 6, nor bookshelf next to knex 3 unless package.json allows it.
const PACKAGES = [
  'pg@8.23.1',
  'mysql2@3.24.6',
  'bookshelf@1.2.0',
  'drizzle-orm@0.45.4',
  'knex@3.3.0',
  'kysely@0.29.9',
  'objection@3.1.5',
  'sequelize@6.37.8',
  'typeorm@1.1.1',
];
const INSTALL_TIMEOUT_MS = 300_000;
const TIMEOUT_MS = 120_000;

let project: OrmProject;
beforeAll(async () => {
  project = await createProject(PACKAGES, { overrides: { bookshelf: { knex: '$knex' } } });
}, INSTALL_TIMEOUT_MS);
afterAll(() => project.close());

describe.each(Object.entries(STATEMENTS))('%s', (program, statements) => {
  test.each<Driver>(['pg', 'mysql2'])(
    'over %s, each query is one CLIENT span below its own request, through pools of 1 and 5, and the output is the same as untraced',
    async (driver) => {
      const { untraced, traced, spans } = await project.compare(driver, 'requests.mjs', program, driver);
      expect(untraced).toMatchObject({ code: 0, stderr: '' });
      expect(traced).toEqual(untraced);
      const expected = statements[driver];
      expect(requestsOf(spans, expected.setUp)).toEqual(expectedRequests(expected, FAILURES[driver]));
    },
    TIMEOUT_MS,
  );
});

const REQUESTS = Array.from({ length: 20 }, (_, index) => `request ${index}`);
const SET_UP = /^select version/;
const ON_RELATIONS = [
  'DELETE songs_tags',
  'INSERT songs',
  'INSERT songs_tags',
  'INSERT songs_tags',
  'INSERT tags',
  'INSERT tags',
  'SELECT songs',
  'SELECT songs',
  'SELECT songs',
  'SELECT tags',
  'SELECT tags',
  'SELECT tags songs_tags',
  'UPDATE songs',
];
// bookshelf reads what it has saved if the database has no RETURNING.
const REFRESHES = ['SELECT songs', 'SELECT songs', 'SELECT tags', 'SELECT tags'];

test.each<[Driver, readonly string[]]>([
  ['pg', ON_RELATIONS],
  ['mysql2', [...ON_RELATIONS, ...REFRESHES].sort()],
])(
  'the relations and listeners of bookshelf over %s: the queries of 20 requests at once are below their own request',
  async (driver, queries) => {
    const { untraced, traced, spans } = await project.compare(driver, 'bookshelf-relations.cjs', driver);
    expect(untraced).toMatchObject({ code: 0, stderr: '' });
    expect(traced).toEqual(untraced);
    const requests = requestsOf(spans, SET_UP);
    const names = Object.values(requests).map((lines) =>
      lines.map((line) => line.split(' | ')[0]?.replace('CLIENT ', '')).sort(),
    );
    expect(Object.keys(requests).sort()).toEqual(REQUESTS.sort());
    expect(names).toEqual(REQUESTS.map(() => queries));
  },
  TIMEOUT_MS,
);
