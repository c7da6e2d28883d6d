// A jest reporter. Without it, a run whose tests left something open never ends: this one fails it and lists what is open.
import { globSync, readFileSync } from 'node:fs';

const GRACE_MS = 10_000;

/** A variable that the workers of jest and their child processes inherit. */
const MARK = 'JEST_RUN_PID';

export default class OpenHandleReporter {
  #watching;

  constructor({ watch, watchAll }) {
    this.#watching = watch || watchAll;
    process.env[MARK] = String(process.pid);
  }

  onRunComplete() {
    // The timer does not keep the process alive: it fires only if something else does.
    if (!this.#watching) setTimeout(failRun, GRACE_MS).unref();
  }
}

function failRun() {
  const open = process.getActiveResourcesInfo().join(', ');
  const processes = processesOfTests();
  console.error(
    [
      `The tests have ended, but jest is still running after ${GRACE_MS / 1000} s. Open handles: ${open}.`,
      processes.length > 0 ? 'Processes that tests started and did not stop:' : 'No process of a test runs.',
      ...processes,
    ].join('\n'),
  );
  process.exit(1);
}

/** Finds processes in Linux's `/proc`: returns `[]` elsewhere. */
function processesOfTests() {
  return globSync('/proc/[0-9]*/environ').flatMap((file) => {
    try {
      if (!readFileSync(file, 'utf8').split('\0').includes(`${MARK}=${process.pid}`)) return [];
      const command = readFileSync(file.replace(/environ$/, 'cmdline'), 'utf8').replaceAll('\0', ' ');
      return command === '' ? [] : [`  ${file.split('/')[2]} ${command.slice(0, 300)}`];
    } catch {
      // The process has ended, or belongs to another user.
      return [];
    }
  });
}
