// Throughput and latency of every cell, Dynats and KV by turns: while one is measured the other has no client and is idle.

import type { SyncMode } from '../../src/emulator/options.js';
import { Level } from '../../src/index.js';
import { bucketOf, type DynatsCluster, startDynats } from '../clusters/dynats.js';
import { type JetStreamCluster, startJetStream } from '../clusters/jetstream.js';
import { ClientProcess, together } from '../load/fleet.js';
import type { Target } from '../load/orders.js';
import { cpuMicrosOf } from '../machine.js';
import {
  type Cell,
  Contender,
  type Entrant,
  type Measurement,
  measurementOf,
  nameOf,
  type Round,
} from '../measurement.js';
import type { Options } from '../options.js';

const warmMs = 1000;
const warmConcurrency = 256;
/** Where KV acks before it fsyncs, for the comparison with Dynats that fsyncs first. */
const lazyConcurrencies = [64, 256];

export async function measureThroughput(
  options: Options,
  onMeasured: (measurement: Measurement) => void,
): Promise<Measurement[]> {
  const arena = new Arena(options);
  const measurements: Measurement[] = [];
  try {
    for (const cell of options.cells)
      for (const measurement of await arena.measure(cell)) {
        measurements.push(measurement);
        onMeasured(measurement);
      }
  } finally {
    await arena.stop();
  }
  return measurements;
}

interface Side {
  urls: readonly string[];
  pids(): number[];
  freeze(): void;
  thaw(): Promise<void>;
  stop(): Promise<void>;
  /** Client process `i` goes to this server first. */
  serverFor(i: number, valueBytes: number): Promise<number>;
}

const sideOf = ({ contender, sync }: Entrant): string =>
  `${contender === Contender.Kv ? 'kv' : 'dynats'} ${sync}`;

class Arena {
  private readonly sides = new Map<string, Promise<Side>>();
  private readonly clients: ClientProcess[] = [];
  /** How many keys each bucket of each side has. */
  private readonly filled = new Map<string, number>();
  private readonly valueSizes: readonly number[];
  private readonly warmed = new Set<string>();
  /** The side whose turn it is. */
  private turnOf: string | undefined;

  constructor(private readonly options: Options) {
    this.valueSizes = [...new Set(options.cells.map(({ valueBytes }) => valueBytes))];
  }

  async measure(cell: Cell): Promise<Measurement[]> {
    const entrants = this.entrantsOf(cell);
    const rounds = new Map<Entrant, Round[]>(entrants.map(entrant => [entrant, []]));
    const sides = [...new Set(entrants.map(sideOf))];
    for (let round = 0; round < this.options.rounds; round++)
      // The order turns round each time: what the machine does besides must not favour the same one always.
      for (const side of round % 2 === 0 ? sides : sides.toReversed())
        await this.turn(
          cell,
          side,
          entrants.filter(entrant => sideOf(entrant) === side),
          (entrant, result) => rounds.get(entrant)?.push(result),
        );
    return entrants.map(entrant => measurementOf(cell, entrant, rounds.get(entrant) ?? []));
  }

  /** One side's turn: it alone has clients, and every other that costs CPU when idle is frozen. */
  private async turn(
    cell: Cell,
    name: string,
    entrants: readonly Entrant[],
    onResult: (entrant: Entrant, result: Round) => void,
  ): Promise<void> {
    if (this.turnOf !== name) await (await this.sides.get(this.turnOf ?? ''))?.freeze();
    this.turnOf = name;
    for (const entrant of entrants) {
      await (await this.side(entrant)).thaw();
      await this.fill(cell, entrant);
      await this.connect(cell, entrant);
      await this.warm(cell, entrant);
      onResult(entrant, await this.run(cell, entrant));
      await Promise.all(this.clientsOf(cell).map(client => client.close(nameOf(entrant))));
    }
  }

  async stop(): Promise<void> {
    for (const client of this.clients) await client.stop();
    for (const side of this.sides.values()) await (await side).stop();
  }

  private entrantsOf({ kind, concurrency, valueBytes, keys, processes }: Cell): Entrant[] {
    const { modes, syncs, levels, isShort, isAlone } = this.options;
    // Of the short form: what no target speaks of is left out.
    const isWanted = (mode: string) =>
      !isShort || mode === Contender.Direct || (kind === 'put' && concurrency >= 64);
    const entrants = syncs.flatMap((sync): Entrant[] => [
      ...modes.filter(isWanted).flatMap((contender): Entrant[] => {
        // Read levels are told apart for reads alone: a mixed load is QUORUM throughout.
        const own = kind === 'get' ? levels : (['QUORUM'] as const);
        return own.map(level => ({ contender, level, sync }));
      }),
      ...(isAlone ? [] : [{ contender: Contender.Kv, sync }]),
    ]);
    const isMain = !isAlone && kind === 'put' && valueBytes === 100 && keys === 10_000 && processes === 1;
    if (isMain && lazyConcurrencies.includes(concurrency) && !syncs.includes('lazy'))
      entrants.push({ contender: Contender.Kv, sync: 'lazy' });
    return entrants;
  }

