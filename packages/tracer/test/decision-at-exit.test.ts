import { ROOT_CONTEXT } from '@opentelemetry/api';
import { collectedTraces, fail, inside } from './late-traces.ts';
import { endSampler } from './root-sampler.ts';

const { names, setUp } = collectedTraces();

describe('the end of the process', () => {
  test('decides about open traces from the status that their local roots have so far', async () => {
    const { provider, tracer } = setUp(endSampler());
    const failed = tracer.startSpan('failed', {}, ROOT_CONTEXT);
    tracer.startSpan('child of failed', {}, inside(failed)).end();
    tracer.startSpan('fine', {}, ROOT_CONTEXT);
    fail(failed);
    await provider.shutdown();
    expect(names()).toEqual(['child of failed', 'failed']);
    expect(provider.stats().late).toMatchObject({ pending: 0, bytes: 0, keptAtEnd: 1, forgotten: 1 });
  });

  test.each(['uncaught exception', 'unhandled rejection'])(
    'after an %s, open local roots count as failed',
    async (reason) => {
      const { provider, tracer } = setUp(endSampler());
      const root = tracer.startSpan('root', {}, ROOT_CONTEXT);
      tracer.startSpan('child', {}, inside(root)).end();
      provider.endUnfinished(reason);
      await provider.forceFlush();
      expect(names()).toEqual(['child', 'root']);
      tracer.startSpan('next', {}, ROOT_CONTEXT).end();
      expect(provider.stats().late).toMatchObject({ keptAtEnd: 1, forgotten: 1 });
    },
  );

  test('decides about traces whose local root is no longer among the open spans', async () => {
    const { provider, tracer } = setUp(endSampler());
    const first = tracer.startSpan('first', {}, ROOT_CONTEXT);
    tracer.startSpan('child of first', {}, inside(first)).end();
    fail(first);
    // The provider tracks 4,096 open spans.
    for (let i = 0; i < 4096; i++) tracer.startSpan('open', {}, ROOT_CONTEXT);
    provider.endUnfinished('exit');
    expect(provider.stats().late).toMatchObject({ pending: 0, keptAtEnd: 1, forgotten: 4096, bytes: 0 });
    first.end();
    await provider.forceFlush();
    expect(names()).toEqual(['child of first', 'first']);
  });
});
