// `node scripts/screenshots.mjs URL [KEY]`: pictures of a running dashboard into docs/, as README shows them. Looks up KEY first.
import path from 'node:path';
import { chromium } from 'playwright-core';
import { ensureChromium } from './chromium.mjs';

const root = path.resolve(import.meta.dirname, '..');
const [url, key = '137'] = process.argv.slice(2);
const executablePath = ensureChromium();
if (url === undefined || executablePath === undefined) {
  process.stderr.write('usage: node scripts/screenshots.mjs URL [KEY], with Chromium installed\n');
  process.exit(1);
}

/** Long enough for requests and points to come in. */
const settleMs = 12_000;
const sizes = { laptop: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } };
const browser = await chromium.launch({
  executablePath,
  args: ['--headless', '--no-sandbox', '--disable-gpu'],
});
for (const [name, viewport] of Object.entries(sizes))
  for (const colorScheme of ['light', 'dark']) {
    const page = await browser.newPage({ viewport, colorScheme });
    await page.goto(url);
    await page.fill('#key-input', key);
    await page.keyboard.press('Enter');
    await page.waitForTimeout(settleMs);
    const file = path.join(root, 'docs', `dashboard-${name}-${colorScheme}.png`);
    await page.screenshot({ path: file, fullPage: name === 'laptop' });
    await page.close();
    process.stdout.write(`${path.relative(root, file)}\n`);
  }
await browser.close();
