import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { textWidth } from '../src/terminal.ts';
import { renderWaterfall } from '../src/waterfall.ts';
import { ORDER, type SpanSketch, sketch } from './sample-trace.ts';

// UPDATE_GOLDEN=1 rewrites them; review the difference like code.
function expectGolden(name: string, text: string): void {
  const file = join(__dirname, 'golden', name);
  if (process.env.UPDATE_GOLDEN === '1') writeFileSync(file, text);
  expect(text).toBe(readFileSync(file, 'utf8'));
}

describe('the complete output', () => {
  test.each([
    ['order-40.txt', { width: 40 }],
    ['order-80.txt', { width: 80 }],
    ['order-120.txt', { width: 120 }],
    ['order-ascii.txt', { width: 80, ascii: true }],
    ['order-color.txt', { width: 80, color: true }],
    ['order-attributes.txt', { width: 80, attributes: true }],
  ])('%s', (name, options) => {
    expectGolden(name, renderWaterfall(ORDER, options));
  });

  test.each([40, 41, 59, 60, 61, 80, 99, 100, 133, 200])('has no line wider than %i columns', (width) => {
    const spans = [
      {
        id: '1',
        name: 'a name that is longer than its column '.repeat(4),
        service: 'a service with a long name',
      },
      {
        id: '2',
        parent: '1',
        name: '東京の名前は幅が広い'.repeat(5),
        error: 'bad '.repeat(60),
        service: '大阪'.repeat(20),
      },
      {
        id: '3',
        parent: '2',
        name: '👩‍👩‍👧 e\u0301te\u0301',
        attributes: { ['k'.repeat(90)]: 'v'.repeat(300) },
      },
    ];
    for (const trace of [ORDER, sketch(spans)]) {
      const lines = renderWaterfall(trace, { width, attributes: true }).split('\n');
      expect(lines.filter((line) => textWidth(line) > width)).toEqual([]);
    }
  });

  test('has at least 40 columns', () => {
    expect(renderWaterfall(ORDER, { width: 10 })).toBe(renderWaterfall(ORDER, { width: 40 }));
  });
});

test('names a trace without its root after the topmost span, not after a child', () => {
  const [title] = renderWaterfall(
    sketch([
      { id: '2', parent: '1', name: 'GET /basket' },
      { id: '3', parent: '2', name: 'SELECT baskets' },
    ]),
  ).split('\n');
  expect(title).toMatch(/ GET \/basket$/);
});

describe('the header', () => {
  const lines = (spans: readonly SpanSketch[], width = 120) =>
    renderWaterfall(sketch(spans), { width }).split('\n').slice(0, 4);

  test.each([
    [
      'a policy',
      { 'clew.sampling.policy': 'checkout', 'clew.sampling.kept': 'error' },
      'policy checkout (kept: error)',
    ],
    ['a policy alone', { 'clew.sampling.policy': 'checkout' }, 'policy checkout'],
    ['the default', { 'clew.sampling.kept': 'slow' }, 'the default (kept: slow)'],
    ['a signed request', { 'clew.sampling.kept': 'requested' }, 'request of the caller'],
    [
      "Jaeger's probability",
      { 'sampler.type': 'probabilistic', 'sampler.param': 0.25 },
      'a probability of 0.25',
    ],
    ["Jaeger's rate limit", { 'sampler.type': 'ratelimiting', 'sampler.param': '5' }, 'a rate limit of 5/s'],
    ["Jaeger's lower bound", { 'sampler.type': 'lowerbound', 'sampler.param': 0.1 }, 'a lower bound'],
  ])('states that %s sampled the trace', (_, attributes, reason) => {
    const spans: SpanSketch[] = [
      { id: '1', name: 'root', attributes },
      { id: '2', parent: '1', name: 'child' },
    ];
    expect(lines(spans)[1]).toBe(
      `2026-07-01 12:00:00.000Z · 1.00 ms · 2 spans · 1 service · sampled by ${reason}`,
    );
  });

  test('has no reason if no span states one', () => {
    expect(
      lines([{ id: '1', name: 'root', attributes: { 'sampler.type': 'const' } }]).join(''),
    ).not.toContain('sampled');
  });

  test('states each reason once, at most three, on lines of the given width', () => {
    const spans = ['a', 'b', 'a', 'c'.repeat(200), 'd'].map((policy, index) => ({
      id: String(index + 1),
      ...(index > 0 && { parent: '1' }),
      name: 'GET',
      attributes: { 'clew.sampling.policy': policy },
    }));
    const text = lines(spans, 60).join('\n');
    expect(text.match(/sampled by policy ./g)).toEqual(
      ['a', 'b', 'c'].map((each) => `sampled by policy ${each}`),
    );
    expect(text.split('\n').filter((line) => textWidth(line) > 60)).toEqual([]);
  });

  test('escapes what a span states', () => {
    const attributes = { 'clew.sampling.policy': '\x1b[31m' };
    expect(lines([{ id: '1', name: 'root', attributes }])[1]).toContain('sampled by policy \\x1b[31m');
  });
});
