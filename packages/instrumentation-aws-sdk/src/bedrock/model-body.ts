import { Buffer } from 'node:buffer';
import type { Fields } from '../sdk.ts';
import { recordOf } from './content-parts.ts';

/** A larger body, such as one with an image, is not parsed: it takes too much time. */
const MAX_BODY_BYTES = 262_144;

/** The JSON object in the body of a model's request or response, or in a chunk; an empty object for any other body. */
export function bodyOf(body: unknown): Fields {
  const isText = typeof body === 'string';
  if (!isText && !(body instanceof Uint8Array)) return {};
  if (body.length > MAX_BODY_BYTES) return {};
  const text = isText ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString();
  try {
    return recordOf(JSON.parse(text));
  } catch {
    return {};
  }
}

/** The first of the members that is set: models have different names for the same value. */
export function firstOf(fields: Fields, ...names: readonly string[]): unknown {
  const name = names.find((each) => fields[each] !== undefined && fields[each] !== null);
  return name === undefined ? undefined : fields[name];
}
