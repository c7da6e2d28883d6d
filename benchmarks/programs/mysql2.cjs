// Prepared queries through a pool of mysql2, on a MariaDB server.
const { createPool } = require('mysql2/promise');

exports.start = async () => {
  const pool = createPool({ uri: process.env.BENCH_SERVICE_URL, connectionLimit: 4 });
  await Promise.all(Array.from({ length: 4 }, () => pool.query('SELECT 1')));
  let id = 0;
  return async () => {
    id = (id % 100) + 1;
    await pool.execute('SELECT ID, STATE FROM information_schema.PROCESSLIST WHERE ID = ?', [id]);
  };
};
