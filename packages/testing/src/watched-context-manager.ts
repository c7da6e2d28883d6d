import { AsyncContextManager } from '@clew/core';
import type { Context } from '@opentelemetry/api';

/** Counts what was attached and never taken back: `with` cannot leave a context current, `attach` can. */
export class WatchedContextManager extends AsyncContextManager {
  attached = 0;

  override attach(current: Context): { dispose(): void } {
    const token = super.attach(current);
    this.attached++;
    return {
      dispose: () => {
        this.attached--;
        token.dispose();
      },
    };
  }
}
