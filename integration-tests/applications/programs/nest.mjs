// An application with NestJS: an HTTP controller that calls a microservice over RabbitMQ, which queries PostgreSQL.
import 'reflect-metadata';
import { Body, Controller, Get, Inject, Module, Param, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ClientsModule, EventPattern, MessagePattern, Payload, Transport } from '@nestjs/microservices';
import pg from 'pg';
import { firstValueFrom } from 'rxjs';

const pool = new pg.Pool({ connectionString: process.env.POSTGRES_URL });
const queue = {
  transport: Transport.RMQ,
  options: {
    urls: [process.env.AMQP_URL],
    queue: process.env.QUEUE,
    queueOptions: { durable: false, autoDelete: true },
  },
};

class Orders {
  constructor(client) {
    this.client = client;
  }

  async read(id) {
    return (await pool.query('SELECT $1::int AS id', [id])).rows[0];
  }

  async total(prices) {
    return { total: await firstValueFrom(this.client.send('orders.total', prices)) };
  }

  async create(order) {
    await firstValueFrom(this.client.emit('orders.created', order), { defaultValue: undefined });
    await stored;
    return order;
  }
}

class Worker {
  async total(prices) {
    const { rows } = await pool.query('SELECT sum(price)::int AS total FROM unnest($1::int[]) price', [
      prices,
    ]);
    return rows[0].total;
  }

  async created(order) {
    await pool.query('SELECT $1::int AS stored', [order.id]);
    this.stored();
  }
}
const stored = new Promise((resolve) => {
  Worker.prototype.stored = resolve;
});

/** Decorates a method, and its only parameter: Node.js does not run decorators. */
function decorate(target, name, method, parameter) {
  method(target.prototype, name, Object.getOwnPropertyDescriptor(target.prototype, name));
  parameter(target.prototype, name, 0);
}
Controller('orders')(Orders);
Inject('WORKER')(Orders, undefined, 0);
decorate(Orders, 'read', Get(':id'), Param('id'));
decorate(Orders, 'total', Post('total'), Body());
decorate(Orders, 'create', Post(), Body());
Controller()(Worker);
decorate(Worker, 'total', MessagePattern('orders.total'), Payload());
decorate(Worker, 'created', EventPattern('orders.created'), Payload());

class App {}
Module({
  imports: [ClientsModule.register([{ name: 'WORKER', ...queue }])],
  controllers: [Orders, Worker],
})(App);

const app = await NestFactory.create(App, { logger: false });
app.setGlobalPrefix('api');
app.enableShutdownHooks();
app.connectMicroservice(queue);
await app.startAllMicroservices();
await app.listen(0, '127.0.0.1');
process.send(app.getHttpServer().address().port);
