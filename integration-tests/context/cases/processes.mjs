import { execFile, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { carryToChild, wrapMessage } from '@clew/core';

const receiver = (name) => fileURLToPath(new URL(`../receivers/${name}.mjs`, import.meta.url));
const IN_ENVIRONMENT = 'a context cannot leave its process; it is sent in the environment';

export default [
  {
    name: 'child process, callback and events',
    run: ({ work }) =>
      new Promise((resolve) => {
        const child = execFile(process.execPath, ['--version'], work);
        child.on('exit', work);
        child.stdout.on('data', work);
        child.on('close', () => resolve(work()));
      }),
  },
  {
    name: 'child process, inside the child',
    needs: 'carryToChild',
    reason: IN_ENVIRONMENT,
    run: ({ report }) => printedBy(process.env).then(report),
    runWithHelp: ({ report }) => printedBy(carryToChild()).then(report),
  },
  {
    name: 'child process of a child process',
    needs: 'carryToChild',
    reason: IN_ENVIRONMENT,
    run: ({ report }) => printedBy(process.env, 'again').then(report),
    runWithHelp: ({ report }) => printedBy(carryToChild(), 'again').then(report),
  },
  {
    name: 'child process behind a shell and another program',
    needs: 'carryToChild',
    reason: IN_ENVIRONMENT,
    skip: process.platform === 'win32' ? 'no POSIX shell' : undefined,
    run: ({ report }) => printedByShell(process.env).then(report),
    runWithHelp: ({ report }) => printedByShell(carryToChild()).then(report),
  },
  {
    name: 'shared forked process, messages',
    needs: 'wrapMessage',
    reason: 'a context cannot leave its process; it is sent with the message',
    open: openFork,
    close: ({ child }) => child.disconnect(),
    run: ({ report }, shared) => shared.send((message) => message).then(report),
    runWithHelp: ({ report }, shared) => shared.send(wrapMessage).then(report),
  },
];

async function printedBy(env, ...args) {
  const { stdout } = await promisify(execFile)(process.execPath, [receiver('child'), ...args], { env });
  return stdout.trim();
}

async function printedByShell(env) {
  const child = spawn('/bin/sh', ['-c', '"$0" "$1"', process.execPath, receiver('child')], { env });
  let printed = '';
  child.stdout.on('data', (bytes) => {
    printed += bytes;
  });
  await once(child, 'close');
  return printed.trim();
}

function openFork() {
  const child = fork(receiver('forked'));
  const waiting = new Map();
  child.on('message', ({ id, traceId }) => waiting.get(id)(traceId));
  let next = 0;
  const send = (wrap) =>
    new Promise((resolve) => {
      waiting.set(next, resolve);
      child.send(wrap({ id: next++ }));
    });
  return { child, send };
}
