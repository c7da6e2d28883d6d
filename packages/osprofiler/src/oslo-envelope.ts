import { Buffer } from 'node:buffer';
import {
  createPropagator,
  type EnvelopedReply,
  type EnvelopedRequest,
  type EnvelopeProperties,
  type RpcEnvelope,
  type TraceFormat,
} from '@clew/core';
import { countDropped, trackProvenance } from '@clew/core/internal';
import { type TextMapPropagator, trace } from '@opentelemetry/api';
import { extractionOf, hmacKeysOf, traceInfoOf } from './osprofiler-format.ts';

/** Options of `osloEnvelope`. */
export interface OsloEnvelopeOptions {
  /**
   * The keys of `osprofilerFormat`. With them, the trace is read from and written to `_context_trace_info`, as
   * OpenStack's services do; without them, it is sent only in the AMQP headers, which oslo.messaging ignores.
   */
  readonly hmacKeys?: string | readonly string[];
}

/** Longer bodies are not parsed. */
const MAX_BODY_BYTES = 1_048_576;

type Table = Readonly<Record<string, unknown>>;

/**
 * Creates the envelope of oslo.messaging, OpenStack's RPC library: calls, casts and fanouts with their method's name,
 * failures as errors, and the heartbeats of long calls, which are not replies.
 *
 * @throws {TypeError} if `hmacKeys` contains no key.
 * Source: https://docs.openstack.org/oslo.messaging/latest/
 */
export function osloEnvelope({ hmacKeys }: OsloEnvelopeOptions = {}): RpcEnvelope {
  const traceInfo = hmacKeys === undefined ? undefined : propagatorOf(hmacKeysOf(hmacKeys));
  return {
    system: 'oslo.messaging',
    read(content, properties) {
      if (content.length > MAX_BODY_BYTES || !content.includes('"_unique_id')) return undefined;
      const body = new Body(content);
      const { method, _msg_id: id } = body.message;
      if (typeof method === 'string') return requestOf(method, body, properties, traceInfo);
      return typeof id === 'string' && 'ending' in body.message ? replyOf(id, body.message) : undefined;
    },
  };
}

/**
 * Creates the envelope with the keys of `CLEW_OSPROFILER_HMAC_KEYS`, a comma-separated list; without keys if the variable
 * is not set.
 *
 * @throws {TypeError} if the variable contains no key.
 */
export function osloEnvelopeFromEnvironment(): RpcEnvelope {
  const hmacKeys = process.env.CLEW_OSPROFILER_HMAC_KEYS;
  return osloEnvelope(hmacKeys ? { hmacKeys } : {});
}

/** A body with the envelope of version 2.0, or without an envelope as in earlier versions. */
class Body {
  readonly message: Table;
  readonly #outer: Table | undefined;
  readonly #text: string;

  constructor(content: Buffer) {
    const text = content.toString();
    const outer = JSON.parse(text) as Table;
    const inner = outer['oslo.message'];
    this.#outer = typeof inner === 'string' ? outer : undefined;
    this.#text = typeof inner === 'string' ? inner : text;
    this.message = this.#outer === undefined ? outer : (JSON.parse(this.#text) as Table);
  }

  /**
   * Appends an entry to the text of the message. Serializing the parsed message could change its numbers. If the name
   * exists already, parsers use the last entry.
   */
  with(name: string, value: unknown): Buffer {
    const end = this.#text.lastIndexOf('}');
    const text = `${this.#text.slice(0, end)}, ${JSON.stringify(name)}: ${JSON.stringify(value)}}`;
    return Buffer.from(
      this.#outer === undefined ? text : JSON.stringify({ ...this.#outer, 'oslo.message': text }),
    );
  }
}

function requestOf(
  method: string,
  body: Body,
  { exchange, expiration }: EnvelopeProperties,
  traceInfo: TextMapPropagator | undefined,
): EnvelopedRequest {
  const {
    _msg_id: id,
    _reply_q: replyTo,
    _timeout: monitorSeconds,
    _context_trace_info: info,
  } = body.message;
  const isCall = typeof id === 'string' && typeof replyTo === 'string';
  const kind = isCall ? 'call' : exchange?.endsWith('_fanout') ? 'fanout' : 'cast';
  const times = { timeoutMs: msOf(expiration), silenceTimeoutMs: msOf(monitorSeconds, 1000) };
  const request = { kind, method, ...(isCall && { id, replyTo, ...times }) } as const;
  if (traceInfo === undefined) return request;
  return {
    ...request,
    // A trace in the headers has priority.
    extract: (context) =>
      trace.getSpanContext(context) === undefined && typeof info === 'object' && info !== null
        ? traceInfo.extract(context, info as Table, { get: textIn, keys: Object.keys })
        : context,
    inject: (context) => {
      // The application itself uses OSProfiler: its ids are sent unchanged.
      if (info !== undefined && info !== null) return undefined;
      const written: Record<string, string> = {};
      traceInfo.inject(context, written, { set: (into, name, value) => (into[name] = value) });
      return 'base_id' in written ? body.with('_context_trace_info', written) : undefined;
    },
  };
}

/** In oslo.messaging, a request expires when its caller stops waiting; `_timeout` is the maximum time between heartbeats. */
function msOf(value: unknown, msPerUnit = 1): number | undefined {
  const ms = Number(value) * msPerUnit;
  return typeof value !== 'object' && ms > 0 && Number.isFinite(ms) ? ms : undefined;
}

const textIn = (table: Table, name: string) => {
  const value = table[name];
  return typeof value === 'string' ? value : undefined;
};

/** The format inside a message: it has no signature, but contains the key itself, which must be one of `keys`. */
function propagatorOf(keys: readonly string[]): TextMapPropagator {
  const [firstKey = ''] = keys;
  trackProvenance();
  const format: TraceFormat = {
    name: 'oslo.messaging',
    fields: ['hmac_key', 'base_id', 'parent_id'],
    signs: true,
    extract(carrier, getter) {
      const [hmacKey, baseId, parentId] = this.fields.map(
        (name) => getter.get(carrier, name) as string | undefined,
      );
      if (hmacKey === undefined || baseId === undefined || !keys.includes(hmacKey)) return undefined;
      // OSProfiler passes these as arguments, and fails on an unknown one.
      if (getter.keys(carrier).some((key) => !this.fields.includes(key))) {
        countDropped(this.name, 'unknown key in trace_info');
        return undefined;
      }
      // As in OSProfiler, an empty id counts as missing: `base_id` then starts a trace.
      return extractionOf({ hmacKey, baseId: baseId || undefined, parentId: parentId || undefined });
    },
    inject(outgoing, carrier, setter) {
      const info = traceInfoOf(outgoing, firstKey);
      if (info === undefined) return;
      setter.set(carrier, 'hmac_key', info.hmacKey);
      setter.set(carrier, 'base_id', info.baseId);
      setter.set(carrier, 'parent_id', info.parentId);
    },
  };
  return createPropagator({ extract: [format], inject: [format], extractBeside: [], injectBeside: [] });
}

/** A failure is a JSON text with the class of the error, its module and its message. */
function replyOf(id: string, { failure, ending }: Table): EnvelopedReply {
  const more = ending === false;
  if (typeof failure !== 'string') return { kind: 'reply', id, more };
  const { class: name, module, message } = JSON.parse(failure) as Table;
  const prefix = typeof module === 'string' && !/^(?:builtins|exceptions)$/.test(module) ? `${module}.` : '';
  return {
    kind: 'reply',
    id,
    more,
    failure: { type: `${prefix}${String(name)}`, message: String(message) },
  };
}
