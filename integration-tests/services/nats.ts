import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { aptInstall } from './apt-install.ts';
import { freePorts } from './free-ports.ts';

/** A NATS server with JetStream that tests may use. */
export interface Nats {
  /** `nats://127.0.0.1:4222` */
  readonly url: string;
  /** Stops the server if it was started here. */
  stop(): Promise<void>;
}

const DEFAULT_URL = 'nats://127.0.0.1:4222';
const START_TIMEOUT_MS = 60_000;
const MISSING =
  'these tests need a NATS server with JetStream: set NATS_URL, start one on 127.0.0.1:4222 ' +
  '(docker compose up -d --wait), or install it (apt-get install nats-server)';

/**
 * Finds a NATS server: the one of `NATS_URL`, else the one on the default port. Else starts an installed one, after
 * installing it if that is possible (as root, on Debian). If there is no server, rejects with one line that says how to
 * provide it.
 */
export async function findNats(): Promise<Nats> {
  const named = process.env.NATS_URL;
  const reason = await whyUnusable(named ?? DEFAULT_URL);
  if (reason === undefined) return { url: named ?? DEFAULT_URL, stop: async () => {} };
  if (named !== undefined) throw new Error(`NATS at ${named.replace(/\/\/[^@/]*@/, '//')}: ${reason}`);
  return startNats();
}

/** Starts an installed server with these arguments, on its own port and in its own folder, which `stop` removes. */
export async function startNats(...args: readonly string[]): Promise<Nats> {
  const server = onPath() ?? (aptInstall('nats-server') ? onPath() : undefined);
  if (server === undefined) throw new Error(MISSING);
  const folder = mkdtempSync(join(tmpdir(), 'clew-nats-'));
  const [port] = await freePorts(1);
  const options = ['--addr', '127.0.0.1', '--port', String(port), '--jetstream', '--store_dir', folder];
  const running = spawn(server, [...options, ...args], { stdio: 'ignore' });
  const exited = once(running, 'exit');
  const stop = async () => {
    running.kill('SIGTERM');
    await exited;
    rmSync(folder, { recursive: true, force: true });
  };
  const url = `nats://127.0.0.1:${port}`;
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    const reason = await whyUnusable(url);
    if (reason === undefined) return { url, stop };
    if (running.exitCode !== null || Date.now() > deadline) {
      await stop();
      throw new Error(`NATS was started but can't be used: ${reason}`);
    }
    await sleep(20);
  }
}

/** Why the server can't be used; undefined if it can. The first line of every server is `INFO {…}`. */
function whyUnusable(url: string): Promise<string | undefined> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect(Number(port || 4222), hostname);
    const done = (reason: string | undefined) => {
      socket.destroy();
      resolve(reason);
    };
    let greeting = '';
    socket.setTimeout(10_000, () => done('no greeting within 10 s'));
    socket.once('error', (error) => done(error.message));
    socket.once('close', () => done('the connection was closed'));
    socket.on('data', (chunk) => {
      greeting += chunk;
      if (!greeting.includes('\r\n')) return;
      if (!greeting.startsWith('INFO ')) done('this is not a NATS server');
      else done(greeting.includes('"jetstream":true') ? undefined : 'JetStream is not enabled');
    });
  });
}

/** Finds the server. Debian installs it in /usr/sbin, which is not in every user's PATH. */
function onPath(): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/bin'];
  return folders.map((folder) => join(folder, 'nats-server')).find((file) => existsSync(file));
}
