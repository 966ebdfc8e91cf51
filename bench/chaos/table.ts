// `npm run chaos:table`: what each fault costs, Dynats and JetStream KV beside it, as the table in docs/GUARANTEES.md. Needs root
// on Linux: for disks that lose power.
import { parseArgs } from 'node:util';
import { whyNoDisks } from '../../src/chaos/disks.js';
import type { SyncMode } from '../../src/emulator/options.js';
import { undoAll, undoOnSignals } from '../clean-up.js';
import { type Case, cases } from './cases.js';
import { startDynatsSide } from './dynats-side.js';
import { startJetStreamSide } from './jetstream-side.js';
import { type Account, type Losses, SetLoad } from './set-load.js';
import type { StartSide } from './side.js';

const callers = 128;
const readers = 256;
const limitMs = 300_000;
const answerLimitMs = 20_000;
const wholeLimitMs = 30_000;

interface Row extends Account, Losses {
  readonly side: string;
  readonly title: string;
  readonly whole: boolean;
}

async function measure(
  side: string,
  start: StartSide,
  sync: SyncMode,
  each: Case,
  writes: number,
): Promise<Row> {
  const victim = await start({ sync, nodes: each.nodes });
  const stores = await victim.connect();
  const load = new SetLoad(stores, callers);
  await load.until(writes / 2, limitMs);
  await each.run(victim, load);
  // Writes that come after it belong to it too. A store that does not come back takes none.
  if (await load.answers(answerLimitMs)) await load.until(writes, limitMs);
  await load.stop();
  const whole = await victim.whole(wholeLimitMs);
  const losses = await load.losses(readers);
  await Promise.all(stores.map(store => store.close()));
  await victim.stop();
  return { side, title: each.title, whole, ...load.account, ...losses };
}

function note(line: unknown): void {
  process.stderr.write(`${line instanceof Error ? line.message : String(line)}\n`);
}

function lineOf({ side, title, whole, ...row }: Row): string {
  const number = (value: number) => value.toLocaleString('en-US');
  const cells = [
    title,
    side,
    number(row.operations),
    number(row.acknowledged),
    row.unreadable === 0
      ? number(row.lost)
      : `${number(row.lost + row.unreadable)}: the store answers no more`,
    number(row.stale + row.flickering),
    `${(row.unavailableMs / 1000).toFixed(2)} s`,
    whole ? 'yes' : 'no',
  ];
  return `| ${cells.join(' | ')} |`;
}

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    side: { type: 'string' },
    writes: { type: 'string', default: '20000' },
    'headline-writes': { type: 'string', default: '100000' },
  },
});
const missing = whyNoDisks();
if (missing !== undefined) {
  note(`dynats: the table needs disks that can lose power: ${missing}`);
  process.exit(1);
}
undoOnSignals();
const sides: readonly { name: string; start: StartSide; sync: SyncMode; isJetStream: boolean }[] = [
  { name: 'Dynats', start: startDynatsSide, sync: 'always', isJetStream: false },
  { name: 'JetStream KV R3, default sync', start: startJetStreamSide, sync: 'lazy', isJetStream: true },
  { name: 'JetStream KV R3, sync always', start: startJetStreamSide, sync: 'always', isJetStream: true },
];
const headlines = ['power-loss-all', 'bit-flip', 'truncation'];
process.stdout.write(
  '| fault | store | operations | acknowledged | lost | stale reads | longest unavailability | whole again |\n| --- | --- | --- | --- | --- | --- | --- | --- |\n',
);
try {
  for (const each of cases) {
    if (values.only !== undefined && !values.only.split(',').includes(each.name)) continue;
    const writes = Number(headlines.includes(each.name) ? values['headline-writes'] : values.writes);
    for (const { name, start, sync, isJetStream } of sides) {
      if (isJetStream && !each.besideJetStream) continue;
      if (values.side !== undefined && !name.toLowerCase().startsWith(values.side)) continue;
      note(`${each.name}: ${name}...`);
      const line = await measure(name, start, sync, each, writes).then(
        lineOf,
        error => `| ${each.title} | ${name} | failed: ${String(error)} |`,
      );
      process.stdout.write(`${line}\n`);
      await undoAll();
    }
  }
} finally {
  await undoAll();
}
process.exit(0);
