// `dynats tap`: the live replication traffic, decoded.
import { once } from 'node:events';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { addConnectionFlags, type ConnectionFlags } from '../connection.js';
import { explain } from '../help-text.js';
import type { TapEvent, TapKind } from '../tap/events.js';

interface TapFlags extends ConnectionFlags {
  key?: string;
  bucket?: string;
  node?: string;
  kind: TapKind[];
  count?: number;
  json?: boolean;
}

const kinds: readonly TapKind[] = ['record', 'note', 'hints', 'heartbeat', 'bad', 'missed'];
const kindsDefault: readonly TapKind[] = ['record', 'hints', 'bad', 'missed'];
/** Events that wait for a reader that is slow; what comes beyond is dropped, and counted. */
const waitingMax = 10_000;
const connectTimeoutMs = 5000;

export function register(program: Command): void {
  const command = program
    .command('tap')
    .description('show the replication traffic live: what each log stores, notes, hints, heartbeats')
    .option('-k, --key <key>', 'only records of this key (default: all)')
    .option('-b, --bucket <bucket>', 'only records of this bucket (default: all)')
    .option('-n, --node <node>', 'only what this node stores, holds or says (default: all)')
    .addOption(
      new Option('--kind <kinds>', `some of ${kinds.join(',')} (default: ${kindsDefault.join(',')})`)
        .argParser(kindsOf)
        .default(kindsDefault),
    )
    .addOption(new Option('--count <n>', 'end after so many (default: never)').argParser(countOf))
    .option('-j, --json', 'one JSON object a line');
  addConnectionFlags(command).action(tap);
  explain(command, {
    notes: [
      'Kinds:',
      '  record     a record as a log stored it: which copy of its version it is, and',
      '             how late it came (handoff, repair, compaction)',
      '  note       what a replica notes of itself in its log, once a second while',
      '             there is something new; only when named by --kind',
      '  hints      how many hints a node holds for another, whenever that changes;',
      '             asked once a second',
      '  heartbeat  every node, some three times a second; only when named by --kind',
      '  bad        what is no sound log entry',
      '  missed     entries that did not reach this command',
      '',
      'Listens as an inspector may, and disturbs nobody. Ends with Ctrl-C.',
    ].join('\n'),
    examples: [
      'dynats tap',
      'dynats tap --key 137',
      'dynats tap --node n2 --kind record,hints',
      ["dynats tap --json | jq 'select(.isAgain)'", 'what came more than once'],
    ],
  });
}

async function tap(flags: TapFlags): Promise<void> {
  const [{ connectionOptions }, { connectionOf }, { listen }, { lineOf }, { colorsFor, jsonLine, note }] =
    await Promise.all([
      import('../connection.js'),
      import('../open-client.js'),
      import('../tap/listen.js'),
      import('../tap/lines.js'),
      import('../output.js'),
    ]);
  const options = await connectionOptions(flags);
  const connection = await connectionOf(options, connectTimeoutMs);
  const colors = colorsFor(process.stdout);
  const queue = new Queue(flags.count ?? Number.POSITIVE_INFINITY);
  const isWanted = filterOf(flags);
  const end = await listen({
    connection,
    inboxPrefix: options.nats?.inboxPrefix,
    // A key is a record's alone.
    kinds: new Set(flags.key === undefined ? flags.kind : (['record'] as const)),
    onEvent: event => {
      if (isWanted(event)) queue.add(event);
    },
    onRefused: what => note(`The brokers do not let this user hear ${what}.`),
  });
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => queue.close());
  void connection.closed().then(() => queue.close());
  if (process.stdout.isTTY) note('Listening; Ctrl-C ends it.');
  for await (const event of queue.events()) {
    const line = flags.json === true ? jsonLine(event) : lineOf(event, colors);
    if (!process.stdout.write(`${line}\n`)) await once(process.stdout, 'drain');
    if (queue.dropped > 0) note(`${queue.takeDropped()} events dropped: the reader is too slow.`);
  }
  await end();
  await connection.close();
}

function filterOf({ key, bucket, node }: TapFlags): (event: TapEvent) => boolean {
  return event => {
    if (node !== undefined && event.node !== node) return false;
    if (event.kind !== 'record') return true;
    return (key === undefined || event.key === key) && (bucket === undefined || event.bucket === bucket);
  };
}

function kindsOf(text: string): TapKind[] {
  return text.split(',').map(word => {
    const kind = kinds.find(each => each === word.trim());
    if (kind === undefined) throw new InvalidArgumentError(`choose from ${kinds.join(', ')}.`);
    return kind;
  });
}

function countOf(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('give a whole number from 1 on.');
  return Number(text);
}

/** Events on their way to a reader that may be slow; ends after so many, or when closed. */
class Queue {
  private waiting: TapEvent[] = [];
  private wake: () => void = () => {};
  private isClosed = false;
  private droppedCount = 0;

  constructor(private left: number) {}

  get dropped(): number {
    return this.droppedCount;
  }

  takeDropped(): number {
    const { droppedCount } = this;
    this.droppedCount = 0;
    return droppedCount;
  }

  add(event: TapEvent): void {
    if (this.waiting.length >= waitingMax) this.droppedCount++;
    else this.waiting.push(event);
    this.wake();
  }

  close(): void {
    this.isClosed = true;
    this.wake();
  }

  async *events(): AsyncGenerator<TapEvent> {
    while (!this.isClosed) {
      const events = this.waiting;
      this.waiting = [];
      for (const event of events) {
        yield event;
        if (--this.left === 0) return;
      }
      if (this.waiting.length === 0 && !this.isClosed)
        await new Promise<void>(resolve => {
          this.wake = resolve;
        });
    }
  }
}
