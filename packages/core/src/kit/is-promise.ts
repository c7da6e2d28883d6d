import { types } from 'node:util';

/** Whether a value is a native promise, of any realm. Other types are excluded first, because the check calls into C++. */
export function isPromise(value: unknown): value is Promise<unknown> {
  return typeof value === 'object' && value !== null && types.isPromise(value);
}
