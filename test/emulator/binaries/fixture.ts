// Small stand-ins for the binaries, and a place on disk for each test.
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import type { EnsureOptions } from '../../../src/emulator/binaries/ensure-binary.js';

export interface Place {
  dir: string;
  cacheDir: string;
  /** What was reported, in order. */
  lines: string[];
  /** Options for a machine with nothing on it, and nowhere to download from. */
  bare: EnsureOptions & { env: NodeJS.ProcessEnv };
}

export async function place(t: TestContext): Promise<Place> {
  const dir = await mkdtemp(path.join(tmpdir(), 'dynats-binaries-'));
  t.after(() => rm(dir, { recursive: true, force: true }));
  const cacheDir = path.join(dir, 'cache');
  const lines: string[] = [];
  const onProgress = (line: string): number => lines.push(line);
  return {
    dir,
    cacheDir,
    lines,
    bare: {
      env: { PATH: path.join(dir, 'empty') },
      cacheDir,
      systemDirs: [],
      // Port 9 is refused at once.
      releaseUrl: 'http://127.0.0.1:9',
      onProgress,
    },
  };
}

/** An executable shell script; resolves to its path. */
export async function script(file: string, body: string): Promise<string> {
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, `#!/bin/sh\n${body}\n`, { mode: 0o755 });
  return file;
}

export function fakeServer(file: string, version: string): Promise<string> {
  return script(file, `echo "nats-server: v${version}"`);
}

/** What the cache holds, unfinished work included. */
export async function cached(where: Place): Promise<string[]> {
  return (await readdir(where.cacheDir).catch(() => [])).sort();
}
