import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('.', import.meta.url));
const running = new Set();

/** Starts one of the shop's services with only the preload flag, and waits until it listens. */
export async function startService(name, file, collectorUrl, environment) {
  const child = spawn(process.execPath, ['--import', '@clew/node/register', file], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      OTEL_SERVICE_NAME: name,
      OTEL_EXPORTER_OTLP_ENDPOINT: collectorUrl,
      OTEL_BSP_SCHEDULE_DELAY: '100',
      ...environment,
    },
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  return { url: await listening(name, child) };
}

async function listening(name, child) {
  let text = '';
  for await (const chunk of child.stdout) {
    text += chunk;
    const url = /listens on (\S+)/.exec(text)?.[1];
    if (url) {
      process.stderr.write(`demo: ${text.trim()}\n`);
      child.stdout.resume();
      return url;
    }
  }
  throw new Error(`${name} exited before it listened`);
}

/** Stops all services, and waits until they have exited. */
export async function stopServices() {
  await Promise.all(
    [...running].map(async (child) => {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    }),
  );
}
