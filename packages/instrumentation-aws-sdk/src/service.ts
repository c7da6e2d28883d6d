import type { Attributes, SpanKind } from '@opentelemetry/api';
import type { Fields } from './sdk.ts';

/** How the plugin describes the calls of one service. The application may have passed any value in an input. */
export interface Service {
  /** Attributes that are known when the call starts. Never contents, such as items or bodies. */
  request?(input: Fields, method: string): Attributes;
  /** Attributes of the result. */
  response?(output: Fields, method: string): Attributes;
  /** The operation on a queue or topic, whose span is named by the conventions for messages. */
  messaging?(input: Fields, method: string): MessagingOperation | undefined;
}

/** An operation on messages. */
export interface MessagingOperation {
  readonly system: string;
  readonly name: string;
  readonly type: 'send' | 'receive' | 'settle';
  readonly destination: string;
  readonly kind: SpanKind;
}
