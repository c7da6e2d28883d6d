export { messageContext } from './message-context.ts';
export { NatsInstrumentation } from './nats-instrumentation.ts';
