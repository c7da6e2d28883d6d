import { carriers } from '@clew/core';
import type { Context } from '@opentelemetry/api';
import { fieldsOf } from './protocol.ts';

/** What the plugin has added to the `_meta` of a request. */
export type OwnKeys = ReadonlyMap<string, unknown>;

/** Parameters with a context, and what was added to them. */
export interface Injected {
  readonly params: unknown;
  readonly keys: OwnKeys;
}

/**
 * Adds a context to parameters. `earlier` is what the plugin has added to a request that is repeated, whose keys the
 * parameters still have: they are replaced, unlike those of the application.
 */
export function inject(context: Context, given: unknown, earlier: OwnKeys | undefined): Injected {
  const own = earlier === undefined ? given : withoutKeys(given, earlier);
  const params = carriers.withMcpContext(context, own);
  return { params, keys: params === own ? new Map() : addedKeys(own, params) };
}

function addedKeys(before: unknown, after: unknown): OwnKeys {
  const given = fieldsOf(fieldsOf(before)._meta);
  return new Map(Object.entries(fieldsOf(fieldsOf(after)._meta)).filter(([key]) => !(key in given)));
}

function withoutKeys(params: unknown, keys: OwnKeys): unknown {
  const meta = fieldsOf(fieldsOf(params)._meta);
  const kept = Object.entries(meta).filter(([key, value]) => keys.get(key) !== value);
  if (kept.length === Object.keys(meta).length) return params;
  return { ...fieldsOf(params), _meta: Object.fromEntries(kept) };
}
