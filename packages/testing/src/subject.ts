import assert from 'node:assert/strict';
import { context, propagation, type Span, trace } from '@opentelemetry/api';
import type { SuiteTests } from './suite.ts';

/** An active plugin: an instance of its class, which may have patched given exports. */
export interface Subject {
  enable(): void;
  disable(): void;
}

/** What every suite needs to know about a plugin. */
export interface SubjectAdapter {
  /** Makes an instance of the plugin and patches the library's exports with it: `instance.instrument(koa)`. */
  instrument(options?: object): Subject;
  /**
   * The library's functions that the plugin replaces, as they are now; or the reason why there are none, such as
   * `it listens to channels`.
   */
  readonly functions: (() => readonly ((...args: never[]) => unknown)[]) | string;
}

/** Runs `work` with the plugin enabled, and disables it in any case. */
export async function tracing<T>(
  adapter: Pick<SubjectAdapter, 'instrument'>,
  options: object,
  work: (subject: Subject) => Promise<T>,
): Promise<T> {
  const subject = adapter.instrument(options);
  try {
    return await work(subject);
  } finally {
    subject.disable();
  }
}

/** Tests of every plugin that patches functions. */
export function shapeTests({ instrument, functions: given }: SubjectAdapter): SuiteTests {
  const functions = () => {
    if (typeof given === 'string') throw new Error(`no functions: ${given}`);
    const found = given();
    assert(found.length > 0, 'the adapter names no function');
    return found;
  };
  const shapes = () => functions().map(({ name, length }) => `${name}(${length})`);
  return {
    tests: {
      'patched functions keep their names and lengths': async () => {
        const before = shapes();
        await tracing({ instrument }, {}, async () => assert.deepEqual(shapes(), before));
      },
      "disable() restores the library's own functions": async () => {
        const before = functions();
        await tracing({ instrument }, {}, async (subject) => {
          for (const [index, fn] of functions().entries()) assert.notEqual(fn, before[index], fn.name);
          subject.disable();
          for (const [index, fn] of functions().entries()) assert.equal(fn, before[index], fn.name);
          subject.enable();
          for (const [index, fn] of functions().entries()) assert.notEqual(fn, before[index], fn.name);
        });
        for (const [index, fn] of functions().entries()) assert.equal(fn, before[index], fn.name);
      },
    },
    missing: typeof given === 'string' ? given : undefined,
  };
}

/** The id of the current span, or `none`. */
export function currentSpanId(): string {
  return trace.getActiveSpan()?.spanContext().spanId ?? 'none';
}

/** The headers that would be injected now: `{ traceparent, tracestate, baggage }`. */
export function injected(): Record<string, string> {
  const carrier: Record<string, string> = {};
  propagation.inject(context.active(), carrier);
  return carrier;
}

/** Waits for a turn of the event loop: timers, sockets, promises. */
export function laterTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 2));
}

/** A point where several must have come before any goes on. */
export function meeting(count: number): () => Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let there = 0;
  return () => {
    if (++there === count) resolve();
    return promise;
  };
}

/** Starts a span of the application, as the parent of calls. */
export function callerSpan(name = 'caller'): Span {
  return trace.getTracer('suite').startSpan(name);
}

/** Runs with a span current. */
export function within<T>(span: Span, run: () => T): T {
  return context.with(trace.setSpan(context.active(), span), run);
}

/** A user's hook that throws. */
export function brokenHook(): never {
  throw new Error('a hook of the user failed');
}
