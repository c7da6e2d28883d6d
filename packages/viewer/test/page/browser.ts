import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { findChromium } from '../../../../integration-tests/services/chromium.ts';

const TIMEOUT_MS = 120_000;

/** The options of a page. */
export interface PageOptions extends BrowserContextOptions {
  /** Runs before the scripts of the page. */
  readonly before?: () => void;
}

/** A real browser. */
export interface TestBrowser {
  /** Opens a page; its errors and its console's messages are collected in `problems`. */
  open(url: string, options?: PageOptions): Promise<Page>;
  readonly problems: string[];
  closePages(): Promise<void>;
  close(): Promise<void>;
}

/** Starts Chromium. Rejects with one line if it is not installed. */
export async function startBrowser(): Promise<TestBrowser> {
  const browser: Browser = await chromium.launch({
    executablePath: findChromium(),
    // Chromium's sandbox needs a user other than root.
    args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
  });
  const problems: string[] = [];
  return {
    problems,
    async open(url, { before, ...options } = {}) {
      const context = await browser.newContext({ viewport: { width: 1200, height: 760 }, ...options });
      const page = await context.newPage();
      if (before !== undefined) await page.addInitScript(before);
      page.setDefaultTimeout(TIMEOUT_MS);
      page.on('pageerror', (error) => problems.push(error.message));
      page.on('console', (message) => {
        if (message.type() === 'error') problems.push(message.text());
      });
      page.on('dialog', (dialog) => {
        problems.push(`dialog: ${dialog.message()}`);
        void dialog.dismiss();
      });
      await page.goto(url);
      return page;
    },
    closePages: async () => {
      for (const context of browser.contexts()) await context.close();
    },
    close: () => browser.close(),
  };
}
