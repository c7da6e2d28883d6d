import { EventEmitter, on, once } from 'node:events';
import { bind } from '@clew/core';
import { elsewhere, later, meeting } from './elsewhere.mjs';

const NEEDS_BIND = {
  needs: 'bind',
  reason: 'a listener runs in the context of the code that emits the event',
};

export default [
  {
    way: 'emitter, listener added before the request',
    sync: true,
    open: () => new EventEmitter().on('work', (work) => work()),
    hand: ({ work }, emitter) => void emitter.emit('work', work),
  },
  {
    way: 'emitter of the request, listener added inside',
    sync: true,
    hand({ work }) {
      const emitter = new EventEmitter().on('done', work);
      emitter.emit('done');
    },
  },
  {
    way: 'shared emitter, listener added inside, event emitted by another request',
    ...NEEDS_BIND,
    open: sharedEmitter,
    hand: ({ work }, shared) => heard(shared.emitter, shared, work),
  },
  {
    way: 'emitter of the request, event emitted by another request',
    needs: 'bind',
    reason: 'as above; `bind` accepts the whole emitter',
    open: () => meeting((emitter) => emitter.emit('done')),
    hand: ({ work }, come) => emittedByAnother(new EventEmitter(), come, work),
    helped: ({ work }, come) => emittedByAnother(bind(new EventEmitter()), come, work),
  },
  {
    way: 'events.once on a shared emitter',
    open: sharedEmitter,
    async hand({ work }, shared) {
      shared.come();
      await once(shared.emitter, 'done');
      work();
    },
  },
  {
    way: 'events.on on a shared emitter',
    open: sharedEmitter,
    async hand({ work }, shared) {
      shared.come();
      for await (const _ of on(shared.emitter, 'done')) {
        work();
        break;
      }
      work();
    },
  },
  {
    way: 'EventTarget, event dispatched by the request',
    sync: true,
    open: () => new EventTarget(),
    hand({ work }, target) {
      target.addEventListener('done', work, { once: true });
      target.dispatchEvent(new Event('done'));
    },
  },
  {
    way: 'EventTarget, event dispatched by another request',
    ...NEEDS_BIND,
    open: () => meeting((target) => target.dispatchEvent(new Event('done'))),
    hand: ({ work }, come) => dispatchedByAnother(come, work),
  },
  {
    way: 'AbortSignal, aborted by another request',
    needs: 'bind',
    reason: 'abort listeners run in the context of the code that aborts',
    open: () => meeting((controller) => controller.abort()),
    hand: ({ work }, come) => abortedByAnother(come, work),
  },
  {
    way: 'AbortSignal, aborted by a timer outside of any request',
    needs: 'bind',
    reason: 'as above; the timer belongs to no request',
    hand: ({ work }) => abortedByAnother((controller) => elsewhere(() => controller.abort()), work),
  },
];

/** `done` is emitted as soon as two requests listen. */
function sharedEmitter() {
  const emitter = new EventEmitter();
  let waiting = 0;
  const come = () => {
    if (++waiting % 2 === 0) later().then(() => emitter.emit('done'));
  };
  return { emitter, come };
}

function heard(emitter, shared, work) {
  return new Promise((resolve) => {
    emitter.once('done', work);
    emitter.once('done', resolve);
    shared.come();
  });
}

function emittedByAnother(emitter, come, work) {
  return new Promise((resolve) => {
    emitter.on('done', work).on('done', resolve);
    come(emitter);
  });
}

function dispatchedByAnother(come, work) {
  return new Promise((resolve) => {
    const target = new EventTarget();
    target.addEventListener('done', work);
    target.addEventListener('done', resolve);
    come(target);
  });
}

function abortedByAnother(come, work) {
  return new Promise((resolve) => {
    const controller = new AbortController();
    controller.signal.addEventListener('abort', work);
    controller.signal.addEventListener('abort', resolve);
    come(controller);
  });
}
