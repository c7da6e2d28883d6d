import { join } from 'node:path';
import { callerSpan, logSuite, manifestSuite, recordSpans, within } from '@clew/testing';
import type { SpanContext } from '@opentelemetry/api';
import type winston from 'winston';
import { WinstonInstrumentation } from '../src/index.ts';
import { adapterOf, instrument, load, loggerWriting, VERSIONS } from './versions.ts';

manifestSuite(join(__dirname, '..'), { WinstonInstrumentation });
for (const [title, name] of Object.entries(VERSIONS)) logSuite(adapterOf(title, name));

type LogRecord = Readonly<Record<string, unknown>>;

describe.each(Object.entries(VERSIONS))('%s', (_title, name) => {
  const recorder = recordSpans();
  const { format } = load(name);

  /** Returns the lines that `work` logs with the plugin enabled. */
  function linesOf(
    options: winston.LoggerOptions,
    work: (logger: winston.Logger) => void,
    given: object = {},
  ): string[] {
    const lines: string[] = [];
    const instance = instrument(name, given);
    try {
      work(loggerWriting(name, (line) => void lines.push(line), options));
    } finally {
      recorder.spans();
      instance.disable();
    }
    return lines;
  }

  function recordsOf(...args: Parameters<typeof linesOf>): LogRecord[] {
    return linesOf(...args).map((line) => JSON.parse(line));
  }

  function inSpan(work: () => void): SpanContext {
    const span = callerSpan();
    within(span, work);
    span.end();
    return span.spanContext();
  }

  test('a format that does not print fields prints the same', () => {
    const options = { format: format.printf(({ level, message }) => `${level}: ${message}`) };
    const lines = linesOf(options, (logger) => inSpan(() => logger.warn('sold')));
    expect(lines).toEqual(['warn: sold\n']);
  });

  test('formats get the fields', () => {
    const seen: unknown[] = [];
    const spy = format((info) => {
      seen.push(info.span_id);
      return info;
    });
    let ids: SpanContext | undefined;
    linesOf({ format: format.combine(spy(), format.json()) }, (logger) => {
      ids = inSpan(() => logger.info('sold'));
    });
    expect(seen).toEqual([ids?.spanId]);
  });

  test.each([
    ['log', (logger: winston.Logger, entry: winston.LogEntry) => logger.log(entry)],
    ['info', (logger: winston.Logger, entry: winston.LogEntry) => logger.info(entry)],
    ['write', (logger: winston.Logger, entry: winston.LogEntry) => logger.write(entry)],
  ])('an object that is passed to %s() gets no fields, and can be logged again', (_method, log) => {
    const entry = { level: 'info', message: 'sold', pieces: 2 };
    const ids: (string | undefined)[] = [];
    const records = recordsOf({}, (logger) => {
      ids.push(inSpan(() => log(logger, entry)).spanId);
      ids.push(inSpan(() => log(logger, entry)).spanId);
      ids.push(void log(logger, entry));
    });
    expect(records.map(({ span_id }) => span_id)).toEqual(ids);
    expect(records.map(({ pieces }) => pieces)).toEqual([2, 2, 2]);
    expect(Object.keys(entry)).toEqual(['level', 'message', 'pieces']);
  });

  test('an error that is logged in several spans has the ids of the current one, and its own class', () => {
    const error = Object.assign(new RangeError('broken'), { code: 7 });
    const classes: boolean[] = [];
    const asFields = format((info) => {
      classes.push((info as unknown) instanceof RangeError);
      return Object.assign({}, info, { message: info.message });
    });
    const ids: (string | undefined)[] = [];
    const records = recordsOf({ format: format.combine(asFields(), format.json()) }, (logger) => {
      ids.push(inSpan(() => logger.log('error', error as never)).spanId);
      ids.push(inSpan(() => logger.log('error', error as never)).spanId);
      ids.push(void logger.log('error', error as never));
    });
    expect(records.map(({ span_id }) => span_id)).toEqual(ids);
    expect(records[0]).toMatchObject({ message: 'broken', code: 7, trace_flags: '01' });
    expect(classes).toEqual([true, true, true]);
    expect(Object.keys(error).filter((key) => key !== 'level')).toEqual(['code']);
  });

  test('an instance of a class keeps its private fields', () => {
    class Entry {
      readonly level = 'info';
      readonly message = 'sold';
      readonly #pieces = 2;
      toJSON() {
        return { ...this, pieces: this.#pieces };
      }
    }
    const seen: unknown[] = [];
    const spy = format((info) => {
      seen.push(JSON.parse(JSON.stringify(info)));
      return false;
    });
    linesOf({ format: spy() }, (logger) => inSpan(() => logger.write(new Entry())));
    expect(seen).toEqual([expect.objectContaining({ pieces: 2, trace_flags: '01' })]);
  });

  test('records that wait for a slow transport have the ids of the spans in which they were logged', async () => {
    const COUNT = 100;
    const written: LogRecord[] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    const log = (record: LogRecord, done: () => void) => {
      if (written.push({ ...record }) === COUNT) resolve();
      setImmediate(done);
    };
    // The types lack the name of the class.
    const { Transport } = load(name) as unknown as {
      readonly Transport: new (options: { readonly log: typeof log }) => winston.transport;
    };
    const instance = instrument(name);
    try {
      const logger = load(name).createLogger({ transports: [new Transport({ log })] });
      const ids = Array.from({ length: COUNT }, () => inSpan(() => logger.info('sold')).spanId);
      expect(written.length).toBeLessThan(COUNT);
      await promise;
      expect(written.map(({ span_id }) => span_id)).toEqual(ids);
    } finally {
      recorder.spans();
      instance.disable();
    }
  });

  test('a silent logger calls no hook', () => {
    const logHook = jest.fn();
    linesOf({ silent: true }, (logger) => inSpan(() => logger.info('sold')), { logHook });
    expect(logHook).not.toHaveBeenCalled();
  });
});

test('the other arguments of write() are passed on', async () => {
  const instance = instrument('winston');
  const seen: unknown[] = [];
  const { format } = load('winston');
  const spy = format((info) => {
    seen.push(info);
    return false;
  });
  const logger = loggerWriting('winston', () => {}, { format: spy() });
  const { promise, resolve } = Promise.withResolvers<void>();
  logger.write({ level: 'info', message: 'sold' }, 'utf8', () => resolve());
  await promise;
  expect(seen).toHaveLength(1);
  instance.disable();
});
