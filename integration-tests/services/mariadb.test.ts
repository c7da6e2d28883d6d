import { createConnection } from 'mysql2/promise';
import { findMariadb, startMariadb } from './mariadb.ts';

test('an installed MariaDB is started, accepts queries, and is removed when it is stopped', async () => {
  const mariadb = await startMariadb();
  const connection = await createConnection(mariadb.url);
  const [rows] = await connection.query('SELECT DATABASE() AS name');
  expect(rows).toEqual([{ name: 'test' }]);
  await connection.end();
  await mariadb.stop();
  await expect(createConnection(mariadb.url)).rejects.toThrow('ECONNREFUSED');
});

test('an unreachable server in the environment is reported without its password', async () => {
  const { MYSQL_URL } = process.env;
  process.env.MYSQL_URL = 'mysql://app:s3cr3t@127.0.0.1:1/test';
  try {
    await expect(findMariadb()).rejects.toThrow(
      'MariaDB at mysql://app@127.0.0.1:1/test: connect ECONNREFUSED 127.0.0.1:1',
    );
  } finally {
    if (MYSQL_URL === undefined) delete process.env.MYSQL_URL;
    else process.env.MYSQL_URL = MYSQL_URL;
  }
});
