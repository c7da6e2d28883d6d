import type { EnvelopedReply, EnvelopedRequest, RpcEnvelope } from '@clew/core';

/** Longer bodies are not parsed. */
const MAX_BODY_BYTES = 1_048_576;
const OPENING_BRACE = 0x7b;

/** A packet of NestJS's default serializer: the properties that the envelope reads. */
interface Packet {
  readonly pattern?: unknown;
  /** Missing in an event. */
  readonly id?: unknown;
  readonly response?: unknown;
  readonly err?: unknown;
  /** The last packet of a reply. */
  readonly isDisposed?: unknown;
  readonly status?: unknown;
}

/**
 * The envelope of NestJS microservices with the RabbitMQ transport: requests and events are named by their pattern, and
 * failures of handlers are errors. Bodies of a custom serializer may have another format, and count as plain messages.
 *
 * Source: https://docs.nestjs.com/microservices/rabbitmq
 *
 * @example
 * init({ plugins: { amqplib: { envelopes: [nestEnvelope] } } });
 */
export const nestEnvelope: RpcEnvelope = {
  system: 'nestjs',
  read(content, { correlationId }) {
    if (content[0] !== OPENING_BRACE || content.length > MAX_BODY_BYTES) return undefined;
    const packet = JSON.parse(content.toString()) as Packet;
    if (packet.pattern !== undefined) return requestOf(packet);
    return correlationId === undefined ? undefined : replyOf(packet);
  },
};

function requestOf({ pattern, id }: Packet): EnvelopedRequest {
  return { kind: id === undefined ? 'cast' : 'call', method: nameOf(pattern) };
}

function replyOf({ response, err, isDisposed, status }: Packet): EnvelopedReply | undefined {
  // For the client, the first error ends the reply.
  if (err) return { kind: 'reply', failure: failureOf(err, status) };
  if (isDisposed === true) return { kind: 'reply' };
  return response === undefined ? undefined : { kind: 'reply', more: true };
}

const MAX_DEPTH = 5;
const MAX_KEYS = 20;

/** The name by which NestJS finds the handler of a pattern: a text unchanged, an object as JSON with sorted keys. */
function nameOf(pattern: unknown, depth = 0): string {
  if (typeof pattern !== 'object' || pattern === null) return String(pattern);
  if (depth > MAX_DEPTH) return '[MAX_DEPTH_REACHED]';
  const entries = Object.entries(pattern);
  if (entries.length > MAX_KEYS) return '[TOO_MANY_KEYS]';
  entries.sort(([one], [other]) => one.localeCompare(other));
  const members = entries.map(([key, value]) => {
    const name = nameOf(value, depth + 1);
    return `${quoted(key)}:${typeof value === 'string' ? quoted(name) : name}`;
  });
  return `{${members.join(',')}}`;
}

function quoted(text: string): string {
  return `"${text.replaceAll(/[\\"]/g, '\\$&')}"`;
}

/** The default filter of `RpcException` creates `{ status, message }`. An application may throw any text or object. */
function failureOf(err: unknown, packetStatus: unknown): { readonly type: string; readonly message: string } {
  if (typeof err !== 'object' || err === null)
    return { type: textOf(packetStatus, 'error'), message: String(err) };
  const { status, code, name, message } = err as Record<string, unknown>;
  return {
    type: textOf(status, textOf(code, textOf(name, 'error'))),
    message: textOf(message, JSON.stringify(err)),
  };
}

function textOf(value: unknown, fallback: string): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : fallback;
}
