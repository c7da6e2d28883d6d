const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/** What must be delivered before the process ends. */
export interface Deliverable {
  /** Whether anything waits. */
  hasPending(): boolean;
  /** Delivers in the background; never rejects. */
  flush(): Promise<void>;
  /** Delivers while the process stands still: the last chance, in `process.exit()` and after a crash. */
  flushSync(): void;
}

/**
 * Delivers what waits when the process ends, and lets it end as it would have ended: with the same status,
 * by the same signal, at the program's own word. Returns how to stop doing so.
 */
export function deliverAtEnd(deliverable: Deliverable): () => void {
  let tried = false;
  let ending = false;
  const onBeforeExit = () => {
    // Keeps the process until it is done; then `beforeExit` comes again, and what could not be delivered is given up.
    if (tried || !deliverable.hasPending()) return;
    tried = true;
    void deliverable.flush();
  };
  const onExit = () => {
    if (!tried && !ending && deliverable.hasPending()) deliverable.flushSync();
  };
  const onSignal = (signal: NodeJS.Signals) => {
    // Somebody else listens: the program decides what becomes of it.
    if (process.listenerCount(signal) > 1) {
      void deliverable.flush();
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
    void deliverable.flush().then(die);
  };
  process.on('beforeExit', onBeforeExit);
  process.on('exit', onExit);
  for (const signal of SIGNALS) process.on(signal, onSignal);
  return () => {
    process.removeListener('beforeExit', onBeforeExit);
    process.removeListener('exit', onExit);
    for (const signal of SIGNALS) process.removeListener(signal, onSignal);
  };
}
