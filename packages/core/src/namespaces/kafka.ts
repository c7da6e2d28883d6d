// What plugins for Kafka share, built on the template for message brokers. Source: https://opentelemetry.io/docs/specs/semconv/messaging/kafka/
export {
  describeDelivery,
  describeProcess,
  describeSent,
  describeStored,
  kafkaActions as actions,
  kafkaOptions as options,
} from '../templates/kafka.ts';
