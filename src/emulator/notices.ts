// Waits until the nodes of an emulator have noticed what was done to one of them, or to the links between them.
import type { ConnectOptions } from '../client/options.js';
import type { NodeProcesses } from './node-processes.js';
import { Part } from './part.js';
import { type PeerView, untilNoticed } from './peer-watch.js';
import type { Cut, Ended, Linked } from './report.js';

const returnNoticeMs = 5000;
/** To hear nothing takes longer to be believed than a connection that was closed. */
const cutNoticeMs = 10_000;

type Noticed = (view: PeerView | undefined) => boolean;
const isThere: Noticed = view => view?.writable === true;
const isGone: Noticed = view => view?.writable !== true;

export interface NoticesOptions {
  readonly members: ReadonlyMap<string, NodeProcesses>;
  /** The one broker, where there is one. */
  readonly shared: NodeProcesses | undefined;
  /** Of the bus servers, in the order of the members. */
  readonly urls: readonly string[];
  readonly connection: ConnectOptions;
}

export class Notices {
  constructor(private readonly options: NoticesOptions) {}

  /** After some parts of a node were killed or paused. (One that lost its bus server only can be reached by the others'.) */
  async ofEnd(
    member: NodeProcesses,
    some: readonly Part[],
    begun: number,
    limitMs: number,
  ): Promise<Omit<Ended, 'parts'>> {
    const cutOff = some.some(part => part !== Part.Bus);
    const observers = cutOff ? this.observersOf([member.name]).length : 0;
    const noticed = observers === 0 || (await this.othersSee([member.name], isGone, limitMs));
    return { observers, noticed, tookMs: performance.now() - begun };
  }

  /** Whether every observer sees these nodes as writable, within 5 seconds. */
  ofReturn(nodes: readonly string[]): Promise<boolean> {
    return this.othersSee(nodes, isThere, returnNoticeMs);
  }

  ofCut(ways: readonly Cut[]): Promise<Linked> {
    return this.ends(ways, isGone);
  }

  ofHeal(ways: readonly Cut[]): Promise<Linked> {
    return this.ends(ways, isThere);
  }

  /** The nodes that can be asked about the targets: a lone target is not asked about itself. */
  observersOf(targets: readonly string[]): NodeProcesses[] {
    const { members, shared } = this.options;
    if (shared?.whole === false) return [];
    return [...members.values()].filter(
      ({ whole, name }) => whole && !(targets.length === 1 && targets[0] === name),
    );
  }

  private othersSee(targets: readonly string[], noticed: Noticed, limitMs: number): Promise<boolean> {
    const observers = this.observersOf(targets);
    const { connection, shared, urls } = this.options;
    const servers = shared === undefined ? observers.map(({ name }) => this.busUrl(name)) : [...urls];
    return untilNoticed(
      { ...connection, servers },
      { observers: observers.map(({ name }) => name), targets, noticed, limitMs },
    );
  }

  /** What the receiving end of each way says of the sending one; each is asked on its own side of a cut. */
  private async ends(ways: readonly Cut[], noticed: Noticed): Promise<Linked> {
    const begun = performance.now();
    const isWhole = (node: string) => this.options.members.get(node)?.whole === true;
    const all = await Promise.all(
      ways
        .filter(({ from, to }) => isWhole(from) && isWhole(to))
        .map(({ from, to }) =>
          untilNoticed(
            { ...this.options.connection, servers: [this.busUrl(to)] },
            { observers: [to], targets: [from], noticed, limitMs: cutNoticeMs },
          ),
        ),
    );
    return { ways, noticed: all.every(Boolean), tookMs: performance.now() - begun };
  }

  private busUrl(node: string): string {
    return this.options.urls[[...this.options.members.keys()].indexOf(node)] ?? '';
  }
}
