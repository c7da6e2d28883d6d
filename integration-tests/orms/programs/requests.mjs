// Runs the same requests with the ORM that the arguments name, through a pool of 1 and one of 5. Each request is a span.
// The output is the same with and without tracing, and so is the content of the table afterwards.
//   node requests.mjs sequelize pg
import assert from 'node:assert';
import { trace } from '@opentelemetry/api';

const [name, driver] = process.argv.slice(2);
const { open } = await import(`./${name}`);
const url = process.env[driver === 'pg' ? 'POSTGRES_URL' : 'MYSQL_URL'];
const tracer = trace.getTracer('requests');
const AT_ONCE = 30;

class RolledBack extends Error {}

let prefix = '';
let lastId = 1;

/** Runs a request; an error is its result. After it, the span of the request has to be the current one. */
function request(title, run) {
  return tracer.startActiveSpan(`${prefix} ${title}`, async (span) => {
    try {
      return await run();
    } catch (error) {
      return error instanceof RolledBack ? 'rolled back' : describe(error);
    } finally {
      if (span.isRecording()) assert.equal(trace.getActiveSpan(), span, `${prefix} ${title}`);
      span.end();
    }
  });
}

/** What an application sees of an error of the database, whose original some of the libraries wrap. */
function describe(error) {
  const chain = [];
  for (let at = error; at instanceof Error; at = at.cause ?? at.parent ?? at.driverError ?? at.nativeError)
    chain.push({ name: at.name, code: at.code, errno: at.errno, message: at.message.slice(0, 200) });
  return chain;
}

const rollBack = () => {
  throw new RolledBack();
};

for (const size of [1, 5]) {
  prefix = `${size}`;
  const db = await request('open', () => open({ driver, url, size }));
  const commit = (id) =>
    db.transaction(async (songs) => {
      await songs.insert(id);
      await songs.find(id);
    });
  const results = {
    // Some libraries set up each new connection with queries of their own.
    warm: await request('warm up', () => Promise.all(Array.from({ length: size }, () => db.find(0)))),
    find: await request('find', () => db.find(1)),
    missing: await request('missing table', () => db.missing()),
    duplicate: await request('duplicate key', () => db.insert(1)),
    commit: await request('commit', () => commit(++lastId)),
    rollback: await request('roll back', () =>
      db.transaction(async (songs) => {
        await songs.insert(++lastId);
        rollBack();
      }),
    ),
    failed: await request('failed transaction', () =>
      db.transaction(async (songs) => {
        await songs.find(1);
        await songs.insert(1);
      }),
    ),
    atOnce: await Promise.all(
      Array.from({ length: AT_ONCE }, (_, index) =>
        request(`at once ${index}`, async () => {
          const id = ++lastId;
          const found = await db.find(1);
          if (index % 3 === 1) await commit(id);
          if (index % 3 === 2) await db.transaction((songs) => songs.insert(id).then(rollBack));
          return [found, await db.find(id)];
        }),
      ),
    ),
  };
  console.log(JSON.stringify(results, undefined, 1));
  await db.close();
}
