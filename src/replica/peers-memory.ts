// What the peers remember of this replica's log, and what follows from it: a log that is missing, shorter than remembered, or
// not the one remembered, has lost what it acknowledged.
import { type Bus, BusError, type Clock, type LogLife, type ReplicaLog } from '../ports.js';
import type { Position, Recovering } from '../wire/generated/types.js';
import { rememberedReply as validate } from '../wire/generated/validators.js';
import { decodeReply, encodeJson } from '../wire/json.js';
import { checksumOf } from '../wire/log-entry.js';
import { subjects } from '../wire/subjects.js';

export interface PeersMemoryOptions {
  readonly node: string;
  readonly peers: readonly string[];
  readonly bus: Bus;
  readonly clock: Clock;
  readonly log: ReplicaLog;
}

/** How long a replica asks again, in milliseconds. */
interface Patience {
  /** Peers that do not listen: they are not there, or the brokers have yet to find each other. */
  readonly absentMs: number;
  /** Peers that listen and do not answer. */
  readonly silentMs: number;
}

/** Without a log: every peer should say whether there was one. */
const WITHOUT_LOG: Patience = { absentMs: 3000, silentMs: 3000 };
const WITH_LOG: Patience = { absentMs: 500, silentMs: 2000 };
const ONCE: Patience = { absentMs: 0, silentMs: 0 };
const ASK_TIMEOUT_MS = 500;
const ASK_AGAIN_MS = 50;
/** Earlier lives of a log that its peers may still remember. */
const FORMER_LIVES_MAX = 16;

export class PeersMemory {
  /** Peers that have not yet said what they remember of this log. */
  readonly unheard: Set<string>;
  /** Other logs of this node that peers remember: lives that were lost. */
  private readonly lost = new Set<string>();

  constructor(private readonly options: PeersMemoryOptions) {
    this.unheard = new Set(options.peers);
  }

  /** A peer remembers `log`, another life of this node's log than the one there is. */
  told(log: string): void {
    this.lost.delete(log);
    this.lost.add(log);
    const [oldest] = this.lost;
    if (this.lost.size > FORMER_LIVES_MAX && oldest !== undefined) this.lost.delete(oldest);
  }

  /**
   * The lives that a log which was made whole replaces, the newest last: a peer that was away meanwhile, and still remembers
   * one of them, must not take it for another loss.
   */
  formerLives(life: LogLife): string[] {
    return [...new Set([...(life.former ?? []), ...this.lost, life.id])].slice(-FORMER_LIVES_MAX);
  }

  /** The log was begun anew: every peer must be heard again. */
  forget(): void {
    for (const peer of this.options.peers) this.unheard.add(peer);
  }

  /** Asks every peer what it remembers; those that do not say, again and again. */
  async ask(patience: Patience = WITH_LOG): Promise<{ positions: Position[]; unreachable: string[] }> {
    const { peers } = this.options;
    const answers = await Promise.all(peers.map(peer => this.askOne(peer, patience)));
    return {
      positions: answers.flatMap(answer => answer ?? []),
      unreachable: peers.filter((_, i) => answers[i] === undefined),
    };
  }

  /** Asks a peer that is heard for the first time. @returns undefined when it did not say. */
  askFirst(peer: string): Promise<Position[] | undefined> {
    return this.askOne(peer, ONCE);
  }

  private async askOne(peer: string, { absentMs, silentMs }: Patience): Promise<Position[] | undefined> {
    const { bus, clock, node } = this.options;
    const begunMs = clock.monotonic();
    for (;;) {
      let patienceMs = silentMs;
      try {
        const reply = await bus.request(subjects.remembered(peer), encodeJson({ node }), ASK_TIMEOUT_MS);
        const { position, noted } = decodeReply(validate, reply.data);
        this.unheard.delete(peer);
        return [...(noted === undefined ? [] : [noted]), ...(position === null ? [] : [position])];
      } catch (error) {
        // Whatever it is, the peer has not said what it remembers.
        if (error instanceof BusError && error.kind === 'no-responders') patienceMs = absentMs;
      }
      if (clock.monotonic() - begunMs >= patienceMs) return undefined;
      await new Promise<void>(done => clock.after(ASK_AGAIN_MS, done));
    }
  }

  /**
   * What a log that is missing, and begins now, lacks.
   *
   * @param isNewCluster it is a new one unless a peer remembers it; nobody is waited for.
   */
  async judgeMissing(isNewCluster: boolean): Promise<Recovering | null> {
    const { positions, unreachable } = await this.ask(isNewCluster ? ONCE : WITHOUT_LOG);
    if (positions.length > 0) {
      const last = Math.max(...positions.map(({ sequence }) => sequence));
      return { lost: true, reason: `the log is missing; peers remember it up to entry ${last}` };
    }
    if (unreachable.length === 0 || isNewCluster) return null;
    return {
      lost: false,
      reason: `the log is missing, and ${unreachable.join(', ')} could not be asked whether it existed`,
    };
  }

  /** Checks the log against a position that a peer saw acknowledged. @returns what was lost, if anything was. */
  async compare(remembered: Position, life: LogLife): Promise<string | undefined> {
    const { log } = this.options;
    // A life that lost entries, and whose losses were made good since.
    if (life.former?.includes(remembered.log) === true) return undefined;
    const { sequence } = remembered;
    if (remembered.log !== life.id) return `peers remember another log of this node, up to entry ${sequence}`;
    const { firstSequence, lastSequence } = await log.state();
    if (sequence > lastSequence)
      return `the log ends at entry ${lastSequence}; peers remember it up to entry ${sequence}`;
    if (sequence < firstSequence) return undefined;
    let found: string | undefined;
    await log.read(sequence, sequence, entry => {
      found = checksumOf(entry.data);
    });
    // Compaction may have moved it out of the way meanwhile.
    if (found === undefined && sequence < (await log.state()).firstSequence) return undefined;
    return found === remembered.crc32
      ? undefined
      : `entry ${sequence} is not the one that peers saw acknowledged`;
  }
}
