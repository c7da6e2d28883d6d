// The template for databases. Source: https://opentelemetry.io/docs/specs/semconv/db/
export { startQuery } from '../templates/db.ts';
export { startAcquire, startConnect } from '../templates/db-acquire.ts';
export { withComment } from '../templates/db-comment.ts';
export { commandOptions, commentOptions, dbOptions as options } from '../templates/db-options.ts';
export { observePool } from '../templates/db-pool.ts';
export { startTransaction } from '../templates/db-transaction.ts';
