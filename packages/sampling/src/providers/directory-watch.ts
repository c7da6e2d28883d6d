import { type FSWatcher, type Stats, statSync, watch } from 'node:fs';
import { stat } from 'node:fs/promises';

/**
 * Notifies of any change in a directory. A file is watched by its directory, because an atomic replacement, or
 * Kubernetes' exchange of the link `..data`, changes the directory and not the file that was there.
 */
export class DirectoryWatch {
  readonly #path: string;
  readonly #changed: () => void;
  #watcher: FSWatcher | undefined;
  #identity: string | undefined;
  #isClosed = false;

  /** @param changed is called for each change, so it must be cheap */
  constructor(path: string, changed: () => void) {
    this.#path = path;
    this.#changed = changed;
  }

  start(): void {
    this.#watch(attemptStat(this.#path));
  }

  /** Watches the directory again if it was deleted and created in the meantime. Never rejects. */
  async renew(): Promise<void> {
    const stats = await stat(this.#path).catch(() => undefined);
    if (identityOf(stats) !== this.#identity) this.#watch(stats);
  }

  close(): void {
    this.#isClosed = true;
    this.#end();
  }

  #watch(stats: Stats | undefined): void {
    this.#end();
    if (stats === undefined || this.#isClosed) return;
    try {
      this.#watcher = watch(this.#path, { persistent: false }, this.#changed);
      this.#watcher.on('error', () => this.#end());
      this.#identity = identityOf(stats);
    } catch {
      // The directory is gone, or the system allows no more watches.
      this.#end();
    }
  }

  #end(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
    this.#identity = undefined;
  }
}

function attemptStat(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

/** A new directory may have the inode of the deleted one. */
function identityOf(stats: Stats | undefined): string | undefined {
  return stats && `${stats.ino} ${stats.birthtimeMs}`;
}
