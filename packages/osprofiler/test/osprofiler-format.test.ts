import { droppedFromWire, type Extraction } from '@clew/core';
import { osprofilerFormat } from '@clew/osprofiler';
import { defaultTextMapGetter, defaultTextMapSetter, type SpanContext } from '@opentelemetry/api';
import fc from 'fast-check';
import { BASE_ID, GOLDEN_ROWS, HMAC_KEYS, hmac, idsIn, PARENT_ID, signed, text } from './golden-rows.ts';

const format = osprofilerFormat({ hmacKeys: HMAC_KEYS });
const TRACE_ID = BASE_ID.replaceAll('-', '');
const SPAN_ID = '00f067aa0ba902b7';
const span: SpanContext = { traceId: TRACE_ID, spanId: SPAN_ID, traceFlags: 1 };

describe('accepts and rejects the same requests as OSProfiler', () => {
  test.each(GOLDEN_ROWS)('$name: $osprofiler', ({ headers, osprofiler }) => {
    const extraction = extract(headers);
    expect(extraction === undefined ? 'not traced' : 'traced').toBe(
      osprofiler === 500 ? 'not traced' : osprofiler,
    );
    if (extraction !== undefined) expect(isSampled(extraction)).toBe(true);
  });
});

describe('ids', () => {
  test('the span id is the lower half of parent_id, the trace id all of base_id', () => {
    const { spanContext } = parentOf(extract(signed(text({ base_id: BASE_ID, parent_id: PARENT_ID }))));
    expect(spanContext).toMatchObject({ traceId: TRACE_ID, spanId: '8333444444444444', traceFlags: 1 });
  });

  test.each([[{ base_id: BASE_ID, parent_id: BASE_ID }], [{ base_id: BASE_ID }]])(
    'a peer that starts a trace (%j) sends no parent',
    (ids) => {
      const extraction = extract(signed(text(ids)));
      expect(extraction).toMatchObject({ kind: 'start', traceId: TRACE_ID, decision: 'sample' });
    },
  );

  test('an id that is not a UUID gives the same trace id everywhere, and is passed on unchanged', () => {
    const headers = signed(text({ base_id: 'my-trace', parent_id: 'my-span' }));
    const { spanContext } = parentOf(extract(headers));
    expect(parentOf(extract(headers)).spanContext).toEqual(spanContext);
    expect(spanContext.traceId).toMatch(/^[\da-f]{32}$/);
    expect(sent({ ...spanContext, spanId: SPAN_ID }).ids.base_id).toBe('my-trace');
  });

  test('an id without dashes is passed on without dashes, because storage is searched for the exact text', () => {
    const { spanContext } = parentOf(extract(signed(text({ base_id: TRACE_ID, parent_id: PARENT_ID }))));
    expect(sent(spanContext).ids.base_id).toBe(TRACE_ID);
  });

  test.each(['base_id', 'parent_id'])('a %s of more than 256 characters is rejected', (name) => {
    const ids = { base_id: BASE_ID, parent_id: PARENT_ID };
    expect(extract(signed(text({ ...ids, [name]: 'x'.repeat(256) })))).toBeDefined();
    expect(extract(signed(text({ ...ids, [name]: 'x'.repeat(257) })))).toBeUndefined();
  });

  test("a trace that starts here has its id with dashes, and the span's id after zeros", () => {
    expect(sent(span).ids).toEqual({ base_id: BASE_ID, parent_id: '00000000-0000-0000-00f0-67aa0ba902b7' });
  });

  test('written ids are read back unchanged', () => {
    const id = (digits: number) => fc.stringMatching(new RegExp(`^[\\da-f]{${digits}}$`));
    const ids = fc.tuple(id(32), id(16)).filter((pair) => pair.every((hex) => /[1-9a-f]/.test(hex)));
    fc.assert(
      fc.property(ids, ([traceId, spanId]) => {
        const { spanContext } = parentOf(extract(sent({ traceId, spanId, traceFlags: 1 }).headers));
        expect(spanContext).toMatchObject({ traceId, spanId, traceFlags: 1 });
      }),
    );
  });
});

