// The template for databases.
export { dbOptions as options, queryParent, recordFailedAcquire, startQuery } from '../templates/db.ts';
