import assert from 'node:assert/strict';
import { isNativeError } from 'node:util/types';
import { suppressTracing } from '@clew/core';
import { ATTR } from '@clew/core/plugin';
import { context, type Span, SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { prepareRecorder } from './recorder.ts';
import {
  callerSpan,
  currentSpanId,
  meeting,
  type SubjectAdapter,
  shapeTests,
  tracing,
  within,
} from './subject.ts';
import { runSuite, type Skips, type SuiteTests } from './suite.ts';

/** Runs one statement with values for its placeholders. */
export type RunQuery = (sql: string, values?: readonly unknown[]) => Promise<unknown>;

/** A connection, or a pool, to a database of the suite's own. */
export interface DbConnection {
  readonly query: RunQuery;
  /** Runs `work` in a transaction: commits when it resolves, rolls back and rejects when it rejects. */
  transaction(work: (query: RunQuery) => Promise<void>): Promise<void>;
  /** As `query`, with the library's callbacks. */
  queryWithCallback?(sql: string, callback: (error: unknown) => void): void;
  close(): Promise<void>;
}

/** A database library as the suite drives it. */
export interface DbAdapter extends SubjectAdapter {
  /** `knex on sqlite` */
  readonly name: string;
  readonly skips?: Skips;
  /** `db.system.name` of the spans. */
  readonly system: string;
  /** How the library writes the first placeholder: `?` or `$1`. */
  readonly placeholder: string;
  /** What is expected in `db.query.text` for it, where the library sends another one. */
  readonly sentPlaceholder?: string;
  /** Why the library cannot be called with a callback; without a reason `open()` must give `queryWithCallback`. */
  readonly noCallbacks?: string;
  /** Opens an empty database, or one whose table `songs` may be dropped; with a pool of one or two connections. */
  open(): Promise<DbConnection>;
}

/** At least one waits, whatever the pool. */
const MORE_THAN_A_POOL = 6;

/** What every database library that a plugin traces must show. */
export function dbSuite(adapter: DbAdapter): void {
  const recorder = prepareRecorder();
  const { placeholder, sentPlaceholder = placeholder } = adapter;

  /** A connection with a table of songs, whose making is not looked at, and the plugin on. */
  const connected = <T>(options: object, work: (db: DbConnection) => Promise<T>): Promise<T> =>
    tracing(adapter, options, async () => {
      const db = await adapter.open();
      try {
        await db.query('DROP TABLE IF EXISTS songs');
        await db.query('CREATE TABLE songs (id INTEGER PRIMARY KEY, title VARCHAR(40))');
        recorder.reset();
        return await work(db);
      } finally {
        await db.close();
      }
    });

  const queryOne = (sql: string, values?: readonly unknown[], options: object = {}) =>
    connected(options, async (db) => {
      const [outcome] = await Promise.allSettled([db.query(sql, values)]);
      const [span] = await recorder.take(1);
      assert(span);
      return { outcome, span };
    });

  /** Makes more queries at once than there are connections; `run` resolves with the span that is current afterwards. */
  const expectOwnCallers = async (run: (caller: Span) => Promise<string>) => {
    const callers = Array.from({ length: MORE_THAN_A_POOL }, (_, index) => callerSpan(`caller ${index}`));
    const current = await Promise.all(callers.map(run));
    for (const caller of callers) caller.end();
    const ids = callers.map((caller) => caller.spanContext().spanId);
    assert.deepEqual(current, ids);
    const queries = (await recorder.take(2 * callers.length)).filter(({ kind }) => kind === SpanKind.CLIENT);
    assert.deepEqual(queries.map(({ parentSpanId }) => parentSpanId).sort(), ids.sort());
  };

  const tests = {
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
    'bound values never leave, their placeholders stay': async () => {
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
    'a query that fails is recorded, and the program gets its error': async () => {
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
    'queries at the same time never see each other': async () => {
      await connected({}, async (db) => {
        const both = meeting(2);
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
        expectOwnCallers((caller) =>
          within(caller, async () => {
            await db.query('SELECT id FROM songs');
            return currentSpanId();
          }),
        ),
      );
    },
    'the statements of a transaction are spans': async () => {
      await connected({}, async (db) => {
        await db.transaction(async (query) => {
          await query("INSERT INTO songs (id, title) VALUES (1, 'one')");
        });
        const spans = await recorder.takeUntil(({ name }) => name.startsWith('COMMIT'));
        const verbs = spans.map(({ name }) => name.split(' ')[0]?.replace(';', ''));
        assert.deepEqual(verbs, ['BEGIN', 'INSERT', 'COMMIT']);
      });
    },
    'so are those of one that is rolled back': async () => {
      await connected({}, async (db) => {
        const failure = new Error('changed my mind');
        await assert.rejects(
          db.transaction(() => Promise.reject(failure)),
          (error) => error === failure,
        );
        const spans = await recorder.takeUntil(({ name }) => name.startsWith('ROLLBACK'));
        const verbs = spans.map(({ name }) => name.split(' ')[0]?.replace(';', ''));
        assert.deepEqual(verbs, ['BEGIN', 'ROLLBACK']);
      });
    },
    'with requireParentSpan a query of nobody has no span': async () => {
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
    'where tracing is suppressed there is no span': async () => {
      await connected({}, (db) =>
        context.with(suppressTracing(context.active()), () => db.query('SELECT id FROM songs')),
      );
    },
    'after disable() nothing is recorded, after enable() everything is': async () => {
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
  const callbacks: SuiteTests = {
    tests: {
      'a callback runs in the context of its caller, also when queries wait for a connection': async () => {
        await connected({}, async (db) => {
          const run = (caller: Span) =>
            within(caller, () => {
              const { promise, resolve, reject } = Promise.withResolvers<string>();
              callbackOf(db)('SELECT id FROM songs', (error) => {
                if (error) reject(error);
                else resolve(currentSpanId());
              });
              return promise;
            });
          await expectOwnCallers(run);
        });
      },
      'a callback that gets an error is a failed query': async () => {
        await connected({}, async (db) => {
          const failed = await new Promise((resolve) =>
            callbackOf(db)('SELECT id FROM no_such_table', resolve),
          );
          // Not `instanceof`: in Jest a native error belongs to another realm than the test.
          assert(isNativeError(failed), `the callback got no error: ${failed}`);
          const [span] = await recorder.take(1);
          assert.equal(span?.status.code, SpanStatusCode.ERROR);
          assert.equal(span.events.length, 1);
        });
      },
    },
    missing: adapter.noCallbacks,
  };
  runSuite({
    name: `${adapter.name} as a database`,
    skips: adapter.skips,
    recorder,
    tests,
    parts: [callbacks, shapeTests(adapter)],
  });
}

function callbackOf(db: DbConnection): NonNullable<DbConnection['queryWithCallback']> {
  const { queryWithCallback } = db;
  assert(queryWithCallback, 'open() gives no queryWithCallback, and the adapter no reason in noCallbacks');
  return queryWithCallback;
}
