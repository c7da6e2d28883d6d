import { execFile, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { carryToChild, wrapMessage } from '@clew/core';

const side = (name) => fileURLToPath(new URL(`../other-side/${name}.mjs`, import.meta.url));
const OTHER_PROCESS = 'a context cannot leave its process; it is sent in the environment';

export default [
  {
    way: 'child process, callback and events',
    hand: ({ work }) =>
      new Promise((resolve) => {
        const child = execFile(process.execPath, ['--version'], work);
        child.on('exit', work);
        child.stdout.on('data', work);
        child.on('close', () => resolve(work()));
      }),
  },
  {
    way: 'child process, inside the child',
    needs: 'carryToChild',
    reason: OTHER_PROCESS,
    hand: ({ report }) => printedBy(process.env).then(report),
    helped: ({ report }) => printedBy(carryToChild()).then(report),
  },
  {
    way: 'child process of a child process',
    needs: 'carryToChild',
    reason: OTHER_PROCESS,
    hand: ({ report }) => printedBy(process.env, 'again').then(report),
    helped: ({ report }) => printedBy(carryToChild(), 'again').then(report),
  },
  {
    way: 'child process behind a shell and another program',
    needs: 'carryToChild',
    reason: OTHER_PROCESS,
    skip: process.platform === 'win32' ? 'no POSIX shell' : undefined,
    hand: ({ report }) => printedByShell(process.env).then(report),
    helped: ({ report }) => printedByShell(carryToChild()).then(report),
  },
  {
    way: 'shared forked process, messages',
    needs: 'wrapMessage',
    reason: 'a context cannot leave its process; it is sent with the message',
    open: openFork,
    close: ({ child }) => child.disconnect(),
    hand: ({ report }, shared) => shared.ask((message) => message).then(report),
    helped: ({ report }, shared) => shared.ask(wrapMessage).then(report),
  },
];

async function printedBy(env, ...args) {
  const { stdout } = await promisify(execFile)(process.execPath, [side('child'), ...args], { env });
  return stdout.trim();
}

async function printedByShell(env) {
  const child = spawn('/bin/sh', ['-c', '"$0" "$1"', process.execPath, side('child')], { env });
  let printed = '';
  child.stdout.on('data', (bytes) => {
    printed += bytes;
  });
  await once(child, 'close');
  return printed.trim();
}

function openFork() {
  const child = fork(side('forked'));
  const waiting = new Map();
  child.on('message', ({ id, traceId }) => waiting.get(id)(traceId));
  let next = 0;
  const ask = (wrap) =>
    new Promise((resolve) => {
      waiting.set(next, resolve);
      child.send(wrap({ id: next++ }));
    });
  return { child, ask };
}
