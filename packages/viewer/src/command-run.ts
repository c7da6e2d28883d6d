import { constants } from 'node:os';
import { type Ended, nodePackage, preloadOf, runApplication } from './application-process.ts';
import { openCollector } from './collector-process.ts';
import { defineCommand, FLAG, TEXT } from './command.ts';
import { CompletedTraces } from './completed-traces.ts';
import { interrupted } from './interruption.ts';
import { plural } from './plural.ts';
import { printable } from './printable.ts';
import { paint, wantsColor } from './terminal.ts';
import type { TraceSummary } from './trace-summary.ts';
import { traceLine } from './trace-table.ts';
import { numberIn, UsageError } from './usage-error.ts';
import { renderWaterfall } from './waterfall.ts';

/** A larger trace is printed as a line. */
const MAX_DRAWN_SPANS = 2000;

/** `clew run -- COMMAND`: runs an application with the preload, and shows its traces. */
export const run = defineCommand({
  name: 'run',
  usage: `  clew run [options] -- COMMAND   run an application, and show its traces
    --port N                      the collector's port (default: a free one)
    --lines                       a line per trace instead of a picture
    --errors                      only traces with errors
    --min-ms N                    only traces that took N milliseconds or more
    --keep                        keep running after the application has ended
`,
  options: { port: TEXT, lines: FLAG, errors: FLAG, 'min-ms': TEXT, keep: FLAG },
  maxPositionals: Number.POSITIVE_INFINITY,
  async run({ port, lines = false, errors = false, keep = false, ...options }, [command, ...args]) {
    if (command === undefined) throw new UsageError('expected a command: clew run -- node app.js');
    const minMs = options['min-ms'];
    const minDurationMs =
      minMs === undefined ? 0 : numberIn('--min-ms', minMs, 0, Number.MAX_SAFE_INTEGER, false);
    // The standard output belongs to the application.
    const color = wantsColor(process.stderr, process.env);
    const style = { width: Math.max(40, process.stderr.columns ?? 100), paint: paint(color), ascii: false };
    const log = (text: string) => process.stderr.write(text);
    const collector = await openCollector({
      port: port === undefined ? 0 : numberIn('--port', port, 0, 65_535),
      page: true,
      onSpans: (spans) => completed.add(spans),
    });
    const completed = new CompletedTraces((traceId) => {
      const summary = collector.store.summary(traceId);
      if (summary === undefined || summary.durationMs < minDurationMs) return;
      if (errors && summary.errors === 0) return;
      const isLine = lines || summary.spans > MAX_DRAWN_SPANS || isTrivial(summary);
      const trace = isLine ? undefined : collector.store.trace(traceId);
      log(
        trace === undefined
          ? `${traceLine(summary, style)}\n`
          : `\n${renderWaterfall(trace, { ...style, color })}`,
      );
    });
    log(`clew: the traces are shown at ${collector.url}/\n`);
    try {
      const ended = await runApplication(command, args, {
        nodeOptions: [process.env.NODE_OPTIONS ?? '', `--import=${preloadOf(nodePackage())}`],
        variables: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url },
      });
      completed.flush();
      const { traces, spans } = collector.store.counts();
      const how = ended.signal ?? `status ${ended.code}`;
      log(
        `clew: ${printable(command)} ended with ${how}; ${plural(traces, 'trace')}, ${plural(spans, 'span')}\n`,
      );
      if (keep) await interrupted();
      return statusOf(ended);
    } finally {
      completed.close();
      await collector.close();
    }
  },
});

/** A picture of a single span, such as a query at the start, would show no more than a line. */
function isTrivial({ spans, errors }: TraceSummary): boolean {
  return spans === 1 && errors === 0;
}

/** The exit status of the application; after a signal, the one that shells use. */
function statusOf({ code, signal }: Ended): number {
  return code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
}
