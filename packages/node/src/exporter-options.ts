import { readFileSync } from 'node:fs';
import type { OtlpExporterOptions } from '@clew/tracer';
import type { Environment } from './environment.ts';

/** OpenTelemetry counts its queue and batches in spans, ours in bytes: a span is taken for so many. */
const BYTES_A_SPAN = 1024;

/** The exporter that the variables ask for; `false` for `OTEL_TRACES_EXPORTER=none`. */
export function exporterFrom(environment: Environment): OtlpExporterOptions | false {
  const exporter = environment.oneOf(['otlp', 'none'], 'OTEL_TRACES_EXPORTER');
  if (exporter === 'none') return false;
  return definedOnly({
    url: urlFrom(environment),
    protocol: environment.oneOf(
      ['http/protobuf', 'http/json'],
      'OTEL_EXPORTER_OTLP_TRACES_PROTOCOL',
      'OTEL_EXPORTER_OTLP_PROTOCOL',
    ),
    compression: environment.oneOf(
      ['none', 'gzip'],
      'OTEL_EXPORTER_OTLP_TRACES_COMPRESSION',
      'OTEL_EXPORTER_OTLP_COMPRESSION',
    ),
    headers: environment.pairs('OTEL_EXPORTER_OTLP_TRACES_HEADERS', 'OTEL_EXPORTER_OTLP_HEADERS'),
    timeoutMs: milliseconds(environment, 'OTEL_EXPORTER_OTLP_TRACES_TIMEOUT', 'OTEL_EXPORTER_OTLP_TIMEOUT'),
    scheduleDelayMs: environment.integer('OTEL_BSP_SCHEDULE_DELAY', 1, 3_600_000),
    maxQueueBytes:
      environment.integer('CLEW_QUEUE_MAX_BYTES', 65_536, 1_073_741_824) ??
      bytesFor(environment.integer('OTEL_BSP_MAX_QUEUE_SIZE', 64, 1_048_576)),
    maxBatchBytes: bytesFor(environment.integer('OTEL_BSP_MAX_EXPORT_BATCH_SIZE', 16, 65_536)),
    ca: file(environment, 'OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE', 'OTEL_EXPORTER_OTLP_CERTIFICATE'),
    cert: file(
      environment,
      'OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE',
      'OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE',
    ),
    key: file(environment, 'OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY', 'OTEL_EXPORTER_OTLP_CLIENT_KEY'),
  });
}

/** The traces' own endpoint is taken as it is; to the common one the path of traces is added. */
function urlFrom(environment: Environment): string | undefined {
  const own = 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT';
  const common = 'OTEL_EXPORTER_OTLP_ENDPOINT';
  const ownUrl = environment.text(own);
  if (ownUrl !== undefined) return checkedUrl(environment, own, ownUrl)?.href;
  const commonUrl = environment.text(common);
  const base = commonUrl === undefined ? undefined : checkedUrl(environment, common, commonUrl);
  return base && `${base.href.replace(/\/$/, '')}/v1/traces`;
}

function checkedUrl(environment: Environment, name: string, value: string): URL | undefined {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url;
  environment.warn(name, 'an http:// or https:// URL', value);
  return undefined;
}

function milliseconds(environment: Environment, ...names: string[]): number | undefined {
  const name = names.find((each) => environment.text(each) !== undefined);
  return name === undefined ? undefined : environment.integer(name, 1, 600_000);
}

function bytesFor(spans: number | undefined): number | undefined {
  return spans === undefined ? undefined : spans * BYTES_A_SPAN;
}

function file(environment: Environment, ...names: string[]): string | undefined {
  for (const name of names) {
    const path = environment.text(name);
    if (path === undefined) continue;
    try {
      return readFileSync(path, 'utf8');
    } catch {
      environment.warn(name, 'the path of a file that can be read', path);
    }
  }
  return undefined;
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function definedOnly<T extends object>(object: T): Defined<T> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as Defined<T>;
}
