// Markdown of one file to the HTML of its content: headings with anchors, links to pages of the site, tables that scroll.
import path from 'node:path';
import { Marked } from 'marked';

export const escapeHtml = text =>
  text.replace(/[&<>"]/g, char => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[char]);

/** The anchor that GitHub gives a heading, so that one link works in both places. */
export function slugOf(text, seen = new Map()) {
  const slug = text
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
  const count = seen.get(slug) ?? 0;
  seen.set(slug, count + 1);
  return count === 0 ? slug : `${slug}-${count}`;
}

/** Headings of a file with their anchors, and what it links to and shows. */
export function outlineOf(markdown) {
  const seen = new Map();
  const headings = [];
  const links = [];
  const images = [];
  const marked = new Marked({ gfm: true });
  const tokens = marked.lexer(markdown);
  marked.walkTokens(tokens, token => {
    if (token.type === 'heading') {
      const text = plainText(token.tokens);
      headings.push({ depth: token.depth, text, slug: slugOf(text, seen) });
    }
    if (token.type === 'link') links.push(token.href);
    if (token.type === 'image') images.push({ src: token.href, alt: token.text });
    if (token.type === 'html')
      for (const [tag] of token.raw.matchAll(/<(?:img|source)\b[^>]*>/g)) {
        const attribute = name => new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1];
        const src = attribute('src') ?? attribute('srcset') ?? '';
        images.push({ src, alt: tag.startsWith('<source') ? 'see img' : (attribute('alt') ?? '') });
      }
  });
  return { headings, links, images };
}

function plainText(tokens) {
  return tokens
    .map(token => (token.tokens === undefined ? (token.text ?? token.raw) : plainText(token.tokens)))
    .join('')
    .replaceAll('&amp;', '&')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'");
}

/**
 * @param options.file the file in the repository, which links in it are relative to.
 * @param options.pageOf a file's page, or undefined when the site has none.
 * @param options.onAsset told of each file that the page shows or offers; returns its address in the site.
 */
export function renderPage(markdown, { file, pageOf, onAsset }) {
  const { headings } = outlineOf(markdown);
  let at = 0;
  const from = href => path.posix.join(path.posix.dirname(file), href);
  const renderer = {
    heading({ tokens, depth }) {
      const { slug } = headings[at++];
      const anchor = `<a class="anchor" href="#${slug}" aria-label="Link to this section">#</a>`;
      return `<h${depth} id="${slug}">${this.parser.parseInline(tokens)} ${anchor}</h${depth}>\n`;
    },
    link({ href, tokens }) {
      const text = this.parser.parseInline(tokens);
      if (/^https?:/.test(href)) return `<a href="${escapeHtml(href)}">${text}</a>`;
      const [target, anchor] = href.split('#');
      const hash = anchor === undefined ? '' : `#${anchor}`;
      if (target === '') return `<a href="${hash}">${text}</a>`;
      const page = pageOf(from(target));
      if (page !== undefined) return `<a href="${page}${hash}">${text}</a>`;
      const asset = onAsset(from(target));
      // Sources are in the repository, and not in the site.
      return asset === undefined
        ? `<span class="source" title="${escapeHtml(from(target))} in the repository">${text}</span>`
        : `<a href="${asset}">${text}</a>`;
    },
    image({ href, text }) {
      const picture = `<img src="${onAsset(from(href))}" alt="${escapeHtml(text)}">`;
      return `<span class="picture" tabindex="0" role="group" aria-label="Picture">${picture}</span>`;
    },
    html({ text }) {
      return text.replace(
        /\b(src|srcset)="([^":]+)"/g,
        (_, name, href) => `${name}="${onAsset(from(href))}"`,
      );
    },
    table(token) {
      const row = (cells, tag) =>
        `<tr>${cells.map(cell => `<${tag}>${this.parser.parseInline(cell.tokens)}</${tag}>`).join('')}</tr>`;
      const head = row(token.header, 'th');
      const body = token.rows.map(cells => row(cells, 'td')).join('\n');
      return `<div class="wide" tabindex="0" role="group" aria-label="Table"><table><thead>${head}</thead><tbody>\n${body}\n</tbody></table></div>\n`;
    },
    code({ text, lang }) {
      return `<pre tabindex="0"><code${lang ? ` class="language-${escapeHtml(lang)}"` : ''}>${escapeHtml(text)}\n</code></pre>\n`;
    },
  };
  const marked = new Marked({ gfm: true, renderer });
  return { html: marked.parse(markdown), headings };
}
