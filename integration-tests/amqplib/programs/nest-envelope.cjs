require('reflect-metadata');
const { Controller, Module } = require('@nestjs/common');
const { NestFactory } = require('@nestjs/core');
const {
  ClientProxyFactory,
  EventPattern,
  MessagePattern,
  RpcException,
  Transport,
} = require('@nestjs/microservices');
const { transformPatternToRoute } = require('@nestjs/microservices/utils/transform-pattern.utils.js');
const { firstValueFrom, lastValueFrom, from, toArray } = require('rxjs');

const seen = { text: Promise.withResolvers(), object: Promise.withResolvers() };

class Orders {
  text(prices) {
    return prices.reduce((sum, price) => sum + price, 0);
  }
  async object({ a, b }) {
    return a + b;
  }
  stream() {
    return from([1, 2, 3]);
  }
  async fail() {
    throw new RpcException({ status: 'OUT_OF_STOCK', message: 'out of stock' });
  }
  crash() {
    throw new RangeError('not for clients');
  }
  textEvent() {
    seen.text.resolve();
  }
  objectEvent() {
    seen.object.resolve();
  }
}
const decorate = (name, decorator) =>
  decorator(Orders.prototype, name, Object.getOwnPropertyDescriptor(Orders.prototype, name));
Controller()(Orders);
decorate('text', MessagePattern('orders.total'));
decorate('object', MessagePattern({ cmd: 'sum', area: 'math' }));
decorate('stream', MessagePattern({ cmd: 'stream' }));
decorate('fail', MessagePattern({ cmd: 'fail' }));
decorate('crash', MessagePattern('orders.crash'));
decorate('textEvent', EventPattern('orders.created'));
decorate('objectEvent', EventPattern({ event: 'paid' }));

class App {}
Module({ controllers: [Orders] })(App);

(async () => {
  const options = {
    transport: Transport.RMQ,
    options: {
      urls: [process.env.AMQP_URL],
      queue: process.env.QUEUE,
      queueOptions: { durable: false, autoDelete: true },
    },
  };
  const app = await NestFactory.createMicroservice(App, { ...options, logger: false });
  await app.listen();
  const client = ClientProxyFactory.create(options);
  const failing = (pattern) =>
    firstValueFrom(client.send(pattern, {})).catch((error) => error.message ?? error);
  const results = [
    await firstValueFrom(client.send('orders.total', [1, 2, 3])),
    await firstValueFrom(client.send({ cmd: 'sum', area: 'math' }, { a: 2, b: 3 })),
    await lastValueFrom(client.send({ cmd: 'stream' }, {}).pipe(toArray())),
    await failing({ cmd: 'fail' }),
    await failing('orders.crash'),
    await failing('orders.unknown'),
  ];
  await firstValueFrom(client.emit('orders.created', { order: 7 }), { defaultValue: undefined });
  await seen.text.promise;
  await firstValueFrom(client.emit({ event: 'paid' }, { order: 7 }), { defaultValue: undefined });
  await seen.object.promise;
  await client.close();
  await app.close();
  const routes = JSON.parse(process.env.PATTERNS).map((pattern) => transformPatternToRoute(pattern));
  process.stdout.write(JSON.stringify({ results, routes }));
})();
