import assert from 'node:assert/strict';
import { prepareRecorder, type Recorder, type RecorderOptions } from './recorder.ts';
import { type SubjectAdapter, tracing } from './subject.ts';
import type { Skips } from './suite.ts';

/** A connection to a database that is not queried in SQL. */
export interface CommandConnection {
  /** Runs the command that the adapter describes as `read`. */
  read(): Promise<unknown>;
  /** Runs a command with this value in it, which must not be recorded. */
  write(secret: string): Promise<unknown>;
  /** Runs the command that the adapter describes as `failure`, which the database refuses. */
  fail(): Promise<unknown>;
  /** Like `read` and `fail`, but with the library's callback. */
  readWithCallback?(callback: (error: unknown) => void): void;
  failWithCallback?(callback: (error: unknown) => void): void;
  close(): Promise<void>;
}

/** The adapter of a library for a database that is not queried in SQL. */
export interface CommandAdapter extends SubjectAdapter {
  /** `ioredis 6` */
  readonly name: string;
  readonly skips?: Skips;
  /** Runs the suite with another tracer provider or context manager. */
  readonly recorder?: RecorderOptions;
  /** `db.system.name` of the spans. */
  readonly system: string;
  /** The expected span of `read`. */
  readonly read: {
    readonly name: string;
    /** `db.operation.name` */
    readonly operation: string;
    /** `db.query.text`, if it is recorded. */
    readonly text?: string;
  };
  /** `db.response.status_code` of the span of `fail`. */
  readonly failureCode: string;
  /** Why the library has no callbacks. Without a reason, `open()` must return the functions with callbacks. */
  readonly noCallbacks?: string;
  /** Opens a connection, or a pool, which six concurrent commands share. */
  open(): Promise<CommandConnection>;
}

/** The common steps of the tests of such a library. */
export interface CommandDriver {
  readonly adapter: CommandAdapter;
  readonly recorder: Recorder;
  /** Runs `work` with the plugin enabled. The spans of opening the connection are dropped. */
  connected<T>(options: object, work: (db: CommandConnection) => Promise<T>): Promise<T>;
}

/** Creates the steps for an adapter. */
export function driveCommands(adapter: CommandAdapter): CommandDriver {
  const recorder = prepareRecorder(adapter.recorder);
  return {
    adapter,
    recorder,
    connected: (options, work) =>
      tracing(adapter, options, async () => {
        const db = await adapter.open();
        try {
          await db.read();
          recorder.reset();
          return await work(db);
        } finally {
          await db.close();
        }
      }),
  };
}

/** Returns the functions with callbacks. Throws if the adapter has neither them nor a reason. */
export function callbacksOf(db: CommandConnection): {
  readonly read: (callback: (error: unknown) => void) => void;
  readonly fail: (callback: (error: unknown) => void) => void;
} {
  const { readWithCallback: read, failWithCallback: fail } = db;
  assert(read && fail, 'expected readWithCallback and failWithCallback, or a reason in noCallbacks');
  return { read, fail };
}
