// `node scripts/screenshots.mjs URL [KEY]`: pictures of a running dashboard into docs/, as README shows them. Looks up KEY, and
// kills n2 for good: the emulator should be one made for this, with requests going on.
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

/** Before the kill and after it: long enough for plots to have a shape. In milliseconds. */
const beforeMs = 15_000;
const afterMs = 10_000;
const sizes = { laptop: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } };
const browser = await chromium.launch({
  executablePath,
  args: ['--headless', '--no-sandbox', '--disable-gpu'],
});
const pages = [];
for (const [name, viewport] of Object.entries(sizes))
  for (const colorScheme of ['light', 'dark']) {
    const page = await browser.newPage({ viewport, colorScheme });
    await page.goto(url);
    await page.fill('#key-input', key);
    await page.keyboard.press('Enter');
    pages.push({ page, name, colorScheme });
  }
const [{ page: first }] = pages;
await first.waitForTimeout(beforeMs);
await first.getByRole('button', { name: 'Kill n2' }).click();
await first.waitForTimeout(afterMs);
for (const { page, name, colorScheme } of pages) {
  // The key stays shown, its field is left: nothing is marked as being typed into.
  await page.evaluate('document.activeElement.blur()');
  const file = path.join(root, 'docs', `dashboard-${name}-${colorScheme}.png`);
  await page.screenshot({ path: file, fullPage: name === 'laptop' });
  process.stdout.write(`${path.relative(root, file)}\n`);
}
await browser.close();
