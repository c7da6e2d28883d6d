import { Buffer } from 'node:buffer';
import type { Attributes, Context } from '@opentelemetry/api';
import { type OptionKind, splitList } from '../kit/options.ts';
import { ATTR } from '../semconv.ts';
import { shareAttributes } from '../shared-attributes.ts';
import type { MessagingAction } from './messaging-action.ts';
import type { Failure } from './messaging-waiting.ts';

/**
 * The RPC information in a message's body. A call expects a reply, a cast does not, a fanout is a cast to all consumers.
 */
export type EnvelopeReading = EnvelopedRequest | EnvelopedReply;

/** A request with its method, and for a call its reply address, in the body. */
export interface EnvelopedRequest extends EnvelopeTrace {
  readonly kind: 'call' | 'cast' | 'fanout';
  /** The called method: the span's name. */
  readonly method: string;
  /** Pairs a call with its replies. Like `replyTo` only in a call, and by default that of the message's properties. */
  readonly id?: string | undefined;
  /** The queue for replies. */
  readonly replyTo?: string | undefined;
  /**
   * Milliseconds, in (0, 2,147,483,647], for which the caller waits. The call then ends as a failure, and `callTimeoutMs`
   * does not apply to it. Only for libraries whose callers stop waiting at that time.
   */
  readonly timeoutMs?: number | undefined;
  /** The same for the time without any reply: each reply with `more` restarts it. */
  readonly silenceTimeoutMs?: number | undefined;
}

/** A reply: its id pairs it with the call. */
export interface EnvelopedReply extends EnvelopeTrace {
  readonly kind: 'reply';
  readonly id?: string | undefined;
  readonly failure?: Failure | undefined;
  /** Other replies follow: this one is a heartbeat, or one of several. */
  readonly more?: boolean | undefined;
}

/** Trace context in the body, in addition to that in headers. */
interface EnvelopeTrace {
  /** Adds the body's trace to the context extracted from headers, if that has none. */
  extract?(context: Context): Context;
  /** Returns the body with the trace; `undefined` to send it unchanged. */
  inject?(context: Context): Buffer | undefined;
}

/**
 * The body format of an RPC library. A plugin tries each envelope in order with every message, so one
 * that does not recognise the body must return `undefined` quickly.
 *
 * @example
 * const jsonRpc: RpcEnvelope = {
 *   system: 'jsonrpc',
 *   read: (content) => {
 *     const { method, id, error } = JSON.parse(content.toString());
 *     if (method) return { kind: id === undefined ? 'cast' : 'call', method };
 *     return { kind: 'reply', failure: error && { type: String(error.code), message: String(error.message) } };
 *   },
 * };
 */
export interface RpcEnvelope {
  /** `rpc.system.name` of the calls. */
  readonly system: string;
  /** If it throws, the body counts as not recognised. */
  read(content: Buffer, properties: EnvelopeProperties): EnvelopeReading | undefined;
}

/** The properties of a message, as far as the broker has them. */
export interface EnvelopeProperties {
  /** The exchange of the message. */
  readonly exchange?: string | undefined;
  readonly routingKey?: string | undefined;
  readonly contentType?: string | undefined;
  readonly correlationId?: string | undefined;
  readonly replyTo?: string | undefined;
  readonly type?: string | undefined;
  /** Milliseconds after which the broker drops the message: decimal digits. */
  readonly expiration?: string | undefined;
}

export const ENVELOPES_EXPECTED = 'a list of { system, read }';

/** Whether a value is a list of envelopes. */
export function isEnvelopes(value: unknown): value is readonly RpcEnvelope[] {
  return Array.isArray(value) && value.every(isEnvelope);
}

/**
 * Creates the option of a messaging plugin for its envelopes. An environment variable names them, as in `oslo,nest`: by
 * the keys of `names`, whose values are envelopes or references to them, or by a reference, `package#export`. The
 * export is an envelope or a function that creates one. A name that cannot be used is left out, with a warning.
 */
export function envelopesOption(
  names: Readonly<Record<string, RpcEnvelope | string>>,
): OptionKind<readonly RpcEnvelope[] | undefined> {
  const expected = `${Object.keys(names).join(', ')} or package#export`;
  return {
    default: undefined,
    expected: ENVELOPES_EXPECTED,
    accepts: (value) => value === undefined || isEnvelopes(value),
    read: (text, source) =>
      splitList(text).flatMap((name) => {
        const known = Object.hasOwn(names, name) ? names[name] : undefined;
        if (isEnvelope(known)) return [known];
        const reference = known ?? name;
        try {
          if (!reference.includes('#')) throw new TypeError(`expected ${expected}`);
          const exported = source?.load(reference);
          const envelope: unknown = typeof exported === 'function' ? exported() : exported;
          if (!isEnvelope(envelope)) throw new TypeError(`${reference} is not an envelope`);
          return [envelope];
        } catch (error) {
          source?.warn(`"${name}" is left out: ${error instanceof Error ? error.message : String(error)}`);
          return [];
        }
      }),
  };
}

/** The result of the first envelope that recognises a body. */
export function readEnvelope(
  envelopes: readonly RpcEnvelope[],
  content: unknown,
  properties: EnvelopeProperties,
): { readonly system: string; readonly reading: EnvelopeReading } | undefined {
  if (!Buffer.isBuffer(content)) return undefined;
  for (const { system, read } of envelopes) {
    try {
      const reading = read(content, properties);
      if (reading !== undefined) return { system, reading };
    } catch {
      // The body is not in the format of this envelope.
    }
  }
  return undefined;
}

/**
 * The action of a call, which is named after its method. `more` has the attributes of the transport.
 * Source: https://opentelemetry.io/docs/specs/semconv/rpc/rpc-spans/
 */
export function createRpcAction(
  system: string,
  kind: EnvelopedRequest['kind'],
  method: string,
  more: Attributes,
): MessagingAction {
  const attributes = {
    [ATTR.rpcSystemName]: system,
    [ATTR.rpcMethod]: method,
    ...(kind !== 'call' && { [ATTR.rpcKind]: kind }),
    ...more,
  };
  return { name: method, attributes: shareAttributes(attributes) };
}

function isEnvelope(value: unknown): value is RpcEnvelope {
  if (typeof value !== 'object' || value === null) return false;
  const { system, read } = value as Partial<RpcEnvelope>;
  return typeof system === 'string' && typeof read === 'function';
}
