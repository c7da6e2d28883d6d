import assert from 'node:assert/strict';
import { suppressTracing } from '@clew/core';
import { ATTR } from '@clew/core/plugin';
import { context, type Span, SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { callEndTests } from './client-end-tests.ts';
import { sharingTests } from './client-sharing-tests.ts';
import { streamTests } from './client-stream-tests.ts';
import { type ClientAdapter, driveSdk, type SdkDriver } from './sdk-driver.ts';
import { callerSpan, currentSpanId, shapeTests, tracing, within, withinSilentParents } from './subject.ts';
import { runSuite, type Suite, type SuiteTests } from './suite.ts';

/** Runs the tests that every plugin for the client of an SDK must pass. */
export function clientSuite(adapter: ClientAdapter): void {
  runSuite(clientTests(adapter));
}

/** Returns the same tests as data, for another test runner or for testing that a plugin fails them. */
export function clientTests(adapter: ClientAdapter): Suite {
  const driver = driveSdk(adapter);
  return {
    name: `${adapter.name} as a client`,
    skips: adapter.skips,
    recorder: driver.recorder,
    tests: { ...callTests(driver), ...optionTests(driver) },
    parts: [...callEndTests(driver), ...streamTests(driver), ...sharingTests(driver), shapeTests(adapter)],
  };
}

/** More calls than the pools and queues of an SDK handle at once. */
const MANY = 12;

function callTests({ adapter, recorder, connected, callOne }: SdkDriver): SuiteTests['tests'] {
  return {
    'a call is one CLIENT span with the attributes of its operation': async () => {
      const { span, outcome } = await callOne([]);
      assert.equal(outcome.status, 'fulfilled');
      assert.equal(span.name, adapter.span.name);
      assert.equal(span.kind, SpanKind.CLIENT);
      assert.equal(span.status.code, SpanStatusCode.UNSET);
      for (const [key, value] of Object.entries(adapter.span.attributes))
        assert.deepEqual(span.attributes[key], value, key);
      assert.equal(span.attributes[ATTR.clientIncomplete], undefined);
    },
    'a request is sent in the context of its call': async () => {
      const { span, server } = await callOne([]);
      assert.deepEqual(server.senders, [span.spanId]);
    },
    'a span that is current is the parent, and is current again after the call': async () => {
      await connected({}, async (session) => {
        const caller = callerSpan();
        const after = await within(caller, async () => {
          await session.call();
          return currentSpanId();
        });
        caller.end();
        const [first, call] = await recorder.take(2);
        assert.equal(call?.parentSpanId, first?.spanId);
        assert.equal(after, first?.spanId);
      });
    },
    'a call is recorded if its caller has ended, or is sampled and in another process': async () => {
      await connected({}, async (session) => {
        const parents = await withinSilentParents(() => session.call());
        const [, ...calls] = await recorder.take(3);
        assert.deepEqual(
          calls.map(({ parentSpanId }) => parentSpanId),
          parents,
        );
      });
    },
    'concurrent calls belong to their own callers, and so do their requests': async () => {
      await connected({}, async (session, server) => {
        const callers = Array.from({ length: MANY }, (_, index) => callerSpan(`caller ${index}`));
        const run = (caller: Span) =>
          within(caller, async () => {
            await session.call();
            return currentSpanId();
          });
        const current = await Promise.all(callers.map(run));
        for (const caller of callers) caller.end();
        const ids = callers.map((caller) => caller.spanContext().spanId);
        assert.deepEqual(current, ids);
        const calls = (await recorder.take(2 * MANY)).filter(({ kind }) => kind === SpanKind.CLIENT);
        assert.deepEqual(calls.map(({ parentSpanId }) => parentSpanId).sort(), ids.sort());
        assert.deepEqual([...server.senders].sort(), calls.map(({ spanId }) => spanId).sort());
      });
    },
    'the result of a call has the class and the properties that the SDK gives it': async () => {
      const shapeOf = async (isTraced: boolean) =>
        tracing(adapter, {}, async (subject) => {
          if (!isTraced) subject.disable();
          const session = await adapter.open(async () => ({ kind: 'result' }));
          const result = session.call();
          const shape = {
            class: (result as { constructor: { name: string } }).constructor.name,
            keys: Object.keys(result),
            result: await result,
          };
          await session.close?.();
          return shape;
        });
      const untraced = await shapeOf(false);
      recorder.reset();
      const traced = await shapeOf(true);
      await recorder.take(1);
      assert.deepEqual(traced, untraced);
    },
    'an unsampled call records nothing, and its request is sent in the context of its caller': async () => {
      recorder.sampling = 'none';
      await connected({}, async (session, server) => {
        const caller = callerSpan();
        await within(caller, async () => session.call());
        await session.call();
        assert.equal(server.senders[0], caller.spanContext().spanId);
        assert.notEqual(server.senders[1], caller.spanContext().spanId);
        assert.equal(recorder.wastedCalls, 0);
      });
    },
    'a call has no span while tracing is suppressed': async () => {
      await connected({}, async (session) => {
        await context.with(suppressTracing(context.active()), () => session.call());
      });
    },
  };
}

function optionTests({ adapter, recorder, connected }: SdkDriver): SuiteTests['tests'] {
  return {
    'with requireParentSpan a call outside of a span has no span': async () => {
      await connected({ requireParentSpan: true }, async (session) => {
        await session.call();
        const caller = callerSpan();
        await within(caller, async () => session.call());
        caller.end();
        await recorder.take(2);
      });
    },
    'an ignored call has no span, and its request is sent in the context of its caller': async () => {
      await connected({ ignore: [adapter.span.name] }, async (session, server) => {
        const caller = callerSpan();
        await within(caller, async () => session.call());
        caller.end();
        const [span] = await recorder.take(1);
        assert.deepEqual(server.senders, [span?.spanId]);
      });
    },
    'after disable() calls are untraced, after enable() they are traced again': async () => {
      await tracing(adapter, {}, async (subject) => {
        const session = await adapter.open(async () => ({ kind: 'result' }));
        subject.disable();
        await session.call();
        subject.enable();
        await session.call();
        await recorder.take(1);
        await session.close?.();
      });
    },
    'a second instance adds nothing': async () => {
      await connected({}, async (session) => {
        const second = adapter.instrument();
        await session.call();
        await recorder.take(1);
        second.disable();
      });
    },
  };
}
