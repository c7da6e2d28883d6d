const mysql = require('mysql2/promise');

(async () => {
  const connection = await mysql.createConnection(process.env.MYSQL_URL);
  await connection.query('SELECT 1');
  const statement = await connection.prepare('DO ?');
  await statement.execute([1]);
  await connection.end();
  await mysql.createConnection('mysql://root@127.0.0.1:1').catch(() => {});
})();
