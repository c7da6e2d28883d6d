import type { Page } from 'playwright-core';
import { type Collector, startCollector } from '../../src/collector.ts';
import { TRACE_ID } from '../sample-trace.ts';
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

/** The texts of the lines of the waterfall. */
function lines(page: Page): Promise<string[]> {
  return page.locator('.line .text').allTextContents();
}

describe('a trace', () => {
  test('is drawn as a waterfall that folds equal siblings', async () => {
    const page = await browser.open(`${collector.url}/#/trace/${id(1)}`);
    await page.waitForSelector('.line');
    expect(await lines(page)).toEqual(['GET', 'GET /orders/:id', 'get', 'get', '×40 SELECT stock']);
    expect(await page.locator('h1').textContent()).toBe('GET /orders/:id');
    await page.locator('.line .toggle').last().click();
    expect((await lines(page)).length).toBeGreaterThan(15);
  });

  test('draws its bars', async () => {
    const page = await browser.open(`${collector.url}/#/trace/${TRACE_ID}`);
    await page.waitForSelector('.line');
    const colours = await page.evaluate(() => {
      const canvas = document.querySelector<HTMLCanvasElement>('.lines canvas')!;
      const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, 24);
      return new Set(
        Array.from({ length: data.length / 4 }, (_, index) => data.slice(index * 4, index * 4 + 4).join()),
      ).size;
    });
    expect(colours).toBeGreaterThan(2);
  });

  test('is used with the keyboard only, from the list to an attribute and back', async () => {
    const page = await browser.open(`${collector.url}/#/?status=500`);
    await page.waitForSelector('td.name a');
    for (let tabs = 0; tabs < 40; tabs++) {
      if (await page.evaluate(() => document.activeElement?.closest('td.name') !== null)) break;
      await page.keyboard.press('Tab');
    }
    await page.keyboard.press('Enter');
    await page.waitForSelector('.line');
    for (let tabs = 0; tabs < 40; tabs++) {
      if (await page.evaluate(() => document.activeElement?.role === 'treegrid')) break;
      await page.keyboard.press('Tab');
    }
    const selected = () => page.locator('.line.selected .text').textContent();
    expect(await selected()).toBe('GET');
    await page.keyboard.press('ArrowDown');
    expect(await selected()).toBe('GET /orders/:id');
    await page.keyboard.press('ArrowLeft');
    expect(await lines(page)).toEqual(['GET', 'GET /orders/:id']);
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('End');
    expect(await selected()).toBe('×40 SELECT stock');
    await page.keyboard.press('e');
    expect(await selected()).toBe('GET /orders/:id');
    await page.keyboard.press('Enter');
    const details = page.getByRole('complementary', { name: 'Span' });
    await details.getByText('✗ out of stock').waitFor();
    expect(await details.getByRole('row', { name: 'http.route' }).textContent()).toContain('/orders/:id');
    await page.keyboard.press('Escape');
    await details.waitFor({ state: 'detached' });
    await page.keyboard.press('+');
    await page.getByRole('button', { name: 'Whole trace' }).waitFor();
    await page.keyboard.press('0');
    await page.getByRole('button', { name: 'Whole trace' }).waitFor({ state: 'detached' });
    await page.goBack();
    await page.waitForSelector('td.name a');
  });

  test('shows self time, the stages of a message and what sampled a span in the details', async () => {
    const page = await browser.open(`${collector.url}/#/trace/${id(1)}?span=${'4'.padStart(16, '0')}`);
    const details = page.getByRole('complementary', { name: 'Span' });
    await details.waitFor();
    const text = (await details.locator('.facts').first().textContent())!;
    for (const part of [
      'Self time20.0 ms',
      'Message: wait10.0 ms',
      'Message: handle60.0 ms',
      'Message: reply10.0 ms',
    ])
      expect(text).toContain(part);
  });

  test('is copied as JSON', async () => {
    const page = await browser.open(`${collector.url}/#/trace/${id(1)}`, {
      permissions: ['clipboard-read', 'clipboard-write'],
    });
    await page.locator('.lines').focus();
    await page.keyboard.press('c');
    await page.getByText('Copied the span as JSON').waitFor();
    expect(JSON.parse(await page.evaluate(() => navigator.clipboard.readText()))).toMatchObject({
      name: 'GET',
    });
  });

  test('that does not exist has a message', async () => {
    const page = await browser.open(`${collector.url}/#/trace/${id(77)}`);
    await page
      .getByRole('alert')
      .getByText(`no trace ${id(77)}`)
      .waitFor();
    // The browser logs each response with an error.
    expect(browser.problems.splice(0)).toHaveLength(1);
  });
});
