import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Keystone } from './keystone.ts';

const folder = fileURLToPath(new URL('.', import.meta.url));

export interface ServicesOptions {
  readonly keystone: Keystone;
  readonly collectorUrl: string;
  readonly hmacKey: string;
}

/** Starts Keystone's clients as traced services: the server of Swift and the gateway. */
export async function startServices({ keystone, collectorUrl, hmacKey }: ServicesOptions) {
  const tracing = {
    OTEL_EXPORTER_OTLP_ENDPOINT: collectorUrl,
    OTEL_PROPAGATORS: 'osprofiler,tracecontext',
    CLEW_OSPROFILER_HMAC_KEYS: hmacKey,
  };
  const swift = await startService('swift-server.mjs', {
    ...tracing,
    OTEL_SERVICE_NAME: 'swift',
    KEYSTONE_URL: keystone.url,
  });
  await keystone.addService('swift', 'object-store', swift.url);
  const gateway = await startService('gateway.mjs', {
    ...tracing,
    OTEL_SERVICE_NAME: 'gateway',
    CLEW_INSTRUMENTATIONS: '@clew/example-openstack',
    OPENSTACK_CREDENTIALS: JSON.stringify(keystone.credentials),
  });
  return { gateway, stop: () => Promise.all([gateway.stop(), swift.stop()]) };
}

/** Starts a program with the preload flag. It prints its URL, and ends with its standard input. */
async function startService(file: string, variables: Readonly<Record<string, string>>) {
  const child = spawn(process.execPath, ['--import', '@clew/node/register', file], {
    cwd: folder,
    env: { ...process.env, ...variables },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [line] = await Promise.race([
    once(child.stdout, 'data'),
    once(child, 'exit').then(([code]) => {
      throw new Error(`${file} ended with ${code}`);
    }),
  ]);
  return {
    url: String(line).trim(),
    async stop() {
      child.stdin.end();
      if (child.exitCode === null) await once(child, 'exit');
    },
  };
}
