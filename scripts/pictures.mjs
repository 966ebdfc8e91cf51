// `node scripts/pictures.mjs`: draws the pictures of docs/CONCEPTS.md into docs/pictures/.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pictures } from './site/pictures.mjs';

const dir = path.resolve(import.meta.dirname, '../docs/pictures');
mkdirSync(dir, { recursive: true });
for (const [file, svg] of Object.entries(pictures)) writeFileSync(path.join(dir, file), svg);
process.stdout.write(`${Object.keys(pictures).length} pictures in docs/pictures\n`);
