import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { aptInstall } from './apt-install.ts';
import { freePorts } from './free-ports.ts';

/** A Redis server that tests may use. */
export interface Redis {
  /** `redis://127.0.0.1:6379` */
  readonly url: string;
  /** Stops the server if it was started here. */
  stop(): Promise<void>;
}

/** A Redis server that was started here, and that tests may stop and start again. Its data are lost when it ends. */
export interface OwnRedis extends Redis {
  readonly port: number;
  /** The path of its Unix socket. */
  readonly socket: string;
  /** Ends the process without notice, as the operating system does when it runs out of memory. */
  kill(): Promise<void>;
  /** Starts it again on the same port, after `kill`. */
  start(): Promise<void>;
}

const DEFAULT_URL = 'redis://127.0.0.1:6379';
const START_TIMEOUT_MS = 60_000;
const MISSING =
  'these tests need Redis: set REDIS_URL, start one on 127.0.0.1:6379 without a password ' +
  '(docker compose up -d --wait), or install it (apt-get install redis-server)';

/**
 * Finds a Redis: the one of `REDIS_URL`, else the one on the default port. Else starts an installed one, after
 * installing it if that is possible (as root, on Debian). If there is no Redis, rejects with one line that says how to
 * provide it.
 */
export async function findRedis(): Promise<Redis> {
  const named = process.env.REDIS_URL;
  const reason = await whyUnusable(named ?? DEFAULT_URL);
  if (reason === undefined) return { url: named ?? DEFAULT_URL, stop: async () => {} };
  if (named !== undefined) throw new Error(`Redis at ${named.replace(/\/\/[^@/]*@/, '//')}: ${reason}`);
  return startRedis();
}

/** Starts an installed Redis with these arguments, on its own port and in its own folder, which `stop` removes. */
export async function startRedis(...args: readonly string[]): Promise<OwnRedis> {
  const server = onPath() ?? (aptInstall('redis-server') ? onPath() : undefined);
  if (server === undefined) throw new Error(MISSING);
  const folder = mkdtempSync(join(tmpdir(), 'clew-redis-'));
  const [port = 0] = await freePorts(1);
  const url = `redis://127.0.0.1:${port}`;
  const socket = join(folder, 'redis.sock');
  // A sentinel keeps its state in this file.
  const config = join(folder, 'redis.conf');
  writeFileSync(config, '');
  const options = [
    config,
    '--port',
    `${port}`,
    '--bind',
    '127.0.0.1',
    '--unixsocket',
    socket,
    '--dir',
    folder,
  ];
  let running: ChildProcess;
  const start = async () => {
    running = spawn(server, [...options, '--save', '', ...args], { stdio: 'ignore' });
    await untilUsable(url, running);
  };
  const kill = async () => {
    if (running.exitCode !== null || running.signalCode !== null) return;
    running.kill('SIGKILL');
    await once(running, 'exit');
  };
  const stop = async () => {
    await kill();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await start();
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, port, socket, start, kill, stop };
}

async function untilUsable(url: string, running: ChildProcess): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    const reason = await whyUnusable(url);
    // It asks for the password that it was started with.
    if (reason === undefined || reason.startsWith('-NOAUTH')) return;
    if (running.exitCode !== null || Date.now() > deadline)
      throw new Error(`Redis was started but can't be used: ${reason}`);
    await sleep(20);
  }
}

/** Why the server can't be used; undefined if it can. */
function whyUnusable(url: string): Promise<string | undefined> {
  const { hostname, port, username, password } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect(Number(port || 6379), hostname);
    const done = (reason: string | undefined) => {
      socket.destroy();
      resolve(reason);
    };
    let reply = '';
    socket.setTimeout(10_000, () => done('no reply within 10 s'));
    socket.once('error', (error) => done(error.message));
    socket.once('close', () => done('the connection was closed'));
    socket.on('data', (chunk) => {
      reply += chunk;
      const last = reply.trimEnd().split('\r\n').at(-1) ?? '';
      if (last === '+PONG') done(undefined);
      else if (last.startsWith('-')) done(last);
    });
    const user = username === '' ? '' : `${decodeURIComponent(username)} `;
    if (password !== '') socket.write(`AUTH ${user}${decodeURIComponent(password)}\r\n`);
    socket.write('PING\r\n');
  });
}

/** Finds the server. */
function onPath(): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/bin'];
  return folders.map((folder) => join(folder, 'redis-server')).find((file) => existsSync(file));
}
