// A real, headless Chromium for tests of pages.
import { accessSync, constants } from 'node:fs';
import type { TestContext } from 'node:test';
import { type Browser, chromium, type Page } from 'playwright-core';
import { cleanUp } from './emulator.js';

/** As scripts/chromium.mjs found it, or where Debian puts it. */
const executablePath = process.env['DYNATS_CHROMIUM'] || '/usr/bin/chromium';

const args = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Why no browser can be started, or false: for the `skip` of a test. */
export function lacksBrowser(): string | false {
  try {
    accessSync(executablePath, constants.X_OK);
    return false;
  } catch {
    return `no Chromium at ${executablePath}: install it (Debian: apt-get install chromium), or name one in DYNATS_CHROMIUM`;
  }
}

/** Closed after the test. */
export async function startBrowser(t: TestContext): Promise<Browser> {
  const browser = await chromium.launch({ executablePath, args });
  cleanUp(t, () => browser.close());
  return browser;
}

export interface Watched {
  readonly page: Page;
  /** What went wrong in the page, and every address it asked for, from its beginning. */
  readonly errors: string[];
  readonly asked: string[];
}

export async function openPage(
  browser: Browser,
  url: string,
  options: { width?: number; height?: number; colorScheme?: 'light' | 'dark' } = {},
): Promise<Watched> {
  const { width = 1440, height = 900, colorScheme = 'light' } = options;
  const page = await browser.newPage({ viewport: { width, height }, colorScheme });
  const errors: string[] = [];
  const asked: string[] = [];
  page.on('pageerror', error => errors.push(error.message));
  page.on('console', message => {
    if (message.type() === 'error') errors.push(message.text());
  });
  page.on('request', request => asked.push(request.url()));
  await page.goto(url);
  return { page, errors, asked };
}
