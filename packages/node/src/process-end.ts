const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/** What must be delivered before the process ends. */
export interface Deliverable {
  /** Whether anything waits. */
  hasPending(): boolean;
  /** Delivers in the background; never rejects. At the last chance a collector that is down is not waited for. */
  flush(lastChance: boolean): Promise<void>;
  /** Delivers while the process stands still: the last chance, in `process.exit()` and after a crash. */
  flushSync(): void;
}

/**
 * Delivers what waits when the process ends, and lets it end as it would have ended: with the same status,
 * by the same signal, at the program's own word. Returns how to stop doing so.
 */
export function deliverAtEnd(deliverable: Deliverable): () => void {
  let stopped = false;
  let givenUp = false;
  let ending = false;
  const onBeforeExit = () => {
    // What is done in the background makes `beforeExit` come again: the program's own listeners would run twice.
    if (givenUp || !deliverable.hasPending() || process.listenerCount('beforeExit') > 1) return;
    void deliverable.flush(true).then(() => {
      givenUp = deliverable.hasPending();
    });
  };
  const onExit = () => {
    try {
      if (!givenUp && deliverable.hasPending()) deliverable.flushSync();
    } catch {
      // Thrown on, it would become the program's exit status.
    }
  };
  const onSignal = (signal: NodeJS.Signals) => {
    if (process.listenerCount(signal) > 1) {
      // The program decides. Listeners that ask whether they are alone (the package `signal-exit` does) must find
      // what they would find without us.
      process.removeListener(signal, onSignal);
      setImmediate(() => {
        if (!stopped) process.prependListener(signal, onSignal);
      });
      void deliverable.flush(false);
      return;
    }
    const die = () => {
      process.removeListener(signal, onSignal);
      if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
    };
    // Asked twice, it ends at once.
    if (ending) {
      die();
      return;
    }
    ending = true;
    void deliverable.flush(true).then(die);
  };
  process.on('beforeExit', onBeforeExit);
  process.on('exit', onExit);
  for (const signal of SIGNALS) process.prependListener(signal, onSignal);
  return () => {
    stopped = true;
    process.removeListener('beforeExit', onBeforeExit);
    process.removeListener('exit', onExit);
    for (const signal of SIGNALS) process.removeListener(signal, onSignal);
  };
}
