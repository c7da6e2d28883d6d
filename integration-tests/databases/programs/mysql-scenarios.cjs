// What an application sees of mysql2: everything is printed, so that a traced run can be compared with an untraced one.
const { once } = require('node:events');

/** The parts of an error that do not depend on the run, with the application's own frames of its stack. */
function described(error) {
  if (!(error instanceof Error)) return error;
  const frames = String(error.stack).match(/^ +at .*mysql-scenarios\.cjs/gm) ?? [];
  const { name, code, errno, sqlState, sql, message, fatal } = error;
  return {
    name,
    code,
    errno,
    sqlState,
    sql,
    message,
    fatal,
    frames: frames.map((frame) => frame.replace(/\(.*/, '').trim()),
  };
}

/** Resolves at an event, whether there is an error before or not. */
const emitted = (emitter, event) => new Promise((resolve) => emitter.once(event, resolve));

const outcome = (promise) => promise.then(([rows, fields]) => [rows, fields?.length], described);

exports.scenarios = ({ mysql2, url, print }) => {
  const connected = async (options) => {
    const connection = mysql2.createConnection({ uri: url, ...options });
    connection.on('error', (error) => print('connection error', described(error)));
    await once(connection, 'connect');
    return connection;
  };
  const kill = async (victim) => {
    const connection = await connected();
    await connection.promise().query(`KILL ${victim.threadId}`);
    connection.destroy();
  };
  const heard = (emitter, ...events) => {
    for (const event of events)
      emitter.on(event, (...args) =>
        print(
          event,
          args.map((each) => (Array.isArray(each) ? each.length : described(each))),
        ),
      );
    return new Promise((resolve) => emitter.on('end', () => resolve(print('end', emitter.constructor.name))));
  };

  const usual = {
    async shapes() {
      for (const [name, { prototype }] of Object.entries({
        Connection: mysql2.Connection,
        Pool: mysql2.Pool,
      })) {
        for (let at = prototype; at !== Object.prototype; at = Object.getPrototypeOf(at)) {
          for (const key of Reflect.ownKeys(at)) {
            const { value, enumerable } = Object.getOwnPropertyDescriptor(at, key);
            print(name, String(key), enumerable, typeof value, value?.name, value?.length);
          }
        }
      }
    },

    async results() {
      const connection = await connected({ multipleStatements: true, namedPlaceholders: true });
      for (const method of ['query', 'execute']) {
        print(await outcome(connection.promise()[method]('SELECT 1 AS one')));
        print(
          await outcome(
            connection.promise()[method]({ sql: 'SELECT ? AS one', values: ['x'], rowsAsArray: true }),
          ),
        );
        print(await outcome(connection.promise()[method]('SELECT :id AS id', { id: 7 })));
        print(await outcome(connection.promise()[method]('SELECT * FROM missing WHERE id = ?', [1])));
        print(await outcome(connection.promise()[method]('SELECT 1; SELECT 2')));
        await new Promise((resolve) => {
          const options = { sql: 'SELECT 2 AS two' };
          const returned = connection[method](options, function (...args) {
            print(this?.constructor?.name, args.length, described(args[0]), args[1], Object.keys(options));
            resolve();
          });
          print(returned.constructor.name, typeof returned.onResult, Object.keys(returned));
        });
      }
      const statement = await connection.promise().prepare('SELECT ? AS one');
      print(await outcome(statement.execute([1])), await outcome(statement.execute([])));
      connection.end();
    },

    async 'wrong arguments'() {
      for (const method of ['query', 'execute']) {
        for (const wrong of [[null], ['SELECT ?', [undefined]], ['SELECT ?', 5], ['SELECT 1', [() => {}]]]) {
          const connection = await connected();
          try {
            print(await outcome(connection.promise()[method](...wrong)));
            await heard(connection[method](...wrong), 'result', 'error');
          } catch (error) {
            print('thrown', described(error));
          }
          connection.destroy();
        }
      }
    },

    async events() {
      const connection = await connected();
      for (const method of ['query', 'execute']) {
        await heard(connection[method]('SELECT 1 AS one'), 'fields', 'result', 'error');
        await heard(connection[method]('SELECT * FROM missing'), 'fields', 'result', 'error');
      }
      await heard(connection.query('SELECT 1 AS one UNION SELECT 2').stream(), 'fields', 'data', 'close');
      const failing = connection.query('SELECT * FROM missing').stream();
      failing.on('error', (error) => print('stream error', described(error)));
      await once(connection.query('SELECT 1'), 'end');
      // mysql2 3.0 leaves its connection paused.
      const other = await connected();
      const destroyed = other.query('SELECT 1 UNION SELECT 2 UNION SELECT 3').stream({ highWaterMark: 1 });
      destroyed.on('error', (error) => print('stream error', error.message));
      destroyed.once('data', () => destroyed.destroy(new Error('enough')));
      await emitted(destroyed, 'close');
      other.destroy();
      print(await outcome(connection.promise().query('SELECT 1 AS one')));
      connection.end();
    },

    async pools() {
      const pool = mysql2.createPool({ uri: url, connectionLimit: 1, queueLimit: 1 });
      for (const event of ['connection', 'acquire', 'enqueue', 'release'])
        pool.on(event, () => print('pool', event));
      print(await outcome(pool.promise().query('SELECT 1 AS one')));
      await heard(pool.query('SELECT 2 AS two'), 'result');
      await heard(pool.query('SELECT * FROM missing'), 'error');
      const connection = await pool.promise().getConnection();
      const waiting = outcome(pool.promise().execute('SELECT 3 AS three'));
      print(await outcome(pool.promise().query('SELECT 4')));
      connection.release();
      print(await waiting);
      await pool.promise().end();
      print(await outcome(pool.promise().query('SELECT 6')));
      const refused = { host: '127.0.0.1', port: 1 };
      print(await outcome(mysql2.createPool(refused).promise().query('SELECT 1')));
      const unopened = mysql2.createConnection(refused);
      print(await outcome(unopened.promise().query('SELECT 1')));
    },

    async faults() {
      const connection = await connected();
      print(
        await outcome(
          connection.promise().query('SET STATEMENT max_statement_time = 0.02 FOR SELECT SLEEP(60)'),
        ),
      );
      print(await outcome(connection.promise().query({ sql: 'SELECT SLEEP(2)', timeout: 10 })));
      connection.destroy();
      connection.query('SELECT 1', (error) => print('closed', described(error)));
      connection.query('SELECT 1');
      const victim = await connected();
      const outcomes = Promise.all([
        outcome(victim.promise().query('SELECT SLEEP(60)')),
        outcome(victim.promise().query('SELECT 2')),
      ]);
      await kill(victim);
      print((await outcomes).map(({ code }) => code));
      print(await outcome(victim.promise().query('SELECT 3')));
      const reader = await connected();
      const query = reader.query('SELECT SLEEP(60)');
      for (const event of ['result', 'error', 'end']) query.on(event, (value) => print(event, value?.code));
      const failed = emitted(reader, 'error');
      await kill(reader);
      await failed;
      print(query.listenerCount('result'), query.listenerCount('error'));
    },
  };

  /** These end the process. */
  const fatal = {
    async 'an ignored rejection'() {
      const connection = await connected();
      connection.promise().query('SELECT * FROM missing');
    },
    async 'an ignored rejection of a pool'() {
      mysql2.createPool({ host: '127.0.0.1', port: 1 }).promise().query('SELECT 1');
    },
    async 'an ignored error event of query()'() {
      const connection = mysql2.createConnection(url);
      connection.query('SELECT * FROM missing');
    },
    async 'an ignored error event of execute()'() {
      const connection = mysql2.createConnection(url);
      connection.execute('SELECT * FROM missing');
    },
    async 'an ignored error event of a pool'() {
      const pool = mysql2.createPool(url);
      pool.query('SELECT * FROM missing');
      setTimeout(() => pool.end(), 3000);
    },
    async 'an ignored error event of an exhausted pool'() {
      const pool = mysql2.createPool({ uri: url, connectionLimit: 1, waitForConnections: false });
      pool.query('SELECT 1').on('error', (error) => print('error', described(error)));
      pool.query('SELECT 2');
    },
    async 'a query on a closed connection without listeners'() {
      const connection = mysql2.createConnection(url);
      await once(connection, 'connect');
      connection.destroy();
      try {
        print('returned', typeof connection.query('SELECT 1'));
      } catch (error) {
        print('thrown', described(error));
      }
      connection.execute('SELECT 1');
    },
    async 'a connection that is refused'() {
      mysql2.createConnection({ host: '127.0.0.1', port: 1 });
    },
    async 'a callback that throws'() {
      const connection = mysql2.createConnection(url);
      connection.query('SELECT 1', () => {
        throw new Error('the callback failed');
      });
    },
    async 'a listener that throws'() {
      const connection = mysql2.createConnection(url);
      connection.query('SELECT 1').on('result', () => {
        throw new Error('the listener failed');
      });
    },
  };

  return { usual, fatal };
};
