export { KafkajsInstrumentation } from './kafkajs-instrumentation.ts';
export { messageContext, processMessage } from './process-message.ts';
