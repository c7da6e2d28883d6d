import { DiagLogLevel, diag } from '@opentelemetry/api';
import { startCollector } from './collector.ts';
import { LiveTraces } from './live-traces.ts';
import type { AdaptiveOptions } from './sampling/adaptive-sampling.ts';
import type { PoliciesInForce } from './sampling/policy-file.ts';
import { paint, printable, wantsColor } from './terminal.ts';
import { tableHead } from './trace-table.ts';
import { numberIn, UsageError } from './usage-error.ts';

/** The options of `clew collect`. */
export interface CollectOptions {
  readonly port?: string;
  readonly host?: string;
  readonly store?: string;
  readonly 'max-mb'?: string;
  readonly live?: boolean;
  readonly policies?: string;
  readonly adaptive?: string;
  readonly 'adaptive-interval'?: string;
  readonly 'initial-probability'?: string;
  readonly 'min-probability'?: string;
  readonly 'lower-bound'?: string;
}

/** `clew collect`: resolves after a signal has ended it. */
export async function collect(options: CollectOptions): Promise<void> {
  const { host, store, live: wantsLive = process.stdout.isTTY === true } = options;
  if (host === '') throw new UsageError('expected an address in --host, got ""');
  if (store === '') throw new UsageError('expected a file in --store, got ""');
  if (options.policies === '') throw new UsageError('expected a file in --policies, got ""');
  const port = options.port === undefined ? undefined : numberIn('--port', options.port, 0, 65_535);
  const megabytes = options['max-mb'];
  const maxMb = megabytes === undefined ? undefined : numberIn('--max-mb', megabytes, 1, 1_048_576);
  const adaptive = adaptiveOptions(options);
  // What is wrong with a changed file of policies is logged through it.
  const log = (message: string) => process.stderr.write(`clew: ${printable(message)}\n`);
  const logger = { error: log, warn: log, info: () => {}, debug: () => {}, verbose: () => {} };
  diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
  let live: LiveTraces | undefined;
  const collector = await startCollector({
    ...(port !== undefined && { port }),
    ...(host !== undefined && { host }),
    ...(store !== undefined && { store }),
    ...(maxMb !== undefined && { maxMb }),
    ...(options.policies !== undefined && { policies: options.policies }),
    ...(adaptive !== undefined && { adaptive }),
    onPolicies: (inForce) => reportPolicies(options.policies as string, inForce),
    onSpans: (spans) => live?.add(spans),
  }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EADDRINUSE')
      throw new Error(`port ${port ?? 4318} is in use: choose another with --port`);
    if (store !== undefined && error.code === 'ERR_SQLITE_ERROR')
      throw new Error(`can't open the store ${store}: ${error.message}`);
    throw error;
  });
  process.stdout.write(`clew: listening on ${collector.url}\n`);
  if (collector.policies !== undefined) reportPolicies(options.policies as string, collector.policies);
  if (wantsLive) {
    const color = wantsColor(process.stdout, process.env);
    const style = { width: Math.max(40, process.stdout.columns ?? 80), paint: paint(color), ascii: false };
    process.stdout.write(`${tableHead(style)}\n`);
    live = new LiveTraces(collector.store, style, (text) => process.stdout.write(text));
  }
  await new Promise<void>((resolve) => {
    // `once`: a second signal ends the process immediately.
    process.once('SIGINT', () => resolve());
    process.once('SIGTERM', () => resolve());
  });
  live?.close();
  await collector.close();
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

function adaptiveOptions(options: CollectOptions): AdaptiveOptions | undefined {
  const number = (name: keyof CollectOptions & string, min: number, max: number) => {
    const text = options[name];
    return typeof text === 'string' ? numberIn(`--${name}`, text, min, max, false) : undefined;
  };
  const tracesPerSecond = number('adaptive', 0.001, 1_000_000);
  const intervalSeconds = number('adaptive-interval', 0.1, 3600);
  const initialProbability = number('initial-probability', 0.000_000_1, 1);
  const minProbability = number('min-probability', 0.000_000_1, 1);
  const lowerBoundTracesPerSecond = number('lower-bound', 0, 1000);
  if (tracesPerSecond === undefined) {
    const names = ['adaptive-interval', 'initial-probability', 'min-probability', 'lower-bound'] as const;
    const useless = names.find((name) => options[name] !== undefined);
    if (useless !== undefined) throw new UsageError(`--${useless} requires --adaptive`);
    return undefined;
  }
  return {
    tracesPerSecond,
    ...(intervalSeconds !== undefined && { intervalMs: intervalSeconds * 1000 }),
    ...(initialProbability !== undefined && { initialProbability }),
    ...(minProbability !== undefined && { minProbability }),
    ...(lowerBoundTracesPerSecond !== undefined && { lowerBoundTracesPerSecond }),
  };
}
