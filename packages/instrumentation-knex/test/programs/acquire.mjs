// `node acquire.mjs bare|traced ignored|caught`: no connection can be had, and the application ignores or catches it.
import { AsyncContextManager } from '@clew/core';
import { KnexInstrumentation } from '@clew/instrumentation-knex';
import { context } from '@opentelemetry/api';
import knex from 'knex';

const [mode, use] = process.argv.slice(2);
context.setGlobalContextManager(new AsyncContextManager());
if (mode === 'traced') new KnexInstrumentation().instrument(knex);

process.on('exit', (code) => console.log('exit', code));
const db = knex({
  client: 'pg',
  connection: { host: '127.0.0.1', port: 1 },
  acquireConnectionTimeout: 10_000,
});
const acquired = db.client.acquireConnection();
if (use === 'caught') acquired.catch((error) => console.log(error.code ?? error.name));
