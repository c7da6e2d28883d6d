import { type Extraction, emptyTraceState, type Outgoing, type TraceFormat } from '@clew/core';
import { countDropped, single, trackProvenance } from '@clew/core/internal';
import { chainOf, withChain } from './chain.ts';
import { readTraceInfo, signingKey, signTraceInfo, type TraceInfo } from './signed-trace-info.ts';
import { spanIdOfUuid, traceIdOfUuid, uuidOfSpanId, uuidOfTraceId } from './uuids.ts';

const NAME = 'osprofiler';
const INFO = 'x-trace-info';
const HMAC = 'x-trace-hmac';

/** A `base_id` goes on as it came, into carriers with bounds of their own: a UUID has 36. */
const MAX_ID_CHARS = 256;

export interface OsprofilerFormatOptions {
  /**
   * The keys that requests may be signed with, as a list or with commas as in OSProfiler's `hmac_keys`; at least one.
   * The first signs what starts here; a chain goes on with the key that it came with.
   */
  readonly hmacKeys: string | readonly string[];
}

/**
 * Makes OSProfiler's wire format: a request is traced when it is signed, and only then. So a valid signature asks to
 * sample, and only a sampled trace goes out.
 *
 * @throws {TypeError} when there is no key.
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
        countDropped(NAME, hmac === undefined ? 'no x-trace-hmac' : 'signature of no key');
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
 * Makes the format with the keys of `CLEW_OSPROFILER_HMAC_KEYS`, a list with commas: `osprofiler` in `OTEL_PROPAGATORS`.
 *
 * @throws {TypeError} when the variable names no key.
 */
export function osprofilerFormatFromEnvironment(): TraceFormat {
  const hmacKeys = process.env.CLEW_OSPROFILER_HMAC_KEYS ?? '';
  if (hmacKeys.split(',').every((key) => key.trim() === ''))
    throw new TypeError('CLEW_OSPROFILER_HMAC_KEYS names no key');
  return osprofilerFormat({ hmacKeys });
}

/**
 * What goes out with a span: only a sampled trace does, with the chain's key and the id that it came with. A trace that
 * came unsigned does not go out at all: whoever gets it takes our key for its origin.
 */
export function traceInfoOf(
  { spanContext, unsigned }: Outgoing,
  firstKey: string,
): { readonly baseId: string; readonly parentId: string; readonly hmacKey: string } | undefined {
  const { traceId, spanId, traceFlags, traceState } = spanContext;
  if ((traceFlags & 1) === 0 || unsigned === true) return undefined;
  const chain = chainOf(traceState);
  const came = chain?.baseId;
  const baseId = came !== undefined && traceIdOfUuid(came) === traceId ? came : uuidOfTraceId(traceId);
  return { baseId, parentId: uuidOfSpanId(spanId), hmacKey: chain?.hmacKey ?? firstKey };
}

/** Whoever begins a trace names it as its own parent, or no parent at all: then its first span is ours. */
export function extractionOf({ baseId, parentId, hmacKey }: TraceInfo): Extraction | undefined {
  if ((baseId ?? '').length > MAX_ID_CHARS || (parentId ?? '').length > MAX_ID_CHARS) {
    countDropped(NAME, `id beyond ${MAX_ID_CHARS} characters`);
    return undefined;
  }
  const traceState = withChain(emptyTraceState, { hmacKey, baseId });
  if (baseId === undefined) return { kind: 'start', decision: 'sample', traceState, signed: true };
  const traceId = traceIdOfUuid(baseId);
  if (parentId === undefined || parentId === baseId) {
    return { kind: 'start', traceId, decision: 'sample', traceState, signed: true };
  }
  const spanId = spanIdOfUuid(parentId);
  const spanContext = { traceId, spanId, traceFlags: 1, isRemote: true, traceState };
  return { kind: 'parent', spanContext, signed: true };
}

/** The keys that an option names. Throws a TypeError when it names none. */
export function hmacKeysOf(given: unknown): readonly string[] {
  const list: unknown = typeof given === 'string' ? given.split(',') : given;
  const keys = Array.isArray(list) && list.every((key) => typeof key === 'string') ? list : [];
  const trimmed = keys.map((key) => key.trim()).filter((key) => key !== '');
  if (trimmed.length > 0) return trimmed;
  // What came may hold a key: only its type is told.
  const came = Array.isArray(given)
    ? 'a list without one'
    : `${given === '' ? 'an empty' : 'a'} ${typeof given}`;
  throw new TypeError(
    `@clew/osprofiler: expected hmacKeys to be text that names at least one key, got ${came}`,
  );
}
