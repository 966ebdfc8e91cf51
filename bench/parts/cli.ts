// How long `dynats get` takes, from its start to its answer on stdout.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cliPath, dynats } from '../../test/support/emulator.js';
import { startDynats } from '../clusters/dynats.js';
import type { Finding } from '../finding.js';
import { spread } from '../stats.js';

const runs = 9;

export async function measureCli(): Promise<Finding[]> {
  const cluster = await startDynats({ sync: 'always' });
  const server = ['--server', cluster.urls[0] ?? ''];
  await dynats('put', 'city', 'Bern', ...server);
  const tookMs: number[] = [];
  for (let i = 0; i < runs; i++) tookMs.push(await answerMs(['get', 'city', ...server]));
  await cluster.stop();
  return [{ id: 'cli.get', text: 'dynats get, start to answer', value: spread(tookMs).median, unit: 'ms' }];
}

async function answerMs(args: readonly string[]): Promise<number> {
  const begunAtMs = performance.now();
  const child = spawn(process.execPath, [cliPath, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  const [answer] = (await Promise.race([once(child.stdout, 'data'), ended])) as [unknown];
  const tookMs = performance.now() - begunAtMs;
  await ended;
  if (String(answer).trim() !== 'Bern') throw new Error('dynats get did not answer');
  return tookMs;
}
