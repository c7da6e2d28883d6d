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

export interface OsloEnvelopeOptions {
  /**
   * The keys of `osprofilerFormat`. With them the trace is read from and written to `_context_trace_info`, as
   * OpenStack's services do; without them it travels in the AMQP headers only, which oslo.messaging leaves alone.
   */
  readonly hmacKeys?: string | readonly string[];
}

/** Longer bodies are not looked into. */
const MAX_BODY_BYTES = 1_048_576;

type Table = Readonly<Record<string, unknown>>;

/**
 * Makes the envelope of oslo.messaging, OpenStack's RPC library: calls, casts and fanouts by their method's name,
 * failures as errors, and the signs of life of long calls, which are no replies.
 *
 * @throws {TypeError} when `hmacKeys` names no key.
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
 * Makes the envelope with the keys of `CLEW_OSPROFILER_HMAC_KEYS`, a list with commas; without the variable, with none.
 *
 * @throws {TypeError} when the variable names no key.
 */
export function osloEnvelopeFromEnvironment(): RpcEnvelope {
  const hmacKeys = process.env.CLEW_OSPROFILER_HMAC_KEYS;
  return osloEnvelope(hmacKeys ? { hmacKeys } : {});
}

/** A body in the envelope 2.0, or a bare message as before it. */
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

  /** The same text with one more entry: written anew, its numbers might be others. Of two of a name the last counts. */
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
    // A trace that came in the headers goes first.
    extract: (context) =>
      trace.getSpanContext(context) === undefined && typeof info === 'object' && info !== null
        ? traceInfo.extract(context, info as Table, { get: textIn, keys: Object.keys })
        : context,
    inject: (context) => {
      // The application traces with OSProfiler itself: its own ids go out as they are.
      if (info !== undefined && info !== null) return undefined;
      const written: Record<string, string> = {};
      traceInfo.inject(context, written, { set: (into, name, value) => (into[name] = value) });
      return 'base_id' in written ? body.with('_context_trace_info', written) : undefined;
    },
  };
}

/** oslo.messaging lets a message expire when its caller gives up; `_timeout` is how long it waits for a heartbeat. */
function msOf(value: unknown, msPerUnit = 1): number | undefined {
  const ms = Number(value) * msPerUnit;
  return typeof value !== 'object' && ms > 0 && Number.isFinite(ms) ? ms : undefined;
}

const textIn = (table: Table, name: string) => {
  const value = table[name];
  return typeof value === 'string' ? value : undefined;
};

/** What services hand on inside a message: no signature, the key itself comes along, and must be one of ours. */
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
      // OSProfiler takes these as arguments: one that it does not know makes it fail.
      if (getter.keys(carrier).some((key) => !this.fields.includes(key))) {
        countDropped(this.name, 'unknown key in trace_info');
        return undefined;
      }
      // As in OSProfiler, an empty id counts for none: `base_id` then begins a trace.
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

/** A failure is JSON in a text: the class, its module, and what it says. */
function replyOf(id: string, { failure, ending }: Table): EnvelopedReply {
  const more = ending === false;
  if (typeof failure !== 'string') return { kind: 'reply', id, more };
  const { class: name, module, message } = JSON.parse(failure) as Table;
  const place = typeof module === 'string' && !/^(?:builtins|exceptions)$/.test(module) ? `${module}.` : '';
  return {
    kind: 'reply',
    id,
    more,
    failure: { type: `${place}${String(name)}`, message: String(message) },
  };
}
