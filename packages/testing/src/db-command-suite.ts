import assert from 'node:assert/strict';
import { suppressTracing } from '@clew/core';
import { ATTR } from '@clew/core/plugin';
import { context, type Span, SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { commandCallbackTests } from './db-command-callback-tests.ts';
import { type CommandAdapter, type CommandDriver, driveCommands } from './db-command-driver.ts';
import { expectOwnCallers } from './db-driver.ts';
import {
  barrier,
  callerSpan,
  currentSpanId,
  shapeTests,
  tracing,
  within,
  withinSilentParents,
} from './subject.ts';
import { runSuite, type Suite, type SuiteTests } from './suite.ts';

/** Runs the tests that every plugin for a database without SQL must pass, such as Redis and MongoDB. */
export function dbCommandSuite(adapter: CommandAdapter): void {
  runSuite(dbCommandTests(adapter));
}

/** Returns the same tests as data, for another test runner or for testing that a plugin fails them. */
export function dbCommandTests(adapter: CommandAdapter): Suite {
  const driver = driveCommands(adapter);
  return {
    name: `${adapter.name} as a database`,
    skips: adapter.skips,
    recorder: driver.recorder,
    tests: { ...commandTests(driver), ...optionTests(driver) },
    parts: [commandCallbackTests(driver), shapeTests(adapter)],
  };
}

function commandTests({ adapter, recorder, connected }: CommandDriver): SuiteTests['tests'] {
  return {
    'a command is one CLIENT span with the attributes of the conventions': () =>
      connected({}, async (db) => {
        await db.read();
        const [span] = await recorder.take(1);
        assert.equal(span?.name, adapter.read.name);
        assert.equal(span.kind, SpanKind.CLIENT);
        assert.equal(span.status.code, SpanStatusCode.UNSET);
        assert.equal(span.attributes[ATTR.dbSystemName], adapter.system);
        assert.equal(span.attributes[ATTR.dbOperationName], adapter.read.operation);
        assert.equal(span.attributes[ATTR.dbQueryText], adapter.read.text);
        assert.equal(typeof span.attributes[ATTR.serverAddress], 'string');
      }),
    'values are never recorded': () =>
      connected({}, async (db) => {
        await db.write('s3cr3t');
        const [span] = await recorder.take(1);
        assert(!JSON.stringify(span).includes('s3cr3t'));
      }),
    'a failed command is recorded with its code, and the application receives its error': () =>
      connected({}, async (db) => {
        const [outcome] = await Promise.allSettled([db.fail()]);
        assert.equal(outcome.status, 'rejected');
        const [span] = await recorder.take(1);
        assert.equal(span?.status.code, SpanStatusCode.ERROR);
        assert.equal(span.attributes[ATTR.dbResponseStatusCode], adapter.failureCode);
        assert.equal(typeof span.attributes[ATTR.errorType], 'string');
        assert.equal(span.events.length, 1);
      }),
    'a span that is current is the parent, and is current again after the command': () =>
      connected({}, async (db) => {
        const caller = callerSpan();
        const after = await within(caller, async () => {
          await db.read();
          return currentSpanId();
        });
        caller.end();
        const [first, command] = await recorder.take(2);
        assert.equal(command?.parentSpanId, first?.spanId);
        assert.equal(after, first?.spanId);
      }),
    'a command is recorded if its caller has ended, or is sampled and in another process': () =>
      connected({}, async (db) => {
        const parents = await withinSilentParents(() => db.read());
        const [, ...commands] = await recorder.take(3);
        assert.deepEqual(
          commands.map(({ parentSpanId }) => parentSpanId),
          parents,
        );
      }),
    'concurrent commands have their own contexts': () =>
      connected({}, async (db) => {
        const both = barrier(2);
        const callers = [callerSpan('first'), callerSpan('second')];
        const run = (caller: Span) =>
          within(caller, async () => {
            await both();
            await db.read();
            assert.equal(currentSpanId(), caller.spanContext().spanId);
            caller.end();
          });
        await Promise.all(callers.map(run));
        const spans = await recorder.take(4);
        for (const caller of callers) {
          const { spanId } = caller.spanContext();
          assert.equal(spans.filter((span) => span.parentSpanId === spanId).length, 1);
        }
      }),
    'commands that share a connection belong to their own callers': () =>
      connected({}, (db) =>
        expectOwnCallers(recorder, async () => {
          await db.read();
          return currentSpanId();
        }),
      ),
    'an unsampled command records nothing': async () => {
      await connected({}, async (db) => {
        recorder.sampling = 'none';
        const caller = callerSpan();
        await within(caller, () => db.read());
        assert.equal(recorder.wastedCalls, 0);
      });
    },
    'a command has no span while tracing is suppressed': () =>
      connected({}, async (db) => {
        await context.with(suppressTracing(context.active()), () => db.read());
      }),
    'after disable() commands are untraced, after enable() they are traced again': () =>
      tracing(adapter, {}, async (subject) => {
        const db = await adapter.open();
        recorder.reset();
        subject.disable();
        await db.read();
        subject.enable();
        await db.read();
        await recorder.take(1);
        await db.close();
        recorder.reset();
      }),
    'a second instance adds nothing': () =>
      connected({}, async (db) => {
        const second = adapter.instrument();
        await db.read();
        await recorder.take(1);
        second.disable();
      }),
  };
}

function optionTests({ adapter, recorder, connected }: CommandDriver): SuiteTests['tests'] {
  return {
    'with requireParentSpan a command outside of a span has no span': () =>
      connected({ requireParentSpan: true }, async (db) => {
        await db.read();
        const caller = callerSpan();
        await within(caller, () => db.read());
        caller.end();
        await recorder.take(2);
      }),
    'with maxQueryLength 0 the text is left out': () =>
      connected({ maxQueryLength: 0 }, async (db) => {
        await db.read();
        const [span] = await recorder.take(1);
        assert.equal(span?.attributes[ATTR.dbQueryText], undefined);
        assert.equal(span?.name, adapter.read.name);
      }),
    'a command that ignore names has no span': () =>
      connected({ ignore: [adapter.read.name] }, async (db) => {
        await db.read();
        await db.write('value');
        const [span] = await recorder.take(1);
        assert.notEqual(span?.name, adapter.read.name);
      }),
  };
}
