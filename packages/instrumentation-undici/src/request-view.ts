import type { Buffer } from 'node:buffer';
import { URL } from 'node:url';
import type { HttpClientView } from '@clew/core/plugin';
import { currentPeer } from './caller-context.ts';
import { abortReason, isCancelled } from './cancellation.ts';
import { addOwnHeader } from './own-headers.ts';
import { countResend } from './resends.ts';

/** A request as published by undici's channels, in versions 5 to 8 and inside Node. */
export interface UndiciRequest {
  readonly origin: string | URL;
  readonly method: string;
  readonly path: string;
  /** Alternating names and values; in version 5, the header as text. */
  headers: (string | string[])[] | string;
  addHeader(name: string, value: string): unknown;
  onUpgrade?(...args: unknown[]): unknown;
}

/** The message of `undici:request:headers`. */
export interface UndiciResponse {
  readonly request: UndiciRequest;
  readonly response: {
    readonly statusCode: number;
    readonly statusText: string;
    /** Alternating names and values, or an object for HTTP/2. */
    readonly headers: readonly (Buffer | string)[] | Readonly<Record<string, string | readonly string[]>>;
  };
}

/** The template's view of undici's objects. */
export const requestView: HttpClientView<UndiciRequest, UndiciResponse> = {
  method: (request) => request.method,
  origin: (request) => originOf(request.origin),
  peer: currentPeer,
  target: (request) => request.path,
  resendCount: countResend,
  setHeader(request, name, value) {
    removeHeader(request, name);
    addOwnHeader(request, name, value);
  },
  removeHeader,
  requestHeaderNames({ headers }) {
    if (typeof headers === 'string') return linesOf(headers).map((line) => line.slice(0, line.indexOf(':')));
    return headers.filter((_, at) => at % 2 === 0).map(String);
  },
  requestHeader({ headers }, name) {
    if (typeof headers !== 'string') return headers[positionOf(headers, name) + 1];
    return new RegExp(`^${name}: (.*)\r\n`, 'im').exec(headers)?.[1];
  },
  status: ({ response }) => response.statusCode,
  responseHeader({ response: { headers } }, name) {
    if (!Array.isArray(headers)) return (headers as Readonly<Record<string, string>>)[name];
    const values: string[] = [];
    for (let at = 0; at < headers.length; at += 2) {
      if (String(headers[at]).toLowerCase() === name) values.push(String(headers[at + 1]));
    }
    return values.length > 1 ? values : values[0];
  },
  abortReason,
  isCancelled,
};

function originOf(origin: string | URL): string {
  if (typeof origin !== 'string') return origin.origin;
  return origin.endsWith('/') || origin.includes('@') ? new URL(origin).origin : origin;
}

function removeHeader(request: UndiciRequest, name: string): void {
  const { headers } = request;
  const wanted = name.toLowerCase();
  if (typeof headers === 'string') {
    request.headers = linesOf(headers)
      .filter((line) => line.slice(0, line.indexOf(':')).toLowerCase() !== wanted)
      .join('');
    return;
  }
  for (let at = positionOf(headers, wanted); at >= 0; at = positionOf(headers, wanted)) headers.splice(at, 2);
}

function linesOf(headers: string): readonly string[] {
  return headers.match(/[^\n]*\n/g) ?? [];
}

/** The index of a header by its lower-case name; -2 if absent, so that the value's index is -1. */
function positionOf(headers: readonly (string | string[])[], name: string): number {
  for (let at = 0; at < headers.length; at += 2) {
    const known = headers[at];
    if (typeof known === 'string' && known.length === name.length && known.toLowerCase() === name) return at;
  }
  return -2;
}
