// Finds a Redis for the tests: the one of REDIS_URL, the one on the default port, or one that is started on a free port.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';

const NO_REDIS = { url: undefined, stop() {} };

/** Returns its `url` and `stop()`. Without a Redis, `url` is undefined and one line is logged. */
export async function findRedis() {
  const url = process.env.REDIS_URL ?? 'redis://127.0.0.1:6379';
  if (await isRedis(url)) return { ...NO_REDIS, url };
  const started = process.env.REDIS_URL === undefined && (await startRedis());
  if (started) return started;
  const reason = process.env.REDIS_URL ? `${url} does not respond` : 'set REDIS_URL, or install redis-server';
  process.stderr.write(`clew: no Redis, its cases are skipped: ${reason}\n`);
  return NO_REDIS;
}

/** Whether a Redis responds at this address, also if it requires a password. */
async function isRedis(url) {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port || 6379), hostname);
  try {
    socket.setTimeout(10_000, () => socket.destroy(new Error('no response')));
    socket.write('PING\r\n');
    const [response] = await once(socket, 'data');
    return /^(\+PONG|-NOAUTH)/.test(response.toString());
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function startRedis() {
  const port = await freePort();
  const server = spawn('redis-server', ['--port', port, '--bind', '127.0.0.1', '--save', ''], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let output = '';
  const ready = new Promise((resolve) => {
    server.once('error', () => resolve(false)).once('exit', () => resolve(false));
    server.stdout.on('data', (text) => {
      output += text;
      if (output.includes('Ready to accept connections')) resolve(true);
    });
  });
  if (!(await ready)) return undefined;
  return { url: `redis://127.0.0.1:${port}`, stop: () => server.kill() };
}

/** A port that the operating system gives to no connection, and to no server that listens on port 0. */
async function freePort() {
  const port = 15_000 + Math.floor(Math.random() * 17_000);
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
    return `${port}`;
  } catch {
    return freePort();
  } finally {
    server.close();
  }
}
