const mysql = require('mysql2');
const pool = mysql.createPool(process.env.MYSQL_URL);
pool.query('SELECT 1', () => {
  pool.execute('SELECT 2', () => {
    pool.query('SELECT 3').on('end', () => pool.end());
  });
});
