// The cluster of a walk: four nodes of its own on free ports, with links that can be cut, gone without a trace when it is over.
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ProxiedNetwork } from '../../chaos/network.js';
import { Emulator } from '../../emulator/emulator.js';
import { freePorts, portsPerNode } from '../../emulator/free-ports.js';
import { parts } from '../../emulator/part.js';
import { waitUntil } from '../../emulator/wait-until.js';
import { asCliError } from '../commands/emulator-command.js';
import { Facts } from './facts.js';

const nodeCount = 4;
/** How long nodes that see each other again, or no more, may take to notice, in milliseconds. */
const within = { limitMs: 20_000 };
/** The key that the lessons are about. */
export const lessonKey = '137';

export interface RoomOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (line: string) => void;
}

export class Room implements AsyncDisposable {
  readonly facts: Facts;
  private cutOff: string | undefined;
  private constructor(
    private readonly dir: string,
    private readonly emulator: Emulator,
    private readonly network: ProxiedNetwork,
    private readonly leave: () => void,
  ) {
    this.facts = new Facts(emulator.cluster, node => this.urlsFrom(node).slice(0, 1));
  }

  /** @throws CliError; nothing is left running, and nothing on the disk. */
  static async open({ signal, onProgress }: RoomOptions): Promise<Room> {
    const dir = mkdtempSync(path.join(os.tmpdir(), 'dynats-learn-'));
    const network = new ProxiedNetwork();
    const remove = () => rmSync(dir, { recursive: true, force: true });
    const leave = () => {
      network.close();
      remove();
      process.off('exit', remove);
    };
    // For an end in the middle: the emulator has a hook of its own that kills what still runs.
    process.once('exit', remove);
    try {
      const emulator = await Emulator.start({
        dataDir: path.join(dir, 'data'),
        nodes: nodeCount,
        port: await freePorts(portsPerNode * nodeCount),
        links: network.open.bind(network),
        // Owners that compare what they hold would mend, behind the learner's back, what the lessons are about.
        replica: { logLevel: 'warn', antiEntropy: { enabled: false } },
        signal,
        onProgress,
      });
      return new Room(dir, emulator, network, leave);
    } catch (error) {
      leave();
      throw asCliError(error);
    }
  }

  get nodes(): readonly string[] {
    return this.emulator.nodes;
  }

  get dataDir(): string {
    return path.join(this.dir, 'data');
  }

  /** The bus servers, that of `node` first. */
  urlsFrom(node: string): string[] {
    const at = this.nodes.indexOf(node);
    const { urls } = this.emulator;
    return [...urls.slice(at), ...urls.slice(0, at)];
  }

  /** Cuts a node off from all others, as if the cable were pulled. Resolves when both sides have noticed. */
  async cut(node: string): Promise<void> {
    const others = this.nodes.filter(each => each !== node);
    this.network.part([node], others);
    this.cutOff = node;
    await waitUntil(async () => {
      const views = await Promise.all(this.nodes.map(each => this.facts.seenBy(each)));
      return this.nodes.every((each, i) => {
        const seen = views[i] ?? [];
        return each === node ? seen.length === 0 : seen.length > 0 && !seen.includes(node);
      });
    }, within);
  }

  /** Mends the cut. Resolves when every node that runs sees the others again. @returns the node that was cut off. */
  async heal(): Promise<string | undefined> {
    const node = this.cutOff;
    this.network.heal();
    this.cutOff = undefined;
    await this.meet();
    return node;
  }

  /**
   * As a lesson finds it: every node up and seen by all, nothing cut, no hints kept, and all owners of the lessons' key hold the same.
   */
  async tidy(): Promise<void> {
    if (this.cutOff !== undefined) await this.heal();
    for (const [node, report] of Object.entries(this.emulator.report().nodes)) {
      if (parts.some(part => report[part].state === 'paused')) await this.emulator.resume(node);
      if (parts.some(part => report[part].state !== 'running' && report[part].state !== 'paused'))
        await this.emulator.restart(node);
    }
    await this.meet();
    const client = await this.facts.client(this.nodes[0] ?? '');
    for (const node of this.nodes) await client.hints(node, { action: 'resume' });
    await client.put(lessonKey, 'start', { level: 'ALL' });
    await waitUntil(async () => {
      const held = await Promise.all(this.nodes.map(node => this.facts.hintsFor(node)));
      return held.every(count => count === 0);
    }, within);
  }

  /** Ends every process and deletes the data. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.facts.close();
    await this.emulator.stop();
    this.leave();
  }

  /** Waits until all nodes that run see each other. */
  private async meet(): Promise<void> {
    const running = Object.entries(this.emulator.report().nodes)
      .filter(([, { replica }]) => replica.state === 'running')
      .map(([node]) => node);
    await waitUntil(async () => {
      const views = await Promise.all(running.map(node => this.facts.seenBy(node)));
      return views.every((seen, i) => running.every(node => node === running[i] || seen?.includes(node)));
    }, within);
  }
}
