// The one entry of this folder: a binary that will do, found or else obtained into the per-user cache.
import { chmod, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { type Binary, type BinaryName, BrokerBinaryError, binaries, type FoundBinary } from './binary.js';
import { defaultReleaseUrl, download } from './download.js';
import { goBuild, NoGoError } from './go-build.js';
import { cachePath, defaultCacheDir, locate } from './locate.js';
import { isAtLeast, versionOf } from './version.js';

export interface EnsureOptions {
  /** Called with one line of text when a binary is passed over, and before and while one is obtained. */
  onProgress?: (line: string) => void;
  /** The environment searched, default `process.env`. */
  env?: NodeJS.ProcessEnv;
  /** Where obtained binaries are kept, default `$XDG_CACHE_HOME/dynats/bin` or `~/.cache/dynats/bin`. */
  cacheDir?: string;
  /** Base URL of the release archives, default `DYNATS_RELEASE_URL` or GitHub's. */
  releaseUrl?: string;
  /** Directories searched after the PATH, default `/usr/sbin`. */
  systemDirs?: readonly string[];
}

/**
 * A `which` of at least the minimum version, looked for in this order: the environment variable (`DYNATS_NATS_SERVER`,
 * `DYNATS_NATS_CLI`), the PATH and /usr/sbin, the cache; else built with Go or downloaded into the cache.
 *
 * @throws BrokerBinaryError none is there or to be had, or the variable names one that will not do.
 */
export async function ensureBinary(which: BinaryName, options: EnsureOptions = {}): Promise<FoundBinary> {
  const binary = binaries[which];
  const env = options.env ?? process.env;
  const cacheDir = options.cacheDir ?? defaultCacheDir(env);
  const releaseUrl = options.releaseUrl || env['DYNATS_RELEASE_URL'] || defaultReleaseUrl;
  const onProgress = options.onProgress ?? (() => undefined);
  const { systemDirs } = options;

  const found = await locate(binary, { env, cacheDir, ...(systemDirs && { systemDirs }) }, onProgress);
  return (
    found ??
    obtain(
      binary,
      cacheDir,
      [
        ['go', workDir => goBuild(binary, workDir, env, onProgress)],
        ['download', workDir => download(binary, workDir, releaseUrl, onProgress)],
      ],
      onProgress,
    )
  );
}

type Source = [source: 'go' | 'download', get: (workDir: string) => Promise<string>];

/** Tries the sources in turn, and says what came of each when all have failed. */
async function obtain(
  binary: Binary,
  cacheDir: string,
  sources: Source[],
  onProgress: (line: string) => void,
): Promise<FoundBinary> {
  const failures: string[] = [];
  for (const [source, get] of sources) {
    try {
      return await intoCache(binary, cacheDir, source, get);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      failures.push(message);
      if (!(error instanceof NoGoError)) onProgress(`No ${binary.name} this way: ${message}`);
    }
  }
  throw new BrokerBinaryError(
    `no ${binary.name} ${binary.minimum} or newer was found, nor could one be obtained (${failures.join('; ')}). ` +
      `Install it (https://github.com/nats-io), or set ${binary.variable} to its path.`,
  );
}

/** Moves the finished, proven binary in by a rename, so that several processes may do this at once. */
async function intoCache(
  binary: Binary,
  cacheDir: string,
  source: Source[0],
  get: Source[1],
): Promise<FoundBinary> {
  await mkdir(cacheDir, { recursive: true });
  const workDir = await mkdtemp(path.join(cacheDir, `.${binary.name}-`));
  try {
    const made = await get(workDir);
    await chmod(made, 0o755);
    const answer = await versionOf(made);
    if ('problem' in answer) throw new Error(`the ${binary.name} obtained ${answer.problem}`);
    if (!isAtLeast(answer.version, binary.version))
      throw new Error(`the ${binary.name} obtained is version ${answer.version}`);
    const target = cachePath(binary, cacheDir);
    await rename(made, target);
    return { path: target, version: answer.version, source };
  } finally {
    await rm(workDir, { recursive: true, force: true });
  }
}
