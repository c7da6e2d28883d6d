// Starts the shop: `npx clew run -- node shop.mjs`. Its services inherit the preload and the collector's address.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('.', import.meta.url));
const { AMQP_URL } = process.env;
const running = new Set();
let stopping = false;

process.on('SIGINT', stop);
process.on('SIGTERM', stop);

const CATALOGUE_URL = await startService('catalogue', 'catalogue.cjs');
// Without a broker, the shop accepts no orders.
if (AMQP_URL !== undefined) {
  await startService('orders', 'orders.cjs');
  await startService('notifier', 'notifier.mjs');
}
await startService('gateway', 'gateway.mjs', { CATALOGUE_URL });

/** Resolves to the URL of the service once it listens. */
async function startService(name, file, variables = {}) {
  const child = spawn(process.execPath, [file], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, OTEL_SERVICE_NAME: name, ...variables },
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  let text = '';
  for await (const chunk of child.stdout.iterator({ destroyOnReturn: false })) {
    process.stdout.write(chunk);
    text += chunk;
    const [, url] = /listens on (\S+)/.exec(text) ?? [];
    if (url) {
      child.stdout.pipe(process.stdout);
      return url;
    }
  }
  throw new Error(`${name} exited before it listened`);
}

async function stop() {
  if (stopping) return;
  stopping = true;
  await Promise.all(
    [...running].map(async (child) => {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    }),
  );
  process.exit();
}
