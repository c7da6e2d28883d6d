import { rootContext } from '@clew/core';
import { type LocalRoot, withIncoming } from '@clew/core/internal';
import { createTraceState, diag, propagation, ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api';
import { TracerProvider } from '../src/index.ts';
import { keptSpans } from './kept-spans.ts';
import { rootSampler, sampled, unsampled } from './root-sampler.ts';

const TRACE_ID = '0af7651916cd43dd84aabbccddeeff01';
const parent = { traceId: TRACE_ID, spanId: 'b'.repeat(16), isRemote: true };
const under = (traceFlags: number, more = {}) =>
  trace.setSpanContext(ROOT_CONTEXT, { ...parent, traceFlags, ...more });

/** A tracer whose sampler records its arguments. */
function noting(decide: (root: LocalRoot) => ReturnType<typeof sampled> = () => sampled()) {
  const asked: LocalRoot[] = [];
  const sampler = rootSampler((root) => {
    asked.push({ ...root });
    return decide(root);
  });
  const provider = new TracerProvider({ exporter: false, sampler });
  return { asked, provider, tracer: provider.getTracer('t') };
}

describe('the sampler decides only about local roots', () => {
  test('without a parent, with what the span starts with', () => {
    const { asked, tracer } = noting();
    const attributes = { 'url.path': '/a' };
    tracer.startSpan('GET', { kind: SpanKind.SERVER, attributes }, ROOT_CONTEXT);
    const root = { name: 'GET', kind: SpanKind.SERVER, attributes, context: ROOT_CONTEXT, parentFlags: -1 };
    expect(asked).toEqual([
      { ...root, traceState: undefined, randomHigh: expect.any(Number), randomLow: expect.any(Number) },
    ]);
  });

  test('with a remote parent: its flags, its trace state and the last 56 bits of the trace id', () => {
    const { asked, tracer } = noting();
    const traceState = createTraceState('ot=th:c');
    tracer.startSpan('GET', {}, under(1, { traceState }));
    tracer.startSpan('GET', {}, under(0));
    expect(asked).toMatchObject([
      { parentFlags: 1, traceState, randomHigh: 0xaabbcc, randomLow: 0xddeeff01 },
      { parentFlags: 0, traceState: undefined, randomHigh: 0xaabbcc, randomLow: 0xddeeff01 },
    ]);
  });

  test('the random bits are those of the new trace id', () => {
    const { asked, tracer } = noting();
    for (let i = 0; i < 20; i++) {
      const { traceId } = tracer.startSpan('s', {}, ROOT_CONTEXT).spanContext();
      const { randomHigh, randomLow } = asked[i]!;
      const hex = randomHigh.toString(16).padStart(6, '0') + randomLow.toString(16).padStart(8, '0');
      expect(traceId.slice(18)).toBe(hex);
    }
  });

  test.each([
    ['sampled', sampled(), 1, true],
    ['unsampled', unsampled, 0, false],
  ])('children of a %s root follow it', (_title, decision, flag, recording) => {
    const { asked, tracer } = noting(() => decision);
    let inside = ROOT_CONTEXT;
    for (let depth = 0; depth < 3; depth++) {
      const span = tracer.startSpan('s', {}, inside);
      expect([span.spanContext().traceFlags & 1, span.isRecording()]).toEqual([flag, recording]);
      inside = trace.setSpan(inside, span);
    }
    expect(asked).toHaveLength(1);
  });

  test.each([
    [1, true],
    [0, false],
  ])('a parent of another tracer in this process is followed: flag %p', (flag, recording) => {
    const { asked, tracer } = noting(() => unsampled);
    expect(tracer.startSpan('s', {}, under(flag, { isRemote: false })).isRecording()).toBe(recording);
    expect(asked).toHaveLength(0);
  });

  test('a span with `root: true` is passed to the sampler with only the baggage of its context', () => {
    const { asked, tracer } = noting();
    const baggage = propagation.createBaggage({ tenant: { value: 'a' } });
    const context = propagation.setBaggage(
      withIncoming(under(1), { links: [], samplingHint: 'force' }),
      baggage,
    );
    tracer.startSpan('job', { root: true }, context);
    expect(asked).toMatchObject([{ name: 'job', parentFlags: -1 }]);
    expect(propagation.getBaggage(asked[0]!.context)).toBe(baggage);
    expect(trace.getSpan(asked[0]!.context)).toBeUndefined();
  });
});

describe('sampling hints', () => {
  test.each([
    ['drop', 0],
    ['sample', 1],
    ['force', 1],
  ] as const)(
    'a hint to %s counts as the flag of a remote parent, and the sampler decides',
    (samplingHint, flag) => {
      const { asked, tracer } = noting(() => unsampled);
      const span = tracer.startSpan('GET', {}, withIncoming(rootContext, { links: [], samplingHint }));
      expect(asked).toMatchObject([{ parentFlags: flag }]);
      expect(span.isRecording()).toBe(false);
    },
  );

  test('a parent without a decision counts as no parent, and remains the parent', () => {
    const { asked, tracer } = noting();
    const span = tracer.startSpan('GET', {}, withIncoming(under(0), { links: [], undecided: true }));
    expect(asked).toMatchObject([{ parentFlags: -1 }]);
    expect(span.spanContext().traceId).toBe(TRACE_ID);
  });
});

describe('a decision', () => {
  test('sets attributes on the local root, and the trace state on all spans', () => {
    const traceState = createTraceState('ot=th:8');
    const kept = keptSpans();
    const sampler = rootSampler(() => ({ ...sampled({ 'clew.sampling.policy': 'p' }), traceState }));
    const tracer = new TracerProvider({ exporter: false, sampler, spanProcessors: [kept] }).getTracer('t');
    const root = tracer.startSpan(
      'root',
      { attributes: { a: 1 } },
      under(1, { traceState: createTraceState('a=1') }),
    );
    tracer.startSpan('child', {}, trace.setSpan(ROOT_CONTEXT, root)).end();
    root.end();
    expect(kept.spans.map(({ attributes }) => attributes)).toEqual([
      {},
      { a: 1, 'clew.sampling.policy': 'p' },
    ]);
    for (const span of kept.spans) expect(span.spanContext().traceState).toBe(traceState);
  });

  test('not to sample changes the trace state, too', () => {
    const traceState = createTraceState('a=1');
    const { tracer } = noting(() => ({ sampled: false, traceState }));
    const span = tracer.startSpan('s', {}, under(1, { traceState: createTraceState('ot=th:8,a=1') }));
    expect(span.spanContext()).toMatchObject({ traceFlags: 0, traceState });
  });

  test('of a sampler that throws: the trace is not recorded', () => {
    const warn = jest.fn();
    diag.setLogger({ error() {}, warn, info() {}, debug() {}, verbose() {} });
    const { tracer } = noting(() => {
      throw new Error('broken');
    });
    expect(tracer.startSpan('s', {}, ROOT_CONTEXT).isRecording()).toBe(false);
    diag.disable();
    expect(warn.mock.calls.flat().join()).toContain(
      'the sampler threw, the trace is not recorded: Error: broken',
    );
  });

  test('a sampler may start spans while it decides', () => {
    const names: string[] = [];
    const sampler = rootSampler((root) => {
      if (root.name === 'outer') tracer.startSpan('inner', { root: true });
      names.push(root.name);
      return sampled();
    });
    const tracer = new TracerProvider({ exporter: false, sampler }).getTracer('t');
    expect(tracer.startSpan('outer', {}, ROOT_CONTEXT).isRecording()).toBe(true);
    expect(names).toEqual(['inner', 'outer']);
  });
});

test('`stats().late` exists only with such a sampler', () => {
  expect(new TracerProvider({ exporter: false }).stats().late).toBeUndefined();
  expect(noting().provider.stats().late).toEqual({
    pending: 0,
    spans: 0,
    bytes: 0,
    keptAtRoute: 0,
    keptAtEnd: 0,
    forgotten: 0,
    incomplete: 0,
  });
});
