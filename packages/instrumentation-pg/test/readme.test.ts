import { join } from 'node:path';
import { preloadSuite, readmeSuite } from '@clew/testing';
import { findPostgres, type Postgres } from '../../../integration-tests/services/postgres.ts';

const folder = join(__dirname, '..');
let postgres: Postgres;
beforeAll(async () => {
  postgres = await findPostgres();
  process.env.DATABASE_URL ??= postgres.url;
});
afterAll(() => postgres.stop());

readmeSuite(folder, ['CREATE songs', 'INSERT songs', 'SELECT songs']);

preloadSuite(
  folder,
  {
    modules: { pg: 'pg', Pool: 'pg-pool', QueryStream: 'pg-query-stream' },
    body: `
      const { DATABASE_URL: connectionString } = process.env;
      const client = new pg.Client({ connectionString });
      await client.connect();
      await client.query('SELECT 1');
      for await (const row of client.query(new QueryStream('SELECT * FROM pg_class'))) break;
      await client.end();
      const pool = new Pool({ connectionString });
      await pool.query('SHOW search_path');
      await pool.end();
      await new Pool({ host: '127.0.0.1', port: 1 }).connect().catch(() => {});
    `,
  },
  ['SELECT', 'SELECT pg_class', 'SHOW', 'acquire connection'],
);
