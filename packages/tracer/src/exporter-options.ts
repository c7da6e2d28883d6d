import { URL } from 'node:url';
import { expectOption, integerOption } from './expect-option.ts';
import type { TlsOptions } from './http-post.ts';

/** Where and how spans are sent over OTLP. */
export interface OtlpExporterOptions {
  /** Full address, http or https; default `http://localhost:4318/v1/traces`. */
  readonly url?: string;
  /** Default `http/protobuf`, the fast one. */
  readonly protocol?: 'http/protobuf' | 'http/json';
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Default `none`. */
  readonly compression?: 'none' | 'gzip';
  /** Milliseconds that one request may take: [1, 600000], default 10000. */
  readonly timeoutMs?: number;
  /** Bytes that may wait for the receiver; spans beyond are dropped: [65536, 1073741824], default 16777216. */
  readonly maxQueueBytes?: number;
  /** Bytes of spans in one request: [4096, 4194304], default 983040: some receivers take a million bytes and no more. */
  readonly maxBatchBytes?: number;
  /** Milliseconds that a span waits for others: [1, 600000], default 1000. */
  readonly scheduleDelayMs?: number;
  /** Milliseconds between the first and the second attempt; twice as long each time: [1, 60000], default 1000. */
  readonly retryDelayMs?: number;
  /** Milliseconds after which a batch that can't be delivered is given up: [0, 3600000], default 300000. */
  readonly retryForMs?: number;
  /** Authorities to trust instead of Node's, PEM. */
  readonly ca?: TlsOptions['ca'];
  /** Certificate of this client, PEM. */
  readonly cert?: TlsOptions['cert'];
  /** Private key of this client, PEM. */
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
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: what RFC 9110 forbids in a value
const HEADER_VALUE = /^[^\x00-\x08\x0a-\x1f\x7f]*$/;

/** Fills the defaults in; throws for a bad value. */
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
  const integer = (name: keyof OtlpExporterOptions, bounds: readonly [number, number], byDefault: number) =>
    integerOption(given[name] as number | undefined, `exporter.${name}`, bounds, byDefault);
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
  expectOption(fits, 'exporter.url', 'to be an http or https address', text);
  return url!;
}

/** Names in lower case, so that none goes out twice. Values may be secret: the error does not tell them. */
function headersOf(given: Readonly<Record<string, string>>): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(given)) {
    expectOption(HEADER_NAME.test(name), 'exporter.headers', 'to have valid names', name);
    const fits = typeof value === 'string' && HEADER_VALUE.test(value);
    expectOption(fits, `exporter.headers["${name}"]`, 'to be one line of text', typeof value);
    headers[name.toLowerCase()] = value;
  }
  return headers;
}
