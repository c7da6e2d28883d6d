import { type Context, context, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { isCancellation } from '../cancellation.ts';
import { guard } from '../kit/failures.ts';
import type { Tools } from '../kit/target.ts';
import { Operation } from '../operation.ts';
import { errorType } from '../record-error.ts';
import { ATTR } from '../semconv.ts';
import { databaseAttributes } from './db-attributes.ts';
import { statusCodeOf } from './db-error.ts';
import type { CommandOptions } from './db-options.ts';
import { queryContext } from './db-parent.ts';
import type { Database } from './db-query.ts';
import { isRecorded } from './recorded-call.ts';

/** The operation of a transaction: an INTERNAL span around all of its statements. */
export class TransactionOperation extends Operation {
  readonly #database: Database;

  constructor(span: Span, caller: Context, database: Database) {
    super(span, trace.setSpan(caller, span), caller);
    this.#database = database;
  }

  /** Records the type and code of an error, and no message: it may be an error of a statement, with its values. */
  override fail(error: unknown): void {
    if (!this.recording || isCancellation(error)) return;
    guard('recording the error of a transaction', () => {
      const status = statusCodeOf(error, this.#database.system);
      if (status !== undefined) this.span.setAttribute(ATTR.dbResponseStatusCode, status);
      this.span.setAttribute(ATTR.errorType, errorType(error));
      this.span.setStatus({ code: SpanStatusCode.ERROR });
    });
  }

  /**
   * Calls `fn`, which runs a statement of the transaction, as a child of the transaction. A span that the application has
   * started in the meantime stays the parent.
   */
  enter<T>(fn: () => T): T {
    const caller = this.caller && trace.getSpan(this.caller);
    const isOutside = !this.ended && trace.getSpan(context.active()) === caller;
    return isOutside ? context.with(this.context, fn) : fn();
  }
}

/**
 * Starts the INTERNAL span of a transaction; the caller ends it. Returns `undefined` if it is not traced; then `describe`
 * is not called. The conventions define no such span.
 */
export function startTransaction(
  tools: Tools<CommandOptions>,
  describe: () => Database,
): TransactionOperation | undefined {
  const parent = queryContext();
  if (parent === undefined || !isRecorded(tools, parent)) return undefined;
  return guard(`${tools.name}: starting a span`, () => {
    const database = describe();
    const options = { kind: SpanKind.INTERNAL, attributes: databaseAttributes(database) };
    const span = tools.tracer.startSpan('transaction', options, parent);
    return span.isRecording() ? new TransactionOperation(span, parent, database) : undefined;
  });
}
