/** Sends and consumes messages of two topics, under the name `TOPIC`; KAFKA_BROKERS are the brokers. */
exports.exchange = async ({ Kafka, logLevel }) => {
  const brokers = process.env.KAFKA_BROKERS.split(',');
  const [orders, audit] = [`${process.env.TOPIC}.orders`, `${process.env.TOPIC}.audit`];
  const kafka = new Kafka({ brokers, logLevel: logLevel.NOTHING });
  const producer = kafka.producer();
  await producer.connect();
  const sent = await producer.send({ topic: orders, messages: [{ key: 'ada', value: '1', partition: 0 }] });
  console.log(sent.map(({ topicName, partition, baseOffset }) => `${topicName} ${partition} ${baseOffset}`));
  await producer.sendBatch({ topicMessages: [] });
  await producer.send({ topic: audit, messages: [{ value: 'start', partition: 0 }] });

  const consumer = kafka.consumer({ groupId: orders });
  await consumer.subscribe({ topics: [orders, audit], fromBeginning: true });
  const seen = new Set();
  await new Promise((resolve) => {
    const eachMessage = async ({ topic, message }) => {
      console.log(topic, message.offset, String(message.value));
      if (topic === orders)
        await producer.send({ topic: audit, messages: [{ value: 'paid', partition: 0 }] });
      seen.add(String(message.value));
      if (seen.size === 3) resolve();
    };
    consumer.run({ eachMessage });
  });
  await consumer.disconnect();
  await producer.disconnect();
};
