import { once } from 'node:events';
import { connect as connectSocket, createServer, type Server, type Socket } from 'node:net';
import { promisify } from 'node:util';
import { SpanStatusCode } from '@opentelemetry/api';
import type { Connection, Pool } from 'mysql2-3';
import { asCaller, failureOf, queriesOf, traceMysql, VERSIONS } from './mysql-traced.ts';

const REFUSED = 'mysql://root@127.0.0.1:1/test';

const failed = (name: string, type: string, code?: string) => ({
  name,
  code,
  type,
  errors: 1,
  status: SpanStatusCode.ERROR,
});

describe.each(VERSIONS)('%s', (_, mysql2) => {
  const { recorder, connect, pool, url, administer } = traceMysql(mysql2);

  /** The failures among the spans, in the order of their starts. */
  async function failures(spanCount: number): Promise<object[]> {
    const spans = await recorder.take(spanCount);
    return spans.filter(({ status }) => status.code === SpanStatusCode.ERROR).map(failureOf);
  }

  /** Waits until the server runs a query of a connection. */
  async function untilRunning(connection: Connection): Promise<void> {
    const sql = `SELECT 1 FROM information_schema.processlist WHERE id = ${connection.threadId} AND command = 'Query'`;
    while (((await administer(sql)) as unknown[]).length === 0);
  }

  const opened = async (): Promise<Connection> => {
    const connection = connect();
    await once(connection, 'connect');
    return connection;
  };

  test('a connection that is killed in mid-query: the running query and the queued ones fail', async () => {
    const connection = await opened();
    const running = connection.promise().query('SELECT SLEEP(60)');
    const queued = connection.promise().query('SELECT 2');
    const outcomes = Promise.allSettled([running, queued]);
    await untilRunning(connection);
    await administer(`KILL ${connection.threadId}`);
    for (const { status } of await outcomes) expect(status).toBe('rejected');
    const [first, second] = await failures(2);
    expect(first).toMatchObject({ name: 'SELECT', errors: 1 });
    expect(second).toEqual(failed('SELECT', 'PROTOCOL_CONNECTION_LOST'));
  });

  test('a connection that is killed while a query without a callback runs: its span ends with the error', async () => {
    const connection = await opened();
    connection.query('SELECT SLEEP(60)').on('error', () => {});
    connection.query('SELECT 2');
    await untilRunning(connection);
    await administer(`KILL ${connection.threadId}`);
    const [first, second] = await failures(2);
    expect(first).toMatchObject({ name: 'SELECT', errors: 1 });
    expect(second).toEqual(failed('SELECT', 'PROTOCOL_CONNECTION_LOST'));
  });

  test('a connection that the application destroys in mid-query: the span ends', async () => {
    const connection = await opened();
    connection.query('SELECT SLEEP(0.2)', () => {});
    await untilRunning(connection);
    connection.destroy();
    expect(await failures(1)).toEqual([]);
  });

  test('a query that is killed is recorded with its code', async () => {
    const connection = await opened();
    const running = expect(
      connection.promise().query('SELECT * FROM songs, songs b WHERE SLEEP(60)'),
    ).rejects;
    const rejected = running.toMatchObject({ errno: 1317 });
    await untilRunning(connection);
    await administer(`KILL QUERY ${connection.threadId}`);
    await rejected;
    expect(await failures(1)).toEqual([failed('SELECT songs', 'ER_QUERY_INTERRUPTED', '1317')]);
  });

  test('a statement that exceeds the time limit of the server or of the driver is recorded with the error', async () => {
    const connection = connect().promise();
    await connection.query('SET max_statement_time = 0.2');
    await expect(connection.query('SELECT SLEEP(60)')).rejects.toMatchObject({ errno: 1969 });
    await connection.query('SET max_statement_time = 0');
    await expect(connection.query({ sql: 'DO SLEEP(2)', timeout: 1 })).rejects.toMatchObject({
      code: 'PROTOCOL_SEQUENCE_TIMEOUT',
    });
    const [server, driver] = await failures(4);
    expect(server).toMatchObject({ code: '1969' });
    expect(driver).toEqual(failed('DO', 'PROTOCOL_SEQUENCE_TIMEOUT'));
  });

  test('a deadlock and an expired wait for a lock are recorded with their codes', async () => {
    const [one, other] = [connect().promise(), connect().promise()];
    for (const connection of [one, other]) {
      await connection.query('SET innodb_lock_wait_timeout = 1');
      await connection.query('BEGIN');
    }
    const lock = 'UPDATE songs SET title = title WHERE id = ?';
    await one.query(lock, [1]);
    await other.query(lock, [2]);
    const outcomes = await Promise.allSettled([one.query(lock, [2]), other.query(lock, [1])]);
    const [lost] = outcomes.filter(({ status }) => status === 'rejected');
    expect(lost).toMatchObject({ reason: { errno: 1213 } });
    await one.query('ROLLBACK');
    await other.query('ROLLBACK');
    await one.query('BEGIN');
    await one.query(lock, [3]);
    await expect(other.execute(lock, [3])).rejects.toMatchObject({ errno: 1205 });
    expect(await failures(13)).toEqual([
      failed('UPDATE songs', 'ER_LOCK_DEADLOCK', '1213'),
      failed('UPDATE songs', 'ER_LOCK_WAIT_TIMEOUT', '1205'),
    ]);
  });

  test('a connection that is refused is an error of the pool, or of the query that waits for it', async () => {
    await expect(pool({ uri: REFUSED }).promise().query('SELECT 1')).rejects.toThrow('ECONNREFUSED');
    expect(await failures(1)).toEqual([failed('acquire connection', 'ECONNREFUSED')]);

    const connection = connect({ uri: REFUSED });
    await expect(connection.promise().query('SELECT 1')).rejects.toThrow('ECONNREFUSED');
    expect(await failures(1)).toEqual([failed('SELECT', 'ECONNREFUSED')]);
  });

  test('a connection without a query that is refused is a span', async () => {
    await expect(connect({ uri: REFUSED }).promise().connect()).rejects.toThrow('ECONNREFUSED');
    expect(await failures(1)).toEqual([failed('connect', 'ECONNREFUSED')]);
  });

  test('a connection that is lost after it was opened has no span', async () => {
    const connection = await opened();
    const lost = once(connection, 'error');
    await administer(`KILL ${connection.threadId}`);
    await lost;
    expect(await failures(0)).toEqual([]);
  });

  test('a wrong password is recorded with its code, without the password', async () => {
    const user = `clew_${process.pid}`;
    await administer(`CREATE OR REPLACE USER ${user} IDENTIFIED BY 'right'`);
    const wrong = { uri: url().replace('root', `${user}:wr0ng`) };
    await expect(pool(wrong).promise().getConnection()).rejects.toMatchObject({ errno: 1045 });
    const [acquire] = await recorder.take(1);
    expect(failureOf(acquire!)).toEqual(failed('acquire connection', 'ER_ACCESS_DENIED_ERROR', '1045'));
    expect(JSON.stringify(acquire)).not.toContain('wr0ng');
    await administer(`DROP USER ${user}`);
  });

  test('an exhausted pool is a span with the error', async () => {
    const busy = pool({ connectionLimit: 1, queueLimit: 1 });
    const connection = await busy.promise().getConnection();
    const waiting = asCaller(() => busy.promise().query('SELECT 1'));
    await expect(busy.promise().query('SELECT 2')).rejects.toThrow('Queue limit reached.');
    connection.release();
    await waiting;
    const impatient = pool({ connectionLimit: 1, waitForConnections: false });
    const only = await impatient.promise().getConnection();
    await expect(impatient.promise().execute('SELECT 3')).rejects.toThrow('No connections available.');
    only.release();
    const spans = await recorder.take(4);
    expect(spans.filter(({ status }) => status.code !== 0).map(failureOf)).toEqual([
      failed('acquire connection', 'Error'),
      failed('acquire connection', 'Error'),
    ]);
  });

  test('the query that waits for a connection has the wait as an attribute', async () => {
    const one = pool({ connectionLimit: 1 });
    await Promise.all([one.promise().query('SELECT SLEEP(0.02)'), one.promise().query('SELECT 2')]);
    const waits = (await recorder.take(2)).map(({ attributes }) => attributes['clew.db.connection_wait_ms']);
    expect(waits[1]).toBeGreaterThanOrEqual(20);
  });

  test('requests that wait when the connection is lost fail once each, in their own traces', async () => {
    const { server, sockets, port } = await startProxy(Number(new URL(url()).port));
    const uri = new URL(url());
    uri.port = String(port);
    const one = pool({ uri: uri.href, connectionLimit: 1 });
    const holder: Pool = one;
    const connection = await promisify(holder.getConnection.bind(holder))();
    const requests = Array.from({ length: 3 }, () =>
      asCaller(() =>
        one
          .promise()
          .query('SELECT 1')
          .catch(() => {}),
      ),
    );
    const lost = once(connection, 'error');
    server.close();
    for (const socket of sockets) socket.destroy();
    await lost;
    const ids = (await Promise.all(requests)).map(({ id }) => id);
    const spans = queriesOf(await recorder.take(6));
    expect(spans.map(({ name }) => name)).toEqual(Array(3).fill('acquire connection'));
    expect(spans.map(({ parentSpanId }) => parentSpanId).sort()).toEqual(ids.sort());
  });
});

/** A server that forwards its connections to a port. */
async function startProxy(target: number): Promise<{ server: Server; sockets: Set<Socket>; port: number }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    const upstream = connectSocket(target, '127.0.0.1');
    for (const each of [socket, upstream]) sockets.add(each.on('error', () => {}));
    socket.pipe(upstream).pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return { server, sockets, port: typeof address === 'object' ? address!.port : 0 };
}
