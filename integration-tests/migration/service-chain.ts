import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { IncomingHttpHeaders } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { startProgram } from '../run-program.ts';

/** How one service of a chain is started. */
export interface ServiceStart {
  readonly args: readonly string[];
  readonly variables?: Readonly<Record<string, string>>;
}

/** dd-trace without an agent. */
export const ddTrace = (variables: Readonly<Record<string, string>> = {}): ServiceStart => ({
  args: ['--import', 'dd-trace/initialize.mjs'],
  variables: {
    DD_TRACE_AGENT_URL: 'http://127.0.0.1:9',
    DD_INSTRUMENTATION_TELEMETRY_ENABLED: 'false',
    DD_REMOTE_CONFIGURATION_ENABLED: 'false',
    DD_TRACE_STARTUP_LOGS: 'false',
    ...variables,
  },
});

/** Starts services that call each other in turn, sends a request, and returns the headers that each has received. */
export async function requestThrough(services: readonly ServiceStart[]): Promise<IncomingHttpHeaders[]> {
  const running: ChildProcess[] = [];
  let next: string | undefined;
  try {
    for (const { args, variables } of services.toReversed()) {
      const child = startProgram([...args, 'service.cjs'], {
        cwd: join(__dirname, 'programs'),
        variables: { NODE_NO_WARNINGS: '1', ...variables, ...(next && { NEXT: next }) },
      });
      running.push(child);
      const errors = text(child.stderr!);
      const ended = once(child, 'close').then(() => []);
      [next] = await Promise.race([once(createInterface(child.stdout!), 'line'), ended]);
      if (next === undefined) throw new Error(`${args.join(' ')} did not start: ${await errors}`);
    }
    return (await (await fetch(next!)).json()) as IncomingHttpHeaders[];
  } finally {
    for (const child of running.reverse()) {
      child.stdin?.end();
      if (child.exitCode === null) await once(child, 'close');
    }
  }
}
