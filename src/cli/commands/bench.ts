// dynats bench: put load on the running cluster and tell how fast it answers.

import type { Command } from 'commander';
import { Mode } from '../../client/options.js';
import { formatDuration, formatLatency } from '../../model/duration.js';
import { during } from '../activity.js';
import { addConnectionFlags, type ConnectionFlags, connectionOptions } from '../connection.js';
import { CliError, ExitCode } from '../exit.js';
import { explain } from '../help-text.js';
import { parseCount, parseDuration, parseSize } from '../numbers.js';
import { defaultBucket, parseLevel } from '../request-flags.js';
import { didYouMean } from '../suggest.js';

interface BenchFlags extends ConnectionFlags {
  op: string;
  concurrency: string;
  size: string;
  keys: string;
  distribution: string;
  duration: string;
  level: string;
  bucket: string;
  mode: string;
  json?: boolean;
}

const concurrencyMax = 65_536;
const valueBytesMax = 512 * 1024;
/** A key, a writer and a count stand in each value. */
const valueBytesMin = 64;
const durationMsMax = 3_600_000;
const warmupMs = 500;
const fillConcurrency = 1024;
/** Deadline of one operation, in milliseconds: what is late is to be measured, not to fail. */
const timeoutMs = 10_000;

export function register(program: Command): void {
  const command = program
    .command('bench')
    .description('put load on the cluster and measure it; writes keys key-0, key-1... to the bucket')
    .option('--op <put|get|mixed>', 'what to do; mixed: half of each', 'mixed')
    .option('--concurrency <n>', 'operations under way at a time', '64')
    .option('--size <size>', 'of a value, 64B to 512KiB', '100B')
    .option('--keys <n>', 'number of keys; for reads each is written once before', '10000')
    .option('--distribution <uniform|zipfian>', 'of the keys; zipfian: some are popular', 'uniform')
    .option('--duration <duration>', 'how long, up to 1h', '5s')
    .option('-l, --level <level>', 'consistency level', 'quorum')
    .option('-b, --bucket <bucket>', 'bucket', defaultBucket)
    .option('--mode <direct|api>', 'direct: this process coordinates; api: a node does', 'direct')
    .option('-j, --json', 'print the result as JSON');
  addConnectionFlags(command).action(bench);
  explain(command, {
    notes:
      'Answers are checked while it measures. Ctrl-C ends it with what was measured so far. Compared with JetStream KV: npm run bench in a checkout.',
    examples: [
      'dynats bench',
      'dynats bench --op get --level one --concurrency 256 --duration 10s',
      ['dynats bench --op put --size 4KiB --mode api', 'nodes coordinate'],
    ],
  });
}

async function bench(flags: BenchFlags): Promise<void> {
  const [{ fill, Kind, runLoad }, { Distribution }, { Values }, { DynatsStore }, { openClient }, output] =
    await Promise.all([
      import('../bench/load.js'),
      import('../bench/keys.js'),
      import('../bench/values.js'),
      import('../bench/dynats-store.js'),
      import('../open-client.js'),
      import('../output.js'),
    ]);
  const kind = oneOf('--op', flags.op, Object.values(Kind));
  const mode = oneOf('--mode', flags.mode, Object.values(Mode));
  const distribution = oneOf('--distribution', flags.distribution, Object.values(Distribution));
  const level = parseLevel(flags.level, kind === Kind.Put ? 'write' : 'read');
  const concurrency = parseCount(flags.concurrency, '--concurrency', concurrencyMax);
  const keys = parseCount(flags.keys, '--keys');
  const measureMs = parseDuration(flags.duration, '--duration', { min: 1, max: durationMsMax });
  const values = new Values(String(process.pid), sizeOf(flags.size));
  const options = { timeoutMs, ...(await connectionOptions(flags)), mode };
  const store = new DynatsStore(await openClient(options), { level, bucket: flags.bucket });
  const interrupted = new AbortController();
  const interrupt = () => interrupted.abort();
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  try {
    if (kind !== Kind.Put) {
      const range = { from: 0, to: keys, concurrency: fillConcurrency, stopped: interrupted.signal };
      await during(`writing ${output.counted(keys, 'key')}`, () => fill(store, values, range));
    }
    const spec = { kind, concurrency, keys, distribution, warmupMs, measureMs };
    const result = await during(`measuring for ${formatDuration(measureMs)}`, () =>
      runLoad([store], values, spec, interrupted.signal),
    );
    const { gaps: _, ...sums } = result;
    if (flags.json === true) output.printJson({ ...spec, mode, level, valueBytes: values.bytes, ...sums });
    else for (const line of linesOf(result)) output.print(line);
    if (interrupted.signal.aborted)
      throw new CliError(ExitCode.Interrupted, 'interrupted: this is what was measured until then');
    if (result.failed + result.wrong > 0)
      throw new CliError(
        ExitCode.LevelNotReached,
        `${result.failed} operations failed and ${result.wrong} answers were wrong: ${result.problems[0] ?? ''}: see dynats status`,
      );
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
    await store.close();
  }
}

function linesOf(result: Awaited<ReturnType<typeof import('../bench/load.js')['runLoad']>>): string[] {
  const { p50Ms, p99Ms, maxMs, gapMs } = result;
  return [
    `${Math.round(result.perSecond)} operations/s`,
    `p50 ${formatLatency(p50Ms)}, p99 ${formatLatency(p99Ms)}, longest ${formatLatency(maxMs)}`,
    `${result.failed} failed, ${result.wrong} wrong; longest time without a success ${formatLatency(gapMs)}`,
  ];
}

function sizeOf(text: string): number {
  // A value says whose it is.
  return parseSize(text, '--size', { min: valueBytesMin, max: valueBytesMax });
}

function oneOf<T extends string>(flag: string, text: string, allowed: readonly T[]): T {
  const found = allowed.find(each => each === text.toLowerCase());
  if (found !== undefined) return found;
  throw new CliError(
    ExitCode.Usage,
    `${flag} "${text}" is none of ${allowed.join(', ')}${didYouMean(text, allowed)}`,
  );
}
