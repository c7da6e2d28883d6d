import { databaseOf } from '../src/knex-client.ts';

test('the IPv6 address of a connection string has no brackets', () => {
  const connectionSettings = { connectionString: 'postgres://user:s3cr3t@[::1]:5433/shop' };
  expect(databaseOf({ dialect: 'postgresql', connectionSettings })).toEqual({
    system: 'postgresql',
    namespace: 'shop',
    address: '::1',
    port: 5433,
  });
});
