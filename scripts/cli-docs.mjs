// `npm run cli-docs`: writes the commands' own help into docs/CLI.md, below its mark.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
const file = path.join(root, 'docs', 'CLI.md');
const mark = '<!-- From here on: npm run cli-docs -->\n';

const main = path.join(root, 'dist/src/cli/main.js');
const { stdout, status } = spawnSync(process.execPath, [main, 'man', '--format', 'markdown'], {
  encoding: 'utf8',
});
if (status !== 0) process.exit(1);
const [head = ''] = readFileSync(file, 'utf8').split(mark);
writeFileSync(file, `${head}${mark}\n${stdout}`);
