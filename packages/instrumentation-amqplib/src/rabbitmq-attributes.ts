/**
 * Attributes that only RabbitMQ has. Those with `clew` are Clew's own: how often, why, and from which queue a message
 * was dead-lettered, as in its header `x-death`.
 * Source: https://opentelemetry.io/docs/specs/semconv/messaging/rabbitmq/
 */
export const RABBITMQ = {
  deadLetterCount: 'clew.messaging.dead_letter.count',
  deadLetterQueue: 'clew.messaging.dead_letter.queue',
  deadLetterReason: 'clew.messaging.dead_letter.reason',
  deliveryTag: 'messaging.rabbitmq.message.delivery_tag',
  routingKey: 'messaging.rabbitmq.destination.routing_key',
} as const;
