import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { startProgram } from '../run-program.ts';

/** A service in its own process. */
export interface Service {
  readonly url: string;
  /** Lets the service end, and sends its last spans. Throws if it ended with an error or has printed one. */
  stop(): Promise<void>;
}

/** Starts a service of the folder `programs`, which prints its port. */
export async function startService(
  args: readonly string[],
  variables: Readonly<Record<string, string>>,
): Promise<Service> {
  const child = startProgram(args, {
    cwd: join(__dirname, 'programs'),
    variables: { NODE_NO_WARNINGS: '1', ...variables },
  });
  const errors = text(child.stderr!);
  const ended = once(child, 'close');
  const port = once(createInterface(child.stdout!), 'line');
  const started = await Promise.race([port, ended.then(() => undefined)]);
  if (started === undefined) throw new Error(`${args.join(' ')} did not start: ${await errors}`);
  return {
    url: `http://127.0.0.1:${started[0]}/`,
    async stop() {
      child.stdin?.end();
      const [code, signal] = await ended;
      const printed = await errors;
      if (code !== 0 || printed !== '') throw new Error(`${args.join(' ')}: ${code} ${signal} ${printed}`);
    },
  };
}

/** The arguments of Node for a program that the preload flag traces. */
export function traced(file: string): string[] {
  return ['--import', '@clew/node/register', file];
}
