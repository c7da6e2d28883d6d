import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export const folder = fileURLToPath(new URL('.', import.meta.url));

/**
 * Starts a file of this folder as a child process and calls its methods (see serve-calls.cjs).
 *
 * @param {string} file
 * @param {{ label?: string, command?: string, args?: string[], flags?: string[], env?: Record<string, string> }} [options]
 *   `label` names it in messages. `command` is the executable, by default this Node.
 * @returns {{ call: (method: string, ...args: unknown[]) => Promise<any>, stop: () => Promise<void> }}
 *   A call rejects with the child's error, or if the child exits before it responds.
 */
export function startChild(
  file,
  { label = file, command = process.execPath, args = [], flags = [], env = {} } = {},
) {
  const child = fork(file, args, {
    cwd: folder,
    execPath: command,
    execArgv: flags,
    env: { ...inherited(), ...env },
  });
  const waiting = new Map();
  let nextId = 0;
  let ended;

  const fail = (error) => {
    ended ??= error;
    for (const { reject } of waiting.values()) reject(ended);
    waiting.clear();
  };
  child.on('error', fail);
  child.on('exit', (code, signal) => fail(new Error(`${label} ended with ${signal ?? code}`)));
  child.on('message', ({ id, result, error }) => {
    const call = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) call?.resolve(result);
    else call?.reject(new Error(`${label}: ${error}`));
  });

  return {
    call(method, ...args) {
      if (ended) return Promise.reject(ended);
      const id = nextId++;
      return new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject });
        child.send({ id, method, args });
      });
    },
    async stop() {
      if (ended) return;
      const exit = once(child, 'exit');
      child.kill('SIGKILL');
      await exit;
    },
  };
}

/** Returns the environment without variables that would affect the measured applications. */
export function inherited() {
  const changesPrograms = /^(OTEL_|CLEW_|DD_|DENO_|NODE_OPTIONS$|NODE_V8_COVERAGE$)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !changesPrograms.test(name)));
}
