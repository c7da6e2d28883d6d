import type { TextMapGetter } from '@opentelemetry/api';
import { countDropped } from '../dropped.ts';
import { single } from '../format.ts';

/**
 * Reads a format that is one header of at most `maxChars` characters. Returns `undefined` for a header that is absent,
 * or that is repeated, too long or malformed (for which `parse` returns `undefined`); the latter are counted.
 */
export function readHeader<C, Parsed>(
  format: string,
  name: string,
  maxChars: number,
  parse: (text: string) => Parsed | undefined,
  carrier: C,
  getter: TextMapGetter<C>,
): Parsed | undefined {
  const header = getter.get(carrier, name);
  if (header === undefined) return undefined;
  const text = single(header);
  const parsed = text === undefined || text.length > maxChars ? undefined : parse(text);
  if (parsed === undefined) countDropped(format, `malformed ${name}`);
  return parsed;
}
