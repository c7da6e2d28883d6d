// A Redis to test with: the one of REDIS_URL, one on the default port, or one started here on a port of its own.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';

const NOTHING = { url: undefined, stop() {} };

/** Its `url`, which is undefined where there is no Redis (said in one line), and `stop()`. */
export async function findRedis() {
  const url = process.env.REDIS_URL ?? 'redis://127.0.0.1:6379';
  if (await answers(url)) return { ...NOTHING, url };
  const started = process.env.REDIS_URL === undefined && (await startRedis());
  if (started) return started;
  const why = process.env.REDIS_URL ? `${url} does not answer` : 'set REDIS_URL, or install redis-server';
  process.stderr.write(`clew: no Redis, its ways are not tried: ${why}\n`);
  return NOTHING;
}

/** Whether something speaks Redis there; a password that is asked for is answer enough. */
async function answers(url) {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port || 6379), hostname);
  try {
    socket.setTimeout(2_000, () => socket.destroy(new Error('no answer')));
    socket.write('PING\r\n');
    const [answer] = await once(socket, 'data');
    return /^(\+PONG|-NOAUTH)/.test(answer.toString());
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
  let said = '';
  const ready = new Promise((resolve) => {
    server.once('error', () => resolve(false)).once('exit', () => resolve(false));
    server.stdout.on('data', (text) => {
      said += text;
      if (said.includes('Ready to accept connections')) resolve(true);
    });
  });
  if (!(await ready)) return undefined;
  return { url: `redis://127.0.0.1:${port}`, stop: () => server.kill() };
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return `${port}`;
}
