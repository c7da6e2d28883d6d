import { client, type OptionsOf, option, type Tools } from '@clew/core/plugin';
import type { Span } from '@opentelemetry/api';
import type { GrpcCall, GrpcStatus } from './hooks.ts';

export const options = {
  /** `requireParentSpan` for CLIENT spans; `ignore`, by the name of the span, also for SERVER spans. */
  ...client.options,
  /** Which calls are trusted, by path and port; default: the propagation defaults. */
  trust: option.trust(),
  /** The hosts that trace context is sent to; default: the propagation defaults. */
  propagateTo: option.destinations(),
  /** Those of these hosts that baggage is sent to; default: the propagation defaults. */
  propagateBaggageTo: option.destinations(),
  /** Called with each recorded span and its call. */
  requestHook: option.hook<(span: Span, call: GrpcCall) => void>(),
  /** Called at the end of a call, before its span ends. */
  responseHook: option.hook<(span: Span, call: GrpcCall, status: GrpcStatus) => void>(),
  capturedRequestMetadata: option.strings([]),
  capturedResponseMetadata: option.strings([]),
  capturedOutgoingRequestMetadata: option.strings([]),
  capturedOutgoingResponseMetadata: option.strings([]),
} as const;

export type GrpcTools = Tools<OptionsOf<typeof options>>;
