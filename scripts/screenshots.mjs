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

/** How often a picture is taken again because the verdict on the key changed meanwhile. */
const triesMax = 10;
/** Before the kill and after it: long enough for plots to have a shape. In milliseconds. */
const beforeMs = 60_000;
const afterMs = 20_000;
/** For plots to be drawn anew in another size and other colours. */
const drawnMs = 1500;
const sizes = { laptop: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } };
const browser = await chromium.launch({
  executablePath,
  args: ['--headless', '--no-sandbox', '--disable-gpu'],
});
// One page for all pictures: four would keep a small machine so busy that nodes are late.
const page = await browser.newPage({ viewport: sizes.laptop, colorScheme: 'light' });
await page.goto(url);
await page.fill('#key-input', key);
await page.keyboard.press('Enter');
await page.waitForTimeout(beforeMs);
await page.getByRole('button', { name: 'Kill n2' }).click();
await page.waitForTimeout(afterMs);
// The key stays shown, its field is left: nothing is marked as being typed into.
await page.evaluate('document.activeElement.blur()');

// Of the owners only the killed one cannot be asked, and the others agree: no write of the key is under way.
const count = verdict => `document.querySelectorAll('#key-result [data-node]${verdict}').length`;
const isClear = `${count('')} > 1 && ${count('[data-verdict="newest"]')} === ${count('')} - 1`;
for (const [name, viewport] of Object.entries(sizes))
  for (const colorScheme of ['light', 'dark']) {
    await page.setViewportSize(viewport);
    await page.emulateMedia({ colorScheme });
    await page.evaluate('scrollTo(0, 0)');
    await page.waitForTimeout(drawnMs);
    const file = path.join(root, 'docs', `dashboard-${name}-${colorScheme}.png`);
    let isRight = false;
    for (let tries = 0; !isRight && tries < triesMax; tries++) {
      await page.waitForFunction(isClear);
      await page.screenshot({ path: file, fullPage: name === 'laptop' });
      isRight = await page.evaluate(isClear);
    }
    process.stdout.write(`${path.relative(root, file)}${isRight ? '' : ': not right, take it again'}\n`);
    if (!isRight) process.exitCode = 1;
  }
await browser.close();
