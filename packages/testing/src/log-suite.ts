import assert from 'node:assert/strict';
import { type Span, type SpanContext, trace } from '@opentelemetry/api';
import { prepareRecorder, type Recorder } from './recorder.ts';
import {
  brokenHook,
  callerSpan,
  laterTurn,
  type SubjectAdapter,
  shapeTests,
  tracing,
  within,
} from './subject.ts';
import { runSuite, type Skips, type Suite, type SuiteTests } from './suite.ts';

/** A logger of the library under test, which writes its records as JSON. */
export interface SuiteLogger {
  /** Logs a record with a message and fields at the level `info`. */
  log(message: string, fields: object): void;
  /** Logs such a record with a child logger, whose records also have `bindings`; absent with `noChildren`. */
  logAsChild?(bindings: object, message: string, fields: object): void;
}

/** The adapter of a logger. */
export interface LogAdapter extends SubjectAdapter {
  /** `pino` */
  readonly name: string;
  readonly skips?: Skips;
  /** Why there are no child loggers, if the library has none. */
  readonly noChildren?: string;
  /** Creates a logger that calls `write` synchronously with each record as JSON, with the fields at its top level. */
  open(write: (json: string) => void): SuiteLogger;
}

/** Runs the tests that every plugin for a logger must pass. */
export function logSuite(adapter: LogAdapter): void {
  runSuite(logTests(adapter));
}

/** Returns the same tests as data, for another test runner or for testing that a plugin fails them. */
export function logTests(adapter: LogAdapter): Suite {
  const recorder = prepareRecorder();
  const suite = driveLogger(adapter, recorder);
  return {
    name: `${adapter.name} as a logger`,
    skips: adapter.skips,
    recorder,
    tests: { ...recordTests(suite), ...optionTests(suite) },
    parts: [childTests(suite), shapeTests(adapter)],
  };
}

type LogRecord = Readonly<Record<string, unknown>>;

interface LogDriver {
  readonly adapter: LogAdapter;
  readonly recorder: Recorder;
  /** Returns the records that `work` logs with the plugin enabled. */
  logged(options: object, work: (logger: SuiteLogger, disable: () => void) => unknown): Promise<LogRecord[]>;
  /** Calls `work` in a span that ends with it, and returns the ids of the span. */
  inSpan(work: (span: Span) => unknown): Promise<SpanContext>;
}

function driveLogger(adapter: LogAdapter, recorder: Recorder): LogDriver {
  return {
    adapter,
    recorder,
    async logged(options, work) {
      const records: LogRecord[] = [];
      await tracing(adapter, options, async (subject) => {
        const logger = adapter.open((json) => void records.push(JSON.parse(json) as LogRecord));
        await work(logger, () => subject.disable());
      });
      recorder.spans();
      return records;
    },
    async inSpan(work) {
      const span = callerSpan();
      await within(span, async () => work(span));
      span.end();
      return span.spanContext();
    },
  };
}

function idsOf({ traceId, spanId, traceFlags }: SpanContext) {
  return { trace_id: traceId, span_id: spanId, trace_flags: `0${traceFlags}` };
}

function addedTo({ trace_id, span_id, trace_flags }: LogRecord) {
  return { trace_id, span_id, trace_flags };
}

const NOTHING = { trace_id: undefined, span_id: undefined, trace_flags: undefined };

