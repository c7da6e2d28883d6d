import assert from 'node:assert/strict';
import { context, propagation, type Span, TraceFlags, trace } from '@opentelemetry/api';
import type { SuiteTests } from './suite.ts';

/** An instance of a plugin's class. */
export interface Subject {
  enable(): void;
  disable(): void;
}

/** The part of an adapter that all suites need. */
export interface SubjectAdapter {
  /** Creates an instance of the plugin, and patches the library with it: `instance.instrument(koa)`. */
  instrument(options?: object): Subject;
  /**
   * Returns the current values of the library's functions that the plugin patches; or the reason why it patches nothing:
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
export function shapeTests({ instrument, functions }: SubjectAdapter): SuiteTests {
  const patched = () => {
    if (typeof functions === 'string') throw new Error(`no functions: ${functions}`);
    const found = functions();
    assert(found.length > 0, 'the adapter returns no functions');
    return found;
  };
  const shapes = () => patched().map(({ name, length }) => `${name}(${length})`);
  return {
    tests: {
      'patched functions keep their names and lengths': async () => {
        const before = shapes();
        await tracing({ instrument }, {}, async () => assert.deepEqual(shapes(), before));
      },
      "disable() restores the library's own functions": async () => {
        const before = patched();
        await tracing({ instrument }, {}, async (subject) => {
          for (const [index, fn] of patched().entries()) assert.notEqual(fn, before[index], fn.name);
          subject.disable();
          for (const [index, fn] of patched().entries()) assert.equal(fn, before[index], fn.name);
          subject.enable();
          for (const [index, fn] of patched().entries()) assert.notEqual(fn, before[index], fn.name);
        });
        for (const [index, fn] of patched().entries()) assert.equal(fn, before[index], fn.name);
      },
    },
    missing: typeof functions === 'string' ? functions : undefined,
  };
}

/** Returns the id of the current span, or `none`. */
export function currentSpanId(): string {
  return trace.getActiveSpan()?.spanContext().spanId ?? 'none';
}

/** Returns the headers that the current context injects: `{ traceparent, tracestate, baggage }`. */
export function injected(): Record<string, string> {
  const carrier: Record<string, string> = {};
  propagation.inject(context.active(), carrier);
  return carrier;
}

/** Waits until the event loop has handled timers, sockets and promises once. */
export function laterTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 2));
}

/** Returns a function whose promise is resolved when it has been called `count` times. */
export function barrier(count: number): () => Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let calls = 0;
  return () => {
    if (++calls === count) resolve();
    return promise;
  };
}

/** Starts a span of the application, as the parent of calls. */
export function callerSpan(name = 'caller'): Span {
  return trace.getTracer('suite').startSpan(name);
}

/** Calls `run` with a span as the current one. */
export function within<T>(span: Span, run: () => T): T {
  return context.with(trace.setSpan(context.active(), span), run);
}

/**
 * Calls `run` with a span that has ended as the current one, and then with a sampled span of another process. Returns the
 * ids of both.
 */
export async function withinSilentParents(run: () => PromiseLike<unknown>): Promise<string[]> {
  const ended = callerSpan('ended');
  ended.end();
  const remote = trace.wrapSpanContext({
    traceId: '0af7651916cd43dd8448eb211c80319c',
    spanId: 'b7ad6b7169203331',
    traceFlags: TraceFlags.SAMPLED,
    isRemote: true,
  });
  for (const parent of [ended, remote]) await within(parent, run);
  return [ended, remote].map((parent) => parent.spanContext().spanId);
}

/** A hook that throws. */
export function brokenHook(): never {
  throw new Error('the hook failed');
}
