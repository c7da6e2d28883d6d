import { AsyncContextManager } from '@clew/core';
import type { Context } from '@opentelemetry/api';

/** Counts contexts that were attached and not detached: `attach` can leave a context current, `with` can't. */
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
