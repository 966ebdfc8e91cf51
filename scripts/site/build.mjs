// Builds the site: every page from its markdown, with navigation and contents, and the files that pages show.
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { pages as allPages } from './pages.mjs';
import { escapeHtml, renderPage } from './render.mjs';
import { apiEntriesOf, indexScript, sectionsOf } from './search.mjs';

const root = path.resolve(import.meta.dirname, '../..');
/** What pages may link to beside pages: pictures, schemas, and generated documents. Anything else is source. */
const assets = [/^docs\/[^ ]+\.(svg|png|json|yaml)$/, /^schemas\/[^/]+\.json$/];
/** Documents that others generate; they are part of the site when they are there. */
const generated = [
  { from: 'docs/api', to: 'api', page: 'api/index.html', name: 'TypeScript API', group: 'Use' },
];

/** Writes the site into `out`, which is emptied before. Returns the pages it wrote. */
export function buildSite(out) {
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  const pages = allPages.filter(({ file }) => existsSync(path.join(root, file)));
  const documents = generated.filter(({ from }) => existsSync(path.join(root, from, 'index.html')));
  for (const { from, to } of documents) {
    cpSync(path.join(root, from), path.join(out, to), { recursive: true });
    linkBack(path.join(out, to));
  }
  const pageOf = file => pages.find(each => each.file === file)?.page;
  const onAsset = file => {
    if (!assets.some(pattern => pattern.test(file)) || !existsSync(path.join(root, file))) return undefined;
    const address = file.replace(/^docs\//, '');
    if (statSync(path.join(root, file)).isFile()) {
      mkdirSync(path.dirname(path.join(out, address)), { recursive: true });
      cpSync(path.join(root, file), path.join(out, address));
    }
    return address;
  };
  const menu = [...pages, ...documents].filter(({ group }) => group !== undefined);
  const index = [];
  for (const { file, page, name } of pages) {
    const markdown = readFileSync(path.join(root, file), 'utf8');
    const { html, headings } = renderPage(markdown, { file, pageOf, onAsset });
    writeFileSync(path.join(out, page), frame({ page, html, headings, menu }));
    index.push(...sectionsOf({ page, name, html, headings }));
  }
  for (const { from, to, name } of documents)
    index.push(...apiEntriesOf(path.join(root, from), { to, name }));
  writeFileSync(path.join(out, 'search-index.js'), indexScript(index));
  for (const file of ['style.css', 'search.js'])
    cpSync(path.join(import.meta.dirname, file), path.join(out, file));
  cpSync(path.join(root, 'web/icon.svg'), path.join(out, 'icon.svg'));
  return pages.map(({ page }) => page);
}

/** Pages of the API lead back to the site: their title is its title, and a second one theirs. */
function linkBack(directory) {
  for (const file of readdirSync(directory, { recursive: true }).filter(each => each.endsWith('.html'))) {
    const up = '../'.repeat(file.split(path.sep).length);
    const html = readFileSync(path.join(directory, file), 'utf8');
    const title = /<a href="([^"]*)" class="title">Dynats<\/a>/;
    const both = `<a href="${up}index.html" class="title">Dynats</a> <a href="$1" class="title" style="margin: 0 auto 0 1rem">API</a>`;
    writeFileSync(path.join(directory, file), html.replace(title, both));
  }
}

function navigation(menu, page) {
  const groups = [...new Set(menu.map(({ group }) => group))];
  return groups
    .map(group => {
      const links = menu
        .filter(each => each.group === group)
        .map(each => {
          const here = each.page === page ? ' aria-current="page"' : '';
          return `<li><a href="${each.page}"${here}>${escapeHtml(each.name)}</a></li>`;
        });
      return `<p>${group}</p><ul>${links.join('')}</ul>`;
    })
    .join('\n');
}

/** Second and third headings; those of the third order only where they are few. */
function contents(headings) {
  const seconds = headings.filter(({ depth }) => depth === 2);
  const both = headings.filter(({ depth }) => depth === 2 || depth === 3);
  const shown = both.length <= 40 ? both : seconds;
  if (shown.length < 2) return '';
  const links = shown.map(
    ({ depth, slug, text }) => `<li class="d${depth}"><a href="#${slug}">${escapeHtml(text)}</a></li>`,
  );
  return `<ul>${links.join('')}</ul>`;
}

function frame({ page, html, headings, menu }) {
  const title = headings[0]?.text ?? 'Dynats';
  const list = contents(headings);
  const inPage = list === '' ? '' : `<p>On this page</p>${list}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title === 'Dynats' ? title : `${title} - Dynats`)}</title>
<link rel="icon" href="icon.svg">
<link rel="stylesheet" href="style.css">
<script src="search.js" defer></script>
</head>
<body>
<a class="skip" href="#content">Skip to the text</a>
<header><a class="home" href="index.html"><img src="icon.svg" alt="" width="24" height="24"> Dynats</a>
<form class="search" role="search" hidden><input type="search" placeholder="Search ( / )" aria-label="Search all pages; arrow keys go through what is found" autocomplete="off" spellcheck="false"><ul hidden></ul></form>
<details class="menu"><summary>Menu</summary><div class="panel"><nav aria-label="Pages">${navigation(menu, page)}</nav></div></details>
</header>
<div class="columns">
<nav class="pages" aria-label="Pages">${navigation(menu, page)}</nav>
<main id="content">
${list === '' ? '' : `<details class="inpage"><summary>On this page</summary><nav aria-label="On this page">${list}</nav></details>`}
${html}</main>
<nav class="contents" aria-label="On this page">${inPage}</nav>
</div>
</body>
</html>
`;
}
