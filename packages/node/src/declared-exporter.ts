import { readFileSync } from 'node:fs';
import type { OtlpExporterOptions } from '@clew/tracer';
import type { ConfigSection } from './config-section.ts';
import { definedOnly } from './defined-only.ts';
import { bytesFor, MAX_BATCH_BYTES, MAX_QUEUE_BYTES } from './exporter-options.ts';

const NO_LIMIT_MS = 3_600_000;

/** Reads the first exporter over OTLP/HTTP of a tracer provider; `false` without one. */
export function declaredExporter(traces: ConfigSection): OtlpExporterOptions | false {
  let exporter: OtlpExporterOptions | undefined;
  for (const processor of traces.sections('processors')) {
    const kind = processor.names.find((name) => name === 'batch' || name === 'simple');
    const settings = kind === undefined ? undefined : processor.section(kind, true);
    const target = settings?.section('exporter');
    if (exporter === undefined && settings !== undefined && target !== undefined) {
      const otlp = target.section('otlp_http', true);
      if (otlp !== undefined) exporter = { ...batching(settings), ...delivery(otlp) };
    }
    target?.finish();
    settings?.finish();
    processor.finish();
  }
  return exporter ?? false;
}

/** OpenTelemetry counts spans, Clew bytes. */
function batching(settings: ConfigSection): OtlpExporterOptions {
  const delayMs = settings.integer('schedule_delay', 0, 600_000);
  const exportMs = settings.integer('export_timeout', 0, NO_LIMIT_MS);
  return definedOnly({
    scheduleDelayMs: delayMs === undefined ? undefined : Math.max(delayMs, 1),
    retryForMs: exportMs === 0 ? NO_LIMIT_MS : exportMs,
    maxQueueBytes: bytesFor(settings.integer('max_queue_size', 1), 65_536, MAX_QUEUE_BYTES),
    maxBatchBytes: bytesFor(settings.integer('max_export_batch_size', 1), 4096, MAX_BATCH_BYTES),
  });
}

function delivery(otlp: ConfigSection): OtlpExporterOptions {
  const timeoutMs = otlp.integer('timeout', 0, 600_000);
  const encoding = otlp.oneOf('encoding', ['protobuf', 'json']);
  const options = definedOnly({
    url: otlp.text('endpoint'),
    protocol: encoding && (`http/${encoding}` as const),
    headers: headersIn(otlp),
    compression: otlp.oneOf('compression', ['none', 'gzip']),
    timeoutMs: timeoutMs === 0 ? 600_000 : timeoutMs,
  });
  const tls = otlp.section('tls');
  const files = definedOnly({
    ca: fileIn(tls, 'ca_file'),
    cert: fileIn(tls, 'cert_file'),
    key: fileIn(tls, 'key_file'),
  });
  tls?.finish();
  otlp.finish();
  return { ...options, ...files };
}

/** Members of `headers` override those of `headers_list`. */
function headersIn(otlp: ConfigSection): Record<string, string> | undefined {
  const headers: Record<string, string> = {};
  for (const pair of otlp.text('headers_list')?.split(',') ?? []) {
    const equals = pair.indexOf('=');
    if (equals > 0) headers[pair.slice(0, equals).trim()] = pair.slice(equals + 1).trim();
  }
  for (const header of otlp.sections('headers')) {
    const name = header.text('name');
    const value = header.value('value');
    if (name !== undefined && value !== undefined) headers[name] = String(value);
  }
  return Object.keys(headers).length === 0 ? undefined : headers;
}

function fileIn(tls: ConfigSection | undefined, name: string): string | undefined {
  const path = tls?.text(name);
  return path === undefined ? undefined : readFileSync(path, 'utf8');
}
