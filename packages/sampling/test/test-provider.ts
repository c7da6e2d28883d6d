import type { Provider } from '../src/index.ts';

/** A provider that the test controls. */
export class TestProvider implements Provider {
  put: Parameters<Provider['start']>[0] = () => {};
  stopped = false;
  readonly name: string;
  readonly priority: number | undefined;

  constructor(name: string, priority?: number) {
    this.name = name;
    this.priority = priority;
  }

  start(inForce: Parameters<Provider['start']>[0]): void {
    this.put = inForce;
  }

  stats() {
    return { loads: 1, unchanged: 0, failures: {}, version: undefined };
  }

  stop(): void {
    this.stopped = true;
  }
}
