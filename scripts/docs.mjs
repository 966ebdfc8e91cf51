// `npm run docs [DIR]`: builds the documentation's site into DIR, default site/. Open its index.html; it needs no server.
import './build.mjs';
import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';

const note = line => process.stderr.write(`${line}\n`);
const [target] = process.argv.slice(2);
if (target?.startsWith('-')) {
  note('usage: npm run docs -- [DIR]');
  process.exit(2);
}
const root = path.resolve(import.meta.dirname, '..');
const out = path.resolve(target ?? path.join(root, 'site'));

/** Whether a source is newer than the pages of the API, or these are not there. */
function isApiStale() {
  const made = statSync(path.join(root, 'docs/api/index.html'), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return readdirSync(path.join(root, 'src'), { recursive: true, withFileTypes: true }).some(
    file => file.name.endsWith('.ts') && statSync(path.join(file.parentPath, file.name)).mtimeMs > made,
  );
}

// Without these pages the site is still worth having, as where the tools for them cannot be obtained.
let lacksApi = false;
if (isApiStale()) {
  note('Pages of the TypeScript API...');
  const docsApi = path.join(import.meta.dirname, 'docs-api.mjs');
  lacksApi = spawnSync(process.execPath, [docsApi], { stdio: ['ignore', 2, 2] }).status !== 0;
}
const { buildSite } = await import('./site/build.mjs');
const pages = buildSite(out);
if (lacksApi) note('The pages of the API could not be made anew, see above; npm run docs tries again.');
process.stdout.write(`${pages.length} pages in ${out}: open ${path.join(out, 'index.html')}\n`);
