import { Client } from 'pg';
import { findPostgres, startPostgres } from './postgres.ts';

test('an installed PostgreSQL is started, accepts queries, and is removed when it is stopped', async () => {
  const postgres = await startPostgres();
  const client = new Client({ connectionString: postgres.url });
  await client.connect();
  const { rows } = await client.query('SELECT current_database() AS name');
  expect(rows).toEqual([{ name: 'test' }]);
  await client.end();
  await postgres.stop();
  await expect(new Client({ connectionString: postgres.url }).connect()).rejects.toThrow('ECONNREFUSED');
});

test('an unreachable server in the environment is reported without its password', async () => {
  const { DATABASE_URL } = process.env;
  process.env.DATABASE_URL = 'postgres://app:s3cr3t@127.0.0.1:1/test';
  try {
    await expect(findPostgres()).rejects.toThrow(
      'PostgreSQL at postgres://app@127.0.0.1:1/test: connect ECONNREFUSED 127.0.0.1:1',
    );
  } finally {
    if (DATABASE_URL === undefined) delete process.env.DATABASE_URL;
    else process.env.DATABASE_URL = DATABASE_URL;
  }
});
