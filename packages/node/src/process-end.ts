import { guard, originals } from '@clew/core/internal';

/** Signals that end the process by default. SIGUSR1 starts Node's debugger; SIGKILL cannot be handled. */
const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'] as const;

/** What must be delivered before the process exits. */
export interface Deliverable {
  /** Whether ended spans are waiting to be delivered. */
  hasPending(): boolean;
  /** Records an uncaught exception on the span in which it was thrown, if known. */
  recordUncaught(error: unknown): void;
  /** Ends the open spans, marked with the reason. */
  endOpen(reason: string): void;
  /** Delivers in the background; never rejects. With `lastChance`, an unreachable receiver is not retried. */
  flush(lastChance: boolean): Promise<void>;
  /** Delivers while the process is blocked, in `process.exit()` and after a crash. */
  flushSync(): void;
}

/**
 * Ends the open spans and delivers pending spans when the process exits. The process exits exactly as it would
 * without us: with the same status, by the same signal, when the application decides. Returns a function that
 * removes it.
 */
export function deliverAtEnd(deliverable: Deliverable): () => void {
  let stopped = false;
  let flushFailed = false;
  let ending = false;
  let reason = 'exit';

  /**
   * An event of this turn may be why the process exits; if the process continues, it will exit for another reason.
   */
  const noteReason = (noted: string) => {
    reason = noted;
    originals
      .setImmediate(() => {
        reason = 'exit';
      })
      .unref();
  };
  /** Runs our listener last, after the application has ended spans in its own `exit` listeners. */
  const moveToLast = () => {
    process.removeListener('exit', onExit);
    process.on('exit', onExit);
  };
  const onBeforeExit = () => {
    moveToLast();
    // Background work makes Node emit `beforeExit` again, which would call the application's listeners twice.
    if (flushFailed || process.listenerCount('beforeExit') > 1) return;
    if (process.listenerCount('exit') === 1) endOpen(reason);
    if (!deliverable.hasPending()) return;
    void deliverable.flush(true).then(() => {
      flushFailed = deliverable.hasPending();
    });
  };
  // Guarded, because an exception here would change the application's exit status.
  const endOpen = (why: string) => void guard('ending open spans', () => deliverable.endOpen(why));
  const finish = () => {
    endOpen(reason);
    if (flushFailed || !deliverable.hasPending()) return;
    guard('delivering at the end of the process', () => deliverable.flushSync());
  };
  const onExit = () => {
    if (process.listeners('exit').at(-1) === onExit || !beforeReallyExit(finish)) finish();
  };
  const onFault = (error: unknown, origin: string) => {
    // An exception in an `exit` listener ends the process without calling further listeners.
    if (isExiting()) finish();
    moveToLast();
    guard('recording an uncaught exception', () => deliverable.recordUncaught(error));
    noteReason(origin === 'unhandledRejection' ? 'unhandled rejection' : 'uncaught exception');
  };
  const onSignal = (signal: NodeJS.Signals) => {
    if (process.listenerCount(signal) > 1) {
      moveToLast();
      // The application decides, and requests in flight continue. Listeners that check whether they are the only
      // one (as the package `signal-exit` does) must see the same as without us.
      process.removeListener(signal, onSignal);
      originals.setImmediate(() => {
        if (!stopped) process.prependListener(signal, onSignal);
      });
      // Applications may survive other signals (to reload their configuration, to restart), but not this one.
      if (signal === 'SIGTERM') reason = signal;
      else noteReason(signal);
      void deliverable.flush(false);
      return;
    }
    // The kernel ignores unhandled signals of a container's first process: it would continue to run.
    if (process.pid === 1) {
      void deliverable.flush(false);
      return;
    }
    const endBySignal = () => {
      process.removeListener(signal, onSignal);
      if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
    };
    // A second signal ends the process immediately.
    if (ending) {
      endBySignal();
      return;
    }
    ending = true;
    endOpen(signal);
    void deliverable.flush(true).then(endBySignal);
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
 * Calls `work` after the `exit` listeners that follow ours, just before `process.exit()` calls
 * `process.reallyExit`, on which the package `signal-exit` relies, too. Returns false if there is no `reallyExit`.
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
