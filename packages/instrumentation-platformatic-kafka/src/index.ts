export { messageContext } from './message-context.ts';
export { PlatformaticKafkaInstrumentation } from './platformatic-kafka-instrumentation.ts';
