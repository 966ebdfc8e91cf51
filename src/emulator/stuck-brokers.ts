// Starts log brokers again that run and are of no use to their replicas, as one is after its disk was full: as soon as there is
// room, since before that a start would help nobody.
import { statfs } from 'node:fs/promises';
import { messageOf } from './emulator-error.js';

export interface StuckBrokersOptions {
  /** Where the node's log broker keeps its streams. */
  readonly storeOf: (node: string) => string;
  /** Ends the node's log broker and starts it, unless it is not there to be ended. */
  readonly restart: (node: string) => Promise<void>;
  readonly onProgress: ((line: string) => void) | undefined;
}

/** Less room than this is none, in bytes: a start writes, too. */
const ROOM_BYTES = 4 * 1024 * 1024;
const LOOK_MS = 1000;
/** A broker that was started again has so long to show that it is well. */
const GRACE_MS = 20_000;

export async function hasRoom(dir: string): Promise<boolean> {
  const { bavail, bsize } = await statfs(dir);
  return bavail * bsize >= ROOM_BYTES;
}

export class StuckBrokers {
  /** Nodes in trouble, with when their broker may be started again. */
  private readonly stuck = new Map<string, number>();
  private timer: NodeJS.Timeout | undefined;
  private isClosed = false;

  constructor(private readonly options: StuckBrokersOptions) {}

  /** What a replica says of its log broker now. */
  heard(node: string, trouble: string | undefined): void {
    if (trouble === undefined) this.stuck.delete(node);
    else if (!this.stuck.has(node)) this.stuck.set(node, 0);
    if (this.stuck.size > 0) this.lookLater();
  }

  close(): void {
    this.isClosed = true;
    clearTimeout(this.timer);
  }

  private lookLater(): void {
    if (this.timer !== undefined || this.isClosed) return;
    this.timer = setTimeout(async () => {
      await Promise.all([...this.stuck].map(([node, notBefore]) => this.look(node, notBefore)));
      this.timer = undefined;
      if (this.stuck.size > 0) this.lookLater();
    }, LOOK_MS).unref();
  }

  private async look(node: string, notBefore: number): Promise<void> {
    const { storeOf, restart, onProgress } = this.options;
    if (performance.now() < notBefore) return;
    try {
      if (!(await hasRoom(storeOf(node))) || this.isClosed) return;
      this.stuck.set(node, performance.now() + GRACE_MS);
      onProgress?.(`${node}: its log broker runs and is of no use to its replica: starting it again`);
      await restart(node);
    } catch (error) {
      onProgress?.(`${node}: its log broker was not started again: ${messageOf(error)}`);
    }
  }
}
