// `npm run fuzz`: builds what is out of date, then fuzzes every subject (test/fuzz/run.ts).
import { spawnSync } from 'node:child_process';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
for (const args of [['scripts/build.mjs'], ['dist/test/fuzz/run.js', ...process.argv.slice(2)]]) {
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
