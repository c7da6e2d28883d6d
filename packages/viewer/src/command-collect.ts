import { startCollector } from './collector.ts';
import { LiveTraces } from './live-traces.ts';
import { paint, wantsColor } from './terminal.ts';
import { tableHead } from './trace-table.ts';
import { numberIn, UsageError } from './usage-error.ts';

/** The options of `clew collect`. */
export interface CollectOptions {
  readonly port?: string;
  readonly host?: string;
  readonly store?: string;
  readonly 'max-mb'?: string;
  readonly live?: boolean;
}

/** `clew collect`: resolves after a signal has ended it. */
export async function collect(options: CollectOptions): Promise<void> {
  const { host, store, live: wantsLive = process.stdout.isTTY === true } = options;
  if (host === '') throw new UsageError('expected an address in --host, got ""');
  if (store === '') throw new UsageError('expected a file in --store, got ""');
  const port = options.port === undefined ? undefined : numberIn('--port', options.port, 0, 65_535);
  const megabytes = options['max-mb'];
  const maxMb = megabytes === undefined ? undefined : numberIn('--max-mb', megabytes, 1, 1_048_576);
  let live: LiveTraces | undefined;
  const collector = await startCollector({
    ...(port !== undefined && { port }),
    ...(host !== undefined && { host }),
    ...(store !== undefined && { store }),
    ...(maxMb !== undefined && { maxMb }),
    onSpans: (spans) => live?.add(spans),
  }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EADDRINUSE')
      throw new Error(`port ${port ?? 4318} is in use: choose another with --port`);
    if (store !== undefined && error.code === 'ERR_SQLITE_ERROR')
      throw new Error(`can't open the store ${store}: ${error.message}`);
    throw error;
  });
  process.stdout.write(`clew: listening on ${collector.url}\n`);
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
