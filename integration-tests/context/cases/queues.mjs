import { AsyncResource } from 'node:async_hooks';
import { bind, rootContext, TaskCarrier } from '@clew/core';
import { context } from '@opentelemetry/api';
import async from 'async';
import fastq from 'fastq';
import pLimit from 'p-limit';
import PQueue from 'p-queue';
import { nextTurn } from './across-requests.mjs';

const SHARED_WORKER =
  'one worker runs the tasks of all requests, in the context of the request that started it';
const carrier = new TaskCarrier();

const handle = (task, done) => setImmediate(() => done(null, task.work()));
const handleCarried = (task, done) => carrier.run(task, () => handle(task, done));

export default [
  {
    name: 'p-queue',
    open: () => new PQueue({ concurrency: 1 }),
    run: ({ work }, queue) => queue.add(() => nextTurn().then(work)),
  },
  {
    name: 'p-limit',
    open: () => pLimit(1),
    run: ({ work }, limit) => limit(() => nextTurn().then(work)),
  },
  {
    name: 'async.queue',
    needs: 'TaskCarrier',
    reason: SHARED_WORKER,
    open: () => ({ plain: async.queue(handle, 1), carried: async.queue(handleCarried, 1) }),
    run: ({ work }, { plain }) => new Promise((resolve) => plain.push({ work }, resolve)),
    runWithHelp: ({ work }, { carried }) =>
      new Promise((resolve) => carried.push(carrier.capture({ work }), resolve)),
  },
  {
    name: 'fastq',
    needs: 'TaskCarrier',
    reason: SHARED_WORKER,
    open: () => ({ plain: fastq(handle, 1), carried: fastq(handleCarried, 1) }),
    run: ({ work }, { plain }) => new Promise((resolve) => plain.push({ work }, resolve)),
    runWithHelp: ({ work }, { carried }) =>
      new Promise((resolve) => carried.push(carrier.capture({ work }), resolve)),
  },
  {
    name: 'custom queue, worker started by the first task',
    needs: 'TaskCarrier',
    reason: SHARED_WORKER,
    open: () => ({
      plain: ownQueue(runTask),
      carried: ownQueue((task) => carrier.run(task, () => runTask(task))),
    }),
    run: ({ work }, { plain }) => new Promise((done) => plain({ work, done })),
    runWithHelp: ({ work }, { carried }) => new Promise((done) => carried(carrier.capture({ work, done }))),
  },
  {
    name: 'custom queue, worker started outside of any request',
    needs: 'TaskCarrier',
    reason: 'the worker and the tasks that it runs belong to no request',
    open: () => ({
      plain: polling(runTask),
      carried: polling((task) => carrier.run(task, () => runTask(task))),
    }),
    close({ plain, carried }) {
      plain.stop();
      carried.stop();
    },
    run: ({ work }, { plain }) => new Promise((done) => plain.push({ work, done })),
    runWithHelp: ({ work }, { carried }) =>
      new Promise((done) => carried.push(carrier.capture({ work, done }))),
  },
  {
    name: 'one AsyncResource per task, run by another request',
    open: () => ownQueue(runTask),
    run: ({ work }, push) =>
      new Promise((done) => {
        const resource = new AsyncResource('Task');
        push({ work: () => resource.runInAsyncScope(work), done });
      }),
  },
  {
    name: 'AsyncResource.bind, run by another request',
    open: () => ownQueue(runTask),
    run: ({ work }, push) => new Promise((done) => push({ work: AsyncResource.bind(work), done })),
  },
  {
    name: 'shared worker, started by the first request',
    needs: 'bind',
    reason:
      'the worker runs in the context of the request that started it; `bind(start, rootContext)` prevents that',
    open: () => ({ plain: ownQueue(runTask), detached: bind(ownQueue(runTask), rootContext) }),
    run: ({ work }, { plain }) => new Promise((done) => plain({ work, done })),
    runWithHelp: ({ bound }, { detached }) => new Promise((done) => detached({ work: bound, done })),
  },
];

async function runTask(task) {
  await nextTurn();
  task.done(task.work());
}

function ownQueue(run) {
  const tasks = [];
  let awake = false;
  const wake = async () => {
    awake = true;
    while (tasks.length > 0) await run(tasks.shift());
    awake = false;
  };
  return (task) => {
    tasks.push(task);
    if (!awake) wake();
  };
}

function polling(run) {
  const tasks = [];
  let timer;
  context.with(rootContext, () => {
    timer = setInterval(() => tasks.length > 0 && run(tasks.shift()), 1);
  });
  return { push: (task) => tasks.push(task), stop: () => clearInterval(timer) };
}
