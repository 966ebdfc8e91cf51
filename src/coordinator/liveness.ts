// Whom this coordinator thinks alive. The verdict is its own: a heartbeat makes a node alive; silence, or a broker saying
// that nobody listens there, makes it dead until the next heartbeat.
import type { Bus, Clock, Message, Subscription, Timer } from '../ports.js';
import type { Presence } from '../wire/generated/types.js';
import { presence as validate } from '../wire/generated/validators.js';
import { decodeReply } from '../wire/json.js';
import { PROTOCOL_HEADER, protocolOf, worksWith } from '../wire/protocol.js';
import { nodeOfPresence, subjects } from '../wire/subjects.js';

export interface LivenessSettings {
  /** How often nodes announce themselves, in milliseconds. */
  readonly heartbeatMs: number;
  /** How often the broker is asked whether a node still listens, in milliseconds. A crash is seen within this time. */
  readonly probeMs: number;
}

/** Whoever waits for nothing asks at every third turn only: the first request would tell as soon. */
const IDLE_TURNS = 3;

export const LIVENESS_DEFAULTS: LivenessSettings = { heartbeatMs: 300, probeMs: 100 };

/** Heartbeats missed in a row before a node counts as dead. */
const MISSED_MAX = 5;

/** @param isBack the node was not alive, or is another process now. */
export type PresenceListener = (presence: Presence, isBack: boolean) => void;

interface Peer {
  presence: Presence | undefined;
  /** Sweeps of our own timer since the last heartbeat: a stall of this process does not age its peers. */
  missed: number;
  alive: boolean;
  heardAtMs: number;
}

export class Liveness {
  private readonly peers: ReadonlyMap<string, Peer>;
  private readonly deathListeners: ((node: string) => void)[] = [];
  private readonly presenceListeners: PresenceListener[] = [];
  private readonly refusalListeners: ((node: string, protocol: number) => void)[] = [];
  /** Nodes whose protocol this build does not work with, as last heard. */
  private readonly strangers = new Map<string, number>();
  private subscription: Subscription | undefined;
  private timers: Timer[] = [];

  constructor(
    nodes: readonly string[],
    private readonly clock: Clock,
    private readonly settings: LivenessSettings = LIVENESS_DEFAULTS,
  ) {
    this.peers = new Map(
      nodes.map(node => [node, { presence: undefined, missed: 0, alive: false, heardAtMs: 0 }]),
    );
  }

  /**
   * Starts to listen and to probe.
   *
   * @param self a node's own name: it hears itself without the bus.
   * @param isBusy whether anything is under way to any node.
   */
  watch(bus: Bus, self?: string, isBusy = () => true): void {
    const listen = (message: Message) => {
      const protocol = protocolOf(message.header?.(PROTOCOL_HEADER));
      if (!worksWith(protocol)) {
        this.refuse(message.subject, protocol);
        return;
      }
      let presence: Presence;
      try {
        presence = decodeReply(validate, message.data);
      } catch {
        return; // Not a heartbeat. Whoever sent it is not heard, which is the answer to it.
      }
      this.heard(presence);
    };
    this.subscription = bus.subscribe(subjects.allPresence, listen, { hasHeaders: true });
    this.every(this.settings.heartbeatMs, () => this.age());
    let turn = 0;
    this.every(this.settings.probeMs, () => {
      if (++turn % IDLE_TURNS !== 0 && !isBusy()) return;
      for (const [node, peer] of this.peers)
        if (peer.alive && node !== self) bus.probe(subjects.alive(node), () => this.gone(node));
    });
  }

  close(): void {
    this.subscription?.unsubscribe();
    for (const timer of this.timers) timer.cancel();
    this.timers = [];
  }

  /** Called when a node that was alive no longer is. */
  onDeath(listener: (node: string) => void): void {
    this.deathListeners.push(listener);
  }

  /** Called for every heartbeat of a node of the cluster. */
  onPresence(listener: PresenceListener): void {
    this.presenceListeners.push(listener);
  }

  /** Called when a node speaks a protocol that this build does not work with: once, until it speaks another. */
  onRefusal(listener: (node: string, protocol: number) => void): void {
    this.refusalListeners.push(listener);
  }

  heard(presence: Presence): void {
    const peer = this.peers.get(presence.node);
    if (peer === undefined) return;
    // Of two processes with one name the one that started first is the node; the other is about to give way.
    if (
      peer.alive &&
      peer.presence !== undefined &&
      peer.presence.incarnation < presence.incarnation &&
      peer.missed < 2
    )
      return;
    this.strangers.delete(presence.node);
    const isBack = !peer.alive || peer.presence?.incarnation !== presence.incarnation;
    peer.presence = presence;
    if (presence.leaving === true) {
      this.gone(presence.node);
      return;
    }
    peer.missed = 0;
    peer.alive = true;
    peer.heardAtMs = this.clock.monotonic();
    for (const listener of this.presenceListeners) listener(presence, isBack);
  }

  /** The broker said that nobody listens there, or a request to it timed out: dead until its next heartbeat. */
  gone(node: string): void {
    const peer = this.peers.get(node);
    if (peer === undefined || !peer.alive) return;
    peer.alive = false;
    for (const listener of this.deathListeners) listener(node);
  }

  /** What it stores this process might not understand, nor it what this one does: dead, until it speaks another. */
  private refuse(subject: string, protocol: number): void {
    const node = nodeOfPresence(subject);
    if (!this.peers.has(node) || Object.is(this.strangers.get(node), protocol)) return;
    this.strangers.set(node, protocol);
    this.gone(node);
    for (const listener of this.refusalListeners) listener(node, protocol);
  }

  /** Takes writes: its log stores them, whatever its replica can answer. */
  isWritable(node: string): boolean {
    return this.peers.get(node)?.alive === true;
  }

  /** Answers reads: its replica has folded a log that holds all it ever acknowledged. */
  isReadable(node: string): boolean {
    const peer = this.peers.get(node);
    return peer?.alive === true && peer.presence?.state === 'serving';
  }

  /** Those of `nodes` that take writes: mostly all, and then no other array is made. */
  writable(nodes: readonly string[]): readonly string[] {
    for (const node of nodes) if (!this.isWritable(node)) return nodes.filter(each => this.isWritable(each));
    return nodes;
  }

  /** Those of `nodes` that answer reads: mostly all, and then no other array is made. */
  readable(nodes: readonly string[]): readonly string[] {
    for (const node of nodes) if (!this.isReadable(node)) return nodes.filter(each => this.isReadable(each));
    return nodes;
  }

  /** The newest heartbeat of `node`, alive or not. */
  presenceOf(node: string): Presence | undefined {
    return this.peers.get(node)?.presence;
  }

  /** The newest heartbeat of each node alive. */
  alive(): Presence[] {
    return [...this.peers.values()].flatMap(peer => (peer.alive && peer.presence ? [peer.presence] : []));
  }

  /** Milliseconds since the last heartbeat, or null when none was heard. */
  silentMs(node: string): number | null {
    const peer = this.peers.get(node);
    return peer?.presence === undefined ? null : Math.round(this.clock.monotonic() - peer.heardAtMs);
  }

  private age(): void {
    for (const [node, peer] of this.peers) {
      if (!peer.alive) continue;
      peer.missed++;
      if (peer.missed > MISSED_MAX) this.gone(node);
    }
  }

  private every(periodMs: number, task: () => void): void {
    const again = () => {
      task();
      const index = this.timers.indexOf(timer);
      timer = this.clock.after(periodMs, again);
      this.timers[index] = timer;
    };
    let timer = this.clock.after(periodMs, again);
    this.timers.push(timer);
  }
}
