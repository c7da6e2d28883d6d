import type { IncomingMessage, ServerResponse } from 'node:http';
import type { CrossOrigin } from './cross-origin.ts';
import { type OtlpFormat, openLogs, openSpans, otlpFormat } from './decode-traces.ts';
import { type BodyMemory, RequestError, readBody } from './http-body.ts';
import { keepRecords } from './keep-records.ts';
import { MAX_LOGS } from './log-store.ts';
import { maxJsonBytes, OtlpError } from './otlp-limits.ts';
import { exportResponse, type Rejection, statusBody } from './otlp-response.ts';
import { isFromOtherSite, isLiteralHost } from './query-api.ts';
import type { SpanRecord } from './span-record.ts';
import type { TraceStore } from './store.ts';

/** What a receiver needs to receive spans and log records. */
export interface OtlpReceiver {
  readonly store: TraceStore;
  readonly maxBodyBytes: number;
  readonly memory: BodyMemory;
  /** Whether the receiver is reachable from this machine only. */
  readonly isLocal: boolean;
  readonly crossOrigin: CrossOrigin;
  readonly onSpans: (spans: readonly SpanRecord[]) => void;
  /** Called with the number of log records that were not stored, because they belong to no trace. */
  readonly onLogsWithoutTrace: (count: number) => void;
}

/** Why a web page's request is refused. */
export const FORBIDDEN = 'expected an IP address or localhost in Host, and no Origin';
const INVALID_IDS = 'spans without a valid trace id and span id were dropped';
const TOO_MANY_LOGS = `at most ${MAX_LOGS} log records of a trace, and 16 MiB of them, are stored`;

/** Responds to an OTLP request: stores its spans or log records, or states why not. */
export async function receiveOtlp(
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
  receiver: OtlpReceiver,
): Promise<void> {
  const { maxBodyBytes, memory, isLocal, crossOrigin } = receiver;
  if (crossOrigin.respondToPreflight(request, response)) return;
  const format = otlpFormat(request.headers['content-type']);
  try {
    if (request.method !== 'POST') {
      response.setHeader('allow', 'POST');
      throw new RequestError(405, `expected POST, got ${request.method}`);
    }
    if (!crossOrigin.allow(request, response) && !isFromProgram(request, isLocal))
      throw new RequestError(403, FORBIDDEN);
    if (format === undefined) {
      const type = JSON.stringify(request.headers['content-type'] ?? '');
      throw new RequestError(
        415,
        `expected content-type application/x-protobuf or application/json, got ${type}`,
      );
    }
    const maxBytes = format === 'json' ? maxJsonBytes(maxBodyBytes) : maxBodyBytes;
    const body = await readBody(request, maxBytes, memory);
    try {
      respond(response, 200, format, exportResponse(format, await keep(path, body.bytes, format, receiver)));
    } finally {
      body.free();
    }
  } catch (error) {
    const { status, message } = failure(error);
    if (status === 503) response.setHeader('retry-after', '1');
    respond(response, status, format ?? 'json', statusBody(format ?? 'json', message));
  }
}

/** Stores the content of a request. Metrics are accepted, so that senders do not report an error, but not stored. */
async function keep(
  path: string,
  bytes: Buffer,
  format: OtlpFormat,
  { store, onSpans, onLogsWithoutTrace }: OtlpReceiver,
): Promise<Rejection> {
  if (path === '/v1/logs') {
    let count = 0;
    const withoutTrace = await keepRecords(openLogs(bytes, format), (logs) => {
      count += store.addLogs(logs);
    });
    onLogsWithoutTrace(withoutTrace);
    return { name: 'rejectedLogRecords', count, reason: TOO_MANY_LOGS };
  }
  let count = 0;
  if (path === '/v1/traces')
    count = await keepRecords(openSpans(bytes, format), (spans) => {
      store.add(spans);
      if (spans.length > 0) onSpans(spans);
    });
  return { name: 'rejectedSpans', count, reason: INVALID_IDS };
}

/**
 * A web page must not write traces or read policies, neither directly nor through a host name that resolves to this
 * machine (DNS rebinding); browsers send an Origin. If other machines may send, any Host is accepted.
 */
export function isFromProgram(request: IncomingMessage, isLocal: boolean): boolean {
  const { origin, host } = request.headers;
  return origin === undefined && !isFromOtherSite(request) && (!isLocal || isLiteralHost(host));
}

function failure(error: unknown): { status: number; message: string } {
  if (error instanceof RequestError) return error;
  if (error instanceof OtlpError) return { status: 400, message: error.message };
  // The store failed: no space, or its file is locked. The sender may retry.
  return { status: 503, message: `not stored: ${(error as Error).message}` };
}

function respond(response: ServerResponse, status: number, format: OtlpFormat, body: Buffer): void {
  if (response.headersSent) return;
  const type = format === 'json' ? 'application/json' : 'application/x-protobuf';
  response.writeHead(status, { 'content-type': type, 'content-length': body.length });
  response.end(body);
}
