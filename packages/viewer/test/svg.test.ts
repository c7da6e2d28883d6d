import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { renderWaterfallSvg } from '../src/svg.ts';
import { ORDER, START, sketch } from './sample-trace.ts';

test('the image in the README matches the current output', () => {
  const file = join(__dirname, '..', 'waterfall.svg');
  const svg = renderWaterfallSvg(ORDER);
  if (process.env.UPDATE_GOLDEN === '1') writeFileSync(file, svg);
  expect(svg).toBe(readFileSync(file, 'utf8'));
});

test('is self-contained', () => {
  const addresses = renderWaterfallSvg(ORDER).match(/\b\w+:\/\/[^"']*/g);
  expect(addresses).toEqual(['http://www.w3.org/2000/svg']);
  expect(renderWaterfallSvg(ORDER)).not.toMatch(/<script|<image|<use|href=|url\(|@import/);
});

test.each([
  '</text><script>alert(1)</script>',
  '" onload="x',
  "' &amp; <",
  '\x00\x1b[31m\ufffe\ud800',
  ']]>',
  '\u202e',
])('escapes %j everywhere', (text) => {
  const event = { name: text, timeUnixNano: START, attributes: {} };
  const svg = renderWaterfallSvg(
    sketch([{ id: '1', name: text, service: text, error: text, events: [event] }], text),
  );
  const tags = new Set([...svg.matchAll(/<\/?([^\s>/]*)/g)].map(([, tag]) => tag));
  expect([...tags].sort()).toEqual(['circle', 'path', 'rect', 'style', 'svg', 'text', 'title', 'tspan']);
  // Characters that XML 1.0 allows, and only character references.
  expect(svg).not.toMatch(/[^\n\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u);
  expect(svg.match(/&(?!#\d+;)/g)).toBeNull();
  expect(svg).not.toContain('onload="');
  expect(svg.split(/<text/).length).toBe(svg.split('</text>').length);
});

test('states which policy sampled the trace', () => {
  const attributes = { 'clew.sampling.policy': '<checkout>', 'clew.sampling.kept': 'slow' };
  const svg = renderWaterfallSvg(sketch([{ id: '1', name: 'GET', attributes }]));
  expect(svg).toContain('sampled by policy &#60;checkout&#62; (kept: slow)');
});

test('has a width of at least 640 pixels', () => {
  expect(renderWaterfallSvg(ORDER, { width: 1200 })).toContain('viewBox="0 0 1200 ');
  expect(renderWaterfallSvg(ORDER, { width: 10 })).toBe(renderWaterfallSvg(ORDER, { width: 640 }));
});

test('keeps bars on the axis', () => {
  const bars = [...renderWaterfallSvg(ORDER).matchAll(/<rect x="([\d.]+)" y="\d+" width="([\d.]+)"/g)];
  expect(bars.length).toBeGreaterThanOrEqual(ORDER.spans.length);
  for (const [, x, width] of bars) expect(Number(x) + Number(width)).toBeLessThanOrEqual(960 - 24 - 76 + 0.2);
});

test('draws an empty trace', () => {
  expect(renderWaterfallSvg({ traceId: 'x', spans: [] })).toMatch(/^<svg .*<\/svg>\n$/s);
});
