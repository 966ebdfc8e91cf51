// The tools of tools/package.json, which only some commands need: installed when one of these runs.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

export const toolsDir = path.resolve(import.meta.dirname, '..', 'tools');
const stamp = path.join(toolsDir, 'node_modules', '.dynats-lock');
const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';

/** Installs what the lockfile says, unless that is there. Nothing of it runs when it is installed. */
export function ensureTools() {
  const lock = readFileSync(path.join(toolsDir, 'package-lock.json'), 'utf8');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  process.stderr.write('Installing tools...\n');
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const { status } = spawnSync(npm, args, { cwd: toolsDir, stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) {
    process.stderr.write('dynats: the tools of tools/package.json could not be installed; see above.\n');
    process.exit(1);
  }
  writeFileSync(stamp, lock);
}

/** Path of a tool's command. */
export const toolPath = (...parts) => path.join(toolsDir, 'node_modules', ...parts);
