// The search of the documentation's site: what it finds, and that it works in a page opened from a disk.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { runInNewContext } from 'node:vm';
import { lacksBrowser, openPage, startBrowser } from '../support/browser.js';
import { tempDir } from '../support/emulator.js';

interface Found {
  address: string;
  name: string;
  heading: string;
  excerpt: string;
}

interface Searching {
  readonly dynatsIndex: readonly string[][];
  readonly dynatsSearch: { find(index: readonly string[][], query: string): Found[] };
}

const { buildSite } = (await import(new URL('../../../scripts/site/build.mjs', import.meta.url).href)) as {
  buildSite(out: string): string[];
};

/** What a page of the site has loaded, but for the page. */
function searchOf(out: string): {
  index: readonly string[][];
  find: (query: string) => Found[];
} {
  const context = {} as Searching;
  for (const file of ['search-index.js', 'search.js'])
    runInNewContext(readFileSync(path.join(out, file), 'utf8'), context);
  const index = context.dynatsIndex;
  return { index, find: query => context.dynatsSearch.find(index, query) };
}

test('search finds a section by words of its heading first, then by words of its text, in every page', async t => {
  const out = await tempDir(t);
  const pages = buildSite(out);
  const { index, find } = searchOf(out);
  assert.equal(find('read repair')[0]?.address, 'concepts.html#a-read-and-read-repair');
  assert.equal(find('  Under  FAULTS ')[0]?.address, 'guarantees.html#under-faults');
  assert.match(find('write timeout')[0]?.address ?? '', /WriteTimeoutError|concepts\.html#a-write/);
  assert.match(find('anti-entropy merkle trees')[0]?.excerpt ?? '', /merkle/i);
  assert.equal(find('quorum xyzzy').length, 0);
  assert.equal(find(' ').length, 0);
  // What would be syntax in a pattern, and in HTML.
  for (const query of ['--level', '(', 'a.b[', '\\\\', '*', '</script>'])
    assert.doesNotThrow(() => find(query), query);
  assert.ok(find('--level quorum').length > 0);
  const html = new Map(pages.map(page => [page, readFileSync(path.join(out, page), 'utf8')]));
  for (const page of pages)
    assert.ok(
      index.some(([address]) => address?.startsWith(`${page}#`)),
      page,
    );
  for (const [address = '', , , text = ''] of index) {
    // Only where somebody has made them.
    if (address.startsWith('api/')) {
      assert.ok(existsSync(path.join(out, address)), address);
      continue;
    }
    const [page = '', anchor] = address.split('#');
    assert.ok(html.get(page)?.includes(` id="${anchor}"`), address);
    assert.doesNotMatch(text, /<\/(p|a|code|td)>|&(lt|gt|quot|amp);/, `${address}: text as it is read`);
  }
});

test('search works in a page from a disk, by keyboard, and fetches nothing from elsewhere', {
  skip: lacksBrowser(),
}, async t => {
  const out = await tempDir(t);
  buildSite(out);
  const browser = await startBrowser(t);
  const { page, errors, asked } = await openPage(browser, pathToFileURL(path.join(out, 'readme.html')).href);
  await page.keyboard.press('/');
  await page.keyboard.type('read repair');
  const first = page.locator('.search li a').first();
  await first.waitFor();
  assert.match((await first.textContent()) ?? '', /read repair/i);
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.waitForURL(/concepts\.html#a-read-and-read-repair$/);
  await page.keyboard.press('/');
  await page.keyboard.type('<b>xyzzy');
  await page.getByText('Nothing has all of "<b>xyzzy"').waitFor();
  await page.keyboard.press('Escape');
  await page.locator('.search ul').waitFor({ state: 'hidden' });
  assert.deepEqual(errors, []);
  assert.deepEqual(
    asked.filter(url => !url.startsWith('file:')),
    [],
  );
});
