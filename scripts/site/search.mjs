// The index of the site's search: one entry for each section of a page and each page of the API, with its plain text.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** Kinds of pages of the API that are worth finding; what they contain is found by the API's own search. */
const apiKinds = ['classes', 'functions', 'interfaces', 'types', 'variables'];

/** Text as it is read: without tags, with characters in place of entities. */
const textOf = html =>
  html
    .replace(/<\/?(?:a|b|code|em|i|span|strong)\b[^>]*>/g, '')
    .replace(/<[^>]*>/g, ' ')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&')
    .replace(/\s+/g, ' ')
    .trim();

/**
 * Sections of a page: what stands under each heading, up to the next one.
 *
 * @returns entries `[address, name of the page, heading, text]`.
 */
export function sectionsOf({ page, name, html, headings }) {
  const parts = html.split(/<h[1-6] id="[^"]*">.*?<\/h[1-6]>\n/s);
  return headings.map(({ slug, text }, at) => [`${page}#${slug}`, name, text, textOf(parts[at + 1] ?? '')]);
}

/** Entries of the API's pages below `directory`, which is `to` in the site. Its text is the first paragraph. */
export function apiEntriesOf(directory, { to, name }) {
  return apiKinds.flatMap(kind => {
    const files = readdirSync(directory).includes(kind) ? readdirSync(path.join(directory, kind)) : [];
    return files.map(file => {
      const html = readFileSync(path.join(directory, kind, file), 'utf8');
      const words = textOf(/<div class="tsd-comment[^>]*>(.*?)<\/div>/s.exec(html)?.[1] ?? '');
      return [`${to}/${kind}/${file}`, name, file.replace(/\.html$/, '').replace(/^.*?\./, ''), words];
    });
  });
}

/** A script, not JSON, since a page opened from a disk may load the one and not the other. */
export const indexScript = entries => `globalThis.dynatsIndex = ${JSON.stringify(entries)};\n`;
