import { createPropagator, rootContext, type TraceFormat, w3cBaggage, w3cTraceContext } from '@clew/core';
import { applyTrust, incomingOf } from '@clew/core/internal';
import { option } from '@clew/core/plugin';
import { context as contextApi, propagation, trace } from '@opentelemetry/api';
import { type Trust, trustDecider } from '../src/propagation/trust.ts';

const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const propagator = createPropagator({
  extract: [w3cTraceContext],
  inject: [w3cTraceContext],
  extractBeside: [w3cBaggage],
  injectBeside: [w3cBaggage],
});

function received(trust: Trust) {
  const headers: Record<string, string> = { traceparent: TRACEPARENT, baggage: 'tenant=acme,debug=on' };
  const getter = { get: (carrier: typeof headers, name: string) => carrier[name], keys: Object.keys };
  const context = applyTrust(propagator.extract(rootContext, headers, getter), trust);
  return {
    parent: trace.getSpanContext(context)?.traceId,
    links: incomingOf(context)?.links.map((link) => link.context.traceId) ?? [],
    baggage:
      propagation
        .getBaggage(context)
        ?.getAllEntries()
        .map(([key]) => key) ?? [],
  };
}

const TRACE_ID = TRACEPARENT.slice(3, 35);

describe('trust', () => {
  afterAll(() => contextApi.disable());

  test.each<[string, Trust, ReturnType<typeof received>]>([
    [
      'continue and keep',
      { trace: 'continue', baggage: 'keep' },
      { parent: TRACE_ID, links: [], baggage: ['tenant', 'debug'] },
    ],
    [
      'continue and drop',
      { trace: 'continue', baggage: 'drop' },
      { parent: TRACE_ID, links: [], baggage: [] },
    ],
    [
      'continue and a list',
      { trace: 'continue', baggage: ['tenant'] },
      { parent: TRACE_ID, links: [], baggage: ['tenant'] },
    ],
    [
      'link and keep',
      { trace: 'link', baggage: 'keep' },
      { parent: undefined, links: [TRACE_ID], baggage: ['tenant', 'debug'] },
    ],
    [
      'link and drop',
      { trace: 'link', baggage: 'drop' },
      { parent: undefined, links: [TRACE_ID], baggage: [] },
    ],
    [
      'ignore and a list',
      { trace: 'ignore', baggage: ['none'] },
      { parent: undefined, links: [], baggage: [] },
    ],
  ])('%s keeps the expected parts', (_title, trust, expected) => {
    expect(received(trust)).toEqual(expected);
  });

  test('the first matching rule applies, and the default is continue', () => {
    const decide = trustDecider([
      { path: '/partner/*', trace: 'continue', baggage: ['tenant'] },
      { port: 8080, trace: 'ignore' },
      { path: '/public', trace: 'link' },
    ]);
    const at = (path: string, port = 80) => decide(() => ({ path, port }));
    expect(at('/partner/orders', 8080)).toEqual({ trace: 'continue', baggage: ['tenant'] });
    expect(at('/public', 8080)).toEqual({ trace: 'ignore', baggage: 'keep' });
    expect(at('/public')).toEqual({ trace: 'link', baggage: 'keep' });
    expect(at('/public/more')).toEqual({ trace: 'continue', baggage: 'keep' });
  });

  test('the path is read only if there are rules', () => {
    const entrance = jest.fn(() => ({ path: '/', port: 80 }));
    trustDecider('link')(entrance);
    trustDecider({ baggage: 'drop' })(entrance);
    expect(entrance).not.toHaveBeenCalled();
  });

  test.each([
    ['continue', true],
    [{ trace: 'link', baggage: 'drop' }, true],
    [[{ path: '/a*', trace: 'ignore' }], true],
    ['trust', false],
    [{ trace: 'maybe' }, false],
    [{ tracing: 'link' }, false],
    [[{ path: 7 }], false],
    [null, false],
    [7, false],
  ])('%j is a valid option: %s', (value, expected) => {
    expect(option.trust().accepts(value)).toBe(expected);
  });

  test('a valid signature of a format covers its trace only', () => {
    const spanContext = { traceId: TRACE_ID, spanId: 'b7ad6b7169203331', traceFlags: 1, isRemote: true };
    const signed: TraceFormat = {
      name: 'signed',
      fields: [],
      extract: () => ({ kind: 'parent', spanContext, signed: true }),
      inject: () => {},
    };
    const other = '00-aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbb-b7ad6b7169203331-01';
    const reading = createPropagator({
      extract: [signed, w3cTraceContext],
      inject: [],
      extractBeside: [w3cBaggage],
      injectBeside: [],
    });
    const headers: Record<string, string> = { traceparent: other, baggage: 'admin=yes' };
    const getter = { get: (carrier: typeof headers, name: string) => carrier[name], keys: Object.keys };
    const came = reading.extract(rootContext, headers, getter);
    const ignoring = applyTrust(came, { trace: 'ignore', baggage: 'drop' });
    expect(trace.getSpanContext(ignoring)?.traceId).toBe(TRACE_ID);
    expect(incomingOf(ignoring)?.links).toEqual([]);
    expect(propagation.getBaggage(ignoring)).toBeUndefined();
    const keeping = applyTrust(came, { trace: 'link', baggage: ['admin'] });
    expect(incomingOf(keeping)?.links.map((link) => link.context.traceId)).toEqual([other.slice(3, 35)]);
    expect(propagation.getBaggage(keeping)?.getEntry('admin')?.value).toBe('yes');
  });
});
