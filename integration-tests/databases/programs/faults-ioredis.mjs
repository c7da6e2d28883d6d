// `node faults-ioredis.mjs <module> <fault>` prints what an application sees. The parent process kills and starts the
// server when it reads "kill" and "start".
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const [module, fault] = process.argv.slice(2);
const require = createRequire(import.meta.url);
const Redis = require(module);
// Module hooks do not know a version that is installed with another name.
if (process.env.TRACED === 'true' && module !== 'ioredis') {
  const { IORedisInstrumentation } = await import('@clew/instrumentation-ioredis');
  const instrumentation = new IORedisInstrumentation();
  instrumentation.instrument(Redis);
  const file = 'built/autoPipelining.js';
  instrumentation.instrument(require(join(dirname(require.resolve(module)), '..', file)), 'ioredis', file);
}
const url = process.env.REDIS_URL;
const log = (...parts) => console.log(...parts.map((part) => JSON.stringify(part)));
// Which of these errors the client sees depends on the moment.
const LOST = /ECONNRESET|EPIPE|Socket closed unexpectedly/;
const outcomeOf = (promise) =>
  promise.then(
    (value) => log('value', value),
    (error) => log('error', ...(LOST.test(error.message) ? ['lost'] : [error.name, error.message])),
  );
/** Has the parent process do something with the server, and waits until that is done. */
const ask = async (what) => {
  process.stdin.ref();
  console.log(what);
  await once(process.stdin, 'data');
  process.stdin.unref();
};
const open = (options) => new Redis(url, options).on('error', () => {});
process.stdin.unref();
process.on('exit', (code) => log('exit', code));

const faults = {
  async 'connection refused'() {
    const redis = new Redis({ port: 1, retryStrategy: null });
    redis.on('error', (error) => log('event', error.code));
    await outcomeOf(redis.get('song'));
    await outcomeOf(redis.pipeline().get('song').exec());
  },
  async 'wrong password'() {
    const redis = open({ password: 'wrong', retryStrategy: null });
    await outcomeOf(redis.get('song'));
    redis.disconnect();
  },
  async 'killed in mid-command'() {
    const redis = open({ retryStrategy: null });
    await redis.get('song');
    const reply = outcomeOf(redis.blpop('none', 0));
    await ask('kill');
    await reply;
    await outcomeOf(redis.get('song'));
  },
  async 'restarted in mid-pipeline'() {
    const redis = open({ retryStrategy: () => 20 });
    await redis.set('song', 'one');
    const other = open();
    const replies = outcomeOf(redis.pipeline().incr('plays').blpop('none', 0).incr('plays').exec());
    while ((await other.exists('plays')) === 0);
    other.disconnect();
    await ask('kill');
    await ask('start');
    await replies;
    redis.disconnect();
  },
  async 'restarted before a command'() {
    const redis = open({ retryStrategy: () => 20, maxRetriesPerRequest: null });
    await redis.set('song', 'one');
    const reconnecting = new Promise((resolve) => redis.once('reconnecting', resolve));
    await ask('kill');
    await reconnecting;
    const reply = outcomeOf(redis.get('song'));
    const plays = outcomeOf(redis.multi().incr('plays').del('plays').exec());
    await ask('start');
    await reply;
    await plays;
    redis.disconnect();
  },
  async 'an ignored rejection'() {
    const redis = open();
    await redis.set('song', 'one');
    redis.lpush('song', 'two');
    await redis.get('song');
    setTimeout(() => redis.disconnect(), 1000);
  },
  async 'an ignored rejection in an automatic pipeline'() {
    const redis = open({ enableAutoPipelining: true });
    await redis.set('song', 'one');
    redis.lpush('song', 'two');
    await redis.get('song');
    setTimeout(() => redis.disconnect(), 1000);
  },
  async 'an ignored pipeline'() {
    const redis = open();
    await redis.set('song', 'one');
    redis.pipeline().lpush('song', 'two').exec();
    redis.multi().lpush('song', 'two').exec();
    redis.multi().call('NOSUCHCOMMAND').exec();
    await redis.get('song');
    setTimeout(() => redis.disconnect(), 1000);
  },
  async 'a callback that throws'() {
    const redis = open();
    redis.get('song', () => {
      throw new Error('on purpose');
    });
    setTimeout(() => redis.disconnect(), 1000);
  },
};

await faults[fault]();
