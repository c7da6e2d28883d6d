import { URL } from 'node:url';
import { isHeaderName, isHeaderValue } from '@clew/core/internal';
import { expectOption, integerOption } from './expect-option.ts';
import type { TlsOptions } from './http-post.ts';

/** Where and how spans are sent over OTLP. */
export interface OtlpExporterOptions {
  /** Full URL, http or https; default `http://localhost:4318/v1/traces`. */
  readonly url?: string;
  /** Default `http/protobuf`, which is the fastest. */
  readonly protocol?: 'http/protobuf' | 'http/json';
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Default `none`. */
  readonly compression?: 'none' | 'gzip';
  /** Timeout of one request in milliseconds: [1, 600000], default 10000. */
  readonly timeoutMs?: number;
  /** Maximum bytes queued for the receiver; further spans are dropped: [65536, 1073741824], default 16777216. */
  readonly maxQueueBytes?: number;
  /**
   * Maximum bytes of spans in one request: [4096, 4194304], default 983040, because some receivers accept 1 MB at
   * most.
   */
  readonly maxBatchBytes?: number;
  /** Milliseconds before an incomplete batch is sent: [1, 600000], default 1000. */
  readonly scheduleDelayMs?: number;
  /** Milliseconds before the first retry, doubled for each further one: [1, 60000], default 1000. */
  readonly retryDelayMs?: number;
  /** Milliseconds after which an undeliverable batch is dropped: [0, 3600000], default 300000. */
  readonly retryForMs?: number;
  /** Certificate authorities to trust instead of Node's, PEM. */
  readonly ca?: TlsOptions['ca'];
  /** Client certificate, PEM. */
  readonly cert?: TlsOptions['cert'];
  /** Private key of the client certificate, PEM. */
  readonly key?: TlsOptions['key'];
}

/** The options with their defaults. */
export interface ResolvedExporterOptions {
  readonly url: URL;
  readonly protocol: 'http/protobuf' | 'http/json';
  readonly headers: Readonly<Record<string, string>>;
  readonly compression: 'none' | 'gzip';
  readonly timeoutMs: number;
  readonly maxQueueBytes: number;
  readonly maxBatchBytes: number;
  readonly scheduleDelayMs: number;
  readonly retryDelayMs: number;
  readonly retryForMs: number;
  readonly tls: TlsOptions;
}

const NAMES: ReadonlySet<string> = new Set<keyof OtlpExporterOptions>([
  'url',
  'protocol',
  'headers',
  'compression',
  'timeoutMs',
  'maxQueueBytes',
  'maxBatchBytes',
  'scheduleDelayMs',
  'retryDelayMs',
  'retryForMs',
  'ca',
  'cert',
  'key',
]);
const DEFAULT_URL = 'http://localhost:4318/v1/traces';

/** Fills in the defaults; throws for an invalid value. */
export function resolveExporterOptions(given: OtlpExporterOptions = {}): ResolvedExporterOptions {
  for (const name of Object.keys(given))
    expectOption(NAMES.has(name), 'exporter', `to have options among ${[...NAMES].join(', ')}`, name);
  const { protocol = 'http/protobuf', compression = 'none', headers = {}, ca, cert, key } = given;
  const protocolFits = protocol === 'http/protobuf' || protocol === 'http/json';
  expectOption(protocolFits, 'exporter.protocol', '"http/protobuf" or "http/json"', protocol);
  expectOption(
    compression === 'none' || compression === 'gzip',
    'exporter.compression',
    '"none" or "gzip"',
    compression,
  );
  const integer = (
    name: keyof OtlpExporterOptions,
    bounds: readonly [number, number],
    defaultValue: number,
  ) => integerOption(given[name] as number | undefined, `exporter.${name}`, bounds, defaultValue);
  return {
    url: urlOf(given.url ?? DEFAULT_URL),
    protocol,
    headers: headersOf(headers),
    compression,
    timeoutMs: integer('timeoutMs', [1, 600_000], 10_000),
    maxQueueBytes: integer('maxQueueBytes', [65_536, 1_073_741_824], 16_777_216),
    maxBatchBytes: integer('maxBatchBytes', [4096, 4_194_304], 983_040),
    scheduleDelayMs: integer('scheduleDelayMs', [1, 600_000], 1000),
    retryDelayMs: integer('retryDelayMs', [1, 60_000], 1000),
    retryForMs: integer('retryForMs', [0, 3_600_000], 300_000),
    tls: { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) },
  };
}

function urlOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const fits = url?.protocol === 'http:' || url?.protocol === 'https:';
  expectOption(fits, 'exporter.url', 'to be an http or https URL', text);
  return url!;
}

/** Lower-cases names, so that no header is sent twice. Errors never include values, which may be secret. */
function headersOf(given: Readonly<Record<string, string>>): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(given)) {
    expectOption(isHeaderName(name), 'exporter.headers', 'to have valid names', name);
    expectOption(isHeaderValue(value), `exporter.headers["${name}"]`, 'to be one line of text', typeof value);
    headers[name.toLowerCase()] = value;
  }
  return headers;
}
