import { type Document, Long, ObjectId } from 'bson';
import { aggregated, CommandError, matches, updated } from './mongodb-matching.ts';

interface Cursor {
  readonly namespace: string;
  documents: Document[];
  /** Wakes a `getMore` of a change stream that waits. */
  readonly changes?: { wake?: () => void };
}

/** How long a `getMore` of a change stream waits for a change, unless it has a `maxTimeMS`. */
const AWAIT_MS = 1000;

/** The collections and cursors of the server, and the commands that use them. */
export class Store {
  readonly #collections = new Map<string, Document[]>();
  readonly #cursors = new Map<string, Cursor>();
  #nextCursor = 1000;

  /** Runs a command and returns the reply. Throws a {@link CommandError}. */
  async run(name: string, command: Document): Promise<Document> {
    const run = this.#commands[name];
    if (run === undefined) throw new CommandError(59, 'CommandNotFound', `no such command: '${name}'`);
    return { ...(await run(command)), ok: 1 };
  }

  readonly #commands: Readonly<Record<string, (command: Document) => Document | Promise<Document>>> = {
    ping: () => ({}),
    endSessions: () => ({}),
    commitTransaction: () => ({}),
    abortTransaction: () => ({}),
    createUser: () => ({}),
    create: () => ({}),
    createIndexes: () => ({}),
    drop: ({ drop, $db }) => ({ dropped: this.#collections.delete(`${$db}.${drop}`) }),
    listCollections: ({ $db }) =>
      this.#firstBatch(`${$db}.$cmd.listCollections`, this.#listed($db as string), {}),
    insert: ({ insert, $db, documents, ordered }) =>
      this.#insert(`${$db}.${insert}`, documents, ordered !== false),
    find: (command) => {
      const namespace = `${command.$db}.${command.find}`;
      const found = this.#of(namespace).filter((each) => matches(each, command.filter));
      const limited = found.slice(0, command.limit || undefined);
      return this.#firstBatch(namespace, limited, command, command.tailable === true);
    },
    aggregate: (command) => {
      const namespace = `${command.$db}.${typeof command.aggregate === 'string' ? command.aggregate : '$cmd.aggregate'}`;
      const pipeline = command.pipeline as Document[];
      if (pipeline[0]?.$changeStream !== undefined) return this.#firstBatch(namespace, [], {}, true);
      return this.#firstBatch(namespace, aggregated(this.#of(namespace), pipeline), command.cursor);
    },
    getMore: (command) => this.#getMore(command),
    killCursors: ({ cursors }) => {
      for (const id of cursors as unknown[]) this.#close(String(id));
      return { cursorsKilled: cursors };
    },
    count: ({ count, $db, query }) => ({
      n: this.#of(`${$db}.${count}`).filter((each) => matches(each, query)).length,
    }),
    distinct: ({ distinct, $db, key }) => ({
      values: [...new Set(this.#of(`${$db}.${distinct}`).map((each) => each[key as string] as unknown))],
    }),
    update: ({ update, $db, updates }) => {
      const counts = (updates as Document[]).map((each) => this.#update(`${$db}.${update}`, each));
      const upserted = counts.flatMap(({ id }, index) => (id === undefined ? [] : [{ index, _id: id }]));
      const n = counts.reduce((sum, each) => sum + each.n, 0);
      return { n, nModified: n - upserted.length, ...(upserted.length > 0 && { upserted }) };
    },
    delete: ({ delete: collection, $db, deletes }) => ({
      n: (deletes as Document[]).reduce((sum, each) => sum + this.#delete(`${$db}.${collection}`, each), 0),
    }),
    findAndModify: (command) => {
      const namespace = `${command.$db}.${command.findAndModify}`;
      const value = this.#of(namespace).find((each) => matches(each, command.query)) ?? null;
      const change = { q: command.query, u: command.update, upsert: command.upsert, limit: 1 };
      if (command.remove === true) this.#delete(namespace, change);
      else this.#update(namespace, change);
      return { value, lastErrorObject: { n: value === null ? 0 : 1, updatedExisting: value !== null } };
    },
  };

  #of(namespace: string): Document[] {
    const known = this.#collections.get(namespace) ?? [];
    this.#collections.set(namespace, known);
    return known;
  }

  #listed(database: string): Document[] {
    const prefix = `${database}.`;
    const own = Array.from(this.#collections.keys()).filter((name) => name.startsWith(prefix));
    return own.map((name) => ({ name: name.slice(prefix.length), type: 'collection' }));
  }

  #insert(namespace: string, documents: readonly Document[], ordered: boolean): Document {
    const collection = this.#of(namespace);
    const writeErrors: Document[] = [];
    let n = 0;
    for (const [index, document] of documents.entries()) {
      if (ordered && writeErrors.length > 0) break;
      if (collection.some((each) => matches(each, { _id: document._id }))) {
        const key = JSON.stringify(document._id);
        const errmsg = `E11000 duplicate key error collection: ${namespace} index: _id_ dup key: { _id: ${key} }`;
        writeErrors.push({
          index,
          code: 11000,
          errmsg,
          keyPattern: { _id: 1 },
          keyValue: { _id: document._id },
        });
      } else {
        collection.push(document);
        n++;
        this.#publish(namespace, document);
      }
    }
    return { n, ...(writeErrors.length > 0 && { writeErrors }) };
  }

  #update(
    namespace: string,
    { q, u, upsert, multi }: Document,
  ): { readonly n: number; readonly id?: unknown } {
    const collection = this.#of(namespace);
    const all = collection.filter((each) => matches(each, q));
    const found = multi === true ? all : all.slice(0, 1);
    for (const each of found) collection[collection.indexOf(each)] = updated(each, u);
    if (found.length > 0 || upsert !== true) return { n: found.length };
    const created = updated({ _id: new ObjectId(), ...q }, u);
    collection.push(created);
    return { n: 1, id: created._id };
  }

  #delete(namespace: string, { q, limit }: Document): number {
    const collection = this.#of(namespace);
    const all = collection.filter((each) => matches(each, q));
    const found = limit === 1 ? all.slice(0, 1) : all;
    for (const each of found) collection.splice(collection.indexOf(each), 1);
    return found.length;
  }

  #firstBatch(namespace: string, documents: Document[], options: Document, tails = false): Document {
    const size = (options.batchSize as number | undefined) ?? 101;
    const single = options.singleBatch === true;
    const firstBatch = documents.splice(0, size);
    const isOpen = tails || (documents.length > 0 && !single);
    const id = isOpen ? String(++this.#nextCursor) : '0';
    if (isOpen) this.#cursors.set(id, { namespace, documents, ...(tails && { changes: {} }) });
    return { cursor: { id: Long.fromString(id), ns: namespace, firstBatch } };
  }

  async #getMore({ getMore, batchSize, maxTimeMS }: Document): Promise<Document> {
    const id = String(getMore);
    const cursor = this.#cursors.get(id);
    if (cursor === undefined) throw new CommandError(43, 'CursorNotFound', `cursor id ${id} not found`);
    if (cursor.changes !== undefined && cursor.documents.length === 0)
      await this.#change(cursor.changes, (maxTimeMS as number | undefined) ?? AWAIT_MS);
    const nextBatch = cursor.documents.splice(0, (batchSize as number | undefined) ?? 101);
    const isOpen = cursor.changes !== undefined || cursor.documents.length > 0;
    if (!isOpen) this.#cursors.delete(id);
    return { cursor: { id: Long.fromString(isOpen ? id : '0'), ns: cursor.namespace, nextBatch } };
  }

  #change(changes: NonNullable<Cursor['changes']>, waitMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, waitMs);
    changes.wake = () => {
      clearTimeout(timer);
      resolve();
    };
    return promise;
  }

  #publish(namespace: string, fullDocument: Document): void {
    const [db, coll] = namespace.split('.', 2);
    for (const cursor of this.#cursors.values()) {
      if (cursor.changes === undefined || cursor.namespace !== namespace) continue;
      const documentKey = { _id: fullDocument._id as unknown };
      const token = { _data: new ObjectId().toHexString() };
      cursor.documents.push({
        _id: token,
        operationType: 'insert',
        ns: { db, coll },
        documentKey,
        fullDocument,
      });
      cursor.changes.wake?.();
    }
  }

  #close(id: string): void {
    this.#cursors.get(id)?.changes?.wake?.();
    this.#cursors.delete(id);
  }

  /** Wakes all waiting commands. */
  close(): void {
    for (const id of this.#cursors.keys()) this.#close(id);
  }
}
