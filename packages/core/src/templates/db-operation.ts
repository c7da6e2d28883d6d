import { type Context, type Span, trace } from '@opentelemetry/api';
import { isCancellation } from '../cancellation.ts';
import { guard } from '../kit/failures.ts';
import { Operation } from '../operation.ts';
import { errorType } from '../record-error.ts';
import { ATTR } from '../semconv.ts';
import { statusCodeOf, withoutValues } from './db-error.ts';
import type { Database, DbQuery } from './db-query.ts';
import type { Measurement } from './measurement.ts';

/** The operation of a query. Its error is recorded once, without the values that the application bound. */
export class QueryOperation extends Operation {
  /** What is measured of the query, if metrics are recorded. */
  readonly #measurement: Measurement | undefined;
  readonly #query: DbQuery;
  #failed = false;
  #open: Set<QueryOperation> | undefined;

  constructor(span: Span, current: Context, caller: Context, query: DbQuery, measurement?: Measurement) {
    super(span, current, caller);
    this.#query = query;
    this.#measurement = measurement;
  }

  /** The metric has the error of a query without a span, too. */
  override get isDescribed(): boolean {
    return this.recording || (this.#measurement !== undefined && !this.ended);
  }

  /** Adds the operation to a set until it ends: that of the operations which a lost connection has to end. */
  keepIn(open: Set<QueryOperation>): void {
    if (this.ended) return;
    this.#open = open;
    open.add(this);
  }

  /** Records the number of rows that the database returned, if it is a number. */
  rows(count: unknown): void {
    if (typeof count === 'number' && count >= 0 && this.recording)
      this.span.setAttribute(ATTR.dbResponseReturnedRows, count);
  }

  override fail(error: unknown): void {
    this.failAs(error, this.#query);
  }

  /** Records the error with what is known of the failed query: this one, or the driver's query that has joined it. */
  failAs(given: unknown, { sql, values, database, failureOf }: DbQuery): void {
    if (this.ended || this.#failed) return;
    const error = failureOf === undefined ? given : guard('reading an error', () => failureOf(given));
    if (error === undefined || isCancellation(error)) return;
    this.#failed = true;
    const status = statusCodeOf(error, database.system);
    this.#measurement?.add({
      [ATTR.errorType]: errorType(error),
      ...(status !== undefined && { [ATTR.dbResponseStatusCode]: status }),
    });
    if (!this.recording) return;
    if (status !== undefined) this.span.setAttribute(ATTR.dbResponseStatusCode, status);
    super.fail(
      guard('reading the error of a query', () =>
        withoutValues(error, { system: database.system, sql, values }),
      ),
    );
  }

  override end(...given: Parameters<Operation['end']>): void {
    if (!this.ended) this.#measurement?.end(this.context);
    super.end(...given);
    this.release();
  }

  /** Removes the operation from the set of {@link keepIn}. */
  protected release(): void {
    this.#open?.delete(this);
  }

  override run<T>(fn: () => T): T {
    const outer = running.query;
    running.query = this;
    try {
      return super.run(fn);
    } finally {
      running.query = outer;
    }
  }

  /**
   * The operation for a query of the driver that this library calls, if its statement begins like this one's. It adds to
   * this operation's span and does not end it. Only one query may join.
   */
  join(query: DbQuery, parent: Context): QueryOperation | undefined {
    if (trace.getSpan(parent) !== trace.getSpan(this.context) || !isSameStatement(this.#query, query))
      return undefined;
    running.query = undefined;
    if (this.recording) this.#describe(query.database);
    return new JoinedQuery(this, query);
  }

  /** Adds what only the driver knows. */
  #describe({ namespace, address, port }: Database): void {
    const known = this.#query.database;
    if (known.namespace === undefined && namespace !== undefined)
      this.span.setAttribute(ATTR.dbNamespace, namespace);
    if (known.address !== undefined || address === undefined) return;
    this.span.setAttribute(ATTR.serverAddress, address);
    if (port !== undefined) this.span.setAttribute(ATTR.serverPort, port);
  }
}

/** A query that a driver runs for a library above it, such as a query builder. Its end does not end the span. */
class JoinedQuery extends QueryOperation {
  readonly #outer: QueryOperation;
  readonly #joined: DbQuery;

  constructor(outer: QueryOperation, query: DbQuery) {
    super(outer.span, outer.context, outer.context, query);
    this.#outer = outer;
    this.#joined = query;
  }

  override get recording(): boolean {
    return !this.ended && this.#outer.recording;
  }

  override get isDescribed(): boolean {
    return !this.ended && this.#outer.isDescribed;
  }

  override fail(error: unknown): void {
    if (!this.ended) this.#outer.failAs(error, this.#joined);
  }

  override end(attributes?: Parameters<Operation['end']>[0]): void {
    if (attributes !== undefined && this.recording) this.span.setAttributes(attributes);
    this.ended = true;
    this.release();
  }

  /** The span is current already. */
  override run<T>(fn: () => T): T {
    try {
      return fn();
    } catch (error) {
      this.fail(error);
      this.end();
      throw error;
    }
  }
}

interface Running {
  /** The query whose `run` is calling the library, until a query of a driver has joined it. */
  query: QueryOperation | undefined;
}

const KEY = Symbol.for('clew.db.running');
const holder = globalThis as { [KEY]?: Running };
holder[KEY] ??= { query: undefined };

/** One for all copies of this package, because the plugins of a library and of its driver may use different copies. */
export const running: Running = holder[KEY];

/** The length that is compared. */
const COMPARED_CHARS = 32;

/** Whether two statements are the same up to the first placeholder, which drivers write in different ways. */
function isSameStatement({ sql: outer }: DbQuery, { sql: inner }: DbQuery): boolean {
  if (outer === undefined || inner === undefined) return false;
  const placeholder = outer.search(/[?$:@\\]/);
  const length = placeholder < 0 ? COMPARED_CHARS : Math.min(placeholder, COMPARED_CHARS);
  return outer.slice(0, length) === inner.slice(0, length);
}
