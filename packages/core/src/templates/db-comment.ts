import { propagation } from '@opentelemetry/api';
import { guard } from '../kit/failures.ts';
import type { Tools } from '../kit/target.ts';
import { appendSqlComment } from '../propagation/carriers/sql-comment.ts';
import type { QueryOperation } from './db-operation.ts';
import type { CommentOptions } from './db-options.ts';

/** Fields that identify the trace. Baggage stays in the application, because servers log statements. */
const FIELDS = ['traceparent', 'tracestate'];

/**
 * The statement to send: with the trace context as a comment, if the option `sqlComments` is set. Never use it for
 * statements that are cached by their text, such as prepared ones, because each text would be new.
 */
export function withComment(
  { name, options }: Tools<CommentOptions>,
  operation: QueryOperation | undefined,
  sql: string,
): string {
  if (!options.sqlComments || operation === undefined || !operation.recording) return sql;
  const commented = guard(`${name}: writing a comment`, () => {
    const injected: Record<string, string> = {};
    propagation.inject(operation.context, injected);
    const fields = Object.entries(injected).filter(([field]) => FIELDS.includes(field));
    return appendSqlComment(sql, Object.fromEntries(fields));
  });
  return commented ?? sql;
}
