// Announces the node to everyone, at once when its state changes and regularly besides.
import type { Catalog } from '../coordinator/catalog.js';
import type { Liveness } from '../coordinator/liveness.js';
import type { HybridClock } from '../model/hlc.js';
import type { Bus, Clock, Timer } from '../ports.js';
import type { Replica } from '../replica/replica.js';
import type { BrokerAddress, Presence } from '../wire/generated/types.js';
import { encodeJson } from '../wire/json.js';
import { PROTOCOL, PROTOCOL_HEADER } from '../wire/protocol.js';
import { subjects } from '../wire/subjects.js';

const PROTOCOL_HEADERS = { [PROTOCOL_HEADER]: String(PROTOCOL) };

export interface HeartbeatOptions {
  readonly node: string;
  readonly incarnation: number;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly hlc: HybridClock;
  readonly catalog: Catalog;
  readonly replica: Replica;
  readonly liveness: Liveness;
  readonly heartbeatMs: number;
  /** Where its log broker can be reached itself. */
  readonly brokerAddress: () => BrokerAddress | undefined;
  /** What to announce of the hints this node holds. */
  readonly hints: () => Pick<Presence, 'hints' | 'refusesHints' | 'unhinted'>;
}

export class Heartbeat {
  private timer: Timer | undefined;
  private closed = false;

  constructor(private readonly options: HeartbeatOptions) {}

  start(): void {
    this.beat();
  }

  /** Announces the node now. */
  announce(leaving = false): void {
    const { node, bus, liveness } = this.options;
    const presence = this.presence(leaving);
    bus.publish(subjects.presence(node), encodeJson(presence), { headers: PROTOCOL_HEADERS });
    // The node hears itself without the bus: cut off from it, it still serves what it owns.
    liveness.heard(presence);
  }

  /** Says goodbye, so that the others need not find out. */
  stop(): void {
    this.timer?.cancel();
    if (!this.closed) this.announce(true);
    this.closed = true;
  }

  private beat(): void {
    this.announce();
    this.timer = this.options.clock.after(this.options.heartbeatMs, () => this.beat());
  }

  private presence(leaving: boolean): Presence {
    const { incarnation, hlc, catalog, replica, clock, hints } = this.options;
    const broker = this.options.brokerAddress();
    return {
      ...replica.presence(),
      ...hints(),
      incarnation,
      time: hlc.current(),
      now: clock.now(),
      buckets: catalog.checksum,
      ...(broker === undefined ? {} : { broker }),
      ...(leaving ? { leaving } : {}),
    };
  }
}
