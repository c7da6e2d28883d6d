import { AsyncResource } from 'node:async_hooks';
import { bind, rootContext, TaskCarrier } from '@clew/core';
import { context } from '@opentelemetry/api';
import async from 'async';
import fastq from 'fastq';
import pLimit from 'p-limit';
import PQueue from 'p-queue';
import { later } from './elsewhere.mjs';

const SHARED_WORKER = 'one worker takes the tasks of all: it runs in the context of whoever woke it';
const carrier = new TaskCarrier();

const handle = (task, done) => setImmediate(() => done(null, task.work()));
const handleCarried = (task, done) => carrier.run(task, () => handle(task, done));

export default [
  {
    way: 'p-queue',
    open: () => new PQueue({ concurrency: 1 }),
    hand: ({ work }, queue) => queue.add(() => later().then(work)),
  },
  {
    way: 'p-limit',
    open: () => pLimit(1),
    hand: ({ work }, limit) => limit(() => later().then(work)),
  },
  {
    way: 'async.queue',
    needs: 'TaskCarrier',
    reason: SHARED_WORKER,
    open: () => ({ plain: async.queue(handle, 1), carried: async.queue(handleCarried, 1) }),
    hand: ({ work }, { plain }) => new Promise((resolve) => plain.push({ work }, resolve)),
    helped: ({ work }, { carried }) =>
      new Promise((resolve) => carried.push(carrier.capture({ work }), resolve)),
  },
  {
    way: 'fastq',
    needs: 'TaskCarrier',
    reason: SHARED_WORKER,
    open: () => ({ plain: fastq(handle, 1), carried: fastq(handleCarried, 1) }),
    hand: ({ work }, { plain }) => new Promise((resolve) => plain.push({ work }, resolve)),
    helped: ({ work }, { carried }) =>
      new Promise((resolve) => carried.push(carrier.capture({ work }), resolve)),
  },
  {
    way: 'queue of its own, worker woken by the first task',
    needs: 'TaskCarrier',
    reason: SHARED_WORKER,
    open: () => ({
      plain: ownQueue(runTask),
      carried: ownQueue((task) => carrier.run(task, () => runTask(task))),
    }),
    hand: ({ work }, { plain }) => new Promise((done) => plain({ work, done })),
    helped: ({ work }, { carried }) => new Promise((done) => carried(carrier.capture({ work, done }))),
  },
  {
    way: 'queue of its own, worker started with the program',
    needs: 'TaskCarrier',
    reason: 'the worker belongs to no request, and so does all that it runs',
    open: () => ({
      plain: polling(runTask),
      carried: polling((task) => carrier.run(task, () => runTask(task))),
    }),
    close({ plain, carried }) {
      plain.stop();
      carried.stop();
    },
    hand: ({ work }, { plain }) => new Promise((done) => plain.push({ work, done })),
    helped: ({ work }, { carried }) => new Promise((done) => carried.push(carrier.capture({ work, done }))),
  },
  {
    way: 'AsyncResource a task, run by another',
    open: () => ownQueue(runTask),
    hand: ({ work }, push) =>
      new Promise((done) => {
        const resource = new AsyncResource('Task');
        push({ work: () => resource.runInAsyncScope(work), done });
      }),
  },
  {
    way: 'AsyncResource.bind, run by another',
    open: () => ownQueue(runTask),
    hand: ({ work }, push) => new Promise((done) => push({ work: AsyncResource.bind(work), done })),
  },
  {
    way: 'bind() of the worker to no request',
    needs: 'bind',
    reason: 'what one request starts for all runs in its context: bind(start, rootContext) takes it out',
    open: () => ({ plain: ownQueue(runTask), detached: bind(ownQueue(runTask), rootContext) }),
    hand: ({ work }, { plain }) => new Promise((done) => plain({ work, done })),
    helped: ({ bound }, { detached }) => new Promise((done) => detached({ work: bound, done })),
  },
];

async function runTask(task) {
  await later();
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
