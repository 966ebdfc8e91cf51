// Makes sure of a Chromium for the tests of the dashboard: one that is there, or Debian's, where this process may install it.
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import path from 'node:path';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const installTimeoutMs = 5 * 60_000;

function onPath(name) {
  for (const dir of (process.env.PATH ?? '').split(path.delimiter).filter(Boolean))
    try {
      const file = path.join(dir, name);
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // Not in this directory.
    }
  return undefined;
}

const find = () => process.env.DYNATS_CHROMIUM || names.map(onPath).find(file => file !== undefined);

function install() {
  process.stderr.write('Installing chromium (apt-get)...\n');
  const options = { stdio: ['ignore', 'ignore', 'inherit'], timeout: installTimeoutMs };
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  for (const args of [['update'], ['install', '-y', '--no-install-recommends', 'chromium']])
    if (spawnSync('apt-get', args, { ...options, env }).status !== 0) return;
}

/** Its path; or undefined, said on stderr with what to do, and the tests that need it report themselves as skipped. */
export function ensureChromium() {
  if (find() === undefined && process.getuid?.() === 0 && onPath('apt-get') !== undefined) install();
  const found = find();
  if (found === undefined)
    process.stderr.write(
      'No Chromium: the tests of the dashboard in a browser will be skipped. Install it (Debian: apt-get install chromium), or name one in DYNATS_CHROMIUM.\n',
    );
  return found;
}
