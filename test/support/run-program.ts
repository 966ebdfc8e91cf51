// Runs a program to its end.
import { execFile } from 'node:child_process';
import type { TestContext } from 'node:test';
import { promisify } from 'node:util';

/**
 * Resolves to what it printed on stdout; rejects when it fails, or takes longer than `timeoutMs`, default 20 s.
 *
 * @param env variables of its own.
 */
export async function runProgram(
  t: TestContext,
  program: string,
  args: readonly string[],
  { env = {}, cwd, timeoutMs = 20_000 }: { env?: NodeJS.ProcessEnv; cwd?: string; timeoutMs?: number } = {},
): Promise<string> {
  const options = { signal: t.signal, timeout: timeoutMs, env: { ...process.env, ...env } };
  const running = promisify(execFile)(program, args, cwd === undefined ? options : { ...options, cwd });
  // A program that reads its input, as the nats command does, is at its end.
  running.child.stdin?.end();
  return (await running).stdout;
}
