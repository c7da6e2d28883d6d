import { originals } from '@clew/core/internal';
import { guard } from '@clew/core/plugin';

/** Their default is the end of the process. SIGUSR1 starts Node's debugger instead, SIGKILL can't be listened to. */
const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'] as const;

/** What must be delivered before the process ends. */
export interface Deliverable {
  /** Whether spans that have ended wait. */
  hasPending(): boolean;
  /** Records an exception that nothing caught on the span in which it happened, if that is known. */
  recordFault(error: unknown): void;
  /** Ends the open spans, marked with the reason. */
  endOpen(reason: string): void;
  /** Delivers in the background; never rejects. At the last chance it does not wait for a receiver that is down. */
  flush(lastChance: boolean): Promise<void>;
  /** Delivers while the process is blocked: the last chance, in `process.exit()` and after a crash. */
  flushSync(): void;
}

/**
 * Ends the open spans and delivers what waits when the process ends, and lets the process end as it would have ended
 * without us: with the same status, by the same signal, when the application decides. Returns a function that stops it.
 */
export function deliverAtEnd(deliverable: Deliverable): () => void {
  let stopped = false;
  let givenUp = false;
  let ending = false;
  let reason = 'exit';

  /** What happens in this turn may be what ends the process; a process that goes on ends for another reason. */
  const noteReason = (noted: string) => {
    reason = noted;
    originals
      .setImmediate(() => {
        reason = 'exit';
      })
      .unref();
  };
  /** So that spans which the application ends in its own `exit` listeners have ended when ours is called. */
  const moveToLast = () => {
    process.removeListener('exit', onExit);
    process.on('exit', onExit);
  };
  const onBeforeExit = () => {
    moveToLast();
    // Background work makes Node emit `beforeExit` again: the application's own listeners would run twice.
    if (givenUp || process.listenerCount('beforeExit') > 1) return;
    if (process.listenerCount('exit') === 1) endOpen(reason);
    if (!deliverable.hasPending()) return;
    void deliverable.flush(true).then(() => {
      givenUp = deliverable.hasPending();
    });
  };
  // What these throw would become the exit status of the application.
  const endOpen = (why: string) => void guard('ending open spans', () => deliverable.endOpen(why));
  const finish = () => {
    endOpen(reason);
    if (givenUp || !deliverable.hasPending()) return;
    guard('delivering at the end of the process', () => deliverable.flushSync());
  };
  const onExit = () => {
    if (process.listeners('exit').at(-1) === onExit || !beforeReallyExit(finish)) finish();
  };
  const onFault = (error: unknown, origin: string) => {
    // Thrown in an `exit` listener, it is the end: nothing else is called.
    if (isExiting()) finish();
    moveToLast();
    guard('recording an uncaught exception', () => deliverable.recordFault(error));
    noteReason(origin === 'unhandledRejection' ? 'unhandled rejection' : 'uncaught exception');
  };
  const onSignal = (signal: NodeJS.Signals) => {
    if (process.listenerCount(signal) > 1) {
      moveToLast();
      // The application decides, and requests in flight go on. Listeners that look whether they are the only one (the
      // package `signal-exit` does) must find what they would find without us.
      process.removeListener(signal, onSignal);
      originals.setImmediate(() => {
        if (!stopped) process.prependListener(signal, onSignal);
      });
      // Applications survive the others (to read their configuration again, to restart), but not this one.
      if (signal === 'SIGTERM') reason = signal;
      else noteReason(signal);
      void deliverable.flush(false);
      return;
    }
    // The kernel protects the first process of a container from signals that it does not listen to: it would go on.
    if (process.pid === 1) {
      void deliverable.flush(false);
      return;
    }
    const die = () => {
      process.removeListener(signal, onSignal);
      if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
    };
    // The second time it ends at once.
    if (ending) {
      die();
      return;
    }
    ending = true;
    endOpen(signal);
    void deliverable.flush(true).then(die);
  };

  process.on('beforeExit', onBeforeExit);
  process.on('exit', onExit);
  process.on('uncaughtExceptionMonitor', onFault);
  for (const signal of SIGNALS) process.prependListener(signal, onSignal);
  return () => {
    stopped = true;
    process.removeListener('beforeExit', onBeforeExit);
    process.removeListener('exit', onExit);
    process.removeListener('uncaughtExceptionMonitor', onFault);
    for (const signal of SIGNALS) process.removeListener(signal, onSignal);
  };
}

interface Exiting {
  _exiting?: boolean;
  reallyExit?: (this: unknown, code: unknown) => void;
}

function isExiting(): boolean {
  return (process as Exiting)._exiting === true;
}

/**
 * Calls `work` after the `exit` listeners that follow ours, which only `process.exit()` calls in that order: it ends the
 * process by `process.reallyExit`, as the package `signal-exit` relies on, too. Returns whether there is one.
 */
function beforeReallyExit(work: () => void): boolean {
  const exiting = process as Exiting;
  const { reallyExit } = exiting;
  if (typeof reallyExit !== 'function') return false;
  exiting.reallyExit = function (code) {
    exiting.reallyExit = reallyExit;
    work();
    return reallyExit.call(this, code);
  };
  return true;
}
