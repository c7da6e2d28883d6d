import { join } from 'node:path';
import { callerSpan, logSuite, manifestSuite, recordSpans, within } from '@clew/testing';
import { type DiagLogger, diag } from '@opentelemetry/api';
import type { Logger, LoggerOptions } from 'pino';
import { PinoInstrumentation } from '../src/index.ts';
import { adapterOf, instrument, load, VERSIONS } from './versions.ts';

manifestSuite(join(__dirname, '..'), { PinoInstrumentation });
for (const [title, name] of Object.entries(VERSIONS)) logSuite(adapterOf(title, name));

const FIELDS = /,"trace_id":"[\da-f]{32}","span_id":"[\da-f]{16}","trace_flags":"01"(?=\}\r?\n$)/;

/** Loggers whose options change the line, and what they log. */
const LOGGERS: Record<string, readonly [options: LoggerOptions, log: (logger: Logger) => void]> = {
  'a text with parameters': [{}, (logger) => logger.info('sold %d to %s', 2, 'ada')],
  'an error': [{}, (logger) => logger.error(Object.assign(new Error('broken'), { stack: 'here', code: 7 }))],
  'a key for the message': [{ messageKey: 'message' }, (logger) => logger.info({ pieces: 2 }, 'sold')],
  'a key for nested fields': [{ nestedKey: 'data' }, (logger) => logger.info({ pieces: 2 }, 'sold')],
  'a mixin': [{ mixin: () => ({ shop: 'one' }) }, (logger) => logger.info({ pieces: 2 }, 'sold')],
  formatters: [
    {
      formatters: {
        level: (label) => ({ severity: label }),
        bindings: () => ({ shop: 'one' }),
        log: (fields) => ({ ...fields, own: Object.getPrototypeOf(fields) === Map.prototype }),
      },
    },
    (logger) => logger.info(new Map(), 'sold'),
  ],
  serializers: [
    { serializers: { user: ({ name }: { name: string }) => name } },
    (logger) => logger.info({ user: { name: 'ada', age: 3 } }, 'sold'),
  ],
  redaction: [
    { redact: ['card.number', 'trace_id', '*'] },
    (logger) => logger.info({ card: { number: 7 }, note: 'secret' }, 'sold'),
  ],
  'no bindings': [{ base: null }, (logger) => logger.warn('sold')],
  'own levels': [
    { customLevels: { audit: 35 } },
    (logger) => (logger as unknown as { audit(text: string): void }).audit('sold'),
  ],
  'Windows line breaks': [{ crlf: true }, (logger) => logger.info('sold')],
  'a child of a child': [
    {},
    (logger) => logger.child({ shop: 'one', trace: '"trace_id":' }).child({ request: 7 }).info('sold'),
  ],
  'a quoted name of a field in the message': [{}, (logger) => logger.info({ a: 1 }, ',"trace_id":1')],
};

describe.each(Object.entries(VERSIONS))('%s', (_title, name) => {
  const recorder = recordSpans();

  /** Returns the lines that `work` logs. */
  function linesOf(options: LoggerOptions, work: (logger: Logger) => void): string[] {
    const lines: string[] = [];
    work(
      load(name)({ timestamp: () => ',"time":1', ...options }, { write: (line) => void lines.push(line) }),
    );
    return lines;
  }

  /** Does this in a span and with the plugin enabled. */
  function tracedLinesOf(
    options: LoggerOptions,
    work: (logger: Logger) => void,
    given: object = {},
  ): string[] {
    const instance = instrument(name, given);
    const span = callerSpan();
    try {
      return within(span, () => linesOf(options, work));
    } finally {
      span.end();
      recorder.spans();
      instance.disable();
    }
  }

  test.each(Object.entries(LOGGERS))(
    '%s: the line is the same, apart from the fields at its end',
    (_what, [options, log]) => {
      const untraced = linesOf(options, log);
      const traced = tracedLinesOf(options, log);
      expect(untraced).toHaveLength(1);
      expect(traced[0]).toMatch(FIELDS);
      expect(traced.map((line) => line.replace(FIELDS, ''))).toEqual(untraced);
    },
  );

  test('a record below the level of the logger is not written, and calls no hook', () => {
    const logHook = jest.fn();
    expect(tracedLinesOf({ level: 'warn' }, (logger) => logger.info('sold'), { logHook })).toEqual([]);
    expect(logHook).not.toHaveBeenCalled();
  });

  test('a field of the same name in a nested object does not replace the added one', () => {
    const [line = ''] = tracedLinesOf({}, (logger) => logger.info({ order: { pieces: 2, trace_id: 7 } }));
    expect(JSON.parse(line)).toMatchObject({
      order: { trace_id: 7 },
      trace_id: expect.stringMatching(/^\w{32}$/),
    });
  });

  test('a field that a formatter writes is kept, and written once', () => {
    const log = (fields: object) => ({ ...fields, trace_id: 'mine' });
    const [line = ''] = tracedLinesOf({ formatters: { log } }, (logger) => logger.info('sold'));
    expect(line.match(/"trace_id":/g)).toHaveLength(1);
    expect(JSON.parse(line)).toMatchObject({ trace_id: 'mine', span_id: expect.any(String) });
  });

  test('a logger and its child that are older than the plugin add the fields', () => {
    const lines: string[] = [];
    const logger = load(name)({}, { write: (line) => void lines.push(line) });
    const child = logger.child({ shop: 'one' });
    tracedLinesOf({}, () => [logger, child].map((each) => each.info('sold')));
    expect(lines.map((line) => FIELDS.test(line))).toEqual([true, true]);
  });

  test('a field of the hook that has no JSON is left out and reported once', () => {
    const error = jest.fn();
    diag.setLogger({ error } as unknown as DiagLogger);
    const logHook = (_span: unknown, fields: Record<string, unknown>) => {
      Object.assign(fields, { pieces: 2n, nothing: undefined, shop: 'one' });
    };
    const lines = tracedLinesOf({}, (logger) => [1, 2].map(() => logger.info('sold')), { logHook });
    diag.disable();
    for (const line of lines) {
      expect(JSON.parse(line)).toMatchObject({ shop: 'one', trace_id: expect.any(String) });
      expect(line).not.toContain('pieces');
    }
    // Failures are reported once in a process, which tests all versions.
    expect(error.mock.calls.length).toBeLessThanOrEqual(1);
  });
});
