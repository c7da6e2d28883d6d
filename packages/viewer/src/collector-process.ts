import { DiagLogLevel, diag } from '@opentelemetry/api';
import { type Collector, type CollectorOptions, startCollector } from './collector.ts';
import { interrupted } from './interruption.ts';
import { LiveTraces } from './live-traces.ts';
import { printable } from './printable.ts';
import type { PoliciesInForce } from './sampling/policy-file.ts';
import { paint, wantsColor } from './terminal.ts';
import { tableHead } from './trace-table.ts';

/** Runs a collector until a signal ends the process, and prints what it does; `isLive` prints a line for each trace. */
export async function runCollector(options: CollectorOptions, isLive: boolean): Promise<void> {
  logProblems();
  let live: LiveTraces | undefined;
  const { policies } = options;
  const collector = await openCollector({
    ...options,
    onPolicies: (inForce) => reportPolicies(policies as string, inForce),
    onSpans: (spans) => live?.add(spans),
  });
  process.stdout.write(`clew: listening on ${collector.url}\n`);
  if (options.page) process.stdout.write(`clew: the traces are shown at ${collector.url}/\n`);
  if (collector.policies !== undefined) reportPolicies(policies as string, collector.policies);
  if (isLive) {
    const color = wantsColor(process.stdout, process.env);
    const style = { width: Math.max(40, process.stdout.columns ?? 80), paint: paint(color), ascii: false };
    process.stdout.write(`${tableHead(style)}\n`);
    live = new LiveTraces(collector.store, style, (text) => process.stdout.write(text));
  }
  await interrupted();
  live?.close();
  await collector.close();
}

/** What is wrong with a changed file of policies is logged through `diag`. */
function logProblems(): void {
  const log = (message: string) => process.stderr.write(`clew: ${printable(message)}\n`);
  const logger = { error: log, warn: log, info: () => {}, debug: () => {}, verbose: () => {} };
  diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
}

/** Starts a collector. Rejects with a message for users. */
export async function openCollector(options: CollectorOptions): Promise<Collector> {
  const { port = 4318, store } = options;
  return startCollector(options).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EADDRINUSE') throw new Error(`port ${port} is in use: choose another with --port`);
    if (store !== undefined && error.code === 'ERR_SQLITE_ERROR')
      throw new Error(`can't open the store ${store}: ${error.message}`);
    throw error;
  });
}

/** Reports the policies in force, and what of them is not served or not served to Jaeger's samplers. */
function reportPolicies(file: string, { policies, skipped, notForJaeger }: PoliciesInForce): void {
  const enabled = policies.filter((policy) => policy.enabled !== false).length;
  const lines = [
    `clew: ${enabled === 1 ? '1 policy' : `${enabled} policies`} of ${file} ${enabled === 1 ? 'is' : 'are'} in force`,
    ...skipped.map((reason) => `  a sampler can't apply ${reason}`),
    ...notForJaeger.map((reason) => `  Jaeger's samplers do not get ${reason}`),
  ];
  process.stdout.write(lines.map((line) => `${printable(line)}\n`).join(''));
}
