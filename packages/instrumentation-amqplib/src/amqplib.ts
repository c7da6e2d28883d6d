import type { Buffer } from 'node:buffer';
import type { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';

/** The parts of amqplib's own objects that the plugin reads: the same in 0.10, 1 and 2. */
export interface Channel extends EventEmitter {
  readonly connection: {
    /** The most bytes of a frame, as negotiated. */
    readonly frameMax?: number;
    readonly stream: Socket & { readonly _host?: string; readonly servername?: string };
  };
}

export interface Frame {
  readonly fields: MethodFields;
}

/** The arguments of a method. Each method has some of them. */
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

/** Called with an error or the frame that closed the channel, or with the frame that replies to a method. */
export type Reply = (error: unknown, frame?: Frame) => void;

const id = (classId: number, methodId: number) => (classId << 16) | methodId;

/** Methods of AMQP 0-9-1 by their names. Source: https://www.rabbitmq.com/amqp-0-9-1-reference.html */
export const METHOD = {
  'channel.open': id(20, 10),
  'exchange.declare': id(40, 10),
  'exchange.delete': id(40, 20),
  'exchange.bind': id(40, 30),
  'exchange.unbind': id(40, 40),
  'queue.declare': id(50, 10),
  'queue.bind': id(50, 20),
  'queue.purge': id(50, 30),
  'queue.delete': id(50, 40),
  'queue.unbind': id(50, 50),
  'basic.qos': id(60, 10),
  'basic.consume': id(60, 20),
  'basic.cancel': id(60, 30),
  'basic.get': id(60, 70),
  'basic.ack': id(60, 80),
  'basic.reject': id(60, 90),
  'basic.recover': id(60, 110),
  'basic.nack': id(60, 120),
  'confirm.select': id(85, 10),
} as const;

export function methodName(method: number): string {
  return Object.entries(METHOD).find(([, value]) => value === method)?.[0] ?? 'method';
}

/** The queue of direct replies, which the broker delivers on the channel of the request. */
export const DIRECT_REPLY_TO = 'amq.rabbitmq.reply-to';
