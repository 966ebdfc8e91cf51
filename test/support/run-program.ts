// Runs a program to its end.
import { execFile } from 'node:child_process';
import type { TestContext } from 'node:test';
import { promisify } from 'node:util';

/** Resolves to what it printed on stdout; rejects when it fails. */
export async function runProgram(t: TestContext, program: string, args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(program, args, { signal: t.signal, timeout: 20_000 });
  return stdout;
}
