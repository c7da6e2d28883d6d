import assert from 'node:assert/strict';
import { suppressTracing } from '@clew/core';
import { ATTR } from '@clew/core/plugin';
import { context, type Span, SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { callbackTests } from './db-callback-tests.ts';
import { type DbAdapter, type DbDriver, driveDb, expectOwnCallers } from './db-driver.ts';
import { joinedTests } from './db-joined-tests.ts';
import { codeTests, optionTests, rowTests } from './db-option-tests.ts';
import { poolTests } from './db-pool-tests.ts';
import type { RecordedSpan } from './recording-span.ts';
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

/** Runs the tests that every plugin for a database library must pass. */
export function dbSuite(adapter: DbAdapter): void {
  runSuite(dbTests(adapter));
}

/** Returns the same tests as data, for another test runner or for testing that a plugin fails them. */
export function dbTests(adapter: DbAdapter): Suite {
  const driver = driveDb(adapter);
  return {
    name: `${adapter.name} as a database`,
    skips: adapter.skips,
    recorder: driver.recorder,
    tests: { ...queryTests(driver), ...optionTests(driver) },
    parts: [
      rowTests(driver),
      codeTests(driver),
      callbackTests(driver),
      poolTests(driver),
      joinedTests(driver),
      shapeTests(adapter),
    ],
  };
}

/** The first words of the queries; a transaction may have a span around them. */
function verbsOf(spans: readonly RecordedSpan[]): (string | undefined)[] {
  const queries = spans.filter(({ kind }) => kind === SpanKind.CLIENT);
  return queries.map(({ name }) => name.split(' ')[0]?.replace(';', ''));
}

function queryTests({ adapter, recorder, connected, queryOne }: DbDriver): SuiteTests['tests'] {
  const { placeholder, sentPlaceholder = placeholder } = adapter;
  return {
    'a query is one CLIENT span with the attributes of the conventions': async () => {
      const { span } = await queryOne('SELECT id FROM songs');
      assert.equal(span.name, 'SELECT songs');
      assert.equal(span.kind, SpanKind.CLIENT);
      assert.equal(span.status.code, SpanStatusCode.UNSET);
      assert.equal(span.attributes[ATTR.dbSystemName], adapter.system);
      assert.equal(span.attributes[ATTR.dbOperationName], 'SELECT');
      assert.equal(span.attributes[ATTR.dbCollectionName], 'songs');
      assert.equal(span.attributes[ATTR.dbQuerySummary], 'SELECT songs');
      assert.equal(span.attributes[ATTR.dbQueryText], 'SELECT id FROM songs');
    },
    'bound values are never recorded, their placeholders are': async () => {
      const { span } = await queryOne(`SELECT id FROM songs WHERE title = ${placeholder}`, ['s3cr3t']);
      assert.equal(
        span.attributes[ATTR.dbQueryText],
        `SELECT id FROM songs WHERE title = ${sentPlaceholder}`,
      );
      assert(!JSON.stringify(span).includes('s3cr3t'));
    },
    'literals in the text become question marks': async () => {
      const { span } = await queryOne("SELECT id FROM songs WHERE title = 's3cr3t' OR id = 4711");
      assert.equal(span.attributes[ATTR.dbQueryText], 'SELECT id FROM songs WHERE title = ? OR id = ?');
      assert(!JSON.stringify(span).includes('s3cr3t'));
    },
    'a failed query is recorded, and the application receives its error': async () => {
      const { span, outcome } = await queryOne('SELECT id FROM no_such_table');
      assert.equal(outcome.status, 'rejected');
      assert.equal(span.status.code, SpanStatusCode.ERROR);
      assert.equal(typeof span.attributes[ATTR.errorType], 'string');
      assert.equal(span.events.length, 1);
    },
    'a span that is current is the parent, and is current again after the query': async () => {
      await connected({}, async (db) => {
        const caller = callerSpan();
        const after = await within(caller, async () => {
          await db.query('SELECT id FROM songs');
          return currentSpanId();
        });
        caller.end();
        const [first, query] = await recorder.take(2);
        assert.equal(query?.parentSpanId, first?.spanId);
        assert.equal(after, first?.spanId);
      });
    },
    'a query is recorded if its caller has ended, or is sampled and in another process': async () => {
      await connected({}, async (db) => {
        const parents = await withinSilentParents(() => db.query('SELECT id FROM songs'));
        const [, ...queries] = await recorder.take(3);
        assert.deepEqual(
          queries.map(({ parentSpanId }) => parentSpanId),
          parents,
        );
      });
    },
    'concurrent queries have their own contexts': async () => {
      await connected({}, async (db) => {
        const both = barrier(2);
        const callers = [callerSpan('first'), callerSpan('second')];
        const run = (caller: Span) =>
          within(caller, async () => {
            await both();
            await db.query('SELECT id FROM songs');
            assert.equal(currentSpanId(), caller.spanContext().spanId);
            caller.end();
          });
        await Promise.all(callers.map(run));
        const spans = await recorder.take(4);
        for (const caller of callers) {
          const { spanId } = caller.spanContext();
          assert.equal(spans.filter((span) => span.parentSpanId === spanId).length, 1);
        }
      });
    },
    'queries that wait for a connection belong to their own callers': async () => {
      await connected({}, (db) =>
        expectOwnCallers(recorder, async () => {
          await db.query('SELECT id FROM songs');
          return currentSpanId();
        }),
      );
    },
    'the statements of a transaction are spans': async () => {
      await connected({}, async (db) => {
        await db.transaction(async (query) => {
          await query("INSERT INTO songs (id, title) VALUES (1, 'one')");
        });
        const spans = await recorder.takeUntil(({ name }) => name.startsWith('COMMIT'));
        const verbs = verbsOf(spans);
        assert.deepEqual(verbs, ['BEGIN', 'INSERT', 'COMMIT']);
      });
    },
    'the statements of a transaction that is rolled back are spans': async () => {
      await connected({}, async (db) => {
        const failure = new Error('rolled back');
        await assert.rejects(
          db.transaction(() => Promise.reject(failure)),
          (error) => error === failure,
        );
        const spans = await recorder.takeUntil(({ name }) => name.startsWith('ROLLBACK'));
        const verbs = verbsOf(spans);
        assert.deepEqual(verbs, ['BEGIN', 'ROLLBACK']);
      });
    },
    'with requireParentSpan a query outside of a span has no span': async () => {
      await connected({ requireParentSpan: true }, async (db) => {
        await db.query('SELECT id FROM songs');
        const caller = callerSpan();
        await within(caller, () => db.query('SELECT id FROM songs'));
        caller.end();
        await recorder.take(2);
      });
    },
    'maxQueryLength cuts the text, 0 leaves it out': async () => {
      const cut = await queryOne('SELECT id FROM songs', [], { maxQueryLength: 9 });
      assert.equal(cut.span.attributes[ATTR.dbQueryText], 'SELECT id…');
      const none = await queryOne('SELECT id FROM songs', [], { maxQueryLength: 0 });
      assert.equal(none.span.attributes[ATTR.dbQueryText], undefined);
      assert.equal(none.span.name, 'SELECT songs');
    },
    'an unsampled query records nothing': async () => {
      recorder.sampling = 'none';
      await connected({}, async (db) => {
        const caller = callerSpan();
        await within(caller, () => db.query('SELECT id FROM songs'));
        assert.equal(recorder.wastedCalls, 0);
      });
    },
    'a query has no span while tracing is suppressed': async () => {
      await connected({}, (db) =>
        context.with(suppressTracing(context.active()), () => db.query('SELECT id FROM songs')),
      );
    },
    'after disable() queries are untraced, after enable() they are traced again': async () => {
      await tracing(adapter, {}, async (subject) => {
        const db = await adapter.open();
        recorder.reset();
        subject.disable();
        await db.query('SELECT 1');
        subject.enable();
        await db.query('SELECT 1');
        await recorder.take(1);
        await db.close();
      });
    },
    'a second instance adds nothing': async () => {
      await connected({}, async (db) => {
        const second = adapter.instrument();
        await db.query('SELECT id FROM songs');
        await recorder.take(1);
        second.disable();
      });
    },
  };
}
