export { AmqplibInstrumentation } from './amqplib-instrumentation.ts';
export { nestEnvelope } from './envelopes/nest.ts';
export type { ConsumeEndInfo, ConsumeInfo, PublishConfirmInfo, PublishInfo } from './hooks.ts';
export { messageContext } from './message-context.ts';
