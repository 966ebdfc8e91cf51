// Builds a pinned version from source, where there is a Go toolchain.
import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { formatElapsed } from '../../model/duration.js';
import type { Binary } from './binary.js';

const buildTimeoutMs = 15 * 60_000;
const progressEveryMs = 15_000;
const keptOutputBytes = 16 * 1024;

/** There is no Go here; not a failure, only the next source's turn. */
export class NoGoError extends Error {
  override name = 'NoGoError';
}

/**
 * Builds `binary` in `workDir` (empty, on the caller's to remove) and resolves to the built file.
 *
 * A scratch module rather than `go install package@version`: the latter asks the module proxy for the list of versions,
 * which some proxies refuse.
 *
 * @throws NoGoError no `go` on the PATH of `env`.
 */
export async function goBuild(
  binary: Binary,
  workDir: string,
  env: NodeJS.ProcessEnv,
  onProgress: (line: string) => void,
): Promise<string> {
  const { module, sum } = binary.go;
  await writeFile(
    path.join(workDir, 'go.mod'),
    `module fetch\n\ngo 1.24\n\nrequire ${module} v${binary.version}\n`,
  );
  await writeFile(path.join(workDir, 'go.sum'), `${module} v${binary.version} ${sum}\n`);
  const out = path.join(workDir, binary.name);
  // Toolchain first, so that "no Go" is told from "the build failed" and nothing is announced in vain.
  await go(['version'], workDir, env);

  const what = `Building ${binary.name} v${binary.version} with Go`;
  onProgress(`${what} (a minute or two, once)...`);
  const started = Date.now();
  const ticker = setInterval(
    () => onProgress(`${what}: ${formatElapsed(Date.now() - started)} so far...`),
    progressEveryMs,
  );
  try {
    const flags = ['-mod=mod', '-trimpath', '-buildvcs=false', '-ldflags=-s -w'];
    await go(['build', ...flags, '-o', out, binary.go.package], workDir, env);
  } finally {
    clearInterval(ticker);
  }
  return out;
}

function go(args: string[], cwd: string, env: NodeJS.ProcessEnv): Promise<void> {
  // For this machine whatever the user builds for otherwise, and outside any workspace.
  const { GOOS: _os, GOARCH: _arch, ...rest } = env;
  const child = spawn('go', args, {
    cwd,
    env: { ...rest, GOWORK: 'off', CGO_ENABLED: '0', GO111MODULE: 'on' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  // Not spawn's own `timeout`: where there is no Go, Node leaves its timer running, and the process with it.
  const timer = setTimeout(() => child.kill('SIGKILL'), buildTimeoutMs);
  let output = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output = (output + text).slice(-keptOutputBytes);
  });
  return new Promise((resolve, reject) => {
    child.on('error', error => {
      clearTimeout(timer);
      reject(new NoGoError('Go is not installed', { cause: error }));
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (code === 0) resolve();
      else reject(new Error(`go ${args[0]}: ${lastLine(output) || `ended with ${signal ?? code}`}`));
    });
  });
}

function lastLine(output: string): string {
  return output.trim().split('\n').at(-1)?.trim() ?? '';
}
