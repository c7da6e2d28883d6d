const { BrokerAsPromised, withDefaultConfig } = require('rascal');

(async () => {
  const broker = await BrokerAsPromised.create(
    withDefaultConfig({
      vhosts: {
        '/': {
          connection: { url: process.env.AMQP_URL },
          exchanges: { 'clew.rascal': { options: { durable: false, autoDelete: true } } },
          queues: { 'clew.rascal': { options: { durable: false, autoDelete: true } } },
          bindings: ['clew.rascal[created] -> clew.rascal'],
          publications: { orders: { exchange: 'clew.rascal', routingKey: 'created' } },
          subscriptions: { orders: { queue: 'clew.rascal' } },
        },
      },
    }),
  );
  const subscription = await broker.subscribe('orders');
  const received = new Promise((resolve) => {
    subscription.on('message', (_message, _content, ackOrNack) => {
      ackOrNack();
      resolve();
    });
  });
  const publication = await broker.publish('orders', { order: 7 });
  await new Promise((resolve) => publication.on('success', resolve));
  await received;
  await broker.shutdown();
})();
