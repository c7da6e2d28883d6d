import { emptyTraceState } from '@clew/core/internal';
import { SpanKind } from '@opentelemetry/api';
import { type Policy, PolicySampler } from '../src/index.ts';
import { decide, never, sampled } from './local-root.ts';

describe('a late decision', () => {
  const late: Policy = { id: 'late', keep: { onError: true, slowerThanMs: 100 } };
  const sampler = new PolicySampler({ policies: [late], default: { never: true } });

  test.each([
    ['an error', { isError: true, durationMs: 1 }, 'error'],
    ['a slow trace', { isError: false, durationMs: 101 }, 'slow'],
    ['a slow error', { isError: true, durationMs: 101 }, 'error'],
  ])('keeps %s, and marks it', (_name, end, kept) => {
    const { sampled: before, pending } = decide(sampler);
    expect(before).toBe(false);
    expect(pending?.needsRoute).toBe(false);
    expect(pending?.atEnd(end)).toEqual({
      sampled: true,
      traceState: undefined,
      attributes: { 'clew.sampling.policy': 'late', 'clew.sampling.kept': kept },
    });
  });

  test('drops all others', () => {
    expect(decide(sampler).pending?.atEnd({ isError: false, durationMs: 100 })).toEqual({
      sampled: false,
      traceState: undefined,
    });
  });

  test('is counted', () => {
    const { late: counts, byPolicy } = sampler.stats();
    expect(counts).toEqual({ error: 2, slow: 1 });
    expect(byPolicy.late).toEqual({ matched: 4, kept: 0, dropped: 0, keptLate: 3 });
  });

  test('is not needed for a trace that is kept at its start', () => {
    expect(decide(new PolicySampler({ policies: [late] })).pending).toBeUndefined();
  });

  test('is possible for the default', () => {
    const byDefault = new PolicySampler({ default: { ratio: 0, onError: true } });
    expect(decide(byDefault).pending?.atEnd({ isError: true, durationMs: 1 })).toEqual({
      sampled: true,
      traceState: undefined,
      attributes: { 'clew.sampling.kept': 'error' },
    });
  });
});

describe('a decision at the route', () => {
  const sampler = new PolicySampler({
    policies: [
      never('items', { route: '/items/:id' }),
      { id: 'rest', match: { route: { exists: false } }, keep: { ratio: 0 } },
    ],
  });

  test('waits for the route, and is unsampled until then', () => {
    const {
      sampled: before,
      pending,
      traceState,
    } = decide(sampler, {
      ...sampled,
      traceState: emptyTraceState.set('ot', 'th:8'),
    });
    expect([before, pending?.needsRoute, traceState?.serialize()]).toEqual([false, true, '']);
  });

  test.each([
    ['/items/:id', false],
    ['/other', true],
  ])('is made for %s', (route, kept) => {
    const decision = decide(sampler).pending?.atRoute(route);
    expect(decision).toEqual({ sampled: kept, traceState: undefined });
  });

  test('is made at the end if no router matched', () => {
    const end = { isError: false, durationMs: 1 };
    expect(decide(sampler).pending?.atEnd(end).sampled).toBe(false);
    expect(sampler.stats().byPolicy.rest).toMatchObject({ matched: 1, dropped: 1 });
  });

  test('is made at the start if the route is known, or if no router can match', () => {
    const attributes = { 'http.request.method': 'GET', 'http.route': '/items/:id' };
    expect(decide(sampler, { attributes })).toEqual({ sampled: false, traceState: undefined });
    const only = new PolicySampler({ policies: [never('items', { route: '/items/:id' })] });
    expect(decide(only, { kind: SpanKind.CONSUMER }).pending).toBeUndefined();
  });

  test('keeps the threshold of the caller if the caller decides', () => {
    const traceState = emptyTraceState.set('ot', 'th:8');
    expect(decide(sampler, { ...sampled, traceState }).pending?.atRoute('/x')).toEqual({
      sampled: true,
      traceState,
    });
  });
});
