import type { Page } from 'playwright-core';
import { type Collector, startCollector } from '../../src/collector.ts';
import { sketch } from '../sample-trace.ts';
import { startBrowser, type TestBrowser } from './browser.ts';
import { id, SHOP } from './shop-traces.ts';

// On a busy machine, a page may take long.
jest.setTimeout(300_000);

let browser: TestBrowser;
let collector: Collector;
beforeAll(async () => {
  browser = await startBrowser();
  collector = await startCollector({ port: 0, page: true });
  collector.store.add(SHOP.flatMap(({ spans }) => spans));
}, 300_000);
afterAll(async () => {
  await browser?.close();
  await collector?.close();
});
afterEach(async () => {
  await browser.closePages();
  expect(browser.problems.splice(0)).toEqual([]);
});

async function names(page: Page): Promise<string[]> {
  return page.locator('td.name a').allTextContents();
}

describe('the list', () => {
  test('names traces by the route of the first server, newest first', async () => {
    const page = await browser.open(collector.url);
    await page.waitForSelector('td.name a');
    expect(await names(page)).toEqual([
      'GET /orders/:id',
      'GET /orders/:id',
      'GET /orders/:id',
      'POST /orders',
    ]);
    expect(await page.locator('tr.failed').count()).toBe(2);
  });

  test('is live: a new trace appears without a reload', async () => {
    const page = await browser.open(`${collector.url}/#/?service=late`);
    await page.getByText('No trace matches the filter').waitFor();
    collector.store.add(
      sketch([{ id: '1', name: 'GET /late', service: 'late', kind: 'SERVER' }], id(99)).spans,
    );
    await page.getByText('GET /late').waitFor();
  });

  test('filters by what is typed, and keeps the filter in the address', async () => {
    const page = await browser.open(collector.url);
    await page.waitForSelector('td.name a');
    await page.getByLabel('Status').fill('5xx');
    await page.getByLabel('Min. ms').fill('150');
    await page.getByRole('button', { name: 'Filter', exact: true }).click();
    await page.waitForFunction(() => document.querySelectorAll('td.name a').length === 1);
    expect(page.url()).toContain('#/?status=5xx&minDurationMs=150');
    await page.reload();
    await page.waitForSelector('td.name a');
    expect(await names(page)).toEqual(['GET /orders/:id']);
    await page.getByRole('link', { name: 'Clear' }).click();
    await page.waitForFunction(() => document.querySelectorAll('td.name a').length > 1);
  });

  test('says what is wrong with a filter', async () => {
    const page = await browser.open(collector.url);
    await page.getByLabel('Attribute').fill('no value');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').getByText('expected attribute as key=value, got "no value"').waitFor();
  });

  test('a click on a point of the plot opens its trace, and a drag filters', async () => {
    const page = await browser.open(`${collector.url}/#/?service=browser`);
    await page.waitForSelector('td.name a');
    const plot = (await page.locator('.scatter canvas').boundingBox())!;
    // The last trace is at the right end; the slowest of the three is in the middle, at the top.
    await page.mouse.move(plot.x + plot.width / 2 - 40, plot.y + 1);
    await page.mouse.down();
    await page.mouse.move(plot.x + plot.width / 2 + 40, plot.y + 60, { steps: 4 });
    await page.mouse.up();
    await page.waitForFunction(() => document.querySelectorAll('td.name a').length === 1);
    expect(page.url()).toMatch(/from=\d+/);
    await page.goBack();
    await page.waitForFunction(() => document.querySelectorAll('td.name a').length === 3);
    const canvas = page.locator('.scatter canvas');
    await canvas.hover({ position: { x: plot.width / 2, y: 8 } });
    await page.getByText('500 ms').first().waitFor();
    await canvas.click({ position: { x: plot.width / 2, y: 8 } });
    await page.waitForURL(`**/#/trace/${id(2)}`);
  });
});