  private async run(cell: Cell, entrant: Entrant): Promise<Round> {
    const { warmupMs, measureMs } = this.options;
    const side = await this.side(entrant);
    const clients = this.clientsOf(cell);
    const { kind, keys, distribution } = cell;
    const concurrency = Math.max(1, Math.round(cell.concurrency / clients.length));
    const spec = { kind, concurrency, keys, distribution, warmupMs, measureMs };
    const pids = side.pids();
    const before = cpuMicrosOf(pids);
    const result = together(await Promise.all(clients.map(client => client.run(nameOf(entrant), spec))));
    const after = cpuMicrosOf(pids);
    // The warm-up is part of it: so are about as many operations more.
    const operations = result.count * (1 + warmupMs / measureMs);
    const serverCpuMicros =
      before === undefined || after === undefined ? undefined : (after - before) / Math.max(1, operations);
    return { ...result, serverCpuMicros };
  }

  /** Once for each entrant and kind: what runs for the first time is not compiled yet, on one side in the servers too. */
  private async warm(cell: Cell, entrant: Entrant): Promise<void> {
    const name = `${nameOf(entrant)} ${cell.kind} ${cell.processes}`;
    if (this.warmed.has(name)) return;
    this.warmed.add(name);
    const { kind, keys, distribution } = cell;
    const spec = { kind, keys, distribution, concurrency: warmConcurrency, warmupMs: 0, measureMs: warmMs };
    await Promise.all(this.clientsOf(cell).map(client => client.run(nameOf(entrant), spec)));
  }

  private clientsOf({ processes }: Cell): ClientProcess[] {
    while (this.clients.length < processes) this.clients.push(new ClientProcess(this.options.profileDir));
    return this.clients.slice(0, processes);
  }

  private async connect(
    { valueBytes, processes }: Pick<Cell, 'valueBytes' | 'processes'>,
    entrant: Entrant,
  ): Promise<void> {
    const side = await this.side(entrant);
    const bucket = bucketOf(valueBytes);
    const { contender, level } = entrant;
    await Promise.all(
      this.clientsOf({ processes } as Cell).map(async (client, i) => {
        const urls = [side.urls[await side.serverFor(i, valueBytes)] ?? ''];
        const target: Target =
          contender === Contender.Kv
            ? { side: 'kv', urls, bucket }
            : {
                side: 'dynats',
                urls,
                bucket,
                mode: contender,
                level: Level[level === 'ONE' ? 'One' : 'Quorum'],
              };
        await client.connect(nameOf(entrant), target, valueBytes);
      }),
    );
  }

  /** Has every key of the cell written once. */
  private async fill({ keys, valueBytes }: Cell, { contender, sync }: Entrant): Promise<void> {
    const isKv = contender === Contender.Kv;
    const name = `${sideOf({ contender, sync })} ${valueBytes}`;
    const there = this.filled.get(name) ?? 0;
    if (there >= keys) return;
    const filler: Entrant = isKv
      ? { contender, sync }
      : { contender: Contender.Direct, level: 'QUORUM', sync };
    await this.connect({ valueBytes, processes: 1 }, filler);
    const [client] = this.clients;
    await client?.fill(nameOf(filler), keys, 1024, there);
    await client?.close(nameOf(filler));
    this.filled.set(name, keys);
  }

  private side(entrant: Entrant): Promise<Side> {
    const name = sideOf(entrant);
    const { contender, sync } = entrant;
    const known = this.sides.get(name);
    if (known !== undefined) return known;
    const side = contender === Contender.Kv ? this.startKv(sync) : this.startDynats(sync);
    this.sides.set(name, side);
    return side;
  }

  private async startDynats(sync: SyncMode): Promise<Side> {
    const cluster: DynatsCluster = await startDynats({ sync, valueBytes: this.valueSizes });
    return {
      urls: cluster.urls,
      pids: cluster.pids,
      freeze: cluster.freeze,
      thaw: cluster.thaw,
      stop: cluster.stop,
      serverFor: async i => i % cluster.urls.length,
    };
  }

  /** The first client is connected to the server that leads, the best that KV can have, unless told otherwise. */
  private async startKv(sync: SyncMode): Promise<Side> {
    const offset = this.options.kvServer === 'leader' ? 0 : 1;
    const cluster: JetStreamCluster = await startJetStream({ sync, buckets: this.valueSizes.map(bucketOf) });
    return {
      urls: cluster.urls,
      pids: cluster.pids,
      // Idle it costs next to nothing, and waking up could cost it its leader.
      freeze: () => {},
      thaw: async () => {},
      stop: cluster.stop,
      serverFor: async (i, valueBytes) =>
        ((await cluster.leader(bucketOf(valueBytes))) + i + offset) % cluster.urls.length,
    };
  }
}
