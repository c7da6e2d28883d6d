import { TEXT } from './command.ts';
import { printable } from './printable.ts';
import { type TraceQuery, TraceStore } from './store.ts';
import { filterToParameters } from './trace-filter.ts';
import { type TraceStatistics, traceStatistics } from './trace-statistics.ts';
import type { TraceSummary } from './trace-summary.ts';
import { UsageError } from './usage-error.ts';

/** The source of traces for commands that read them: a running collector, or a store's file. */
export interface TraceSource {
  list(query: TraceQuery): Promise<readonly TraceSummary[]>;
  /** Returns the JSON of the only trace whose id starts with this prefix. Rejects if there is none. */
  json(idOrPrefix: string): Promise<string>;
  statistics(query: TraceQuery): Promise<TraceStatistics>;
  close(): void;
}

/** The options of commands that read traces. */
export const SOURCE_OPTIONS = { from: TEXT, store: TEXT } as const;

/** The URL of a collector on its default port. */
export const DEFAULT_COLLECTOR = 'http://127.0.0.1:4318';

/** Opens a source of traces. Throws UsageError if both options are given. */
export function openSource(options: { readonly from?: string; readonly store?: string }): TraceSource {
  if (options.from !== undefined && options.store !== undefined) {
    throw new UsageError('--from and --store exclude each other');
  }
  return options.store === undefined
    ? collectorSource(options.from ?? DEFAULT_COLLECTOR)
    : storeSource(options.store);
}

function storeSource(file: string): TraceSource {
  const store = openFile(file);
  return {
    list: async (query) => store.traces(query),
    json: async (prefix) => {
      const [id, another] = store.ids(prefix);
      if (another !== undefined) throw new Error(`more than one trace starts with ${prefix}`);
      const json = id === undefined ? undefined : store.traceJson(id);
      if (json === undefined) throw new Error(`no trace ${prefix} in ${file}`);
      return json;
    },
    statistics: (query) => traceStatistics(query, store),
    close: () => store.close(),
  };
}

/** Opens a store's file for reading. Throws with a message for users. */
export function openFile(file: string): TraceStore {
  try {
    return new TraceStore({ file, readOnly: true });
  } catch (error) {
    throw new Error(`can't read the store ${file}: ${(error as Error).message}`);
  }
}

function collectorSource(from: string): TraceSource {
  const base = collectorUrl(from);
  return {
    list: async (query) => JSON.parse(await ask(urlOf('traces', query, base))).traces,
    json: (prefix) => ask(new URL(`api/traces/${encodeURIComponent(prefix)}`, base)),
    statistics: async (query) => JSON.parse(await ask(urlOf('statistics', query, base))),
    close: () => {},
  };
}

function urlOf(resource: string, { limit, before, ...filter }: TraceQuery, base: URL): URL {
  const url = new URL(`api/${resource}`, base);
  url.search = String(filterToParameters(filter));
  if (limit !== undefined) url.searchParams.set('limit', String(limit));
  if (before !== undefined) url.searchParams.set('before', String(before));
  return url;
}

function collectorUrl(from: string, option = '--from'): URL {
  if (!URL.canParse(from) || !/^https?:/.test(from))
    throw new UsageError(`expected a URL in ${option}, got "${from}"`);
  return new URL(from.endsWith('/') ? from : `${from}/`);
}

/** Returns the JSON that a collector has at a path; `undefined` for 404 if `isOptional`. */
export async function getJson(from: string, path: string, isOptional: true): Promise<string | undefined>;
export async function getJson(from: string, path: string): Promise<string>;
export async function getJson(from: string, path: string, isOptional = false): Promise<string | undefined> {
  return ask(new URL(path, collectorUrl(from)), isOptional);
}

/** Sends the body of an OTLP export request in JSON to a collector. Rejects with a message for users. */
export async function postTraces(to: string, body: string): Promise<void> {
  const url = new URL('v1/traces', collectorUrl(to, '--to'));
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body }).catch(() => {
    throw new Error(`no collector responds at ${url.origin} (clew view starts one)`);
  });
  const text = await response.text();
  if (!response.ok)
    throw new Error(`the collector at ${url.origin} responded: ${printable(text) || response.status}`);
}

async function ask(url: URL): Promise<string>;
async function ask(url: URL, isOptional: boolean): Promise<string | undefined>;
async function ask(url: URL, isOptional = false): Promise<string | undefined> {
  const response = await fetch(url, { signal: AbortSignal.timeout(30_000) }).catch(() => {
    throw new Error(`no collector responds at ${url.origin} (clew view starts one)`);
  });
  const text = await response.text();
  if (isOptional && response.status === 404) return undefined;
  if (response.ok && response.headers.get('content-type')?.startsWith('application/json')) return text;
  const reason = printable(errorIn(text) ?? `HTTP ${response.status}`);
  throw new Error(`the collector at ${url.origin} responded: ${reason}`);
}

function errorIn(text: string): string | undefined {
  try {
    const { error } = JSON.parse(text);
    return typeof error === 'string' ? error : undefined;
  } catch {
    return undefined;
  }
}
