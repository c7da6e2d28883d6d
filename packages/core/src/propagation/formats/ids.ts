/** Hex digits in either case: what peers write, we write in lower case. */
const HEX = /^[\da-f]+$/i;
const ZEROS = '00000000000000000000000000000000';

/** A trace id of 1 to 32 hex digits as 32 in lower case; `undefined` when it is no id, or only zeros. */
export function traceIdOf(text: string | undefined): string | undefined {
  return padded(text, 32);
}

/** A span id of 1 to 16 hex digits as 16 in lower case; `undefined` when it is no id, or only zeros. */
export function spanIdOf(text: string | undefined): string | undefined {
  return padded(text, 16);
}

/** The trace id as its peers began it: 16 digits when the upper half is empty, for peers that know no longer ones. */
export function shortTraceId(traceId: string): string {
  return traceId.startsWith('0000000000000000') ? traceId.slice(16) : traceId;
}

function padded(text: string | undefined, digits: number): string | undefined {
  if (text === undefined || text.length > digits || !HEX.test(text)) return undefined;
  const id = (text.length === digits ? text : ZEROS.slice(text.length - digits) + text).toLowerCase();
  return ZEROS.endsWith(id) ? undefined : id;
}
