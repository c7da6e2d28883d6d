import { TRACE_FORMATS, type TraceFormat } from '@clew/core';
import { loadExport } from './load-export.ts';

/** Formats in separate packages: `package#export` of a function that creates one from environment variables. */
const PACKAGED: ReadonlyMap<string, string> = new Map([
  ['osprofiler', '@clew/osprofiler#osprofilerFormatFromEnvironment'],
]);

/** The names of all wire formats, including those of packages that are not installed. */
export const FORMAT_NAMES: readonly string[] = [...TRACE_FORMATS.keys(), ...PACKAGED.keys()];

/**
 * Returns the format with this name; `undefined` for an unknown name.
 *
 * @throws {Error} if the format's package is not installed, or a variable is missing; the message names it
 */
export function formatNamed(name: string): TraceFormat | undefined {
  const reference = PACKAGED.get(name);
  if (reference === undefined) return TRACE_FORMATS.get(name);
  const make = loadExport(reference) as () => TraceFormat;
  return make();
}
