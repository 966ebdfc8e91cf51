// dynats bucket: list, make, change and drop buckets.

import type { Command } from 'commander';
import type { BucketInfo, BucketSettings } from '../../client/buckets.js';
import type { Client } from '../../client/client.js';
import { UnavailableError } from '../../errors.js';
import { formatDuration } from '../../model/duration.js';
import { Level } from '../../model/level.js';
import { during } from '../activity.js';
import { confirm } from '../confirm.js';
import { addConnectionFlags, type ConnectionFlags } from '../connection.js';
import { CliError, ExitCode } from '../exit.js';
import { type Example, explain } from '../help-text.js';
import { parseCount, parseDuration, parseSize } from '../numbers.js';
import { print, printJson, printTable } from '../output.js';
import { parseLevel } from '../request-flags.js';
import { formatBytes } from '../size.js';

interface BucketFlags extends ConnectionFlags {
  partitioner?: string;
  rf?: string;
  level?: string;
  ttl?: string;
  maxValue?: string;
  force?: boolean;
  names?: boolean;
  json?: boolean;
}

export function register(program: Command): void {
  const group = program.command('bucket').description('list, make, change and drop buckets');
  explain(group, { examples: ['dynats bucket ls', 'dynats bucket create orders --rf 3 --level quorum'] });
  const command = (usage: string, description: string, ...examples: Example[]) =>
    explain(group.command(usage).description(description), { examples }).option(
      '-j, --json',
      'print the reply as JSON',
    );
  const ls = command('ls', 'every bucket and its settings', 'dynats bucket ls', 'dynats bucket ls --names')
    .alias('list')
    .option('-n, --names', 'the names alone');
  addConnectionFlags(ls).action((flags: BucketFlags) => run(flags, client => client.buckets.list()));
  const info = command('info <bucket>', 'the settings of one bucket', 'dynats bucket info orders --json');
  addConnectionFlags(info).action((bucket: string, flags: BucketFlags) =>
    run(flags, client => client.buckets.info(bucket)),
  );
  const create = command(
    'create <bucket>',
    'make a bucket; settings left out are those of the cluster',
    'dynats bucket create orders',
    ['dynats bucket create sessions --ttl 30m --level one', 'its records go after half an hour'],
    'dynats bucket create logos --max-value 64KiB --partitioner murmur3',
  )
    .alias('add')
    .option('--partitioner <byte-ordered|murmur3>', "how keys are placed (default: the cluster's)")
    .option('--rf <count>', "replication factor: owners of each key (default: the cluster's)");
  addConnectionFlags(addSettings(create)).action((bucket: string, flags: BucketFlags) => {
    const settings = settingsOf(flags);
    return run(flags, client => client.buckets.create(bucket, settings));
  });
  const set = command(
    'set <bucket>',
    'change settings of a bucket; 0 takes --ttl or --max-value away',
    'dynats bucket set orders --level all',
    ['dynats bucket set sessions --ttl 0', 'what is written from now on lives for ever'],
  );
  addConnectionFlags(addSettings(set)).action((bucket: string, flags: BucketFlags) => {
    const settings = settingsOf(flags);
    if (Object.keys(settings).length === 0)
      throw new CliError(ExitCode.Usage, 'nothing to change: give --level, --ttl or --max-value');
    return run(flags, client => client.buckets.set(bucket, settings));
  });
  const rm = command(
    'rm <bucket>',
    'drop a bucket with every key in it, after a confirmation',
    'dynats bucket rm orders',
    'dynats bucket rm orders --force',
  )
    .aliases(['del', 'delete'])
    .option('-f, --force', 'drop without asking');
  addConnectionFlags(rm).action(async (bucket: string, flags: BucketFlags) => {
    const what = `bucket ${bucket} with every key in it`;
    if (flags.force !== true) await confirm(`Drop ${what}`, `rm drops ${what}`);
    return run(flags, client => client.buckets.drop(bucket));
  });
}

function addSettings(command: Command): Command {
  return command
    .option('-l, --level <level>', 'level of requests that name none (default: quorum; of set: as it is)')
    .option(
      '--ttl <duration>',
      'time to live of records written without one, such as 90s or 1h30m (default: for ever; of set: as it is)',
    )
    .option('--max-value <size>', 'largest value, such as 64KiB (default: 512KiB; of set: as it is)');
}

function settingsOf({ partitioner, rf, level, ttl, maxValue }: BucketFlags): BucketSettings {
  return {
    ...(partitioner === undefined ? {} : { partitioner: partitionerNamed(partitioner) }),
    ...(rf === undefined ? {} : { replicationFactor: parseCount(rf, '--rf') }),
    ...(level === undefined ? {} : { level: levelNamed(level) }),
    ...(ttl === undefined ? {} : { ttlMs: parseDuration(ttl, '--ttl') }),
    ...(maxValue === undefined ? {} : { valueBytesMax: parseSize(maxValue, '--max-value') }),
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

async function run(
  flags: BucketFlags,
  use: (client: Client) => Promise<BucketInfo | BucketInfo[]>,
): Promise<void> {
  const { withClient } = await import('../open-client.js');
  const found = await during('waiting for the nodes', () => withClient(flags, use)).catch(tellOfQuorum);
  if (flags.json === true) return printJson(found);
  if (flags.names === true && Array.isArray(found)) return found.forEach(({ name }) => void print(name));
  if (!Array.isArray(found) && found.dropped === true)
    return print(`bucket ${found.name} dropped, with every key in it`);
  await printTable({
    head: ['bucket', 'partitioner', 'rf', 'level', 'ttl', 'max value', 'life'],
    rows: [found].flat().map(rowOf),
  });
}

/** Definitions of buckets are read and written at a quorum of all nodes, which no --level changes. */
function tellOfQuorum(error: unknown): never {
  if (!(error instanceof UnavailableError)) throw error;
  const { required, alive } = error;
  throw new CliError(
    ExitCode.LevelNotReached,
    `UNAVAILABLE: buckets are kept by a majority of all nodes: ${required} are needed, ${alive} alive: see dynats status for who is down, and start it`,
    { cause: error },
  );
}

function rowOf(info: BucketInfo): string[] {
  const { name, partitioner, replicationFactor, level, ttlMs, valueBytesMax, life } = info;
  return [
    name,
    partitioner,
    String(replicationFactor),
    (level ?? Level.Quorum).toLowerCase(),
    ttlMs === undefined ? '' : formatDuration(ttlMs),
    valueBytesMax === undefined ? '' : formatBytes(valueBytesMax),
    String(life + 1),
  ];
}
