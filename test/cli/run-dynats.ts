// Runs the real command with an input and an environment of its own.
import { spawn } from 'node:child_process';
import os from 'node:os';
import path from 'node:path';
import { cliPath } from '../support/emulator.js';

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs `dynats` with no variables, contexts or emulator of the machine it runs on. */
export function dynats(
  args: readonly string[],
  { stdin = '' as string | Buffer, env = {} }: { stdin?: string | Buffer; env?: NodeJS.ProcessEnv } = {},
): Promise<Ended> {
  const nowhere = path.join(os.tmpdir(), 'dynats-no-such-directory');
  const child = spawn(process.execPath, [cliPath, ...args], {
    env: { PATH: process.env['PATH'] ?? '', HOME: nowhere, DYNATS_DATA: nowhere, ...env },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', text => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', text => (stderr += text));
  child.stdin.on('error', () => {}); // It may have ended without reading.
  child.stdin.end(stdin);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', code => resolve({ code, stdout, stderr }));
  });
}
