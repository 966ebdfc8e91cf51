// docs/CLI.md tells of the commands as they are.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { markdownOf } from '../../src/cli/manual/markdown.js';
import { pagesOf } from '../../src/cli/manual/page.js';
import { roffOf } from '../../src/cli/manual/roff.js';
import { commandTree } from './command-tree.js';

const document = readFileSync(fileURLToPath(new URL('../../../docs/CLI.md', import.meta.url)), 'utf8');
const pages = pagesOf(await commandTree());

test('docs/CLI.md is up to date: npm run cli-docs renews it', () => {
  const [, generated] = document.split('<!-- From here on: npm run cli-docs -->\n\n');
  assert.equal(generated, markdownOf(pages));
});

test('a manual page has every part, and nothing in its text is taken for a request', () => {
  for (const page of pages) {
    const roff = roffOf(page, { version: '0', connection: 'See dynats(1).' });
    for (const part of ['NAME', 'SYNOPSIS', 'EXAMPLES'])
      assert.match(roff, new RegExp(`^\\.SH ${part}$`, 'm'));
    const requests = roff.split('\n').filter(line => /^[.']/.test(line));
    for (const line of requests) assert.match(line, /^\.(TH|SH|TP|PP|B|BR|br|nf|fi|RS|RE)( |$)/);
  }
  const odd = { ...(pages[0] ?? assert.fail()), notes: '.hidden\n a\\b -x' };
  const roff = roffOf(odd, { version: '0', connection: '' });
  assert.ok(roff.includes('\\&.hidden\n.br\na\\eb \\-x'), roff);
});
