/** Hex digits in either case; they are written in lower case. */
const HEX = /^[\da-f]+$/i;
const ZEROS = '00000000000000000000000000000000';

/** Pads a trace id of 1 to 32 hex digits to 32 in lower case; `undefined` if it is malformed or all zeros. */
export function traceIdOf(text: string | undefined): string | undefined {
  return padded(text, 32);
}

/** Pads a span id of 1 to 16 hex digits to 16 in lower case; `undefined` if it is malformed or all zeros. */
export function spanIdOf(text: string | undefined): string | undefined {
  return padded(text, 16);
}

/** The trace id in 16 digits if its upper half is zero, for peers with 64-bit ids; else in 32. */
export function shortTraceId(traceId: string): string {
  return traceId.startsWith('0000000000000000') ? traceId.slice(16) : traceId;
}

function padded(text: string | undefined, digits: number): string | undefined {
  if (text === undefined || text.length > digits || !HEX.test(text)) return undefined;
  const id = (text.length === digits ? text : ZEROS.slice(text.length - digits) + text).toLowerCase();
  return ZEROS.endsWith(id) ? undefined : id;
}
