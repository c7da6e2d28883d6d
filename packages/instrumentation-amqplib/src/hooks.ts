import type { Buffer } from 'node:buffer';
import { type Cut, option } from '@clew/core/plugin';
import type { Span } from '@opentelemetry/api';
import type { Message, Properties } from './amqplib.ts';

/** A message that is sent. */
export interface PublishInfo {
  readonly exchange: string;
  readonly routingKey: string;
  readonly content: Buffer;
  /** As amqplib sends them, with the trace's headers. */
  readonly options: Properties;
  readonly isConfirmChannel: boolean;
}

/** The same, when the broker has confirmed it or `confirmError` says why not. */
export interface PublishConfirmInfo extends PublishInfo {
  readonly confirmError?: unknown;
}

export interface ConsumeInfo {
  readonly msg: Message;
}

export interface ConsumeEndInfo extends ConsumeInfo {
  /** `null` where it is not known. */
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

/** The words of OpenTelemetry's plugin for what ends a delivery otherwise. */
const CUTS: Readonly<Record<string, string>> = {
  channel_closed: 'channel closed',
  connection_closed: 'connection closed',
  timeout: 'instrumentation timeout',
};

export function endInfo(msg: Message, ending: string): ConsumeEndInfo {
  const rejected = /^(?:nack|reject|recover)/.test(ending) ? true : ending in CUTS ? null : false;
  return { msg, rejected, endOperation: CUTS[ending] ?? ending };
}

export function confirmInfo(info: PublishInfo, reason: Cut | undefined): PublishConfirmInfo {
  return reason === undefined ? info : { ...info, confirmError: new Error(reason.message) };
}
