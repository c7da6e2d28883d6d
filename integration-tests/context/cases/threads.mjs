import { once } from 'node:events';
import { BroadcastChannel, MessageChannel, Worker } from 'node:worker_threads';
import { carryToWorker, openMessage, wrapMessage } from '@clew/core';
import { Piscina } from 'piscina';

const receiver = (name) => new URL(`../receivers/${name}.mjs`, import.meta.url);
const IN_MESSAGE = 'a context cannot leave its thread; it is sent with the message';

export default [
  {
    name: 'worker thread of the request, messages from it',
    run: ({ work }) => workerOf({}, () => work()),
  },
  {
    name: 'worker thread of the request, inside the worker',
    needs: 'carryToWorker',
    reason: 'a context cannot leave its thread; it is sent in the environment of the worker',
    run: ({ report }) => workerOf({}, report),
    runWithHelp: ({ report }) => workerOf(carryToWorker({}), report),
  },
  {
    name: 'worker thread of the request, through workerData',
    needs: 'wrapMessage',
    reason: 'for workers with `env: SHARE_ENV`, which have no environment of their own',
    run: ({ report }) => workerOf({ workerData: {} }, report),
    runWithHelp: ({ report }) => workerOf({ workerData: wrapMessage({}) }, report),
  },
  {
    name: 'shared worker thread, inside the worker',
    needs: 'wrapMessage',
    reason: IN_MESSAGE,
    open: openWorker,
    close: ({ worker }) => worker.terminate(),
    run: ({ report }, shared) => shared.request((message) => message).then(report),
    runWithHelp: ({ report }, shared) => shared.request(wrapMessage).then(report),
  },
  {
    name: 'shared MessagePort, listener',
    needs: 'wrapMessage',
    reason: 'a port calls its listeners in the context of the code that opened it',
    open: openPorts,
    close: ({ port2 }) => port2.close(),
    run: ({ work }, shared) => shared.request({ id: shared.keep(work) }),
    runWithHelp: ({ work }, shared) => shared.request(wrapMessage({ id: shared.keep(work) })),
  },
  {
    name: 'BroadcastChannel, listener',
    needs: 'wrapMessage',
    reason: 'as for a MessagePort',
    open: openBroadcast,
    close({ sender, receiver }) {
      sender.close();
      receiver.close();
    },
    run: ({ work }, shared) => shared.request({ id: shared.keep(work) }),
    runWithHelp: ({ work }, shared) => shared.request(wrapMessage({ id: shared.keep(work) })),
  },
  {
    name: 'piscina, result of run()',
    ...piscina(),
    run: ({ work }, pool) => pool.run({}).then(work),
  },
  {
    name: 'piscina, inside the worker',
    needs: 'wrapMessage',
    reason: IN_MESSAGE,
    ...piscina(),
    run: ({ report }, pool) => pool.run({}).then(report),
    runWithHelp: ({ report }, pool) => pool.run(wrapMessage({})).then(report),
  },
];

async function workerOf(options, onMessage) {
  const worker = new Worker(receiver('worker-once'), options);
  worker.once('message', onMessage);
  await once(worker, 'exit');
}

async function openWorker() {
  const worker = new Worker(receiver('worker'));
  const waiting = new Map();
  worker.on('message', ({ id, traceId }) => waiting.get(id)(traceId));
  let next = 0;
  const request = (wrap) =>
    new Promise((resolve) => {
      waiting.set(next, resolve);
      worker.postMessage(wrap({ id: next++ }));
    });
  return { worker, request };
}

/** Both ports are in one thread: the case is about the context in which the listener runs. */
function openPorts() {
  const { port1, port2 } = new MessageChannel();
  const exchange = exchangeOver((message) => port2.postMessage(message));
  port1.on('message', exchange.received);
  return { port2, ...exchange };
}

function openBroadcast() {
  const [sender, receiver] = [new BroadcastChannel('clew'), new BroadcastChannel('clew')];
  const exchange = exchangeOver((message) => sender.postMessage(message));
  receiver.onmessage = (event) => exchange.received(event.data);
  return { sender, receiver, ...exchange };
}

function exchangeOver(send) {
  const works = [];
  const resolvers = new Map();
  return {
    keep: (work) => works.push(work) - 1,
    received: (received) => openMessage(received, ({ id }) => resolvers.get(id)(works[id]())),
    request: (message) =>
      new Promise((resolve) => {
        resolvers.set(message.id ?? message.message.id, resolve);
        send(message);
      }),
  };
}

function piscina() {
  return {
    open: () => new Piscina({ filename: receiver('piscina-task').href, minThreads: 1, maxThreads: 1 }),
    close: (pool) => pool.destroy(),
  };
}
