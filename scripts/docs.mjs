// `npm run docs [DIR]`: builds the documentation's site into DIR, default site/. Open its index.html; it needs no server.
import path from 'node:path';
import { buildSite } from './site/build.mjs';

const out = path.resolve(process.argv[2] ?? path.join(import.meta.dirname, '..', 'site'));
const pages = buildSite(out);
process.stdout.write(`${pages.length} pages in ${out}: open ${path.join(out, 'index.html')}\n`);