describe('signatures', () => {
  test('a trace that starts here is signed with the first key, over the base64 text', () => {
    const { headers } = sent(span);
    expect(headers['x-trace-hmac']).toBe(hmac('sha1', headers['x-trace-info'] ?? '', 'SECRET_KEY'));
    expect(headers['x-trace-info']).toMatch(/^[\w-]+=*$/);
  });

  test('a chain is continued with the key with which it was received, from its root and with other members', () => {
    const began = extract(signed(text({ base_id: BASE_ID, parent_id: BASE_ID }), 'SECOND_KEY'));
    if (began?.kind !== 'start' || began.traceState === undefined) throw new Error('expected a start');
    const traceState = began.traceState.set('dd', 's:1').set('es', 's:1').unset('es');
    const { headers, ids } = sent({ ...span, traceState });
    expect(headers['x-trace-hmac']).toBe(hmac('sha1', headers['x-trace-info'] ?? '', 'SECOND_KEY'));
    expect(ids.base_id).toBe(BASE_ID);
  });

  test('the key is neither sent nor printed', () => {
    const { spanContext } = parentOf(
      extract(signed(text({ base_id: BASE_ID, parent_id: PARENT_ID }), 'SECOND_KEY')),
    );
    const state = spanContext.traceState?.set('dd', 's:1');
    expect(state?.serialize()).toBe('dd=s:1');
    expect(JSON.stringify([spanContext, state])).not.toContain('SECOND_KEY');
    expect(require('node:util').inspect(state, { depth: 9, showHidden: true })).not.toContain('SECOND_KEY');
  });

  test('another trace does not use the id of the chain', () => {
    const came = parentOf(extract(signed(text({ base_id: 'my-trace', parent_id: PARENT_ID })))).spanContext;
    expect(sent({ ...came, traceId: TRACE_ID }).ids.base_id).toBe(BASE_ID);
  });

  test('an unsampled trace is not sent, because receivers record every signed trace', () => {
    expect(inject({ ...span, traceFlags: 0 })).toEqual({});
  });
});

describe('never affects the request', () => {
  test('a request without headers costs one look-up', () => {
    let gets = 0;
    const getter = { get: () => void gets++, keys: () => [] };
    expect(format.extract({}, getter)).toBeUndefined();
    expect(gets).toBe(1);
  });

  test('rejected headers are counted by cause', () => {
    extract({ 'x-trace-info': 'x' });
    extract({ 'x-trace-info': 'x', 'x-trace-hmac': 'x' });
    extract(signed('not base64'));
    expect(Object.keys(droppedFromWire()).filter((cause) => cause.startsWith('osprofiler'))).toEqual(
      expect.arrayContaining([
        'osprofiler: no x-trace-hmac',
        'osprofiler: signature of an unknown key',
        'osprofiler: malformed x-trace-info',
      ]),
    );
  });

  test('any header is read without throwing, signed or not', () => {
    const values = fc.oneof(fc.string({ unit: 'binary' }), fc.array(fc.string()), fc.anything());
    fc.assert(
      fc.property(values, values, (info, signature) => {
        const headers = { 'x-trace-info': info, 'x-trace-hmac': signature } as Record<string, string>;
        expect(format.extract(headers, defaultTextMapGetter)).toBeUndefined();
      }),
    );
    const contents = fc.oneof(
      fc.json(),
      fc.string({ unit: 'binary' }),
      fc.record({ base_id: fc.jsonValue(), parent_id: fc.jsonValue() }).map((ids) => JSON.stringify(ids)),
    );
    fc.assert(
      fc.property(contents, (content) => {
        const extraction = extract(signed(Buffer.from(content).toString('base64')));
        expect(extraction === undefined || isSampled(extraction)).toBe(true);
      }),
    );
  });

  test.each([[undefined], [''], [' , '], [[]], [['']], [{ key: 'SECRET' }], [7]])(
    'rejects the keys %j with an error that does not contain them',
    (hmacKeys) => {
      const make = () => osprofilerFormat({ hmacKeys } as never);
      expect(make).toThrow(/^@clew\/osprofiler: expected hmacKeys to be text with at least one key, got /);
      expect(make).not.toThrow(/SECRET/);
    },
  );

  test("keys may be written as in OSProfiler's configuration", () => {
    const configured = osprofilerFormat({ hmacKeys: ' SECRET_KEY , SECOND_KEY,, ' });
    for (const key of HMAC_KEYS) {
      const headers = lowerCase(signed(text({ base_id: BASE_ID, parent_id: PARENT_ID }), key));
      expect(configured.extract(headers, defaultTextMapGetter)?.kind).toBe('parent');
    }
    const empty = lowerCase(signed(text({ base_id: BASE_ID }), ''));
    expect(configured.extract(empty, defaultTextMapGetter)).toBeUndefined();
  });
});

function extract(headers: Readonly<Record<string, string>>): Extraction | undefined {
  return format.extract(lowerCase(headers), defaultTextMapGetter);
}

function inject(spanContext: SpanContext): Record<string, string> {
  const headers: Record<string, string> = {};
  format.inject({ spanContext, baggage: undefined }, headers, defaultTextMapSetter);
  return headers;
}

function sent(spanContext: SpanContext) {
  const headers = inject(spanContext);
  return { headers, ids: idsIn(headers['x-trace-info'] ?? '') };
}

function lowerCase(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

function isSampled(extraction: Extraction): boolean {
  return extraction.kind === 'parent'
    ? extraction.spanContext.traceFlags === 1
    : extraction.decision === 'sample';
}

function parentOf(extraction: Extraction | undefined) {
  if (extraction?.kind !== 'parent') throw new Error(`expected a parent, got ${JSON.stringify(extraction)}`);
  return extraction;
}
