// Fetches a release archive, checks it against the SHA256SUMS published beside it, and takes the binary out of it.
// The sums come from the same place as the archive: they guard against a broken transfer or mirror, TLS against a false one.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { formatDuration } from '../../model/duration.js';
import type { Binary } from './binary.js';

/** The releases' base URL; a mirror keeps the paths below it. */
export const defaultReleaseUrl = 'https://github.com/nats-io';

const stallTimeoutMs = 30_000;
const archiveBytesMax = 256 * 1024 * 1024;
const sumsBytesMax = 1024 * 1024;
const progressEveryMs = 1000;

/** Downloads into `workDir` (empty, the caller's to remove) and resolves to the unpacked binary. */
export async function download(
  binary: Binary,
  workDir: string,
  releaseUrl: string,
  onProgress: (line: string) => void,
): Promise<string> {
  const name = binary.archive(...system());
  const base = `${releaseUrl.replace(/\/+$/, '')}/${binary.releasePath}`;
  onProgress(`Downloading ${binary.name} v${binary.version} from ${base}...`);

  const sumsUrl = `${base}/SHA256SUMS`;
  const sums: Buffer[] = [];
  await transfer(sumsUrl, sumsBytesMax, chunk => sums.push(chunk));
  const expected = expectedHash(Buffer.concat(sums).toString('utf8'), name);
  if (!expected) throw new Error(`${sumsUrl} has no line for ${name}`);

  const archive = path.join(workDir, name);
  const hash = createHash('sha256');
  const report = throttled(megabytes => onProgress(`Downloading ${binary.name}: ${megabytes}...`));
  await transfer(
    `${base}/${name}`,
    archiveBytesMax,
    (chunk, received, total) => {
      hash.update(chunk);
      report(received, total);
    },
    archive,
  );
  const actual = hash.digest('hex');
  if (actual !== expected)
    throw new Error(`${base}/${name} has SHA-256 ${actual}, not ${expected} as its SHA256SUMS says`);
  return unpack(archive, workDir, binary.name);
}

/** The name of this machine's system in release archives. */
function system(): [os: string, arch: string] {
  const os = { linux: 'linux', darwin: 'darwin', freebsd: 'freebsd' }[process.platform as string];
  const arch = { x64: 'amd64', arm64: 'arm64', s390x: 's390x' }[process.arch as string];
  if (!os || !arch) throw new Error(`no release archive is known for ${process.platform} on ${process.arch}`);
  return [os, arch];
}

/** The hash a SHA256SUMS file (`<hash>  <name>` a line, a `*` before binary files' names) gives for `name`. */
function expectedHash(sums: string, name: string): string | undefined {
  for (const line of sums.split('\n')) {
    const [hash, file] = line.trim().split(/\s+\*?/);
    if (file === name && hash && /^[0-9a-f]{64}$/i.test(hash)) return hash.toLowerCase();
  }
  return undefined;
}

/** Streams `url` through `onChunk`, and to `file` if given. Fails on a bad status, a stall, a cut connection or too many bytes. */
async function transfer(
  url: string,
  bytesMax: number,
  onChunk: (chunk: Buffer, received: number, total: number | undefined) => void,
  file?: string,
): Promise<void> {
  const stall = new AbortController();
  const timer = setTimeout(
    () => stall.abort(new Error(`nothing received for ${formatDuration(stallTimeoutMs)}`)),
    stallTimeoutMs,
  );
  try {
    const response = await fetch(url, { signal: stall.signal });
    if (!response.ok || !response.body) {
      await response.body?.cancel();
      throw new Error(`status ${response.status}`);
    }
    const length = Number(response.headers.get('content-length'));
    let received = 0;
    const watch = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        timer.refresh();
        received += chunk.length;
        if (received > bytesMax) return done(new Error(`more than ${bytesMax} bytes`));
        onChunk(chunk, received, length > 0 ? length : undefined);
        done(null, file ? chunk : undefined);
      },
    });
    if (!file) watch.resume();
    await (file
      ? pipeline(Readable.fromWeb(response.body), watch, createWriteStream(file))
      : pipeline(Readable.fromWeb(response.body), watch));
  } catch (error) {
    throw new Error(`${url}: ${reason(error)}`, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

/** `fetch` hides what happened (refused, reset, other side closed) in the cause. */
function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (!(error.cause instanceof Error)) return error.message;
  const { code, message } = error.cause as NodeJS.ErrnoException;
  return `${error.message} (${message || code})`;
}

function throttled(
  report: (megabytes: string) => void,
): (received: number, total: number | undefined) => void {
  let last = Date.now();
  const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);
  return (received, total) => {
    if (Date.now() - last < progressEveryMs) return;
    last = Date.now();
    report(total ? `${megabytes(received)} of ${megabytes(total)} MB` : `${megabytes(received)} MB`);
  };
}

async function unpack(archive: string, workDir: string, name: string): Promise<string> {
  // GNU tar reads no zip files; the tar of macOS and FreeBSD does, but unzip is there as well.
  const [tool, args] = archive.endsWith('.zip')
    ? ['unzip', ['-q', '-o', archive, '-d', workDir]]
    : ['tar', ['-xzf', archive, '-C', workDir]];
  try {
    await promisify(execFile)(tool as string, args as string[]);
  } catch (error) {
    const { code, stderr } = error as { code?: string | number; stderr?: string };
    const why =
      stderr?.trim().split('\n')[0] || (code === 'ENOENT' ? 'it is not installed' : `exit code ${code}`);
    throw new Error(`${tool} cannot unpack ${path.basename(archive)}: ${why}`, { cause: error });
  }
  const entries = await readdir(workDir, { recursive: true, withFileTypes: true });
  const found = entries.find(entry => entry.isFile() && entry.name === name);
  if (!found) throw new Error(`${path.basename(archive)} holds no file ${name}`);
  return path.join(found.parentPath, found.name);
}
