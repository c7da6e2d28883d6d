import { once } from 'node:events';
import { connect } from 'node:net';
import { findKafka, type Kafka, startKcat } from './kafka.ts';
import { startKafkaBroker } from './kafka-broker.ts';

const portOf = ({ brokers }: Kafka) => Number(brokers.split(':')[1]);

test.each([
  ['the broker in kcat', startKcat],
  ['the broker for tests', startKafkaBroker],
])('%s is started, accepts connections, and accepts none when it is stopped', async (_, start) => {
  const kafka = await start();
  const socket = connect(portOf(kafka), '127.0.0.1');
  await once(socket, 'connect');
  socket.on('error', () => {});
  await kafka.stop();
  await expect(once(connect(portOf(kafka), '127.0.0.1'), 'connect')).rejects.toThrow('ECONNREFUSED');
  socket.destroy();
});

test('an unreachable broker in the environment is reported', async () => {
  const { KAFKA_BROKERS } = process.env;
  process.env.KAFKA_BROKERS = '127.0.0.1:1,127.0.0.1:2';
  try {
    await expect(findKafka()).rejects.toThrow('Kafka at 127.0.0.1:1: connect ECONNREFUSED 127.0.0.1:1');
  } finally {
    if (KAFKA_BROKERS === undefined) delete process.env.KAFKA_BROKERS;
    else process.env.KAFKA_BROKERS = KAFKA_BROKERS;
  }
});
