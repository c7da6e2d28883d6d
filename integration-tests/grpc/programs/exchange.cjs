// Makes calls of all kinds to a server in this process, and prints all events with the caller's value of a store.
const { AsyncLocalStorage } = require('node:async_hooks');
const { once } = require('node:events');
const { trace } = require('@opentelemetry/api');
const { definitionsWith } = require('./definitions.cjs');

const EVENTS = ['metadata', 'data', 'status', 'end', 'error', 'finish', 'close'];
const store = new AsyncLocalStorage();

/** Prints an event, without the times that an exceeded deadline has in its details. */
const log = (call, event, { code, details, item, count } = {}) =>
  console.log(
    ...[call, event, store.getStore()],
    JSON.stringify({ code, details: details?.replace(/ after .*/, ''), item, count }),
  );

process.on('warning', ({ name, message }) => {
  // The setup with OpenTelemetry's hook for ES modules; deprecated from Node 26 on.
  if (!message.startsWith('`module.register()`')) console.log('warning', name, message);
});

function serve(call, respond) {
  const { item, count } = call.request;
  log('served', item, call.request);
  if (item === 'throw') throw new Error('broken');
  if (item === 'fail') respond({ code: 5, details: 'no such order' });
  if (item !== 'never') respond(null, { item, count: count * 10 });
}

const handlers = {
  total: serve,
  collect(call, respond) {
    let count = 0;
    call.on('data', (order) => {
      count += order.count;
    });
    call.on('end', () => respond(null, { item: 'all', count }));
  },
  list(call) {
    log('served', 'list', call.request);
    for (const count of [1, 2]) call.write({ item: 'listed', count });
    if (call.request.item === 'fail') call.emit('error', { code: 9, details: 'not listed' });
    else if (call.request.item !== 'never') call.end();
  },
  chat(call) {
    call.on('data', (order) => call.write({ ...order, item: 'heard' }));
    call.on('end', () => call.end());
  },
};

/** Makes a call in its own value of the store, and prints its events until the last one. */
async function made(name, start, until = 'status') {
  const call = store.run(name, () => start((error, value) => log(name, 'callback', error ?? value)));
  for (const event of EVENTS)
    if (event !== 'data' || typeof call.read === 'function')
      call.on(event, (value) => log(name, event, event === 'metadata' ? {} : value));
  await once(call, until).catch(() => {});
  // The events that follow in the same turn.
  await new Promise((resolve) => setImmediate(resolve));
  return call;
}

async function callAll(grpc, client) {
  const order = { item: 'apples', count: 2 };
  await made('total', (done) => client.total(order, done));
  await made('fails', (done) => client.total({ ...order, item: 'fail' }, done));
  await made('throws', (done) => client.total({ ...order, item: 'throw' }, done));
  const deadline = Date.now() + 500;
  await made('deadline', (done) => client.total({ ...order, item: 'never' }, { deadline }, done));
  await made('collect', (done) => {
    const call = client.collect(done);
    call.write(order);
    call.end(order);
    return call;
  });
  await made('list', () => client.list(order));
  await made('list fails', () => client.list({ ...order, item: 'fail' }));
  await made('list cancelled', () => {
    const call = client.list({ ...order, item: 'never' });
    return call.once('data', () => call.cancel());
  });
  await made('chat', () => {
    const call = client.chat();
    call.write(order);
    call.end();
    return call;
  });
  const interceptor = (options, next) =>
    new grpc.InterceptingCall(next(options), {
      start: (metadata, listener, proceed) => {
        log('interceptor', Object.keys(metadata.getMap()).join());
        proceed(metadata, listener);
      },
    });
  await made('intercepted', (done) => client.total(order, { interceptors: [interceptor] }, done));
  for await (const { count } of client.list({ ...order, item: 'never' })) {
    log('loop', count);
    break;
  }
}

exports.exchange = async (grpc) => {
  for (const [form, { service, Client }] of Object.entries(definitionsWith(grpc))) {
    const server = new grpc.Server();
    server.addService(service, handlers);
    const credentials = grpc.ServerCredentials.createInsecure();
    const port = await new Promise((resolve, reject) => {
      const bound = (error, given) => (error ? reject(error) : resolve(given));
      server.bindAsync('127.0.0.1:0', credentials, bound);
    });
    const client = new Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
    await trace.getTracer('shop').startActiveSpan(form, async (span) => {
      await callAll(grpc, client);
      span.end();
    });
    client.close();
    server.forceShutdown();
  }
};
