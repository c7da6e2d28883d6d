import { TEXT } from '../command.ts';
import type { SpanRecord } from '../span-record.ts';
import { TraceStore } from '../store.ts';
import { DEFAULT_COLLECTOR, postTraces } from '../trace-source.ts';
import { UsageError } from '../usage-error.ts';
import { exportRequests } from './export-requests.ts';

/** Where imported spans are stored: by a collector, or in a collector's file. */
export interface TraceSink {
  /**
   * Resolves once the spans are stored. Rejects if they can't be; stores none of them if one exceeds a limit of received
   * spans.
   */
  add(spans: readonly SpanRecord[]): Promise<void>;
  close(): void;
}

/** The options of commands that store spans. */
export const SINK_OPTIONS = { to: TEXT, store: TEXT } as const;

/** Opens nothing before the first spans arrive. Throws UsageError if both options are given. */
export function openSink({ to, store }: { readonly to?: string; readonly store?: string }): TraceSink {
  if (to !== undefined && store !== undefined) throw new UsageError('--to and --store exclude each other');
  return store === undefined ? collectorSink(to ?? DEFAULT_COLLECTOR) : storeSink(store);
}

function collectorSink(url: string): TraceSink {
  return {
    async add(spans) {
      for (const { body } of exportRequests(spans)) await postTraces(url, body);
    },
    close() {},
  };
}

function storeSink(file: string): TraceSink {
  let traces: TraceStore | undefined;
  return {
    async add(spans) {
      const requests = exportRequests(spans);
      traces ??= new TraceStore({ file });
      for (const request of requests) traces.add(request.spans);
    },
    close: () => traces?.close(),
  };
}
