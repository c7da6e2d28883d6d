import { expectFit, option, resolveOptions, show } from '@clew/core/internal';
import type { EndedSpan } from './ended-span.ts';
import { pointsOf } from './point.ts';
import { areStorable, idsOf, isFromOsprofiler } from './point-ids.ts';
import { PointQueue, type PointStats } from './point-queue.ts';
import type { PointStore } from './point-store.ts';
import { TARGET_EXPECTED, targetOf } from './point-target.ts';

/** Options of `osprofilerPoints`. */
export interface OsprofilerPointsOptions {
  /** `project` of all points, at most 255 characters. Default `service.namespace` of the resource. */
  readonly project?: string;
  /** `service` of all points, at most 255 characters. Default `service.name` of the resource. */
  readonly service?: string;
  /**
   * The traces whose spans are written: those that OSProfiler began, which are those that arrived in its headers or in
   * `trace_info`, or all that are sampled. Default `osprofiler`.
   */
  readonly traces?: 'osprofiler' | 'all';
  /** In Redis: the points of a trace after which no more are added: [2, 1000000], default 10000. */
  readonly maxPointsPerTrace?: number;
  /**
   * In Redis and AMQP: seconds after which points are deleted; in Redis, counted from the last ones of their trace: [1,
   * 315360000], default 604800 (7 days).
   */
  readonly expireSeconds?: number;
  /** Maximum milliseconds of a flush and of the shutdown: [0, 60000], default 2000. */
  readonly flushTimeoutMs?: number;
}

/** An OpenTelemetry `SpanProcessor` that writes points. */
export interface OsprofilerPoints {
  onStart(): void;
  onEnd(span: EndedSpan): void;
  /** Writes the points of all ended spans. Never rejects; takes at most `flushTimeoutMs`. */
  forceFlush(): Promise<void>;
  /** Flushes, then closes the connection. Never rejects. */
  shutdown(): Promise<void>;
  /** Counts of spans since the start. */
  stats(): PointStats;
}

const OWNER = '@clew/osprofiler';

const label = () =>
  option.custom(
    'a text of 1 to 255 characters',
    (value): value is string => typeof value === 'string' && value.length > 0 && value.length <= 255,
  );

const OPTIONS = {
  project: label(),
  service: label(),
  traces: option.oneOf(['osprofiler', 'all'], 'osprofiler'),
  maxPointsPerTrace: option.number(2, 1_000_000, 10_000),
  expireSeconds: option.number(1, 315_360_000, 604_800),
  flushTimeoutMs: option.number(0, 60_000, 2000),
};

/**
 * Creates a span processor that writes spans as trace points of OSProfiler, so that `osprofiler trace show` shows them
 * together with the points of OpenStack's services. Points are written in the background; while the store cannot be
 * reached, they are dropped and counted.
 *
 * @param store OSProfiler's connection string (`redis://`, `postgresql://`, `mysql://`, or `amqp://` for its driver
 *   `messaging`), or your own store
 * @throws {TypeError} for an invalid option, or if the client library of the store is not installed
 * @example
 * import { init } from '@clew/node';
 * init({ spanProcessors: [osprofilerPoints('redis://127.0.0.1:6379', { project: 'shop' })] });
 * Source: https://docs.openstack.org/osprofiler/latest/user/collectors.html
 */
export function osprofilerPoints(
  store: string | PointStore,
  options: OsprofilerPointsOptions = {},
): OsprofilerPoints {
  const resolved = resolveOptions(OWNER, OPTIONS, options);
  const target = targetOf(store, {
    maxPointsPerTrace: resolved.maxPointsPerTrace,
    expireSeconds: Math.ceil(resolved.expireSeconds),
  });
  expectFit(OWNER, target !== undefined, `store to be ${TARGET_EXPECTED}`, withoutPassword(store));
  const queue = new PointQueue(target, (span) => pointsOf(span, idsOf(span), resolved));
  const isWritten = resolved.traces === 'all' ? () => true : isFromOsprofiler;
  return {
    onStart() {},
    onEnd(span) {
      if ((span.spanContext().traceFlags & 1) === 0 || !isWritten(span)) return;
      if (areStorable(idsOf(span))) queue.add(span);
      else queue.drop('unusableId', 1, 'an id of their trace is too long, or has control characters');
    },
    forceFlush: () => queue.flush(resolved.flushTimeoutMs),
    shutdown: () => queue.close(resolved.flushTimeoutMs),
    stats: () => queue.stats(),
  };
}

/**
 * Creates the processor from `CLEW_OSPROFILER_POINTS`, the connection string, `CLEW_OSPROFILER_PROJECT`,
 * `CLEW_OSPROFILER_SERVICE` and `CLEW_OSPROFILER_TRACES`.
 *
 * @throws {TypeError} if a variable is invalid, or if the client library of the store is not installed
 */
export function osprofilerPointsFromEnvironment(): OsprofilerPoints {
  const {
    CLEW_OSPROFILER_POINTS: store = '',
    CLEW_OSPROFILER_PROJECT: project,
    CLEW_OSPROFILER_SERVICE: service,
    CLEW_OSPROFILER_TRACES: traces,
  } = process.env;
  return osprofilerPoints(store, {
    ...(project && { project }),
    ...(service && { service }),
    ...(traces && { traces: traces as 'all' }),
  });
}

function withoutPassword(store: unknown): unknown {
  return typeof store === 'string' ? store.replace(/\/\/.*@/s, '//…@') : show(store);
}
