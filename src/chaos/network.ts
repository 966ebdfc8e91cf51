// The network between nodes: a proxy on every way from one to another, which can be cut, in one direction too, or slowed.
import { createServer, type Server, type Socket } from 'node:net';
import type { CuttableNetwork, LinkedPorts, Links } from '../emulator/options.js';
import { ProxiedConnection } from './proxied-connection.js';
import type { Network } from './test-cluster.js';

/** Sources other than nodes, such as clients: what they send always passes. */
const outsider = '';
/** How the other nodes' shortcuts name themselves when they connect to a log broker. */
const shortcutName = /"name":"dynats ([A-Za-z0-9_-]+)"/;
/** Looked through for the name, in bytes; a CONNECT is shorter. */
const introductionBytesMax = 4096;

/** One direction of one way, from a node to a node. */
interface Way {
  from: string;
  readonly to: string;
}

export class ProxiedNetwork implements CuttableNetwork, Network {
  private readonly servers: Server[] = [];
  private readonly connections = new Set<ProxiedConnection>();
  private readonly cuts = new Set<string>();
  private readonly delays = new Map<string, number>();
  private links: Links | undefined;

  /** Listens on a port for every way; what an emulator's `links` option takes. */
  async open({ nodes, portsOf }: LinkedPorts): Promise<Links> {
    const ports = new Map<string, number>();
    for (const to of nodes) {
      const target = portsOf(to);
      ports.set(`log ${to}`, await this.listen({ from: outsider, to }, target.log, true));
      for (const from of nodes) {
        if (from === to) continue;
        ports.set(`route ${from} ${to}`, await this.listen({ from, to }, target.route, false));
        ports.set(`leaf ${from} ${to}`, await this.listen({ from, to }, target.leaf, false));
      }
    }
    const port = (name: string) => {
      const found = ports.get(name);
      if (found === undefined) throw new Error(`there is no link ${name}`);
      return found;
    };
    this.links = {
      route: (from, to) => port(`route ${from} ${to}`),
      leaf: (from, to) => port(`leaf ${from} ${to}`),
      log: node => port(`log ${node}`),
    };
    return this.links;
  }

  /**
   * Nothing that `from` sends reaches `to` any more: it waits on the way, as when packets are lost. Nor does `to` hear that
   * `from` has closed a connection, or died, or begins one: nobody is told of a cut.
   */
  cut(from: string, to: string): void {
    this.cuts.add(wayOf(from, to));
  }

  /** What `from` sends reaches `to` so many milliseconds later. */
  slow(from: string, to: string, delayMs: number): void {
    this.delays.set(wayOf(from, to), delayMs);
  }

  /** Cut in both directions between every node of one side and every node of the other. */
  part(side: readonly string[], other: readonly string[]): void {
    for (const a of side)
      for (const b of other) {
        this.cut(a, b);
        this.cut(b, a);
      }
  }

  /** What `from` sends reaches `to` again; what waited goes through now, late. */
  mend(from: string, to: string): void {
    this.cuts.delete(wayOf(from, to));
    for (const connection of this.connections) connection.flow();
  }

  /** All passes again. What waited on a way goes through now, late. */
  heal(): void {
    this.cuts.clear();
    this.delays.clear();
    for (const connection of this.connections) connection.flow();
  }

  close(): void {
    for (const server of this.servers) server.close();
    for (const connection of this.connections) connection.end();
  }

  private isCut(from: string, to: string): boolean {
    return this.cuts.has(wayOf(from, to));
  }

  private async listen(way: Way, port: number, isIntroduced: boolean): Promise<number> {
    const server = createServer({ allowHalfOpen: true }, near => this.pass(near, way, port, isIntroduced));
    this.servers.push(server);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', resolve);
    });
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('a proxy has no port');
    return address.port;
  }

  /**
   * @param isIntroduced who connects is known from what it says, not from the port: any node and client may come.
   */
  private pass(near: Socket, { from, to }: Way, port: number, isIntroduced: boolean): void {
    const way: Way = { from, to };
    const connection = new ProxiedConnection({
      near,
      port,
      there: {
        isCut: () => this.isCut(way.from, to),
        delayMs: () => this.delays.get(wayOf(way.from, to)) ?? 0,
      },
      back: {
        isCut: () => this.isCut(to, way.from),
        delayMs: () => this.delays.get(wayOf(to, way.from)) ?? 0,
      },
      onData: data => {
        if (isIntroduced && way.from === outsider)
          way.from = shortcutName.exec(data.toString('latin1', 0, introductionBytesMax))?.[1] ?? outsider;
      },
      onOver: () => void this.connections.delete(connection),
    });
    this.connections.add(connection);
  }
}

function wayOf(from: string, to: string): string {
  return `${from} ${to}`;
}