function recordTests({ adapter, recorder, logged, inSpan }: LogDriver): SuiteTests['tests'] {
  return {
    'a record has the ids and the flags of the current span': async () => {
      let ids: SpanContext | undefined;
      const [record] = await logged({}, async (logger) => {
        ids = await inSpan(() => logger.log('sold', { pieces: 2 }));
      });
      assert.equal(record?.pieces, 2);
      assert.deepEqual(addedTo(record), idsOf(ids!));
      assert.equal(record.trace_flags, '01');
    },
    'a record of an unsampled trace has its ids, and flags without the sampled bit': async () => {
      recorder.sampling = 'none';
      let ids: SpanContext | undefined;
      const [record] = await logged({}, async (logger) => {
        ids = await inSpan(() => logger.log('sold', {}));
      });
      assert.deepEqual(addedTo(record!), idsOf(ids!));
      assert.equal(record?.trace_flags, '00');
      assert.equal(recorder.wastedCalls, 0);
    },
    'a record outside of a span gets no fields': async () => {
      const before: string[] = [];
      adapter.open((json) => void before.push(json)).log('sold', { pieces: 2 });
      const [record] = await logged({}, (logger) => logger.log('sold', { pieces: 2 }));
      assert.deepEqual(Object.keys(record!), Object.keys(JSON.parse(before[0]!) as object));
    },
    'records of concurrent requests have the ids of their own spans': async () => {
      const expected: SpanContext[] = [];
      const records = await logged({}, async (logger) => {
        const request = async (pieces: number) => {
          expected[pieces] = await inSpan(async () => {
            await laterTurn();
            logger.log('sold', { pieces });
          });
        };
        await Promise.all([0, 1, 2, 3].map(request));
      });
      assert.equal(records.length, 4);
      for (const record of records)
        assert.deepEqual(addedTo(record), idsOf(expected[record.pieces as number]!));
    },
    'a field that the application sets itself is kept': async () => {
      const [record] = await logged({}, (logger) => inSpan(() => logger.log('sold', { trace_id: 'mine' })));
      assert.equal(record?.trace_id, 'mine');
      assert.equal(typeof record?.span_id, 'string');
    },
    'the object that the application logs is not changed': async () => {
      const fields = { pieces: 2 };
      const records = await logged({}, async (logger) => {
        await inSpan(() => logger.log('sold', fields));
        logger.log('sold', fields);
      });
      assert.deepEqual(fields, { pieces: 2 });
      assert.deepEqual(addedTo(records[1]!), NOTHING);
    },
    'after disable(), records get no fields': async () => {
      const records = await logged({}, async (logger, disable) => {
        await inSpan(() => logger.log('sold', {}));
        disable();
        await inSpan(() => logger.log('sold', {}));
      });
      assert.deepEqual(
        records.map((record) => 'trace_id' in record),
        [true, false],
      );
    },
  };
}

function childTests({ adapter, logged, inSpan }: LogDriver): SuiteTests {
  return {
    tests: {
      'a record of a child logger has the ids of the current span, and the fields of the child': async () => {
        let ids: SpanContext | undefined;
        const [record] = await logged({}, async (logger) => {
          ids = await inSpan(() => logger.logAsChild?.({ shop: 'one' }, 'sold', { pieces: 2 }));
        });
        assert.deepEqual(addedTo(record!), idsOf(ids!));
        assert.deepEqual([record?.shop, record?.pieces], ['one', 2]);
      },
      'a field of a child logger is kept': async () => {
        const [record] = await logged({}, (logger) =>
          inSpan(() => logger.logAsChild?.({ trace_id: 'mine' }, 'sold', {})),
        );
        assert.equal(record?.trace_id, 'mine');
      },
    },
    missing: adapter.noChildren,
  };
}

function optionTests({ adapter, logged, inSpan }: LogDriver): SuiteTests['tests'] {
  return {
    'the option fields renames fields': async () => {
      const options = { fields: { traceId: 'dd.trace_id', spanId: 'a "quoted" name' } };
      let ids: SpanContext | undefined;
      const [record] = await logged(options, async (logger) => {
        ids = await inSpan(() => logger.log('sold', {}));
      });
      assert.equal(record?.['dd.trace_id'], ids?.traceId);
      assert.equal(record?.['a "quoted" name'], ids?.spanId);
      assert.deepEqual(addedTo(record!), { ...NOTHING, trace_flags: '01' });
    },
    'logHook gets the current span, and changes the added fields': async () => {
      const spans: unknown[] = [];
      const logHook = (span: Span, fields: Record<string, unknown>) => {
        spans.push(span);
        fields.tenant = { name: 'ada' };
        delete fields.trace_flags;
      };
      let current: Span | undefined;
      const [record, outside] = await logged({ logHook }, async (logger) => {
        await inSpan(() => {
          current = trace.getActiveSpan();
          logger.log('sold', {});
        });
        logger.log('sold', {});
      });
      assert.deepEqual(record?.tenant, { name: 'ada' });
      assert.deepEqual([typeof record?.trace_id, record?.trace_flags], ['string', undefined]);
      assert.equal(outside?.tenant, undefined);
      assert.deepEqual(spans, [current]);
    },
    'a hook that throws does not prevent the record, nor its ids': async () => {
      const [record] = await logged({ logHook: brokenHook }, (logger) =>
        inSpan(() => logger.log('sold', { pieces: 2 })),
      );
      assert.equal(record?.pieces, 2);
      assert.equal(typeof record?.trace_id, 'string');
    },
    'wrong options are refused': () => {
      for (const fields of [
        'trace',
        [],
        { trace: 'id' },
        { traceId: '' },
        { traceId: 7 },
        { traceId: 'id', spanId: 'id' },
      ])
        assert.throws(
          () => adapter.instrument({ fields }),
          /expected fields to be an object with/,
          String(fields),
        );
      assert.throws(() => adapter.instrument({ logHook: 'hook' }), /expected logHook to be a function/);
    },
  };
}
