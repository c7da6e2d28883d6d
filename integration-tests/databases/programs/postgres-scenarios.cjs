// What an application sees of pg: everything is printed, so that a traced run can be compared with an untraced one.
const { once } = require('node:events');

/** The parts of an error that do not depend on the run, with the application's own frames of its stack. */
function described(error) {
  const frames = String(error?.stack).match(/^ +at .*postgres-scenarios\.cjs/gm) ?? [];
  return [error?.name, error?.code, error?.message, frames.map((frame) => frame.replace(/\(.*/, '').trim())];
}

const outcome = (promise) => promise.then(({ rows, rowCount }) => [rowCount, rows], described);

exports.scenarios = ({ pg, Cursor, QueryStream, url, print }) => {
  const { Client, Pool, Query } = pg;
  const connected = async (options) => {
    const client = new Client({ connectionString: url, ...options });
    // How often a lost connection is reported depends on the timing.
    client.on('error', () => {});
    await client.connect();
    return client;
  };
  const kill = async (victim) => {
    const client = await connected();
    await client.query('SELECT pg_terminate_backend($1)', [victim.processID]);
    await client.end();
  };

  const usual = {
    async shapes() {
      for (const [name, { prototype }] of Object.entries({ Client, Pool: Object.getPrototypeOf(Pool) })) {
        for (const key of Reflect.ownKeys(prototype)) {
          const { value, enumerable } = Object.getOwnPropertyDescriptor(prototype, key);
          print(name, String(key), enumerable, typeof value, value?.name, value?.length);
        }
      }
    },

    async results() {
      const client = await connected();
      print(await outcome(client.query('SELECT 1 AS one')));
      print(await outcome(client.query({ text: 'SELECT $1::text AS one', values: ['x'], rowMode: 'array' })));
      print(await outcome(client.query('SELECT * FROM missing WHERE id = $1', [1])));
      print(await outcome(client.query('SELECT $1::int', ['x'])));
      await new Promise((resolve) => {
        const returned = client.query('SELECT 2 AS two', function (...args) {
          print(this?.constructor?.name, args.length, args[0], args[1].rows);
          resolve();
        });
        print(typeof returned);
      });
      const config = { text: 'SELECT 3' };
      await client.query(config, [], () => print(Object.keys(config)));
      await client.query('SELECT 4').finally(() => print('finally'));
      await client.end();
    },

    async events() {
      const client = await connected();
      const query = client.query(new Query('SELECT generate_series(1, 2) AS n'));
      query.on('row', (row) => print('row', row));
      const [result] = await once(query, 'end');
      print('end', result.rowCount);
      const failing = client.query(new Query('SELECT * FROM missing'));
      failing.on('error', (error) => print('error', described(error)));
      await once(client, 'drain');
      const cursor = client.query(new Cursor('SELECT generate_series(1, 10) AS n'));
      cursor.on('end', () => print('cursor end'));
      print(await cursor.read(3));
      await new Promise((resolve) => {
        cursor.read(3, (error, rows, result) => resolve(print('read', error, rows, result.fields.length)));
      });
      await cursor.close();
      const rows = [];
      for await (const row of client.query(new QueryStream('SELECT generate_series(1, 3) AS n')))
        rows.push(row);
      print(rows);
      for await (const row of client.query(new QueryStream('SELECT generate_series(1, 1000) AS n'))) {
        print(row);
        break;
      }
      const destroyed = client.query(new QueryStream('SELECT generate_series(1, 1000) AS n'));
      destroyed.once('data', () => destroyed.destroy(new Error('enough')));
      destroyed.on('error', (error) =>
        print('stream error', error.message, destroyed.listenerCount('error')),
      );
      await new Promise((resolve) => destroyed.on('close', resolve));
      print(await outcome(client.query('SELECT 1 AS one')));
      await client.end();
    },

    async pools() {
      const pool = new Pool({ connectionString: url, max: 1, connectionTimeoutMillis: 2000 });
      for (const event of ['connect', 'acquire', 'release', 'remove'])
        pool.on(event, () => print('pool', event));
      print(await outcome(pool.query('SELECT 1 AS one')));
      const client = await pool.connect();
      print(await outcome(pool.query('SELECT 2 AS two')));
      print(await pool.connect().catch(described));
      client.release();
      await new Promise((resolve) => {
        pool.connect((error, connection, release) => {
          print(error, typeof connection.query, release.length);
          release();
          resolve();
        });
      });
      try {
        client.release();
      } catch (error) {
        print(error.message);
      }
      await Promise.all([once(pool, 'remove'), pool.end()]);
      print(await pool.connect().catch(described));
      const refused = new Pool({ host: '127.0.0.1', port: 1 });
      print(await outcome(refused.query('SELECT 1')));
      print(await new Client({ host: '127.0.0.1', port: 1 }).connect().catch(described));
      await new Promise((resolve) => {
        new Client({ host: '127.0.0.1', port: 1 }).connect((...args) => resolve(print(args.map(described))));
      });
    },

    async faults() {
      const client = await connected({ statement_timeout: 30 });
      print(await outcome(client.query('SELECT pg_sleep(1)')));
      await client.end();
      const impatient = await connected({ query_timeout: 30 });
      print(await outcome(impatient.query('SELECT pg_sleep(1)')));
      await impatient.end();
      const victim = await connected();
      const running = outcome(victim.query('SELECT pg_sleep(60)'));
      // Its error depends on the timing.
      const queued = victim.query('SELECT 2').catch(() => {});
      await kill(victim);
      // Whether the application's frame is in the stack depends on the timing, too.
      print((await running).slice(0, 3));
      await queued;
      print(await outcome(victim.query('SELECT 3')));
      const reader = await connected();
      const cursor = reader.query(new Cursor('SELECT generate_series(1, 1000) AS n'));
      await cursor.read(1);
      const ended = new Promise((resolve) => reader.on('end', resolve));
      await kill(reader);
      await ended;
      print(await cursor.read(1).catch(described));
      for (const wrong of [[null], ['SELECT 1', [], {}]]) {
        const misused = await connected();
        try {
          print(await misused.query(...wrong));
        } catch (error) {
          // Its stack is too short for the application's frames.
          print(error.name, error.message);
        }
        await misused.end();
      }
    },
  };

  /** These end the process. */
  const fatal = {
    async 'an ignored rejection'() {
      const client = await connected();
      client.query('SELECT * FROM missing');
    },
    async 'an ignored rejection of a pool'() {
      new Pool({ host: '127.0.0.1', port: 1 }).query('SELECT 1');
    },
    async 'an ignored rejection of connect'() {
      new Client({ host: '127.0.0.1', port: 1 }).connect();
    },
    async 'an error event without a listener'() {
      const client = await connected();
      client.query(new Query('SELECT * FROM missing'));
    },
    async 'a callback that throws'() {
      const client = await connected();
      client.query('SELECT 1', () => {
        throw new RangeError('from the callback');
      });
    },
    async 'a lost connection without a listener'() {
      const client = new Client({ connectionString: url });
      await client.connect();
      kill(client);
    },
  };
  return { usual, fatal };
};
