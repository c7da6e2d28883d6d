import { Buffer } from 'node:buffer';
import { type Cut, guard } from '@clew/core/plugin';
import { type Context, context } from '@opentelemetry/api';
import {
  type Channel,
  type Frame,
  type FrameHandler,
  METHOD,
  type MethodFields,
  methodName,
} from './amqplib.ts';
import type { ChannelNotes } from './channel-notes.ts';

/** A method that the channel has been asked for and whose answer is there. */
export interface Asked {
  readonly channel: Channel;
  readonly notes: ChannelNotes;
  readonly method: number;
  readonly fields: MethodFields;
  readonly caller: Context;
  readonly startTimeMs: number;
  /** Whether envelopes look into the bodies of messages. */
  readonly readsBodies: boolean;
}

export function onReply(
  { notes, method, fields, caller, startTimeMs }: Asked,
  error: unknown,
  frame?: Frame,
): void {
  const { queue = '', exchange = '', destination = '', consumerTag = '', noAck = false } = fields;
  if (error !== null) {
    const { fields: closing } = error as Partial<Frame>;
    // The application has closed the channel or the connection: it doesn't wait for this any more.
    if (error instanceof Error && notes.closedByApplication) return;
    const reason = error instanceof Error ? error : cutBy(closing);
    notes.failed = true;
    const action = notes.actions.failed(methodName(method), queue || exchange || destination);
    notes.messages.fail(action, reason, caller, startTimeMs);
  } else if (method === METHOD.queueDeclare) {
    notes.lastQueue = frame?.fields.queue ?? '';
  } else if (method === METHOD.basicConsume) {
    notes.consuming(frame?.fields.consumerTag ?? '', queue || notes.lastQueue, noAck);
  } else if (method === METHOD.basicCancel) {
    notes.cancelled(consumerTag);
  } else if (method === METHOD.basicRecover) {
    // The broker delivers everything again that is not settled, with other tags.
    notes.messages.settle(0, true, 'recover', { 'clew.messaging.requeue': true });
  }
}

/** The longest body that envelopes get to see of a fetched message. */
const MAX_BODY_BYTES = 1_048_576;

/**
 * Runs the frames of a fetched message where it was asked for. It is recorded as soon as its properties are there;
 * with envelopes, which read the body, just before its last frame.
 */
export function fetching(asked: Asked, got: Frame, state: FrameHandler, idle: FrameHandler): FrameHandler {
  const {
    notes,
    fields: { queue = '' },
    caller,
    startTimeMs,
    readsBodies,
  } = asked;
  let properties: Frame['fields'] | undefined;
  let missingBytes = 0;
  let recorded = false;
  const body: Buffer[] = [];
  const record = () => {
    recorded = true;
    const content = body.length === 1 ? (body[0] as Buffer) : Buffer.concat(body);
    const message = { fields: got.fields, properties: properties ?? {}, content };
    const delivery = { notes, message, queue: queue || notes.lastQueue, read: undefined };
    notes.messages.receive(delivery, caller, startTimeMs);
  };
  const look = (frame: Frame) => {
    if (properties === undefined) {
      properties = frame.fields;
      const { size = 0 } = frame;
      missingBytes = readsBodies && size <= MAX_BODY_BYTES ? size : 0;
    } else if (frame.content !== undefined) {
      body.push(frame.content);
      missingBytes -= frame.content.length;
    }
    if (missingBytes <= 0) record();
  };
  const inside = (current: FrameHandler): FrameHandler =>
    function (frame) {
      if (!recorded) guard('recording a fetched message', () => look(frame));
      const next = context.with(caller, () => current.call(this, frame));
      return next === idle ? next : inside(next);
    };
  return inside(state);
}

/** Why the broker closed or gave back something. */
export function cutBy({ replyCode, replyText }: MethodFields = {}): Cut {
  return {
    type: replyText?.split(/[ -]/, 1)[0] || String(replyCode ?? 'closed'),
    message: `${replyCode} ${replyText}`,
  };
}
