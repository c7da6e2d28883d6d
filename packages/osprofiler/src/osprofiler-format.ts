import type { Extraction, Outgoing, TraceFormat } from '@clew/core';
import { countDropped, emptyTraceState, single, trackProvenance } from '@clew/core/internal';
import { baseIdOf, chainOf, withChain } from './chain.ts';
import { readTraceInfo, signingKey, signTraceInfo, type TraceInfo } from './signed-trace-info.ts';
import { spanIdOfUuid, traceIdOfUuid, uuidOfSpanId } from './uuids.ts';

const NAME = 'osprofiler';
const INFO = 'x-trace-info';
const HMAC = 'x-trace-hmac';

/** A `base_id` is passed on unchanged into carriers of limited size; a UUID has 36 characters. */
const MAX_ID_CHARS = 256;

/** Options of `osprofilerFormat`. */
export interface OsprofilerFormatOptions {
  /**
   * The accepted keys, as a list or comma-separated as in OSProfiler's `hmac_keys`; at least one. The first key signs
   * traces that start here; a received trace is signed with the key that it was received with.
   */
  readonly hmacKeys: string | readonly string[];
}

/**
 * Creates OSProfiler's wire format. OSProfiler traces every signed request. A valid signature is therefore a decision to
 * sample, and only sampled traces are written.
 *
 * @throws {TypeError} if there is no key.
 * Source: https://docs.openstack.org/osprofiler/latest/user/background.html
 */
export function osprofilerFormat({ hmacKeys }: OsprofilerFormatOptions): TraceFormat {
  const keys = hmacKeysOf(hmacKeys);
  const [firstKey = ''] = keys;
  trackProvenance();
  return {
    name: NAME,
    fields: [INFO, HMAC],
    signs: true,

    extract(carrier, getter) {
      const header = getter.get(carrier, INFO);
      if (header === undefined) return undefined;
      const text = single(header);
      const hmac = single(getter.get(carrier, HMAC));
      const key = text === undefined || hmac === undefined ? undefined : signingKey(text, hmac, keys);
      if (text === undefined || key === undefined) {
        countDropped(NAME, hmac === undefined ? 'no x-trace-hmac' : 'signature of an unknown key');
        return undefined;
      }
      const info = readTraceInfo(text, key);
      if (info === undefined) countDropped(NAME, 'malformed x-trace-info');
      return info === undefined ? undefined : extractionOf(info);
    },

    inject(outgoing, carrier, setter) {
      const written = traceInfoOf(outgoing, firstKey);
      if (written === undefined) return;
      const { info, hmac } = signTraceInfo(written.baseId, written.parentId, written.hmacKey);
      setter.set(carrier, INFO, info);
      setter.set(carrier, HMAC, hmac);
    },
  };
}

/**
 * Creates the format with the keys of `CLEW_OSPROFILER_HMAC_KEYS`, a comma-separated list: `osprofiler` in
 * `OTEL_PROPAGATORS`.
 *
 * @throws {TypeError} if the variable contains no key.
 */
export function osprofilerFormatFromEnvironment(): TraceFormat {
  const hmacKeys = process.env.CLEW_OSPROFILER_HMAC_KEYS ?? '';
  if (hmacKeys.split(',').every((key) => key.trim() === ''))
    throw new TypeError('CLEW_OSPROFILER_HMAC_KEYS contains no key');
  return osprofilerFormat({ hmacKeys });
}

/**
 * The trace info to write for a span, with the chain's key and its received id; `undefined` if the trace is not sampled,
 * or was received unsigned: the receiver would trust it because of this service's key.
 */
export function traceInfoOf(
  { spanContext, unsigned }: Outgoing,
  firstKey: string,
): { readonly baseId: string; readonly parentId: string; readonly hmacKey: string } | undefined {
  const { traceId, spanId, traceFlags, traceState } = spanContext;
  if ((traceFlags & 1) === 0 || unsigned === true) return undefined;
  const chain = chainOf(traceState);
  const baseId = baseIdOf(traceId, chain);
  return { baseId, parentId: uuidOfSpanId(spanId), hmacKey: chain?.hmacKey ?? firstKey };
}

/** A peer that starts a trace sends its id as the parent's id, or no parent: then the first span is created here. */
export function extractionOf({ baseId, parentId, hmacKey }: TraceInfo): Extraction | undefined {
  if ((baseId ?? '').length > MAX_ID_CHARS || (parentId ?? '').length > MAX_ID_CHARS) {
    countDropped(NAME, `id beyond ${MAX_ID_CHARS} characters`);
    return undefined;
  }
  if (baseId === undefined || parentId === undefined || parentId === baseId) {
    const traceState = withChain(emptyTraceState, { hmacKey, baseId, parent: undefined });
    const start = { kind: 'start', decision: 'sample', traceState, signed: true } as const;
    return baseId === undefined ? start : { ...start, traceId: traceIdOfUuid(baseId) };
  }
  const traceId = traceIdOfUuid(baseId);
  const spanId = spanIdOfUuid(parentId);
  const traceState = withChain(emptyTraceState, { hmacKey, baseId, parent: { spanId, parentId } });
  const spanContext = { traceId, spanId, traceFlags: 1, isRemote: true, traceState };
  return { kind: 'parent', spanContext, signed: true };
}

/** The keys in an option. Throws a TypeError if there are none. */
export function hmacKeysOf(given: unknown): readonly string[] {
  const list: unknown = typeof given === 'string' ? given.split(',') : given;
  const keys = Array.isArray(list) && list.every((key) => typeof key === 'string') ? list : [];
  const trimmed = keys.map((key) => key.trim()).filter((key) => key !== '');
  if (trimmed.length > 0) return trimmed;
  // The value may contain a key, so that only its type is logged.
  const type = Array.isArray(given)
    ? 'a list without a key'
    : `${given === '' ? 'an empty' : 'a'} ${typeof given}`;
  throw new TypeError(`@clew/osprofiler: expected hmacKeys to be text with at least one key, got ${type}`);
}
