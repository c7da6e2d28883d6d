type Undo = () => void;

/**
 * The changes that `disable()` undoes. An entry for an object lives as long as that object, so that a patch of each
 * connection or channel does not keep it alive.
 */
export class UndoList {
  readonly #entries = new Set<{ deref(): Undo | undefined }>();
  readonly #collected = new FinalizationRegistry<{ deref(): Undo | undefined }>((entry) =>
    this.#entries.delete(entry),
  );
  /** Keeps each undo function alive for as long as its object is. */
  #byObject = new WeakMap<object, Undo[]>();

  /** The number of entries. */
  get size(): number {
    return this.#entries.size;
  }

  add(undo: Undo): void {
    this.#entries.add({ deref: () => undo });
  }

  /** Adds an entry that is dropped when `object` is collected. */
  addFor(object: object, undo: Undo): void {
    const ofObject = this.#byObject.get(object);
    if (ofObject === undefined) this.#byObject.set(object, [undo]);
    else ofObject.push(undo);
    const entry = new WeakRef(undo);
    this.#entries.add(entry);
    this.#collected.register(object, entry);
  }

  /** Removes all entries and returns their functions, the newest first. */
  takeAll(): Undo[] {
    const all = [...this.#entries].reverse().flatMap((entry) => entry.deref() ?? []);
    this.#entries.clear();
    this.#byObject = new WeakMap();
    return all;
  }
}
