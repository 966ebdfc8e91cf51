// The ring maps a token to its preference list: all nodes, the owners first, then the fallbacks in order.
import { murmur3 } from './murmur3.js';
import { type Partitioner, PartitionerName, partitionerNamed } from './partitioner.js';

export interface RingSettings {
  partitioner: PartitionerName;
  /** Owners of each key; capped by the number of nodes. */
  replicationFactor: number;
  /** The zone of every node, or undefined where there are none. */
  zones?: Readonly<Record<string, string>> | undefined;
}

/** Who holds the keys of one point of the ring. */
export interface Place {
  /** Every node, the owners first, then the fallbacks in order. */
  readonly preferenceList: readonly string[];
  readonly owners: readonly string[];
}

/**
 * Points of the ring each node holds under murmur3. Shares vary by about 1/sqrt(points): 3 %, well within the 10 %
 * that four nodes are promised.
 */
const POINTS_PER_NODE = 1024;

/** Equal on every node and client that has the same cluster definition. Immutable. */
export class Ring {
  readonly replicationFactor: number;
  private readonly partitioner: Partitioner;
  /** Ascending; a token belongs to the last point at or below it (byte-ordered: ranges start at points). */
  private readonly points: Float64Array;
  /** The node of each point, as an index into `nodes`. */
  private readonly pointNodes: Uint16Array;
  /** What belongs to each point, made when first asked for. */
  private readonly places: (Place | undefined)[];
  /** Few orders of nodes occur: points of one order share what belongs to them. */
  private readonly orders = new Map<string, Place>();
  private readonly pointGroups: Int32Array;
  private readonly zones: ReadonlyMap<string, string>;
  /**
   * The sets of owners that occur, each in the order of `nodes`. All keys of one group have the same owners: what two
   * owners share is a number of whole groups.
   */
  readonly groups: readonly (readonly string[])[];

  constructor(
    readonly nodes: readonly string[],
    readonly settings: Readonly<RingSettings>,
  ) {
    this.partitioner = partitionerNamed(settings.partitioner);
    this.zones = new Map(Object.entries(settings.zones ?? {}));
    this.replicationFactor = Math.min(settings.replicationFactor, nodes.length);
    const points =
      this.partitioner.name === PartitionerName.ByteOrdered ? evenPoints(nodes.length) : hashedPoints(nodes);
    this.points = Float64Array.from(points, point => point.token);
    this.pointNodes = Uint16Array.from(points, point => point.node);
    this.places = new Array(points.length);
    this.pointGroups = new Int32Array(points.length);
    this.groups = this.groupPoints();
  }

  token(key: string): number {
    return this.partitioner.token(key);
  }

  /** The same object for all keys of one preference list. */
  place(key: string): Place {
    const point = this.pointAt(this.token(key));
    const known = this.places[point];
    if (known !== undefined) return known;
    const preferenceList = this.walk(point);
    const order = preferenceList.join();
    const place = this.orders.get(order) ?? {
      preferenceList,
      owners: preferenceList.slice(0, this.replicationFactor),
    };
    this.orders.set(order, place);
    this.places[point] = place;
    return place;
  }

  /** Every node, in the order in which it should hold `key`; the first `replicationFactor` are its owners. */
  preferenceList(key: string): readonly string[] {
    return this.place(key).preferenceList;
  }

  owners(key: string): readonly string[] {
    return this.place(key).owners;
  }

  /** Undefined where there are no zones. */
  zoneOf(node: string): string | undefined {
    return this.zones.get(node);
  }

  /** All ranges of tokens, ascending and without gaps: from `from` up to but without `to`, with their owners. */
  *ranges(): Generator<{ from: number; to: number; owners: readonly string[] }> {
    const { points } = this;
    const first = points[0] ?? 0;
    if (first > 0) yield { from: 0, to: first, owners: this.ownersFrom(points.length - 1) };
    for (let i = 0; i < points.length; i++) {
      const to = points[i + 1] ?? this.partitioner.tokens;
      yield { from: points[i] ?? 0, to, owners: this.ownersFrom(i) };
    }
  }

