// A plugin that adds the fields to a copy of the record passes the suite for loggers, and others fail it.
import { defineInstrumentation, type LogFields, type LogOptions, logs, type Tools } from '@clew/core/plugin';
import { trace } from '@opentelemetry/api';
import { type LogAdapter, logSuite, logTests, type Suite, testsOf } from '../src/index.ts';

class ToyLogger {
  readonly emit: (json: string) => void;
  constructor(emit: (json: string) => void) {
    this.emit = emit;
  }
  write(fields: object, message: string): void {
    this.emit(JSON.stringify({ ...fields, message }));
  }
}

type Add = (fields: object, tools: Tools<LogOptions>) => object;

/** The fields of the last record in a span. */
let last: LogFields | undefined;

const addToCopy: Add = (fields, tools) => ({ ...logs.currentFields(tools), ...fields });

function toyAdapter(add: Add = addToCopy): LogAdapter {
  const Plugin = defineInstrumentation({
    name: 'toy-logger-instrumentation',
    version: '1.0.0',
    options: logs.options,
    targets: [
      {
        module: 'toy-logger',
        versions: ['*'],
        patch: (prototype, tools) =>
          tools.wrap<ToyLogger['write']>(
            prototype as ToyLogger,
            'write',
            (write) =>
              function (this: ToyLogger, fields, message) {
                write.call(this, add(fields, tools), message);
              },
          ),
      },
    ],
  });
  return {
    name: 'the toy logger',
    functions: () => [ToyLogger.prototype.write],
    instrument(options) {
      const instance = new Plugin(options);
      instance.instrument(ToyLogger.prototype);
      return instance;
    },
    open(emit) {
      const logger = new ToyLogger(emit);
      return {
        log: (message, fields) => logger.write(fields, message),
        logAsChild: (bindings, message, fields) => logger.write({ ...bindings, ...fields }, message),
      };
    },
  };
}

logSuite(toyAdapter());

test.each<[fault: string, add: Add, expected: string[]]>([
  [
    'adds the fields to the object of the application',
    (fields, tools) => Object.assign(fields, { ...logs.currentFields(tools), ...fields }),
    ['the object that the application logs is not changed'],
  ],
  [
    'replaces fields of the application',
    (fields, tools) => ({ ...fields, ...logs.currentFields(tools) }),
    ['a field that the application sets itself is kept', 'a field of a child logger is kept'],
  ],
  [
    'leaves out unsampled traces',
    (fields, tools) => (trace.getActiveSpan()?.isRecording() ? addToCopy(fields, tools) : fields),
    ['a record of an unsampled trace has its ids, and flags without the sampled bit'],
  ],
  [
    'remembers the fields of the last span',
    (fields, tools) => {
      last = logs.currentFields(tools) ?? last;
      return { ...last, ...fields };
    },
    [
      'a record outside of a span gets no fields',
      'the object that the application logs is not changed',
      'logHook gets the current span, and changes the added fields',
    ],
  ],
])('a plugin that %s fails these tests, and no others', async (_fault, add, expected) => {
  expect(await failuresOf(logTests(toyAdapter(add)))).toEqual(expected);
});

/** Runs the tests of a suite, and returns the titles of those that fail. */
async function failuresOf(suite: Suite): Promise<string[]> {
  const failures: string[] = [];
  suite.recorder.start();
  for (const [title, run] of Object.entries(testsOf(suite).tests)) {
    try {
      await run();
      suite.recorder.verify();
    } catch {
      failures.push(title);
    }
    suite.recorder.sampling = 'all';
    suite.recorder.reset();
  }
  suite.recorder.stop();
  return failures;
}
