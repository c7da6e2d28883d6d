// An application with Feathers: a service on PostgreSQL, served by Koa.
import { once } from 'node:events';
import { feathers } from '@feathersjs/feathers';
import { KnexService } from '@feathersjs/knex';
import { bodyParser, errorHandler, koa, rest } from '@feathersjs/koa';
import { trace } from '@opentelemetry/api';
import knex from 'knex';

const TABLE = 'clew_feathers_messages';
const database = knex({ client: 'pg', connection: process.env.POSTGRES_URL });
await database.schema.dropTableIfExists(TABLE);
await database.schema.createTable(TABLE, (table) => {
  table.increments('id');
  table.string('text');
});

class Messages extends KnexService {}

const app = koa(feathers());
// Feathers finds services without Koa's router, so the application names the span of the request.
app.use(async (context, next) => {
  const span = trace.getActiveSpan();
  await next();
  const { hook, lookup } = context;
  if (hook === undefined) return;
  const route = lookup.params.__id === undefined ? `/${hook.path}` : `/${hook.path}/:id`;
  span?.setAttribute('http.route', route).updateName(`${context.method} ${route}`);
});
app.use(errorHandler());
app.use(bodyParser());
app.configure(rest());
app.use('messages', new Messages({ Model: database, name: TABLE }));
const server = await app.listen(0, '127.0.0.1');
await once(server, 'listening');
process.send(server.address().port);
