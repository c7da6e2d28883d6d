import { Client } from 'pg';
import { findPostgres, startPostgres } from './postgres.ts';

test('an installed PostgreSQL is started, answers and is gone after it was stopped', async () => {
  const postgres = await startPostgres();
  const client = new Client({ connectionString: postgres.url });
  await client.connect();
  const { rows } = await client.query('SELECT current_database() AS name');
  expect(rows).toEqual([{ name: 'test' }]);
  await client.end();
  await postgres.stop();
  await expect(new Client({ connectionString: postgres.url }).connect()).rejects.toThrow('ECONNREFUSED');
});

test('one that the environment names and that is not there is said, without its password', async () => {
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
