import { readFileSync } from 'node:fs';
import { defineCommand } from './command.ts';
import { ImportTally } from './importing/import-points.ts';
import { importStorage, rejectStorageOptions, STORAGE_OPTIONS } from './importing/import-storage.ts';
import { readTraces } from './importing/read-traces.ts';
import { storageUrl } from './importing/storage-url.ts';
import { openSink, SINK_OPTIONS } from './importing/trace-sink.ts';
import { plural } from './plural.ts';
import { printable } from './printable.ts';
import type { SpanRecord } from './span-record.ts';
import { UsageError } from './usage-error.ts';

/** `clew import FILE…`, `clew import URL [BASE_ID]`: traces of other tools. */
export const importTraces = defineCommand({
  name: 'import',
  usage: `  clew import FILE… [options]     store the traces of JSON files: OTLP, Jaeger,
                                  Zipkin, clew, osprofiler trace show --json
  clew import URL [BASE_ID]       store the trace points of OSProfiler in Redis,
                                  PostgreSQL, MySQL or RabbitMQ: redis://host,
                                  postgresql://, mysql://, amqp:// (which
                                  removes them from the queue)
    --to URL                      a collector (default http://127.0.0.1:4318)
    --store FILE                  a collector's file instead
    --last N                      without BASE_ID: the newest N traces of a
                                  storage, 1 to 1000 (default 100)
    --follow                      continue with new points until interrupted
    --queue NAME                  amqp://: the queue (default profiler.info)
    --exchange NAME               amqp://: with --follow, the exchange of a
                                  queue that is missing (default openstack)
`,
  options: { ...SINK_OPTIONS, ...STORAGE_OPTIONS },
  maxPositionals: Number.POSITIVE_INFINITY,
  async run(options, [first, ...others]) {
    if (first === undefined)
      throw new UsageError('expected a file, - for the standard input, or the URL of a storage');
    const sink = openSink(options);
    const storage = storageUrl(first);
    const tally = new ImportTally();
    try {
      if (storage !== undefined) await importStorage(storage, others, options, sink, tally);
      else {
        rejectStorageOptions(options);
        const spans = [first, ...others].flatMap(readFile);
        await sink.add(spans);
        tally.add({ spans, incomplete: 0 });
      }
    } catch (error) {
      // With --follow, much may have been imported before a connection was lost.
      if (tally.spans + tally.malformed + tally.rejected > 0) print(tally);
      throw error;
    } finally {
      sink.close();
    }
    print(tally);
  },
});

function print({ spans, incomplete, malformed, rejected, traceIds }: ImportTally): void {
  const lines = [
    `${plural(spans, 'span')} in ${plural(traceIds.size, 'trace')} imported`,
    ...(incomplete > 0 ? [`${plural(incomplete, 'span')} without a start or a stop`] : []),
    ...(malformed > 0 ? [`${plural(malformed, 'malformed point')} skipped`] : []),
    ...(rejected > 0 ? [`${plural(rejected, 'span')} with too many attributes skipped`] : []),
    ...[...traceIds].slice(0, 10).map((id) => `  clew show ${id}`),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

function readFile(file: string): SpanRecord[] {
  try {
    return readTraces(readFileSync(file === '-' ? 0 : file, 'utf8'));
  } catch (error) {
    throw new Error(`${printable(file)}: ${printable((error as Error).message)}`);
  }
}
