import { types } from 'node:util';

/** Whether a value is a native promise, of any realm. The question costs a call out of JavaScript: not for a boolean. */
export function isPromise(value: unknown): value is Promise<unknown> {
  return typeof value === 'object' && value !== null && types.isPromise(value);
}
