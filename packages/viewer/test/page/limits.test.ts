import { type Collector, startCollector } from '../../src/collector.ts';
import { pageHtml } from '../../src/page.ts';
import { type SpanSketch, START, sketch } from '../sample-trace.ts';
import { startBrowser, type TestBrowser } from './browser.ts';
import { id } from './shop-traces.ts';

// On a busy machine, a page may take long.
jest.setTimeout(300_000);

let browser: TestBrowser;
let collector: Collector;
beforeAll(async () => {
  browser = await startBrowser();
  collector = await startCollector({ port: 0, page: true });
}, 300_000);
afterAll(async () => {
  await browser?.close();
  await collector?.close();
});
afterEach(async () => {
  await browser.closePages();
  expect(browser.problems.splice(0)).toEqual([]);
});

function store(traceId: string, spans: readonly SpanSketch[]): void {
  collector.store.add(sketch(spans, traceId).spans);
}

test('a comparison has at most 2,000 lines, and states how many are left out', async () => {
  const spans = Array.from({ length: 2500 }, (_, index) => ({
    id: (index + 1).toString(16),
    name: `step ${index}`,
  }));
  store(id(1), spans);
  store(id(2), spans);
  const page = await browser.open(`${collector.url}/#/compare/${id(1)}/${id(2)}`);
  await page.getByText('500 more lines not shown').waitFor();
  expect(await page.locator('.difference tbody tr').count()).toBe(2000);
});

test('details have at most 200 attributes, events and links each, and state how many are left out', async () => {
  const numbers = Array.from({ length: 250 }, (_, index) => index);
  store(id(3), [
    {
      id: '1',
      name: 'large',
      attributes: Object.fromEntries(numbers.map((index) => [`key ${index}`, index])),
      events: numbers.map((index) => ({ name: `event ${index}`, timeUnixNano: START, attributes: {} })),
      links: numbers.map((index) => ({
        traceId: id(index + 1),
        spanId: 'a'.repeat(16),
        traceState: '',
        attributes: {},
      })),
    },
  ]);
  const page = await browser.open(`${collector.url}/#/trace/${id(3)}?span=${'1'.padStart(16, '0')}`);
  const details = page.getByRole('complementary', { name: 'Span' });
  for (const kind of ['attributes', 'events', 'links'])
    await details.getByText(`50 more ${kind} not shown`).waitFor();
  expect(await details.getByRole('rowheader', { name: /^key / }).count()).toBe(200);
  expect(await details.getByRole('heading', { name: /^event / }).count()).toBe(200);
  expect(await details.getByRole('link').count()).toBe(200);
});

test('maps, legends and lists show at most 100 services, and short names', async () => {
  const long = 'y'.repeat(100_000);
  const services = Array.from({ length: 150 }, (_, index) => `service ${index}`);
  store(
    id(4),
    [long, ...services].map((service, index) => ({
      id: `${index + 1}`,
      name: 'serve',
      kind: 'SERVER',
      service,
    })),
  );
  const map = await browser.open(`${collector.url}/#/map?service=service%200`);
  await map.getByText('51 more nodes not shown').waitFor();
  expect(await map.locator('.node').count()).toBe(100);
  const list = await browser.open(`${collector.url}/#/?service=service%200`);
  await list.getByText(/^y{255}…, service 0, .* and 90 more$/).waitFor();
  const trace = await browser.open(`${collector.url}/#/trace/${id(4)}`);
  await trace.getByText('51 more services not shown').waitFor();
  expect(await trace.locator('.legend li').count()).toBe(100);
});

test('a browser that allows no storage, history or clipboard shows everything else', async () => {
  store(id(5), [
    { id: '1', name: 'root', ms: 9 },
    { id: '2', parent: '1', name: 'child' },
  ]);
  const before = () => {
    const refuse = () => {
      throw new DOMException('not allowed here', 'SecurityError');
    };
    Object.defineProperty(window, 'sessionStorage', { get: refuse });
    Object.defineProperty(navigator, 'clipboard', { value: undefined });
    history.replaceState = refuse;
  };
  const page = await browser.open(`${collector.url}/#/`, { before });
  await page.getByRole('button', { name: 'Set as before' }).click();
  await page.getByRole('link', { name: 'Compare with before' }).waitFor();
  await page.getByRole('link', { name: 'root' }).click();
  await page.waitForSelector('.line');
  await page.locator('.lines').focus();
  await page.keyboard.press('ArrowDown');
  expect(await page.locator('.line.selected .text').textContent()).toBe('child');
  await page.keyboard.press('c');
  await page.getByText('The browser does not allow copying here').waitFor();
  await page.getByRole('button', { name: 'Copy trace' }).click();
  await page.getByText('The browser does not allow copying here').waitFor();
});

test('an exported page works in a frame that is not allowed to do anything but run scripts', async () => {
  store(id(6), [
    { id: '1', name: 'root', ms: 9 },
    { id: '2', parent: '1', name: 'child' },
  ]);
  const page = await browser.open('about:blank');
  await page.evaluate(
    (html) => {
      const frame = document.createElement('iframe');
      frame.setAttribute('sandbox', 'allow-scripts');
      frame.width = '1000';
      frame.height = '600';
      frame.srcdoc = html;
      document.body.append(frame);
    },
    pageHtml(collector.store.traceJson(id(6))),
  );
  const frame = page.frameLocator('iframe');
  await frame.locator('.line').first().waitFor();
  await frame.locator('.lines').focus();
  await page.keyboard.press('ArrowDown');
  await frame.locator('.line.selected', { hasText: 'child' }).waitFor();
  await page.keyboard.press('c');
  await frame.getByText('The browser does not allow copying here').waitFor();
  // Chromium logs that the frame may not use the clipboard.
  expect(browser.problems.splice(0).filter((problem) => !/clipboard/i.test(problem))).toEqual([]);
});
