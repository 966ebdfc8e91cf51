// dynats bucket: list, make, change and drop buckets.
import type { Command } from 'commander';
import type { BucketInfo, BucketSettings } from '../../client/buckets.js';
import type { Client } from '../../client/client.js';
import { formatDuration, parseDurationMs } from '../../model/duration.js';
import { confirm } from '../confirm.js';
import { addConnectionFlags, type ConnectionFlags } from '../connection.js';
import { CliError, ExitCode } from '../exit.js';
import { parseCount } from '../numbers.js';
import { print, printJson, printTable } from '../output.js';
import { parseLevel } from '../request-flags.js';
import { formatBytes, parseBytes } from '../size.js';

interface BucketFlags extends ConnectionFlags {
  partitioner?: string;
  rf?: string;
  level?: string;
  ttl?: string;
  maxValue?: string;
  force?: boolean;
  json?: boolean;
}

export function register(program: Command): void {
  const group = program.command('bucket').description('list, make, change and drop buckets');
  const command = (usage: string, description: string) =>
    group.command(usage).description(description).option('-j, --json', 'print the reply as JSON');
  addConnectionFlags(command('ls', 'every bucket and its settings')).action((flags: BucketFlags) =>
    run(flags, client => client.buckets.list()),
  );
  addConnectionFlags(command('info <bucket>', 'the settings of one bucket')).action(
    (bucket: string, flags: BucketFlags) => run(flags, client => client.buckets.info(bucket)),
  );
  const create = command('create <bucket>', 'make a bucket; settings left out are those of the cluster')
    .option('--partitioner <name>', 'byte-ordered or murmur3')
    .option('--rf <count>', 'replication factor: owners of each key');
  addConnectionFlags(addSettings(create)).action((bucket: string, flags: BucketFlags) => {
    const settings = settingsOf(flags);
    return run(flags, client => client.buckets.create(bucket, settings));
  });
  const set = command('set <bucket>', 'change settings of a bucket; 0 takes --ttl or --max-value away');
  addConnectionFlags(addSettings(set)).action((bucket: string, flags: BucketFlags) => {
    const settings = settingsOf(flags);
    if (Object.keys(settings).length === 0)
      throw new CliError(ExitCode.Usage, 'nothing to change: give --level, --ttl or --max-value');
    return run(flags, client => client.buckets.set(bucket, settings));
  });
  const rm = command('rm <bucket>', 'drop a bucket with every key in it, after a confirmation').option(
    '-f, --force',
    'drop without asking',
  );
  addConnectionFlags(rm).action(async (bucket: string, flags: BucketFlags) => {
    const what = `bucket ${bucket} with every key in it`;
    if (flags.force !== true) await confirm(`Drop ${what}`, `rm drops ${what}`);
    return run(flags, client => client.buckets.drop(bucket));
  });
}

function addSettings(command: Command): Command {
  return command
    .option('-l, --level <level>', 'level of requests that name none')
    .option('--ttl <duration>', 'time to live of records written without one')
    .option('--max-value <size>', 'largest value, such as 64KiB');
}

function settingsOf({ partitioner, rf, level, ttl, maxValue }: BucketFlags): BucketSettings {
  return {
    ...(partitioner === undefined ? {} : { partitioner: partitionerNamed(partitioner) }),
    ...(rf === undefined ? {} : { replicationFactor: parseCount(rf, '--rf') }),
    ...(level === undefined ? {} : { level: levelNamed(level) }),
    ...(ttl === undefined ? {} : { ttlMs: durationMs(ttl) }),
    ...(maxValue === undefined ? {} : { valueBytesMax: sizeOf(maxValue) }),
  };
}

function partitionerNamed(name: string): 'byte-ordered' | 'murmur3' {
  if (name === 'byte-ordered' || name === 'murmur3') return name;
  throw new CliError(ExitCode.Usage, `--partitioner "${name}" is none of byte-ordered, murmur3`);
}

function levelNamed(text: string): NonNullable<BucketSettings['level']> {
  const level = parseLevel(text, 'read');
  if (level === 'ANY')
    throw new CliError(ExitCode.Usage, 'level any is for writes: a bucket needs one for both');
  return level;
}

function durationMs(text: string): number {
  const ms = parseDurationMs(text);
  if (ms !== undefined && Number.isInteger(ms)) return ms;
  throw new CliError(ExitCode.Usage, `--ttl "${text}" is no duration, like 500ms, 90s or 1h30m`);
}

function sizeOf(text: string): number {
  const bytes = parseBytes(text);
  if (bytes !== undefined) return bytes;
  throw new CliError(ExitCode.Usage, `--max-value "${text}" is no size: write 500, 64KiB or 0.5MiB`);
}

async function run(
  flags: BucketFlags,
  use: (client: Client) => Promise<BucketInfo | BucketInfo[]>,
): Promise<void> {
  const { withClient } = await import('../open-client.js');
  const found = await withClient(flags, use);
  if (flags.json === true) return printJson(found);
  if (!Array.isArray(found) && found.dropped === true)
    return print(`bucket ${found.name} dropped, with every key in it`);
  await printTable({
    head: ['bucket', 'partitioner', 'rf', 'level', 'ttl', 'max value', 'life'],
    rows: [found].flat().map(rowOf),
  });
}

function rowOf(info: BucketInfo): string[] {
  const { name, partitioner, replicationFactor, level, ttlMs, valueBytesMax, life } = info;
  return [
    name,
    partitioner,
    String(replicationFactor),
    (level ?? 'QUORUM').toLowerCase(),
    ttlMs === undefined ? '' : formatDuration(ttlMs),
    valueBytesMax === undefined ? '' : formatBytes(valueBytesMax),
    String(life + 1),
  ];
}
