import { PgInstrumentation } from '@clew/instrumentation-pg';
import { recordSpans } from '@clew/testing';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import pg, { type ClientConfig } from 'pg';
import oldest from 'pg-8.0';
import { startPostgres } from '../services/postgres.ts';
import { contentOf, type Outcome, outcomeOf, tlsServers, tracedBy } from './tls-servers.ts';

// Queries over TLS, of servers with and without TLS.

const VERSIONS = { 'pg 8.0': oldest as typeof pg, 'pg 8.23': pg };

const recorder = recordSpans();
const { certificate, secure, plain } = tlsServers(startPostgres);
const outcome = (work: Promise<unknown>) =>
  outcomeOf(work, (result) => (result as Outcome | undefined)?.rows);

describe.each(Object.entries(VERSIONS))('%s', (_name, version) => {
  /** Runs `work` with or without the plugin. */
  const run = <T>(isTraced: boolean, work: () => Promise<T>) =>
    tracedBy(isTraced ? new PgInstrumentation() : undefined, version, work);

  /** What an application sees of a client and of a pool. */
  async function queries(config: ClientConfig): Promise<Outcome[]> {
    const client = new version.Client(config);
    client.on('error', () => {});
    await client.connect();
    const pool = new version.Pool(config);
    const outcomes = [
      await outcome(client.query('SELECT $1::text AS title', ['one'])),
      await outcome(client.query('SELECT nothing')),
      await outcome(
        new Promise((resolve) => client.query('SELECT 2 AS two', (_, result) => resolve(result))),
      ),
      await outcome(pool.query('SELECT 3 AS three')),
    ];
    await Promise.all([client.end(), pool.end()]);
    return outcomes;
  }

  /** What an application sees of connections that fail. */
  async function failures(config: ClientConfig): Promise<Outcome[]> {
    const client = () => new version.Client(config).on('error', () => {});
    const pool = new version.Pool(config);
    const outcomes = [
      await outcome(client().connect()),
      await outcome(
        new Promise((resolve, reject) =>
          client().connect((error: Error | null) => (error ? reject(error) : resolve(undefined))),
        ),
      ),
      await outcome(pool.query('SELECT 1')),
    ];
    await pool.end();
    return outcomes;
  }

  test('the spans are the same with and without TLS', async () => {
    const config = { connectionString: secure().url };
    const encrypted = { ...config, ssl: { ca: certificate().cert } };
    const outcomes = await run(true, () => queries(config));
    const expected = (await recorder.take(4)).map(contentOf);
    const { hostname, port } = new URL(secure().url);
    for (const { attributes } of expected)
      expect(attributes).toMatchObject({ 'server.address': hostname, 'server.port': Number(port) });
    expect(outcomes.map(({ code }) => code)).toEqual([undefined, '42703', undefined, undefined]);

    expect(await run(true, () => queries(encrypted))).toEqual(outcomes);
    expect((await recorder.take(4)).map(contentOf)).toEqual(expected);
    expect(await run(false, () => queries(encrypted))).toEqual(outcomes);
  });

  test('the connections of these tests are encrypted', async () => {
    const client = new version.Client({ connectionString: secure().url, ssl: { ca: certificate().cert } });
    await client.connect();
    const { rows } = await client.query('SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()');
    await client.end();
    expect(rows).toEqual([{ ssl: true }]);
  });

  test.each([
    ['a certificate that is not trusted', secure, true, /self.signed certificate/],
    ['a server without TLS', plain, true, /does not support SSL/],
  ] as const)(
    '%s: each failed connection is one span with the error',
    async (_what, server, ssl, message) => {
      const { url } = server();
      const config = { connectionString: url, ssl };
      const untraced = await run(false, () => failures(config));
      for (const failure of untraced) expect(failure.message).toMatch(message);
      expect(await run(true, () => failures(config))).toEqual(untraced);
      const spans = await recorder.take(3);
      expect(spans.map(({ name }) => name)).toEqual(['connect', 'connect', 'acquire connection']);
      const { hostname, port } = new URL(url);
      for (const [index, span] of spans.entries()) {
        expect(span).toMatchObject({
          kind: SpanKind.CLIENT,
          status: { code: SpanStatusCode.ERROR, message: untraced[index]?.message },
          attributes: {
            'server.address': hostname,
            'server.port': Number(port),
            'error.type': untraced[index]?.code ?? 'Error',
          },
        });
        expect(span.events).toHaveLength(1);
      }
    },
  );
});
