import { type Collector, startCollector } from '../src/collector.ts';
import { decodeTraces } from '../src/decode-traces.ts';
import { traceToDot } from '../src/dot.ts';
import { traceToOtlp } from '../src/otlp-trace.ts';
import { pageHtml } from '../src/page.ts';
import { renderWaterfallSvg } from '../src/svg.ts';
import { traceFromJson } from '../src/trace-from-json.ts';
import { renderWaterfall } from '../src/waterfall.ts';
import { TRACE_ID } from './sample-trace.ts';

const NOW = '1782907200000000000';

function span(id: number, rest: object = {}) {
  return {
    traceId: TRACE_ID,
    spanId: id.toString(16).padStart(16, '0'),
    parentSpanId: '1'.padStart(16, '0'),
    name: `span ${id}`,
    kind: 2,
    startTimeUnixNano: NOW,
    endTimeUnixNano: NOW,
    ...rest,
  };
}

const ROOT = span(1, { parentSpanId: '', name: 'root' });
const below = (parent: number) => ({ parentSpanId: parent.toString(16).padStart(16, '0') });
const text = (value: string) => ({
  name: value,
  attributes: [
    { key: value, value: { stringValue: value } },
    { key: 'http.route', value: { stringValue: value } },
    { key: 'server.address', value: { stringValue: value } },
    { key: 'clew.sampling.policy', value: { stringValue: value } },
  ],
  events: [{ name: value, timeUnixNano: NOW }],
  status: { code: 2, message: value },
});

const HOSTILE: readonly [what: string, spans: readonly object[]][] = [
  ['a span that is its own parent', [ROOT, span(2, below(2))]],
  ['a cycle of three spans', [span(1, below(3)), span(2, below(1)), span(3, below(2))]],
  ['spans without their parents', [span(2, below(7)), span(3, below(8))]],
  ['the same span many times', Array.from({ length: 1000 }, () => ROOT)],
  ['spans of the same id with other kinds', [1, 2, 3, 4, 5].map((kind) => ({ ...ROOT, kind }))],
  ['a start before 1970', [span(1, { startTimeUnixNano: '-1' })]],
  ['times of 0', [span(1, { startTimeUnixNano: '0', endTimeUnixNano: '0' })]],
  ['the latest time', [span(1, { endTimeUnixNano: '18446744073709551615' })]],
  ['an end before the start', [span(1, { endTimeUnixNano: '1' })]],
  ['a value of a megabyte', [{ ...ROOT, ...text('x'.repeat(1_000_000)) }]],
  ['the end of a script', [{ ...ROOT, ...text('</script><script>alert(1)</script><!--') }]],
  ['the end of CDATA and of a style', [{ ...ROOT, ...text(']]></style><svg onload=alert(1)>&"\'') }]],
  ['control characters', [{ ...ROOT, ...text('\x1b[2J\x1b]0;owned\x07\0\x9b31m\r\n') }]],
  ['text that reverses its direction', [{ ...ROOT, ...text('\u202Egnp.exe\u202C\u2066x\u2069\u200F') }]],
  ['invisible characters', [{ ...ROOT, ...text('a\u200b\ufeff\u{e0041}b\u2028') }]],
  ['half of a surrogate pair', [{ ...ROOT, ...text('\ud800x\udc00') }]],
  ['names of the object prototype', [{ ...ROOT, ...text('__proto__') }, span(2, text('constructor'))]],
  ['a name of nothing', [{ ...ROOT, ...text('') }]],
  ['a chain of 5,000 spans', Array.from({ length: 5000 }, (_, index) => span(index + 2, below(index + 1)))],
];

let collector: Collector;
beforeEach(async () => {
  collector = await startCollector({ port: 0, page: true, maxBodyBytes: 2 ** 26 });
});
afterEach(() => collector.close());

async function get(path: string): Promise<string> {
  const response = await fetch(collector.url + path);
  expect([path, response.status]).toEqual([path, 200]);
  return response.text();
}

// Format characters that hide or reorder text, and control characters other than the line feed.
const UNPRINTABLE = /[^\P{Cc}\n]|[\p{Cf}\p{Zl}\p{Cs}]/u;

test.each(HOSTILE)('receives, lists, counts, draws and exports %s', async (_, spans) => {
  const response = await fetch(`${collector.url}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans }] }] }),
  });
  expect(response.status).toBe(200);
  const stored = traceFromJson(await get(`/api/traces/${TRACE_ID}`));
  const identities = new Set(
    spans.map((each) => JSON.stringify([Reflect.get(each, 'spanId'), Reflect.get(each, 'kind')])),
  );
  expect(stored.spans).toHaveLength(identities.size);
  const { traces } = JSON.parse(await get('/api/traces'));
  expect(traces).toMatchObject([{ traceId: TRACE_ID, spans: identities.size }]);
  expect(JSON.stringify(traces).length).toBeLessThan(10_000);
  const { operations } = JSON.parse(await get('/api/statistics'));
  expect(operations.length).toBeLessThanOrEqual(1000);
  const picture = renderWaterfall(stored, { attributes: true, fold: false, color: false });
  expect(picture.split('\n').length).toBeGreaterThan(identities.size);
  expect(UNPRINTABLE.exec(picture)).toBeNull();
  const svg = renderWaterfallSvg(stored);
  expect(svg).not.toMatch(/<script|<\/style><|onload=alert\(1\)>/);
  expect(UNPRINTABLE.exec(svg)).toBeNull();
  expect(traceToDot(stored)).toContain('digraph');
  const html = pageHtml(JSON.stringify(JSON.parse(await get(`/api/traces/${TRACE_ID}`))));
  expect(html.match(/<\/script>/g)).toHaveLength(pageHtml().match(/<\/script>/g)!.length);
  const otlp = decodeTraces(Buffer.from(JSON.stringify(traceToOtlp(stored))), 'application/json');
  expect(otlp).toHaveLength(identities.size);
});
