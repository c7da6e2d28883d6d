import { type TraceQuery, TraceStore, type TraceSummary } from './store.ts';
import { printable } from './terminal.ts';
import { UsageError } from './usage-error.ts';

/** The source of traces for `show` and `list`: a running collector, or a store's file. */
export interface TraceSource {
  list(query: TraceQuery): Promise<readonly TraceSummary[]>;
  /** Returns the JSON of the only trace whose id starts with this prefix. Rejects if there is none. */
  json(idOrPrefix: string): Promise<string>;
  close(): void;
}

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
    list: async ({ service, limit, minDurationMs, errors }) => {
      const url = new URL('api/traces', base);
      if (service !== undefined) url.searchParams.set('service', service);
      if (limit !== undefined) url.searchParams.set('limit', String(limit));
      if (minDurationMs !== undefined) url.searchParams.set('minDurationMs', String(minDurationMs));
      if (errors) url.searchParams.set('errors', '1');
      return JSON.parse(await ask(url)).traces;
    },
    json: (prefix) => ask(new URL(`api/traces/${encodeURIComponent(prefix)}`, base)),
    close: () => {},
  };
}

function collectorUrl(from: string): URL {
  if (!URL.canParse(from) || !/^https?:/.test(from))
    throw new UsageError(`expected a URL in --from, got "${from}"`);
  return new URL(from.endsWith('/') ? from : `${from}/`);
}

/** Returns the JSON that a collector has at a path; `undefined` for 404 if `isOptional`. */
export async function getJson(from: string, path: string, isOptional: true): Promise<string | undefined>;
export async function getJson(from: string, path: string): Promise<string>;
export async function getJson(from: string, path: string, isOptional = false): Promise<string | undefined> {
  return ask(new URL(path, collectorUrl(from)), isOptional);
}

async function ask(url: URL): Promise<string>;
async function ask(url: URL, isOptional: boolean): Promise<string | undefined>;
async function ask(url: URL, isOptional = false): Promise<string | undefined> {
  const response = await fetch(url, { signal: AbortSignal.timeout(30_000) }).catch(() => {
    throw new Error(`no collector responds at ${url.origin} (clew collect starts one)`);
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
