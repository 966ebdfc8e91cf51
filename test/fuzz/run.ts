// `npm run fuzz -- --messages 1000000 --seed 7 [--brokers]`: as many messages as wanted, a thousand to a seed. A seed that finds
// something prints the command that sends the same again.
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { freePorts } from '../../src/chaos/free-ports.js';
import { Emulator } from '../../src/emulator/emulator.js';
import { type FuzzResult, fuzzInProcess } from './in-process.js';
import { fuzzedCluster, fuzzOnBrokers } from './on-brokers.js';

const help = `npm run fuzz -- [--messages N] [--seed N] [--brokers]

  --messages N   how many (default 100000)
  --seed N       of the first thousand messages (20,000 with --brokers); the next ones have the next (default: drawn by chance)
  --brokers      to a cluster of three real nodes, over real brokers; else to nodes in this process, in virtual time
`;
const perSeed = 1000;
/** A run on brokers starts a cluster, so it sends more before it ends it. */
const perSeedOnBrokers = 20_000;

const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '100000' },
    seed: { type: 'string' },
    brokers: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
const number = (text: string, flag: string): number => {
  if (/^\d{1,12}$/.test(text)) return Number(text);
  process.stderr.write(`${flag} "${text}" is no whole number\n${help}`);
  process.exit(2);
};

async function onBrokers(seed: number, count: number): Promise<FuzzResult> {
  const dataDir = await mkdtemp(path.join(os.tmpdir(), 'dynats-fuzz-'));
  const port = await freePorts(4 * fuzzedCluster.nodes);
  const emulator = await Emulator.start({ ...fuzzedCluster, dataDir, port, sync: 'lazy' });
  try {
    return await fuzzOnBrokers(emulator, seed, count);
  } finally {
    await emulator.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function main(): Promise<number> {
  const messages = number(values.messages, '--messages');
  const first = number(values.seed ?? `${Math.floor(Math.random() * 1e6)}`, '--seed');
  const each = values.brokers ? perSeedOnBrokers : perSeed;
  const begunAtMs = performance.now();
  for (let sent = 0, seed = first; sent < messages; sent += each, seed++) {
    const count = Math.min(each, messages - sent);
    const { faults } = values.brokers ? await onBrokers(seed, count) : await fuzzInProcess(seed, count);
    for (const fault of faults) process.stdout.write(`${fault}\n`);
    if (faults.length > 0) {
      const how = values.brokers ? ' --brokers' : '';
      process.stdout.write(`again: npm run fuzz -- --messages ${count} --seed ${seed}${how}\n`);
      return 1;
    }
    const seconds = (performance.now() - begunAtMs) / 1000;
    process.stderr.write(`\r${sent + count} messages, seeds ${first} to ${seed}, ${seconds.toFixed(0)} s `);
  }
  process.stderr.write('\n');
  process.stdout.write(`${messages} messages, no fault\n`);
  return 0;
}

if (values.help) process.stdout.write(help);
else process.exitCode = await main();
