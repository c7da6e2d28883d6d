import { createPropagator, TRACE_FORMATS } from '@clew/core';
import { emptyTraceState, withIncoming } from '@clew/core/internal';
import { defaultTextMapGetter, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { type Policy, PolicySampler } from '../src/index.ts';
import { decide, never, sampled, unsampled } from './local-root.ts';
import { signedContext } from './signed-context.ts';

const debugContext = withIncoming(ROOT_CONTEXT, { links: [], samplingHint: 'force' });

describe('the precedence', () => {
  test.each([
    ['a signature', signedContext()],
    ['a debug flag', debugContext],
  ])('%s comes before policies and the caller', (_name, context) => {
    const sampler = new PolicySampler({ policies: [never('all')] });
    expect(decide(sampler, { context, ...unsampled })).toEqual({
      sampled: true,
      traceState: undefined,
      attributes: { 'clew.sampling.kept': 'requested' },
    });
  });

  test('a debug flag of a caller with a span is read from the headers', () => {
    const propagator = createPropagator({
      extract: [TRACE_FORMATS.get('b3multi')!],
      inject: [],
      extractBeside: [],
      injectBeside: [],
    });
    const headers = { 'x-b3-traceid': '1'.repeat(32), 'x-b3-spanid': '2'.repeat(16), 'x-b3-flags': '1' };
    const context = propagator.extract(ROOT_CONTEXT, headers, defaultTextMapGetter);
    const parent = trace.getSpanContext(context);
    const sampler = new PolicySampler({ policies: [never('all')] });
    const decision = decide(sampler, { context, ...sampled, traceState: parent?.traceState });
    expect(decision.attributes).toEqual({ 'clew.sampling.kept': 'requested' });
    expect(decision.traceState?.serialize()).toBe('clew=d:1');
  });

  test('beyond its rate, a requested trace is decided by the next steps, and counted', () => {
    const sampler = new PolicySampler({ policies: [never('all')], requested: { tracesPerSecond: 2 } });
    const decisions = [1, 2, 3].map(() => decide(sampler, { context: debugContext }).sampled);
    expect(decisions).toEqual([true, true, false]);
    expect(sampler.stats().requested).toEqual({ kept: 2, overLimit: 1 });
  });

  test('requested traces can be switched off', () => {
    const sampler = new PolicySampler({ policies: [never('all')], requested: { enabled: false } });
    expect(decide(sampler, { context: debugContext }).sampled).toBe(false);
    expect(sampler.stats().requested).toEqual({ kept: 0, overLimit: 0 });
  });

  test('policies come before the caller', () => {
    const sampler = new PolicySampler({
      policies: [
        never('orders', { path: '/orders/*' }),
        { id: 'all', match: { path: '/a' }, keep: { always: true } },
      ],
    });
    expect(decide(sampler, sampled).sampled).toBe(false);
    expect(decide(sampler, { ...unsampled, attributes: { 'url.path': '/a' } }).sampled).toBe(true);
  });

  test('the caller comes before the default', () => {
    const sampler = new PolicySampler({ default: { never: true } });
    expect(decide(sampler, sampled)).toEqual({ sampled: true, traceState: undefined });
    expect(decide(sampler, unsampled)).toEqual({ sampled: false, traceState: undefined });
    expect(decide(new PolicySampler(), unsampled).sampled).toBe(false);
  });

  test('the caller is not followed if that is switched off', () => {
    const sampler = new PolicySampler({ followParent: false, default: { never: true } });
    expect(decide(sampler, sampled).sampled).toBe(false);
  });

  test.each([
    ['sample', true],
    ['drop', false],
  ] as const)('a caller that only sends the decision "%s" is followed', (samplingHint, kept) => {
    const sampler = new PolicySampler({ default: kept ? { never: true } : { always: true } });
    const context = withIncoming(ROOT_CONTEXT, { links: [], samplingHint });
    expect(decide(sampler, { context }).sampled).toBe(kept);
  });

  test('a caller that did not decide is not followed', () => {
    const context = withIncoming(ROOT_CONTEXT, { links: [], undecided: true });
    expect(decide(new PolicySampler(), { context, ...unsampled }).sampled).toBe(true);
  });

  test('without anything else, every trace is kept, without an attribute or a probability', () => {
    expect(decide(new PolicySampler())).toEqual({ sampled: true, traceState: undefined });
  });
});

describe('the trace state', () => {
  const quarter: Policy = { id: 'quarter', keep: { ratio: 0.75 } };

  test('gets the threshold of a ratio, beside what it had', () => {
    const sampler = new PolicySampler({ policies: [quarter] });
    const traceState = emptyTraceState.set('ot', 'rv:80000000000000;x:1').set('vendor', '1');
    expect(decide(sampler).traceState?.serialize()).toBe('ot=th:4');
    expect(decide(sampler, { traceState }).traceState?.serialize()).toBe(
      'ot=th:4;rv:80000000000000;x:1,vendor=1',
    );
  });

  test('its random value comes before the trace id', () => {
    const sampler = new PolicySampler({ policies: [quarter] });
    const withRandom = (rv: string) =>
      decide(sampler, { traceState: emptyTraceState.set('ot', `rv:${rv}`) }).sampled;
    expect(['3fffffffffffff', '40000000000000'].map(withRandom)).toEqual([false, true]);
    // Not valid: the trace id decides.
    expect(['3FFFFFFFFFFFFF', '0'].map(withRandom)).toEqual([true, true]);
  });

  test('keeps the threshold of a caller that sampled the trace', () => {
    const traceState = emptyTraceState.set('ot', 'th:c;rv:e0000000000000');
    expect(decide(new PolicySampler(), { ...sampled, traceState }).traceState).toBe(traceState);
  });

  test.each([
    ['a dropped trace', { policies: [never('all')] }, sampled],
    ['a rate', { policies: [{ id: 'a', keep: { tracesPerSecond: 1 } }] }, sampled],
    ['a caller that did not sample', {}, unsampled],
    ['a requested trace', {}, { context: debugContext }],
  ])('loses a threshold that is not valid for %s', (_name, options, changes) => {
    const traceState = emptyTraceState.set('ot', 'th:c;rv:e0000000000000');
    const decision = decide(new PolicySampler(options), { ...changes, traceState });
    expect(decision.traceState?.serialize()).toBe('ot=rv:e0000000000000');
    const only = decide(new PolicySampler(options), {
      ...changes,
      traceState: emptyTraceState.set('ot', 'th:c'),
    });
    expect(only.traceState?.serialize()).toBe('');
  });
});
