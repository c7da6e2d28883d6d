import { createConnection } from 'mysql2/promise';
import { findMariadb, startMariadb } from './mariadb.ts';

test('an installed MariaDB is started, can be used, and is gone after it was stopped', async () => {
  const mariadb = await startMariadb();
  const connection = await createConnection(mariadb.url);
  const [rows] = await connection.query('SELECT DATABASE() AS name');
  expect(rows).toEqual([{ name: 'test' }]);
  await connection.end();
  await mariadb.stop();
  await expect(createConnection(mariadb.url)).rejects.toThrow('ECONNREFUSED');
}, 60_000);

test('one that the environment names and that cannot be reached is reported without its password', async () => {
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
