import { once } from 'node:events';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** Aborts when the process gets SIGINT or SIGTERM. After that, a second one ends the process immediately. */
export function interruption(): AbortSignal {
  const controller = new AbortController();
  const abort = () => {
    for (const signal of SIGNALS) process.off(signal, abort);
    controller.abort();
  };
  for (const signal of SIGNALS) process.on(signal, abort);
  return controller.signal;
}

/** Resolves when the process gets SIGINT or SIGTERM. */
export async function interrupted(): Promise<void> {
  await once(interruption(), 'abort');
}
