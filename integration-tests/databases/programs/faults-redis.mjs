// `node faults-redis.mjs <module> <fault>` prints what an application sees. The parent process kills and starts the
// server when it reads "kill" and "start".
import { once } from 'node:events';
import { createRequire } from 'node:module';

const [module, fault] = process.argv.slice(2);
const { createClient } = createRequire(import.meta.url)(module);
const url = process.env.REDIS_URL;
const log = (...parts) => console.log(...parts.map((part) => JSON.stringify(part)));
// Which of these errors the client sees depends on the moment.
const LOST = /ECONNRESET|EPIPE|Socket closed unexpectedly/;
const outcomeOf = (promise) =>
  promise.then(
    (value) => log('value', value),
    (error) =>
      log('error', ...(LOST.test(error.message) ? ['lost'] : [error.constructor.name, error.message])),
  );
/** Has the parent process do something with the server, and waits until that is done. */
const ask = async (what) => {
  process.stdin.ref();
  console.log(what);
  await once(process.stdin, 'data');
  process.stdin.unref();
};
const open = async (options = {}) => {
  const client = createClient({ url, ...options });
  client.on('error', () => {});
  await client.connect();
  return client;
};
const reconnect = { socket: { reconnectStrategy: () => 20 } };
process.stdin.unref();
process.on('exit', (code) => log('exit', code));

const faults = {
  async 'connection refused'() {
    const client = createClient({ socket: { port: 1, reconnectStrategy: () => new Error('no more') } });
    client.on('error', (error) => log('event', error.code));
    const connected = outcomeOf(client.connect().then(() => 'connected'));
    const reply = outcomeOf(client.get('song'));
    await connected;
    await reply;
    await outcomeOf(client.get('song'));
  },
  async 'wrong password'() {
    const client = createClient({
      url,
      password: 'wrong',
      socket: { reconnectStrategy: () => new Error('no more') },
    });
    client.on('error', (error) => log('event', error.message));
    await outcomeOf(client.connect());
    await outcomeOf(client.get('song'));
  },
  async 'killed in mid-command'() {
    const client = await open({ socket: { reconnectStrategy: () => new Error('no more') } });
    await client.get('song');
    const reply = outcomeOf(client.blPop('none', 0));
    await ask('kill');
    await reply;
    await outcomeOf(client.get('song'));
  },
  async 'restarted in mid-pipeline'() {
    const client = await open(reconnect);
    await client.set('song', 'one');
    const other = await open();
    const replies = outcomeOf(client.multi().incr('plays').blPop('none', 0).incr('plays').execAsPipeline());
    while ((await other.exists('plays')) === 0);
    await other.disconnect();
    await ask('kill');
    await ask('start');
    await replies;
    // A client that is closed while it reconnects leaves the new connection open.
    if (!client.isReady) await once(client, 'ready');
    await client.disconnect();
  },
  async 'restarted before a command'() {
    const client = await open(reconnect);
    await client.set('song', 'one');
    const reconnecting = new Promise((resolve) => client.once('reconnecting', resolve));
    await ask('kill');
    await reconnecting;
    const reply = outcomeOf(client.get('song'));
    const plays = outcomeOf(client.multi().incr('plays').del('plays').exec());
    await ask('start');
    await reply;
    await plays;
    await client.disconnect();
  },
  async 'an ignored rejection'() {
    const client = await open();
    await client.set('song', 'one');
    client.lPush('song', 'two');
    await client.get('song');
    setTimeout(() => client.disconnect(), 1000);
  },
  async 'an ignored pipeline'() {
    const client = await open();
    await client.set('song', 'one');
    client.multi().lPush('song', 'two').execAsPipeline();
    await client.get('song');
    setTimeout(() => client.disconnect(), 1000);
  },
};

await faults[fault]();