  /** Index into `groups` of the key's owners. */
  group(key: string): number {
    return this.pointGroups[this.pointAt(this.token(key))] ?? 0;
  }

  private groupPoints(): string[][] {
    const indexes = new Map<string, number>();
    const groups: string[][] = [];
    const at = new Map(this.nodes.map((node, i) => [node, i]));
    for (let point = 0; point < this.points.length; point++) {
      const owners = this.ownersFrom(point).map(owner => at.get(owner) ?? 0);
      owners.sort((a, b) => a - b);
      const name = owners.join();
      const known = indexes.get(name) ?? groups.length;
      if (known === groups.length) {
        indexes.set(name, known);
        groups.push(owners.map(owner => this.nodes[owner] ?? ''));
      }
      this.pointGroups[point] = known;
    }
    return groups;
  }

  /** The owners of the keys at a point. Without zones they are the first distinct nodes from there on. */
  private ownersFrom(point: number): readonly string[] {
    const { replicationFactor } = this;
    if (this.zones.size === 0) return this.nodesFrom(point, replicationFactor);
    return spreadOverZones(this.nodesFrom(point, this.nodes.length), replicationFactor, node =>
      this.zoneOf(node),
    );
  }

  private pointAt(token: number): number {
    let low = 0;
    let high = this.points.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.points[middle] ?? 0) <= token) low = middle + 1;
      else high = middle;
    }
    return (low === 0 ? this.points.length : low) - 1;
  }

  private walk(from: number): readonly string[] {
    const owners = this.ownersFrom(from);
    const others = this.nodesFrom(from, this.nodes.length).filter(node => !owners.includes(node));
    return [...owners, ...others];
  }

  /** The first `count` distinct nodes from a point on. */
  private nodesFrom(from: number, count: number): string[] {
    const found: string[] = [];
    for (let i = 0; i < this.points.length && found.length < count; i++) {
      const node = this.nodes[this.pointNodes[(from + i) % this.points.length] ?? 0];
      if (node !== undefined && !found.includes(node)) found.push(node);
    }
    return found;
  }
}

/**
 * The first `count` of `nodes`, except that no zone gets another one while a zone that has nodes left has fewer: so
 * zones differ by one at most, unless the smaller has no more nodes. The first node always stays the first.
 */
export function spreadOverZones(
  nodes: readonly string[],
  count: number,
  zoneOf: (node: string) => string | undefined,
): string[] {
  const left = [...nodes];
  const held = new Map<string | undefined, number>();
  const heldIn = (node: string) => held.get(zoneOf(node)) ?? 0;
  const chosen: string[] = [];
  while (chosen.length < count && left.length > 0) {
    const fewest = Math.min(...left.map(heldIn));
    const at = left.findIndex(node => heldIn(node) === fewest);
    for (const node of left.splice(at, 1)) {
      held.set(zoneOf(node), heldIn(node) + 1);
      chosen.push(node);
    }
  }
  return chosen;
}

interface Point {
  token: number;
  node: number;
}

function evenPoints(count: number): Point[] {
  return Array.from({ length: count }, (_, node) => ({ token: Math.ceil((node * 256) / count), node }));
}

function hashedPoints(nodes: readonly string[]): Point[] {
  const utf8 = new TextEncoder();
  const points = nodes.flatMap((name, node) =>
    Array.from({ length: POINTS_PER_NODE }, (_, i) => ({
      token: murmur3(utf8.encode(`${name}#${i}`)),
      node,
    })),
  );
  // Two nodes may hash to one token; the name decides, so that every process builds the same ring.
  return points.sort((a, b) => a.token - b.token || ((nodes[a.node] ?? '') < (nodes[b.node] ?? '') ? -1 : 1));
}
