require('reflect-metadata');
const { Controller, Module } = require('@nestjs/common');
const { NestFactory } = require('@nestjs/core');
const { ClientProxyFactory, EventPattern, MessagePattern, Transport } = require('@nestjs/microservices');
const { firstValueFrom } = require('rxjs');

class Orders {
  total(prices) {
    return prices.reduce((sum, price) => sum + price, 0);
  }

  created() {
    this.seen();
  }
}
const seen = new Promise((resolve) => {
  Orders.prototype.seen = resolve;
});
const decorate = (name, decorator) =>
  decorator(Orders.prototype, name, Object.getOwnPropertyDescriptor(Orders.prototype, name));
Controller()(Orders);
decorate('total', MessagePattern('orders.total'));
decorate('created', EventPattern('orders.created'));

class App {}
Module({ controllers: [Orders] })(App);

(async () => {
  const options = {
    transport: Transport.RMQ,
    options: {
      urls: [process.env.AMQP_URL],
      queue: process.env.QUEUE ?? 'clew.nest',
      queueOptions: { durable: false, autoDelete: true },
    },
  };
  const app = await NestFactory.createMicroservice(App, { ...options, logger: false });
  await app.listen();
  const client = ClientProxyFactory.create(options);
  const total = await firstValueFrom(client.send('orders.total', [1, 2, 3]));
  if (total !== 6) throw new Error(`expected 6, got ${total}`);
  await firstValueFrom(client.emit('orders.created', { order: 7 }), { defaultValue: undefined });
  await seen;
  await client.close();
  await app.close();
})();
