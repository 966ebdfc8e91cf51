// Finds a binary that is on the machine already: named by the environment, on the PATH, or in the per-user cache.
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { type Binary, BrokerBinaryError, type FoundBinary } from './binary.js';
import { isAtLeast, versionOf } from './version.js';

/** Searched after the PATH: Debian installs nats-server here, which is on the PATH of root alone. */
const systemDirs = ['/usr/sbin'];

export interface Places {
  readonly env: NodeJS.ProcessEnv;
  readonly cacheDir: string;
  readonly systemDirs?: readonly string[];
}

/**
 * The first binary that will do, or undefined. One that will not is passed over and reported.
 *
 * @throws BrokerBinaryError the environment names a binary that will not do: the user's choice is never overruled in silence.
 */
export async function locate(
  binary: Binary,
  places: Places,
  onProgress: (line: string) => void,
): Promise<FoundBinary | undefined> {
  const named = places.env[binary.variable];
  if (named) return fromEnvironment(binary, path.resolve(named));

  for (const candidate of await onPath(binary, places)) {
    const problem = await judge(candidate, binary.minimum);
    if (typeof problem !== 'string') return { path: candidate, version: problem.version, source: 'path' };
    onProgress(`Passing over ${candidate}: ${problem}`);
  }

  const cached = cachePath(binary, places.cacheDir);
  if (await isExecutable(cached)) {
    const problem = await judge(cached, binary.version);
    if (typeof problem !== 'string') return { path: cached, version: problem.version, source: 'cache' };
    onProgress(`Passing over ${cached}: ${problem}`);
  }
  return undefined;
}

export function cachePath(binary: Binary, cacheDir: string): string {
  return path.join(cacheDir, `${binary.name}-${binary.version}`);
}

/** `$XDG_CACHE_HOME/dynats/bin`, by default below `~/.cache`. A relative XDG_CACHE_HOME is ignored, as its specification says. */
export function defaultCacheDir(env: NodeJS.ProcessEnv): string {
  const xdg = env['XDG_CACHE_HOME'];
  const base = xdg && path.isAbsolute(xdg) ? xdg : path.join(env['HOME'] || homedir(), '.cache');
  return path.join(base, 'dynats', 'bin');
}

async function fromEnvironment(binary: Binary, file: string): Promise<FoundBinary> {
  const problem = (await isExecutable(file)) ? await judge(file, binary.minimum) : 'no such executable file';
  if (typeof problem !== 'string') return { path: file, version: problem.version, source: 'env' };
  throw new BrokerBinaryError(
    `${binary.variable} names ${file}: ${problem}. ` +
      `Point it at ${binary.name} ${binary.minimum} or newer, or unset it to have one found or obtained.`,
  );
}

/** The version, or in words what keeps the binary from being used. */
async function judge(file: string, minimum: string): Promise<{ version: string } | string> {
  const answer = await versionOf(file);
  if ('problem' in answer) return `it ${answer.problem}`;
  if (isAtLeast(answer.version, minimum)) return answer;
  return `it is version ${answer.version}, and ${minimum} or newer is needed`;
}

async function onPath(binary: Binary, places: Places): Promise<string[]> {
  const searched = (places.env['PATH'] ?? '').split(path.delimiter).filter(dir => path.isAbsolute(dir));
  const files = [...searched, ...(places.systemDirs ?? systemDirs)].map(dir => path.join(dir, binary.name));
  const found: string[] = [];
  for (const file of new Set(files)) if (await isExecutable(file)) found.push(file);
  return found;
}

async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
}
