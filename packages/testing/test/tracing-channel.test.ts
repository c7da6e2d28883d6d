import diagnostics from 'node:diagnostics_channel';
import { currentContext, defineInstrumentation, startOperation } from '@clew/core/plugin';
import { SpanStatusCode, trace } from '@opentelemetry/api';
import { recordSpans } from '../src/index.ts';

const recorder = recordSpans();
const CHANNEL = 'songs.play';
const channel = diagnostics.tracingChannel<unknown, { title: string; result?: unknown }>(CHANNEL);

/** The calls that the view has been asked about. */
const starts: string[] = [];

const Songs = defineInstrumentation({
  name: '@clew/instrumentation-songs',
  version: '1',
  options: {},
  targets: [
    {
      channel: CHANNEL,
      tracing: true,
      watch: (tools) =>
        tools.traceChannel<{ title: string; result?: unknown }>(CHANNEL, {
          start: ({ title }) => {
            starts.push(title);
            if (title === 'unknown') return undefined;
            return startOperation('songs', currentContext(), (parent) =>
              tools.tracer.startSpan(title, {}, parent),
            );
          },
          finish: (operation, { result }) => operation.span.setAttribute('result', String(result)),
        }),
    },
  ],
});

/** Creates no spans. */
const RestoringSongs = defineInstrumentation({
  name: '@clew/instrumentation-restoring-songs',
  version: '1',
  options: {},
  targets: [
    {
      channel: CHANNEL,
      tracing: true,
      watch: (tools) => tools.traceChannel(CHANNEL, { restoreCaller: true }),
    },
  ],
});

let plugin: InstanceType<typeof Songs>;
beforeEach(() => {
  plugin = new Songs();
});
afterEach(() => plugin.disable());

const currentName = () => {
  const spanId = trace.getActiveSpan()?.spanContext().spanId;
  return [...recorder.open(), ...recorder.spans()].find((span) => span.spanId === spanId)?.name;
};

/** Runs `work` inside a span of the application. */
function asCaller<T>(work: () => T): T {
  return trace.getTracer('test').startActiveSpan('caller', (span) => {
    span.end();
    return work();
  });
}

test('a synchronous function runs inside its span, which ends when it returns', async () => {
  const inside = asCaller(() => channel.traceSync(currentName, { title: 'Ariadne' }));
  expect(inside).toBe('Ariadne');
  const [caller, span] = await recorder.take(2);
  expect(span).toMatchObject({ parentSpanId: caller?.spanId, attributes: { result: 'Ariadne' } });
});

test('a function that returns undefined ends its span, and one that throws records the error', async () => {
  channel.traceSync(() => {}, { title: 'silence' });
  const failure = new Error('no voice');
  const failing = () => {
    throw failure;
  };
  expect(() => channel.traceSync(failing, { title: 'noise' })).toThrow(failure);
  const [silence, noise] = await recorder.take(2);
  expect(silence?.status.code).toBe(SpanStatusCode.UNSET);
  expect(noise).toMatchObject({ status: { code: SpanStatusCode.ERROR, message: 'no voice' } });
});

test('an asynchronous function runs inside its span, which ends when the promise settles', async () => {
  const result = await asCaller(async () => {
    const inside = await channel.tracePromise(
      async () => {
        await new Promise(setImmediate);
        return currentName();
      },
      { title: 'Ariadne' },
    );
    return [inside, currentName()];
  });
  expect(result).toEqual(['Ariadne', 'caller']);
  const [caller, span] = await recorder.take(2);
  expect(span).toMatchObject({ parentSpanId: caller?.spanId, attributes: { result: 'Ariadne' } });
});

test('a rejection is recorded, and the promise still rejects', async () => {
  const failure = new Error('no voice');
  const rejecting = channel.tracePromise(() => Promise.reject(failure), { title: 'noise' });
  await expect(rejecting).rejects.toBe(failure);
  expect((await recorder.take(1))[0]?.status.message).toBe('no voice');
});

test('a callback runs in the context of its caller, whatever context calls it', async () => {
  let callBack: ((error: unknown, value?: string) => void) | undefined;
  const play = (callback: (error: unknown, value?: string) => void) => {
    callBack = callback;
    return currentName();
  };
  let inCallback: string | undefined;
  let spansBefore = 0;
  const inside = asCaller(() =>
    channel.traceCallback(play, 0, { title: 'Ariadne' }, undefined, () => {
      inCallback = currentName();
      spansBefore = recorder.spans().length;
    }),
  );
  expect(inside).toBe('Ariadne');
  trace.getTracer('test').startActiveSpan('other', (other) => {
    other.end();
    callBack?.(undefined, 'la');
  });
  expect(inCallback).toBe('caller');
  // The span of the call has ended before its callback runs.
  expect(spansBefore).toBe(3);
  const [, span] = await recorder.take(3);
  expect(span?.attributes).toEqual({ result: 'la' });
});

test('the callback of an untraced call runs in the context of the library, or of the caller if the plugin binds callbacks', () => {
  const current = (): string | undefined => {
    let callBack = () => {};
    let inCallback: string | undefined;
    const play = (callback: () => void) => {
      callBack = callback;
    };
    asCaller(() =>
      channel.traceCallback(play, 0, { title: 'unknown' }, undefined, () => {
        inCallback = currentName();
      }),
    );
    trace.getTracer('test').startActiveSpan('other', (other) => {
      other.end();
      callBack();
    });
    return inCallback;
  };
  expect(current()).toBe('other');
  plugin.disable();
  const restoring = new RestoringSongs();
  expect(current()).toBe('caller');
  restoring.disable();
  recorder.spans();
});

test('concurrent calls have their own contexts', async () => {
  const play = (title: string) =>
    channel.tracePromise(
      async () => {
        await new Promise(setImmediate);
        return currentName();
      },
      { title },
    );
  expect(await Promise.all([play('one'), play('two')])).toEqual(['one', 'two']);
  await recorder.take(2);
});

test('a library that publishes without stores is traced too', async () => {
  const message = { title: 'Ariadne', result: 'la' };
  channel.start.publish(message);
  channel.end.publish(message);
  expect((await recorder.take(1))[0]?.attributes).toEqual({ result: 'la' });
});

test('the view is called once for each call, traced or not', () => {
  starts.length = 0;
  channel.traceSync(() => {}, { title: 'unknown' });
  channel.traceSync(() => {}, { title: 'unknown' });
  expect(starts).toEqual(['unknown', 'unknown']);
});

test('a call that the view ignores runs as without a subscriber', async () => {
  expect(asCaller(() => channel.traceSync(currentName, { title: 'unknown' }))).toBe('caller');
  await recorder.take(1);
});

test('disable() unsubscribes the plugin, enable() subscribes it again', async () => {
  plugin.disable();
  expect(channel.start.hasSubscribers).toBe(false);
  channel.traceSync(() => {}, { title: 'Ariadne' });
  plugin.enable();
  channel.traceSync(() => {}, { title: 'Ariadne' });
  await recorder.take(1);
});

test('a failure in the view does not reach the application', async () => {
  plugin.disable();
  const broken = new Songs();
  const hostile = new Proxy(
    { title: 'x' },
    {
      get: () => {
        throw new Error('hostile');
      },
    },
  );
  expect(channel.traceSync(() => 'la', hostile as never)).toBe('la');
  broken.disable();
});
