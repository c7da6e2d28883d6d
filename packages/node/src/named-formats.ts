import { TRACE_FORMATS, type TraceFormat } from '@clew/core';
import { loadExport } from './load-export.ts';

/** Formats in packages of their own: `package#export` of a function that makes one from environment variables. */
const PACKAGED: ReadonlyMap<string, string> = new Map([
  ['osprofiler', '@clew/osprofiler#osprofilerFormatFromEnvironment'],
]);

/** The names of all wire formats, those of packages that are not installed among them. */
export const FORMAT_NAMES: readonly string[] = [...TRACE_FORMATS.keys(), ...PACKAGED.keys()];

/**
 * The format of a name; `undefined` for a name that is not one of them.
 *
 * @throws {Error} when the format's package is not installed, or lacks a variable; the message says which.
 */
export function formatNamed(name: string): TraceFormat | undefined {
  const reference = PACKAGED.get(name);
  if (reference === undefined) return TRACE_FORMATS.get(name);
  const make = loadExport(reference) as () => TraceFormat;
  return make();
}
