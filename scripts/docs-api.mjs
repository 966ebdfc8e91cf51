// Writes the pages of the API to docs/api, and fails on anything exported that has no words.
import { spawnSync } from 'node:child_process';
import { ensureTools, toolPath, toolsDir } from './tools.mjs';

ensureTools();
const { status } = spawnSync(
  process.execPath,
  [toolPath('typedoc/bin/typedoc'), '--options', 'typedoc.mjs', ...process.argv.slice(2)],
  { cwd: toolsDir, stdio: 'inherit' },
);
process.exitCode = status ?? 1;
