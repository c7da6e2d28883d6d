// What applications use: context, messages and processes that carry it, wire formats, trust.
export { AsyncContextManager } from './context/async-context-manager.ts';
export { bind } from './context/bind.ts';
export { type CarriedMessage, openMessage, wrapMessage } from './context/carried-message.ts';
export { rootContext } from './context/context.ts';
export { carryToChild, carryToWorker, contextFromEnvironment } from './context/process-environment.ts';
export { StackContextManager } from './context/stack-context-manager.ts';
export { StrictContextManager, type StrictOptions } from './context/strict-context-manager.ts';
export type { ContextProblem } from './context/strict-report.ts';
export { isTracingSuppressed, suppressTracing } from './context/suppression.ts';
export { TaskCarrier } from './context/task-carrier.ts';
export * as carriers from './namespaces/carriers.ts';
export type { CarrierBounds } from './propagation/bounded-writer.ts';
export type { AmqpHeaders } from './propagation/carriers/amqp-headers.ts';
export type { EnvironmentVariables } from './propagation/carriers/environment.ts';
export type { Destinations } from './propagation/destinations.ts';
export { droppedFromWire } from './propagation/dropped.ts';
export type { ContextFormat, Extraction, Outgoing, TraceFormat } from './propagation/format.ts';
export { TRACE_FORMATS } from './propagation/formats/index.ts';
export { w3cBaggage } from './propagation/formats/w3c-baggage.ts';
export { w3cTraceContext } from './propagation/formats/w3c-trace-context.ts';
export type { CarrierWriter } from './propagation/inject.ts';
export { createPropagator, type PropagatorOptions } from './propagation/propagator.ts';
export { createSignature, type Signature } from './propagation/signature.ts';
export type { SignatureOptions } from './propagation/signature-options.ts';
export type { TrustOption } from './propagation/trust.ts';
export type {
  EnvelopedReply,
  EnvelopedRequest,
  EnvelopeProperties,
  EnvelopeReading,
  RpcEnvelope,
} from './templates/rpc-envelope.ts';
