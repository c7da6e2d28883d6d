import { connect } from '@nats-io/transport-node';
import { findNats, startNats } from './nats.ts';

test('an installed NATS server is started, accepts connections, and is removed when it is stopped', async () => {
  const nats = await startNats();
  const connection = await connect({ servers: nats.url });
  expect(connection.info).toMatchObject({ jetstream: true, headers: true });
  await connection.close();
  await nats.stop();
  await expect(connect({ servers: nats.url })).rejects.toThrow('refused');
});

test('an unreachable server in the environment is reported without its password', async () => {
  const { NATS_URL } = process.env;
  process.env.NATS_URL = 'nats://app:s3cr3t@127.0.0.1:1';
  try {
    await expect(findNats()).rejects.toThrow('NATS at nats://127.0.0.1:1: connect ECONNREFUSED 127.0.0.1:1');
  } finally {
    if (NATS_URL === undefined) delete process.env.NATS_URL;
    else process.env.NATS_URL = NATS_URL;
  }
});
