import { once } from 'node:events';
import { BroadcastChannel, MessageChannel, Worker } from 'node:worker_threads';
import { carryToWorker, openMessage, wrapMessage } from '@clew/core';
import { Piscina } from 'piscina';

const side = (name) => new URL(`../other-side/${name}.mjs`, import.meta.url);
const OTHER_THREAD = 'a context cannot leave its thread; it is sent with the message';

export default [
  {
    way: 'worker thread of the request, messages from it',
    hand: ({ work }) => workerOf({}, () => work()),
  },
  {
    way: 'worker thread of the request, inside the worker',
    needs: 'carryToWorker',
    reason: 'a context cannot leave its thread; it is sent in the environment of the worker',
    hand: ({ report }) => workerOf({}, report),
    helped: ({ report }) => workerOf(carryToWorker({}), report),
  },
  {
    way: 'worker thread of the request, through workerData',
    needs: 'wrapMessage',
    reason: 'for workers with `env: SHARE_ENV`, which have no environment of their own',
    hand: ({ report }) => workerOf({ workerData: {} }, report),
    helped: ({ report }) => workerOf({ workerData: wrapMessage({}) }, report),
  },
  {
    way: 'shared worker thread, inside the worker',
    needs: 'wrapMessage',
    reason: OTHER_THREAD,
    open: openWorker,
    close: ({ worker }) => worker.terminate(),
    hand: ({ report }, shared) => shared.ask((message) => message).then(report),
    helped: ({ report }, shared) => shared.ask(wrapMessage).then(report),
  },
  {
    way: 'shared MessagePort, listener',
    needs: 'wrapMessage',
    reason: 'a port calls its listeners in the context of the code that opened it',
    open: openPorts,
    close: ({ port2 }) => port2.close(),
    hand: ({ work }, shared) => shared.ask({ id: shared.keep(work) }),
    helped: ({ work }, shared) => shared.ask(wrapMessage({ id: shared.keep(work) })),
  },
  {
    way: 'BroadcastChannel, listener',
    needs: 'wrapMessage',
    reason: 'as for a MessagePort',
    open: openBroadcast,
    close({ sender, receiver }) {
      sender.close();
      receiver.close();
    },
    hand: ({ work }, shared) => shared.ask({ id: shared.keep(work) }),
    helped: ({ work }, shared) => shared.ask(wrapMessage({ id: shared.keep(work) })),
  },
  {
    way: 'piscina, result of run()',
    ...piscina(),
    hand: ({ work }, pool) => pool.run({}).then(work),
  },
  {
    way: 'piscina, inside the worker',
    needs: 'wrapMessage',
    reason: OTHER_THREAD,
    ...piscina(),
    hand: ({ report }, pool) => pool.run({}).then(report),
    helped: ({ report }, pool) => pool.run(wrapMessage({})).then(report),
  },
];

async function workerOf(options, heard) {
  const worker = new Worker(side('worker-once'), options);
  worker.once('message', heard);
  await once(worker, 'exit');
}

async function openWorker() {
  const worker = new Worker(side('worker'));
  const waiting = new Map();
  worker.on('message', ({ id, traceId }) => waiting.get(id)(traceId));
  let next = 0;
  const ask = (wrap) =>
    new Promise((resolve) => {
      waiting.set(next, resolve);
      worker.postMessage(wrap({ id: next++ }));
    });
  return { worker, ask };
}

/** Both ends in one thread: what is looked at is where the listener runs. */
function openPorts() {
  const { port1, port2 } = new MessageChannel();
  const desk = deskFor((message) => port2.postMessage(message));
  port1.on('message', desk.received);
  return { port2, ...desk };
}

function openBroadcast() {
  const [sender, receiver] = [new BroadcastChannel('clew'), new BroadcastChannel('clew')];
  const desk = deskFor((message) => sender.postMessage(message));
  receiver.onmessage = (event) => desk.received(event.data);
  return { sender, receiver, ...desk };
}

function deskFor(send) {
  const works = [];
  const answers = new Map();
  return {
    keep: (work) => works.push(work) - 1,
    received: (received) => openMessage(received, ({ id }) => answers.get(id)(works[id]())),
    ask: (message) =>
      new Promise((resolve) => {
        answers.set(message.id ?? message.message.id, resolve);
        send(message);
      }),
  };
}

function piscina() {
  return {
    open: () => new Piscina({ filename: side('piscina-task').href, minThreads: 1, maxThreads: 1 }),
    close: (pool) => pool.destroy(),
  };
}
