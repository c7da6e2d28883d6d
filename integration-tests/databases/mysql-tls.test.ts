import { MySQL2Instrumentation } from '@clew/instrumentation-mysql2';
import { recordSpans } from '@clew/testing';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import type { ConnectionOptions } from 'mysql2-3';
import { startMariadb } from '../services/mariadb.ts';
import { VERSIONS } from './mysql-traced.ts';
import { contentOf, type Outcome, outcomeOf, tlsServers, tracedBy } from './tls-servers.ts';

// Queries over TLS, of servers with and without TLS.

const recorder = recordSpans();
const { certificate, secure, plain } = tlsServers(startMariadb);
const outcome = (work: Promise<unknown>) =>
  outcomeOf(work, (result) => (Array.isArray(result) ? result[0] : undefined));

describe.each(VERSIONS)('%s', (_name, version) => {
  /** Runs `work` with or without the plugin. */
  const run = <T>(isTraced: boolean, work: () => Promise<T>) =>
    tracedBy(isTraced ? new MySQL2Instrumentation() : undefined, version, work);

  /** What an application sees of a connection and of a pool. */
  async function queries(options: ConnectionOptions): Promise<Outcome[]> {
    const connection = version.createConnection(options);
    const pool = version.createPool(options);
    const outcomes = [
      await outcome(connection.promise().query('SELECT ? AS title', ['one'])),
      await outcome(connection.promise().execute('SELECT ? AS title', ['one'])),
      await outcome(connection.promise().query('SELECT nothing')),
      await outcome(pool.promise().query('SELECT 3 AS three')),
    ];
    await Promise.all([connection.promise().end(), pool.promise().end()]);
    return outcomes;
  }

  /** What an application sees of connections that fail. */
  async function failures(options: ConnectionOptions): Promise<Outcome[]> {
    const connect = () => version.createConnection(options).on('error', () => {});
    const pool = version.createPool(options);
    const outcomes = [
      await outcome(connect().promise().connect()),
      await outcome(connect().promise().query('SELECT 1')),
      await outcome(pool.promise().query('SELECT 1')),
    ];
    await pool.promise().end();
    return outcomes;
  }

  test('the spans are the same with and without TLS', async () => {
    const options = { uri: secure().url };
    const encrypted = { ...options, ssl: { ca: certificate().cert } };
    const outcomes = await run(true, () => queries(options));
    const expected = (await recorder.take(4)).map(contentOf);
    const { hostname, port } = new URL(secure().url);
    for (const { attributes } of expected)
      expect(attributes).toMatchObject({ 'server.address': hostname, 'server.port': Number(port) });
    expect(outcomes.map(({ code }) => code)).toEqual([undefined, undefined, 'ER_BAD_FIELD_ERROR', undefined]);

    expect(await run(true, () => queries(encrypted))).toEqual(outcomes);
    expect((await recorder.take(4)).map(contentOf)).toEqual(expected);
    expect(await run(false, () => queries(encrypted))).toEqual(outcomes);
  });

  test('the connections of these tests are encrypted', async () => {
    const connection = version
      .createConnection({ uri: secure().url, ssl: { ca: certificate().cert } })
      .promise();
    const [rows] = await connection.query("SHOW STATUS LIKE 'Ssl_cipher'");
    await connection.end();
    expect(rows).toEqual([{ Variable_name: 'Ssl_cipher', Value: expect.stringMatching(/^TLS|^\w+-/) }]);
  });

  test.each([
    ['a certificate that is not trusted', secure, /self.signed certificate/, 'HANDSHAKE_SSL_ERROR'],
    ['a server without TLS', plain, /does not support secure/, 'HANDSHAKE_NO_SSL_SUPPORT'],
  ] as const)(
    '%s: each failed connection is one span with the error',
    async (_what, server, message, code) => {
      const { url } = server();
      const options = { uri: url, ssl: {} };
      const untraced = await run(false, () => failures(options));
      for (const failure of untraced)
        expect(failure).toMatchObject({ code, message: expect.stringMatching(message) });
      expect(await run(true, () => failures(options))).toEqual(untraced);
      const spans = await recorder.take(3);
      expect(spans.map(({ name }) => name)).toEqual(['connect', 'SELECT', 'acquire connection']);
      const { hostname, port } = new URL(url);
      for (const span of spans) {
        expect(span).toMatchObject({
          kind: SpanKind.CLIENT,
          status: { code: SpanStatusCode.ERROR, message: expect.stringMatching(message) },
          attributes: { 'server.address': hostname, 'server.port': Number(port), 'error.type': code },
        });
        expect(span.events).toHaveLength(1);
      }
    },
  );
});
