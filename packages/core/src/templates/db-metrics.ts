import type { Counter, Histogram, Meter } from '@opentelemetry/api';
import { perObject } from '../kit/per-object.ts';
import { readProperty } from '../kit/read-property.ts';
import { ATTR } from '../semconv.ts';
import { type Database, poolNameOf } from './db-query.ts';

/** The instruments of one meter. Source: https://opentelemetry.io/docs/specs/semconv/db/database-metrics/ */
export interface DbMetrics {
  readonly duration: Histogram;
  readonly waitTime: Histogram;
  readonly timeouts: Counter;
}

/** The buckets that the conventions prescribe, in seconds. */
const BUCKETS = { explicitBucketBoundaries: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10] };

/** Creates the instruments of a meter once. */
export const metricsOf = perObject(
  (meter: Meter): DbMetrics => ({
    duration: meter.createHistogram('db.client.operation.duration', {
      description: 'Duration of database client operations.',
      unit: 's',
      advice: BUCKETS,
    }),
    waitTime: meter.createHistogram('db.client.connection.wait_time', {
      description: 'The time it took to obtain an open connection from the pool.',
      unit: 's',
      advice: BUCKETS,
    }),
    timeouts: meter.createCounter('db.client.connection.timeouts', {
      description: 'The number of timeouts while waiting for a connection of the pool.',
      unit: '{timeout}',
    }),
  }),
);

/** Records how long an application waited for a connection; of the waits that failed, counts those that timed out. */
export function measureWait(
  { waitTime, timeouts }: DbMetrics,
  database: Database,
  waitMs: number,
  error?: unknown,
) {
  const attributes = { [ATTR.dbClientConnectionPoolName]: poolNameOf(database) };
  if (error === undefined) waitTime.record(waitMs / 1000, attributes);
  else if (isTimeout(error)) timeouts.add(1, attributes);
}

function isTimeout(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  return ['name', 'code', 'message'].some((key) =>
    /timed?[ _-]?out/i.test(String(readProperty(error, key) ?? '')),
  );
}
