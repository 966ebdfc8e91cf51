// Every link within the documentation leads somewhere, in the markdown and in the site built from it, and every picture can be heard.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { tempDir } from '../support/emulator.js';

interface Outline {
  headings: { slug: string; text: string; depth: number }[];
  links: string[];
  images: { src: string; alt: string }[];
}

const root = fileURLToPath(new URL('../../../', import.meta.url));
const script = (file: string): Promise<unknown> =>
  import(new URL(`../../../scripts/${file}`, import.meta.url).href);
const { outlineOf } = (await script('site/render.mjs')) as { outlineOf(markdown: string): Outline };
const { buildSite } = (await script('site/build.mjs')) as { buildSite(out: string): string[] };
const { pictures } = (await script('site/pictures.mjs')) as { pictures: Record<string, string> };
const { pages } = (await script('site/pages.mjs')) as { pages: { file: string }[] };

const files = [
  ...['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md'],
  ...readdirSync(path.join(root, 'docs'), 'utf8').flatMap(file =>
    file.endsWith('.md') ? [`docs/${file}`] : [],
  ),
];
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');
const outlines = new Map(files.map(file => [file, outlineOf(read(file))]));
/** Shorter says nothing of what is to be seen. */
const ALT_LENGTH_MIN = 20;

test('every link in the markdown leads to a file that is there, and to a heading in it', () => {
  const dead = [...outlines].flatMap(([file, { links }]) =>
    links
      .filter(href => !/^[a-z]+:/.test(href))
      .flatMap(href => {
        const [target = '', anchor] = href.split('#');
        const to = target === '' ? file : path.posix.join(path.posix.dirname(file), target);
        if (!existsSync(path.join(root, to))) return [`${file}: ${href} is not there`];
        const headings = outlines.get(to)?.headings;
        if (anchor === undefined || headings === undefined) return [];
        return headings.some(({ slug }) => slug === anchor) ? [] : [`${file}: ${href}: no such heading`];
      }),
  );
  assert.deepEqual(dead, []);
});

test('every picture is there, and says in words what it shows', () => {
  for (const [file, { images }] of outlines)
    for (const { src, alt } of images) {
      assert.ok(existsSync(path.join(root, path.dirname(file), src)), `${file}: ${src} is not there`);
      assert.ok(alt === 'see img' || alt.length >= ALT_LENGTH_MIN, `${file}: ${src} needs words: "${alt}"`);
    }
});

test('the pictures of the concepts are as the script draws them, and explain themselves', () => {
  for (const [file, svg] of Object.entries(pictures)) {
    assert.equal(read(`docs/pictures/${file}`), svg, `${file}: run node scripts/pictures.mjs`);
    assert.match(svg, /<title id="t">[^<]{10,}<\/title>\s*<desc id="d">[^<]{40,}<\/desc>/);
  }
});

test('every document has a place in the site', () => {
  const known = pages.map(({ file }) => file);
  assert.deepEqual(
    files.filter(file => !known.includes(file)),
    [],
  );
});

test('in the site every link, picture and anchor is there, and nothing comes from elsewhere', async t => {
  const out = await tempDir(t);
  const built = buildSite(out);
  const html = new Map(built.map(page => [page, readFileSync(path.join(out, page), 'utf8')]));
  const anchors = new Map(
    [...html].map(([page, text]) => [
      page,
      new Set([...text.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id)),
    ]),
  );
  const wrong: string[] = [];
  for (const [page, text] of html) {
    for (const [, href = ''] of text.matchAll(/<a\b[^>]*? href="([^"]*)"/g)) {
      if (/^https:/.test(href)) continue;
      const [target = '', anchor] = href.split('#');
      const to = target === '' ? page : target;
      if (!existsSync(path.join(out, to))) wrong.push(`${page}: ${href} is not there`);
      else if (anchor !== undefined && anchors.get(to)?.has(anchor) !== true) wrong.push(`${page}: ${href}`);
    }
    for (const [, src = ''] of text.matchAll(/(?:\bsrc|\bsrcset|<link\b[^>]*? href)="([^"]*)"/g))
      if (!existsSync(path.join(out, src))) wrong.push(`${page}: ${src} is not there`);
    for (const [image] of text.matchAll(/<img\b[^>]*>/g))
      if (!/ alt="/.test(image)) wrong.push(`${page}: ${image} says nothing`);
    const scripts = [...text.matchAll(/<script[^>]*>/g)].map(([tag]) => tag);
    assert.deepEqual(scripts, ['<script src="search.js" defer>'], page);
    if (/@import/.test(text)) wrong.push(`${page} runs or fetches something`);
    const ids = [...text.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    if (new Set(ids).size !== ids.length) wrong.push(`${page} has an anchor twice`);
  }
  assert.doesNotMatch(readFileSync(path.join(out, 'style.css'), 'utf8'), /url\(|@import/);
  assert.deepEqual(wrong, []);
});
