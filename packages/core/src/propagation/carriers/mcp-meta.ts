import { type Context, propagation, type TextMapGetter } from '@opentelemetry/api';
import { readProperty } from '../../kit/read-property.ts';
import { boundedWriter } from '../bounded-writer.ts';
import { countDropped } from '../dropped.ts';
import { type CarrierWriter, injectFresh } from '../inject.ts';

const NAME = 'mcp _meta';

/** dd-trace writes its headers into an object under this key, and not into `_meta` itself. */
const DATADOG_KEY = '_dd_trace_context';

/** The names whose values belong together: those of the object under dd-trace's key complete no others. */
const TRACE_CONTEXT: ReadonlySet<string> = new Set(['traceparent', 'tracestate']);

/** Further names of a `_meta` are not listed. */
const MAX_NAMES = 256;

/** Messages of MCP have no limit, but servers and proxies limit the size of a request. */
const MAX_CONTEXT_BYTES = 16_384;

/**
 * Reads context from the `_meta` of a request or notification of MCP: the names of the headers are its keys, and those
 * of the object under dd-trace's key `_dd_trace_context`. Keys of `_meta` take precedence. The peer may have sent any
 * value: what is not text is ignored and counted.
 * Source: https://modelcontextprotocol.io/community/seps/414-request-meta
 */
export const mcpMetaGetter: TextMapGetter<unknown> = {
  get(meta, name) {
    if (!isObject(meta)) return undefined;
    const own = textOf(meta, name);
    if (own !== undefined) return own;
    const datadog = ownValue(meta, DATADOG_KEY);
    if (datadog === undefined) return undefined;
    if (!isObject(datadog)) {
      countDropped(NAME, `${DATADOG_KEY} is not an object`);
      return undefined;
    }
    if (TRACE_CONTEXT.has(name) && ownValue(meta, 'traceparent') !== undefined) return undefined;
    return textOf(datadog, name);
  },
  keys(meta) {
    if (!isObject(meta)) return [];
    const datadog = ownValue(meta, DATADOG_KEY);
    return [...namesOf(meta), ...(isObject(datadog) ? namesOf(datadog) : [])];
  },
};

const writer: CarrierWriter<Record<string, unknown>> = boundedWriter(
  {
    set(added, name, value) {
      added[name] = value;
    },
    isEmpty: (added) => Object.keys(added).length === 0,
    has: (added, name) => added[name] !== undefined,
    remove(added, name) {
      delete added[name];
    },
    names: (added) => Object.keys(added),
  },
  { name: NAME, availableBytes: () => MAX_CONTEXT_BYTES },
);

/**
 * Returns a copy of the parameters of a request or notification of MCP with the context in `_meta`. Never overwrites a
 * key of the application: if it has set a trace context, nothing is added. Parameters to which nothing can be added are
 * returned unchanged. At most 16 KiB are added; what does not fit is left out and counted.
 *
 * @example
 * withMcpContext(context.active(), { name: 'weather' }); // { name: 'weather', _meta: { traceparent: '00-…' } }
 */
export function withMcpContext(context: Context, params: unknown): unknown {
  if (params !== undefined && !isPlain(params)) return params;
  const meta: unknown = params?._meta;
  if (meta !== undefined && !isPlain(meta)) return params;
  const held = propagation.fields().filter((name) => meta?.[name] !== undefined);
  if (held.some((name) => name !== 'baggage')) return params;
  const added: Record<string, unknown> = {};
  // The application's own baggage is kept, and is not covered by a signature.
  injectFresh(held.length === 0 ? context : propagation.deleteBaggage(context), added, writer);
  return writer.isEmpty?.(added) === true ? params : { ...params, _meta: { ...meta, ...added } };
}

function textOf(object: object, name: string): string | undefined {
  const value = ownValue(object, name);
  if (typeof value === 'string' || value === undefined) return value;
  countDropped(NAME, 'a value is not text');
  return undefined;
}

/** A message that is delivered in memory is the sender's own object, with any getters. */
function ownValue(object: object, name: string): unknown {
  return Object.hasOwn(object, name) ? readProperty(object, name) : undefined;
}

function namesOf(object: object): string[] {
  const names: string[] = [];
  for (const name in object) if (names.push(name) === MAX_NAMES) break;
  return names;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A copy of another object would lack its prototype. */
function isPlain(value: unknown): value is Record<string, unknown> {
  if (!isObject(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null;
}
