import { ROOT_CONTEXT } from '@opentelemetry/api';
import type { Sampler } from '../src/index.ts';
import { keptSpans } from './kept-spans.ts';
import { collectedTraces, fail, inside } from './late-traces.ts';
import { endSampler } from './root-sampler.ts';

const { names, setUp } = collectedTraces();

describe('span processors and exporters', () => {
  const setUpWith = (sampler: Sampler) => {
    const kept = keptSpans();
    const exported: string[] = [];
    const exporter = {
      export: (spans: readonly { name: string }[], done: (result: { code: number }) => void) => {
        exported.push(...spans.map(({ name }) => name));
        done({ code: 0 });
      },
      shutdown: async () => {},
    };
    return { kept, exported, ...setUp(sampler, { spanProcessors: [kept], spanExporters: [exporter] }) };
  };

  test('get the spans of a kept trace when it is kept, with the sampled flag', async () => {
    const { kept, exported, provider, tracer } = setUpWith(endSampler());
    const root = tracer.startSpan('root', {}, ROOT_CONTEXT);
    tracer.startSpan('child', { attributes: { a: 1 } }, inside(root)).end();
    expect(kept.spans).toHaveLength(0);
    fail(root).end();
    expect(kept.spans.map((span) => [span.name, span.spanContext().traceFlags & 1])).toEqual([
      ['child', 1],
      ['root', 1],
    ]);
    expect(kept.spans.map(({ attributes }) => attributes)).toEqual([
      { a: 1 },
      { 'clew.sampling.kept': 'error' },
    ]);
    await provider.forceFlush();
    expect(exported).toEqual(['child', 'root']);
    expect(names()).toEqual(['child', 'root']);
  });

  test('processors get the spans of other traces without the flag, and exporters do not get them', async () => {
    const { kept, exported, provider, tracer } = setUpWith(endSampler());
    const root = tracer.startSpan('root', {}, ROOT_CONTEXT);
    tracer.startSpan('child', {}, inside(root)).end();
    root.end();
    expect(kept.spans.map((span) => [span.name, span.spanContext().traceFlags & 1])).toEqual([
      ['child', 0],
      ['root', 0],
    ]);
    await provider.forceFlush();
    expect(exported).toEqual([]);
  });
});
