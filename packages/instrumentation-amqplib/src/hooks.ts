import type { Buffer } from 'node:buffer';
import { type Failure, option } from '@clew/core/plugin';
import type { Span } from '@opentelemetry/api';
import type { Message, Properties } from './amqplib.ts';

/** A message that is sent. */
export interface PublishInfo {
  readonly exchange: string;
  readonly routingKey: string;
  readonly content: Buffer;
  /** The properties that amqplib sends, with the headers of the trace. */
  readonly options: Properties;
  readonly isConfirmChannel: boolean;
}

/** A message that the broker has confirmed. If it has not, `confirmError` is the reason. */
export interface PublishConfirmInfo extends PublishInfo {
  readonly confirmError?: unknown;
}

export interface ConsumeInfo {
  readonly msg: Message;
}

export interface ConsumeEndInfo extends ConsumeInfo {
  /** `null` if it is not known. */
  readonly rejected: boolean | null;
  /** `auto ack`, `ack`, `ackAll`, `nack`, `nackAll`, `reject`, `recoverAll`, `handler error`, `channel closed`, `connection closed`, `instrumentation timeout`. */
  readonly endOperation: string;
}

export const hookOptions = {
  publishHook: option.hook<(span: Span, info: PublishInfo) => void>(),
  publishConfirmHook: option.hook<(span: Span, info: PublishConfirmInfo) => void>(),
  consumeHook: option.hook<(span: Span, info: ConsumeInfo) => void>(),
  consumeEndHook: option.hook<(span: Span, info: ConsumeEndInfo) => void>(),
} as const;

/** The names of OpenTelemetry's plugin for the end of a delivery that is not settled. */
const END_OPERATIONS: Readonly<Record<string, string>> = {
  channel_closed: 'channel closed',
  connection_closed: 'connection closed',
  timeout: 'instrumentation timeout',
};

export function endInfo(msg: Message, ending: string): ConsumeEndInfo {
  const rejected = /^(?:nack|reject|recover)/.test(ending) ? true : ending in END_OPERATIONS ? null : false;
  return { msg, rejected, endOperation: END_OPERATIONS[ending] ?? ending };
}

export function confirmInfo(info: PublishInfo, failure: Failure | undefined): PublishConfirmInfo {
  return failure === undefined ? info : { ...info, confirmError: new Error(failure.message) };
}
