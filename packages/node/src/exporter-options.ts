import { readFileSync } from 'node:fs';
import { URL } from 'node:url';
import { isHeaderName, isHeaderValue } from '@clew/core/internal';
import type { OtlpExporterOptions } from '@clew/tracer';
import { definedOnly } from './defined-only.ts';
import type { Environment } from './environment.ts';

/** OpenTelemetry limits queue and batches in spans, our tracer in bytes: assume this size of a span. */
const BYTES_PER_SPAN = 1024;
/** Bounds of the tracer's options. */
export const MAX_QUEUE_BYTES = 1_073_741_824;
export const MAX_BATCH_BYTES = 4_194_304;

/** Returns the exporter options from the environment; `false` for `OTEL_TRACES_EXPORTER=none`. */
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
    headers: headersFrom(environment, 'OTEL_EXPORTER_OTLP_TRACES_HEADERS', 'OTEL_EXPORTER_OTLP_HEADERS'),
    timeoutMs: environment.timeout(
      600_000,
      'OTEL_EXPORTER_OTLP_TRACES_TIMEOUT',
      'OTEL_EXPORTER_OTLP_TIMEOUT',
    ),
    retryForMs: environment.timeout(3_600_000, 'OTEL_BSP_EXPORT_TIMEOUT'),
    scheduleDelayMs: atLeast(1, environment.cappedInteger(600_000, 0, 'OTEL_BSP_SCHEDULE_DELAY')),
    maxQueueBytes:
      environment.integer('CLEW_QUEUE_MAX_BYTES', 65_536, MAX_QUEUE_BYTES) ??
      bytesFor(
        environment.cappedInteger(MAX_QUEUE_BYTES / BYTES_PER_SPAN, 1, 'OTEL_BSP_MAX_QUEUE_SIZE'),
        65_536,
      ),
    maxBatchBytes: bytesFor(
      environment.cappedInteger(MAX_BATCH_BYTES / BYTES_PER_SPAN, 1, 'OTEL_BSP_MAX_EXPORT_BATCH_SIZE'),
      4096,
    ),
    ca: file(environment, 'OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE', 'OTEL_EXPORTER_OTLP_CERTIFICATE'),
    cert: file(
      environment,
      'OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE',
      'OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE',
    ),
    key: file(environment, 'OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY', 'OTEL_EXPORTER_OTLP_CLIENT_KEY'),
  });
}

/** The traces endpoint is used unchanged; `/v1/traces` is appended to the general endpoint. */
function urlFrom(environment: Environment): string | undefined {
  const own = 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT';
  const common = 'OTEL_EXPORTER_OTLP_ENDPOINT';
  const ownUrl = environment.text(own);
  const checked = ownUrl === undefined ? undefined : checkedUrl(environment, own, ownUrl);
  if (checked !== undefined) return checked.href;
  const commonUrl = environment.text(common);
  const url = commonUrl === undefined ? undefined : checkedUrl(environment, common, commonUrl);
  if (url !== undefined) url.pathname = `${url.pathname.replace(/\/$/, '')}/v1/traces`;
  return url?.href;
}

function checkedUrl(environment: Environment, name: string, value: string): URL | undefined {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url;
  environment.warn(name, 'an http:// or https:// URL', value);
  return undefined;
}

/** Parses `key=value,key2=value2`. Headers may be secret: the warning does not include them. */
function headersFrom(environment: Environment, ...names: string[]): Record<string, string> | undefined {
  const headers = environment.pairs(...names);
  for (const [name, value] of Object.entries(headers ?? {})) {
    if (isHeaderName(name) && isHeaderValue(value)) continue;
    const variable = names.find((each) => environment.text(each) !== undefined) ?? '';
    environment.warn(variable, 'valid header names and values', '');
    return undefined;
  }
  return headers;
}

/** The bytes for so many spans, at least `min` and at most `max`. */
export function bytesFor(
  spans: number | undefined,
  min: number,
  max = Number.POSITIVE_INFINITY,
): number | undefined {
  return spans === undefined ? undefined : Math.min(Math.max(spans * BYTES_PER_SPAN, min), max);
}

function atLeast(min: number, value: number | undefined): number | undefined {
  return value === undefined ? undefined : Math.max(value, min);
}

function file(environment: Environment, ...names: string[]): string | undefined {
  for (const name of names) {
    const path = environment.text(name);
    if (path === undefined) continue;
    try {
      return readFileSync(path, 'utf8');
    } catch {
      environment.warn(name, 'the path of a readable file', path);
    }
  }
  return undefined;
}
