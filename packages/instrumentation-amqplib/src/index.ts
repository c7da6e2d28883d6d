export { AmqplibInstrumentation } from './amqplib-instrumentation.ts';
export type { ConsumeEndInfo, ConsumeInfo, PublishConfirmInfo, PublishInfo } from './hooks.ts';
export { messageContext } from './message-context.ts';
