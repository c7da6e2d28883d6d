import type { Buffer } from 'node:buffer';
import type { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';

/** The parts of amqplib's own objects that are looked at; the same in 0.10, 1 and 2. */
export interface Channel extends EventEmitter {
  readonly connection: {
    /** The most bytes of a frame, as negotiated. */
    readonly frameMax?: number;
    readonly stream: Socket & { readonly _host?: string; readonly servername?: string };
  };
  readonly ch: number;
  /** What the next frame is given to; between messages always the same function. */
  handleMessage: FrameHandler;
}

export type FrameHandler = (this: Channel, frame: Frame) => FrameHandler;

export interface Frame {
  /** Class and method in one number. */
  readonly id?: number;
  readonly fields: MethodFields & Properties;
  readonly size?: number;
  /** A part of a message's body. */
  readonly content?: Buffer;
}

/** The arguments of a method; which there are depends on the method. */
export interface MethodFields {
  readonly exchange?: string;
  readonly routingKey?: string;
  readonly queue?: string;
  readonly destination?: string;
  readonly consumerTag?: string;
  readonly deliveryTag?: number;
  readonly redelivered?: boolean;
  readonly mandatory?: boolean;
  readonly multiple?: boolean;
  readonly requeue?: boolean;
  readonly noAck?: boolean;
  readonly replyCode?: number;
  readonly replyText?: string;
}

export interface Properties {
  headers?: Record<string, unknown> | undefined;
  readonly contentType?: string;
  readonly contentEncoding?: string;
  readonly userId?: string;
  readonly appId?: string;
  readonly clusterId?: string;
  readonly correlationId?: string;
  readonly replyTo?: string;
  readonly messageId?: string;
  readonly type?: string;
  readonly expiration?: string;
}

export interface Message {
  readonly fields: MethodFields;
  readonly properties: Properties;
  readonly content: Buffer;
}

/** The answer to a method: an error, or the frame that closed the channel, or the frame that answers. */
export type Reply = (error: unknown, frame?: Frame) => void;

const id = (classId: number, methodId: number) => (classId << 16) | methodId;

/** Methods of AMQP 0-9-1 by class and method. */
export const METHOD = {
  queueDeclare: id(50, 10),
  basicConsume: id(60, 20),
  basicCancel: id(60, 30),
  basicGet: id(60, 70),
  basicGetOk: id(60, 71),
  basicAck: id(60, 80),
  basicReject: id(60, 90),
  basicRecover: id(60, 110),
  basicNack: id(60, 120),
  confirmSelect: id(85, 10),
} as const;

const NAMES: ReadonlyMap<number, string> = new Map([
  [id(20, 10), 'channel.open'],
  [id(40, 10), 'exchange.declare'],
  [id(40, 20), 'exchange.delete'],
  [id(40, 30), 'exchange.bind'],
  [id(40, 40), 'exchange.unbind'],
  [id(50, 10), 'queue.declare'],
  [id(50, 20), 'queue.bind'],
  [id(50, 30), 'queue.purge'],
  [id(50, 40), 'queue.delete'],
  [id(50, 50), 'queue.unbind'],
  [id(60, 10), 'basic.qos'],
  [id(60, 20), 'basic.consume'],
  [id(60, 30), 'basic.cancel'],
  [id(60, 70), 'basic.get'],
  [id(60, 110), 'basic.recover'],
  [id(85, 10), 'confirm.select'],
]);

/** A method's name as in the protocol: `queue.declare`. */
export function methodName(method: number): string {
  return NAMES.get(method) ?? 'method';
}

/** The queue of a consumer whose replies come straight from the server, on the channel that asks. */
export const DIRECT_REPLY_TO = 'amq.rabbitmq.reply-to';
