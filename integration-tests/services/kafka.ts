import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { aptInstall } from './apt-install.ts';
import { startKafkaBroker } from './kafka-broker.ts';

/** Kafka brokers that tests may use. */
export interface Kafka {
  /** `127.0.0.1:9092`, the addresses of one or more brokers, separated by commas. */
  readonly brokers: string;
  /** Stops the broker if it was started here. */
  stop(): Promise<void>;
}

const MISSING = 'this test needs the broker in kcat: install it (apt-get install kcat)';

/**
 * Finds a Kafka broker: that of `KAFKA_BROKERS`, which must create topics when they are used. Else starts one for tests
 * in this process. Rejects with one line if the broker can't be reached.
 */
export async function findKafka(): Promise<Kafka> {
  const { KAFKA_BROKERS: brokers } = process.env;
  if (brokers === undefined) return startKafkaBroker();
  const [first = ''] = brokers.split(',');
  const reason = await whyUnreachable(first);
  if (reason !== undefined) throw new Error(`Kafka at ${first}: ${reason}`);
  return { brokers, stop: async () => {} };
}

/**
 * Starts the broker in kcat, after installing it if that is possible (as root, on Debian), on its own port: librdkafka's test broker, which speaks the protocol of Kafka, and keeps
 * messages and consumer groups in memory. It creates topics when they are used, and has no transactions.
 * Source: https://github.com/confluentinc/librdkafka/blob/master/src/rdkafka_mock.h
 */
export async function startKcat(): Promise<Kafka> {
  const kcat = onPath() ?? (aptInstall('kcat') ? onPath() : undefined);
  if (kcat === undefined) throw new Error(MISSING);
  // kcat consumes from a topic without messages until it is stopped.
  const options = ['-X', 'test.mock.num.brokers=1', '-X', 'debug=mock', '-b', 'unused'];
  const running = spawn(kcat, ['-C', '-t', 'keep', ...options], { stdio: ['ignore', 'ignore', 'pipe'] });
  const exited = once(running, 'exit');
  const stop = async () => {
    running.kill('SIGKILL');
    await exited;
  };
  for await (const line of createInterface({ input: running.stderr })) {
    const [, brokers] = /bootstrap\.servers=(\S+)$/.exec(line) ?? [];
    if (brokers === undefined) continue;
    // Its log must be read, or it stops.
    running.stderr.resume();
    return { brokers, stop };
  }
  throw new Error('kcat was started but exited');
}

function whyUnreachable(broker: string): Promise<string | undefined> {
  const [host, port] = broker.split(':');
  return new Promise((resolve) => {
    const socket = connect(Number(port ?? 9092), host);
    const done = (reason: string | undefined) => {
      socket.destroy();
      resolve(reason);
    };
    socket.setTimeout(10_000, () => done('no connection within 10 s'));
    socket.once('error', (error) => done(error.message));
    socket.once('connect', () => done(undefined));
  });
}

function onPath(): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/bin'];
  return folders.map((folder) => join(folder, 'kcat')).find((file) => existsSync(file));
}
