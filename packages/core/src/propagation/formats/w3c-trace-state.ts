import type { TraceState } from '@opentelemetry/api';
import { trimOws } from './trim-ows.ts';

/** Level 2 of the specification: https://www.w3.org/TR/trace-context-2/#tracestate-header */
const KEY = /^[a-z\d][a-z\d_\-*/@]{0,255}$/;
const VALUE = /^[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/;
const MAX_MEMBERS = 32;
/** 32 of the longest members with their commas and a space around each; anything longer is not looked into. */
const MAX_CHARS = MAX_MEMBERS * (256 + 1 + 256 + 3);

/** A list of vendors' members, newest first. Immutable; an own member that is set moves to the front. */
class W3CTraceState implements TraceState {
  readonly #members: readonly (readonly [key: string, value: string])[];

  constructor(members: readonly (readonly [key: string, value: string])[]) {
    this.#members = members;
  }

  get(key: string): string | undefined {
    return this.#members.find((member) => member[0] === key)?.[1];
  }

  /** Returns the state unchanged when the key or the value is not allowed; the oldest member gives way to a 33rd. */
  set(key: string, value: string): TraceState {
    if (!KEY.test(key) || !VALUE.test(value)) return this;
    const others = this.#members.filter((member) => member[0] !== key).slice(0, MAX_MEMBERS - 1);
    return new W3CTraceState([[key, value], ...others]);
  }

  unset(key: string): TraceState {
    return new W3CTraceState(this.#members.filter((member) => member[0] !== key));
  }

  serialize(): string {
    let text = '';
    for (const [key, value] of this.#members) text += text === '' ? `${key}=${value}` : `,${key}=${value}`;
    return text;
  }
}

/** A trace state without members; `set` adds some. */
export const emptyTraceState: TraceState = new W3CTraceState([]);

/**
 * Reads a `tracestate`: empty members are skipped, of a key that stands twice the first counts.
 * `undefined` when it breaks a rule: then none of it may go on.
 */
export function parseTraceState(text: string): TraceState | undefined {
  if (text.length > MAX_CHARS) return undefined;
  const members: [string, string][] = [];
  let listed = 0;
  for (const part of text.split(',')) {
    const member = trimOws(part);
    if (member === '') continue;
    const equals = member.indexOf('=');
    const key = member.slice(0, Math.max(equals, 0));
    const value = member.slice(equals + 1);
    if (!KEY.test(key) || !VALUE.test(value) || ++listed > MAX_MEMBERS) return undefined;
    if (!members.some((known) => known[0] === key)) members.push([key, value]);
  }
  return new W3CTraceState(members);
}
