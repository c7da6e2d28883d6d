import type { TraceState } from '@opentelemetry/api';
import { allMembersOf } from './list-members.ts';
import { isPlainList, LOWER_AND_DIGITS, listSyntax, visibleBut } from './scan-list.ts';
import { trimOws } from './trim-ows.ts';

/** Level 2 of the specification: https://www.w3.org/TR/trace-context-2/#tracestate-header */
const KEY = /^[a-z\d][a-z\d_\-*/@]{0,255}$/;
const VALUE = /^[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/;
const MAX_MEMBERS = 32;
/** 32 of the longest members with their commas and a space around each; longer texts are refused. */
const MAX_CHARS = MAX_MEMBERS * (256 + 1 + 256 + 3);

/** Members that are passed on without being parsed. Values with a space are valid but parsed. */
const PLAIN = listSyntax(
  { keyStart: LOWER_AND_DIGITS, key: `${LOWER_AND_DIGITS}_-*/@`, value: visibleBut(',=') },
  { maxMembers: MAX_MEMBERS, maxKeyChars: 256, valueChars: [1, 256] },
);

type Member = readonly [key: string, value: string];

/** A list of vendors' members, newest first. Immutable; a member that is set moves to the front. */
class W3CTraceState implements TraceState {
  #text: string | undefined;
  #read: readonly Member[] | undefined;

  /** A text must be in normal form; it is parsed lazily. */
  constructor(members: readonly Member[] | string) {
    if (typeof members === 'string') this.#text = members;
    else this.#read = members;
  }

  get #members(): readonly Member[] {
    this.#read ??= membersOf(this.#text as string);
    return this.#read;
  }

  get(key: string): string | undefined {
    return this.#members.find((member) => member[0] === key)?.[1];
  }

  /** Returns the state unchanged if the key or the value is invalid; a 33rd member replaces the oldest. */
  set(key: string, value: string): TraceState {
    if (!KEY.test(key) || !VALUE.test(value)) return this;
    const others = this.#members.filter((member) => member[0] !== key).slice(0, MAX_MEMBERS - 1);
    return new W3CTraceState([[key, value], ...others]);
  }

  unset(key: string): TraceState {
    return new W3CTraceState(this.#members.filter((member) => member[0] !== key));
  }

  serialize(): string {
    this.#text ??= this.#members.map(([key, value]) => `${key}=${value}`).join(',');
    return this.#text;
  }
}

/** A trace state without members; `set` adds some. */
export const emptyTraceState: TraceState = new W3CTraceState([]);

/**
 * Reads a `tracestate`. Empty members are skipped, and the first of a repeated key is used. `undefined` if it is
 * malformed: then no member may be passed on.
 */
export function parseTraceState(text: string): TraceState | undefined {
  if (text.length > MAX_CHARS) return undefined;
  if (isPlainList(text, PLAIN)) return new W3CTraceState(text);
  const parts = allMembersOf(text);
  if (parts === undefined) return undefined;
  const members: [string, string][] = [];
  let listed = 0;
  for (const part of parts) {
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

/** The header's value of a trace state; `undefined` if it is empty, or if the object is not a trace state. */
export function traceStateText(state: TraceState | undefined): string | undefined {
  if (state === undefined) return undefined;
  try {
    const text: unknown = state.serialize();
    return typeof text === 'string' && text !== '' ? text : undefined;
  } catch {
    return undefined;
  }
}

function membersOf(text: string): Member[] {
  return text.split(',').map((member) => {
    const equals = member.indexOf('=');
    return [member.slice(0, equals), member.slice(equals + 1)];
  });
}
