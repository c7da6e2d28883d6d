import { EventEmitter, on, once } from 'node:events';
import { bind } from '@clew/core';
import { nextTurn, outsideRequests, whenTwoArrive } from './across-requests.mjs';

const NEEDS_BIND = {
  needs: 'bind',
  reason: 'a listener runs in the context of the code that emits the event',
};

export default [
  {
    name: 'emitter, listener added before the request',
    sync: true,
    open: () => new EventEmitter().on('work', (work) => work()),
    run: ({ work }, emitter) => void emitter.emit('work', work),
  },
  {
    name: 'emitter of the request, listener added inside',
    sync: true,
    run({ work }) {
      const emitter = new EventEmitter().on('done', work);
      emitter.emit('done');
    },
  },
  {
    name: 'shared emitter, listener added inside, event emitted by another request',
    ...NEEDS_BIND,
    open: sharedEmitter,
    run: ({ work }, shared) => emittedOnShared(shared.emitter, shared, work),
  },
  {
    name: 'emitter of the request, event emitted by another request',
    needs: 'bind',
    reason: 'as above; `bind` accepts the whole emitter',
    open: () => whenTwoArrive((emitter) => emitter.emit('done')),
    run: ({ work }, arrive) => emittedByAnother(new EventEmitter(), arrive, work),
    runWithHelp: ({ work }, arrive) => emittedByAnother(bind(new EventEmitter()), arrive, work),
  },
  {
    name: 'events.once on a shared emitter',
    open: sharedEmitter,
    async run({ work }, shared) {
      shared.arrive();
      await once(shared.emitter, 'done');
      work();
    },
  },
  {
    name: 'events.on on a shared emitter',
    open: sharedEmitter,
    async run({ work }, shared) {
      shared.arrive();
      for await (const _ of on(shared.emitter, 'done')) {
        work();
        break;
      }
      work();
    },
  },
  {
    name: 'EventTarget, event dispatched by the request',
    sync: true,
    open: () => new EventTarget(),
    run({ work }, target) {
      target.addEventListener('done', work, { once: true });
      target.dispatchEvent(new Event('done'));
    },
  },
  {
    name: 'EventTarget, event dispatched by another request',
    ...NEEDS_BIND,
    open: () => whenTwoArrive((target) => target.dispatchEvent(new Event('done'))),
    run: ({ work }, arrive) => dispatchedByAnother(arrive, work),
  },
  {
    name: 'AbortSignal, aborted by another request',
    needs: 'bind',
    reason: 'abort listeners run in the context of the code that aborts',
    open: () => whenTwoArrive((controller) => controller.abort()),
    run: ({ work }, arrive) => abortedByAnother(arrive, work),
  },
  {
    name: 'AbortSignal, aborted by a timer outside of any request',
    needs: 'bind',
    reason: 'as above; the timer belongs to no request',
    run: ({ work }) => abortedByAnother((controller) => outsideRequests(() => controller.abort()), work),
  },
];

/** An emitter that emits `done` when two requests listen. */
function sharedEmitter() {
  const emitter = new EventEmitter();
  let waiting = 0;
  const arrive = () => {
    if (++waiting % 2 === 0) nextTurn().then(() => emitter.emit('done'));
  };
  return { emitter, arrive };
}

function emittedOnShared(emitter, shared, work) {
  return new Promise((resolve) => {
    emitter.once('done', work);
    emitter.once('done', resolve);
    shared.arrive();
  });
}

function emittedByAnother(emitter, arrive, work) {
  return new Promise((resolve) => {
    emitter.on('done', work).on('done', resolve);
    arrive(emitter);
  });
}

function dispatchedByAnother(arrive, work) {
  return new Promise((resolve) => {
    const target = new EventTarget();
    target.addEventListener('done', work);
    target.addEventListener('done', resolve);
    arrive(target);
  });
}

function abortedByAnother(arrive, work) {
  return new Promise((resolve) => {
    const controller = new AbortController();
    controller.signal.addEventListener('abort', work);
    controller.signal.addEventListener('abort', resolve);
    arrive(controller);
  });
}
