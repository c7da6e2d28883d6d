import { recordSpans } from '@clew/testing';
import type { Knex } from 'knex';
import { databaseOf } from '../src/knex-client.ts';
import { knexSetup } from './opened-knex.ts';

const recorder = recordSpans();
const { open, postgresUrl, sqlite } = knexSetup();

describe('the address of the database', () => {
  const attributesWith = async (config: Knex.Config) => {
    await open(config).raw('SELECT 1');
    const [span] = await recorder.take(1);
    const { attributes = {} } = span ?? {};
    return [attributes['db.namespace'], attributes['server.address'], attributes['server.port']];
  };
  test.each<[string, () => Knex.Config]>([
    ['a string', () => ({ connection: postgresUrl() })],
    ["the driver's string", () => ({ connection: { connectionString: postgresUrl() } })],
    ['a function', () => ({ connection: async () => ({ connectionString: postgresUrl() }) })],
  ])('is read from %s', async (_how, config) => {
    const url = new URL(postgresUrl());
    const expected = [url.pathname.slice(1), url.hostname, Number(url.port || 5432)];
    expect(await attributesWith(config())).toEqual(expected);
  });

  test('is a file for SQLite', async () => {
    await sqlite().raw('SELECT 1');
    const [span] = await recorder.take(1);
    expect(span?.attributes).toMatchObject({ 'db.system.name': 'sqlite', 'db.namespace': ':memory:' });
  });
});

test('the IPv6 address of a connection string has no brackets', () => {
  const connectionSettings = { connectionString: 'postgres://user:s3cr3t@[::1]:5433/shop' };
  expect(databaseOf({ dialect: 'postgresql', connectionSettings })).toEqual({
    system: 'postgresql',
    namespace: 'shop',
    address: '::1',
    port: 5433,
  });
});
