// A message without an error handler is refused: KAFKA_BROKERS are the brokers.
const { Kafka, logLevel } = require('kafkajs');

(async () => {
  const kafka = new Kafka({ brokers: process.env.KAFKA_BROKERS.split(','), logLevel: logLevel.NOTHING });
  const producer = kafka.producer();
  await producer.connect();
  await producer.disconnect();
  producer.send({ topic: `${process.env.TOPIC}.orders`, messages: [{ value: '1' }] });
})();
