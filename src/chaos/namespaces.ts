// A network of namespaces: each node on an address of its own behind a bridge of the kernel, where a cut is packets that
// are lost. Linux, as root.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { NodeHosts } from '../emulator/options.js';
import { isAlive } from '../emulator/process-table.js';
import type { Network } from './test-cluster.js';

/** Names begin with it, the pid of their maker and a letter: `dy4711a`, and `dy4711an0`. An interface has 15 characters at most. */
const madeBy = /^dy(\d+)[a-z]$/;
/** 198.18.0.0/15 is set apart for tests of networks; it has so many networks of 256 addresses. */
const subnetsMax = 512;
/** An address nobody has: the bridge has no port for what is sent to it. */
const nobodysMac = '02:64:79:ff:ff:ff';
/** The bridge itself, from which clients outside of the namespaces come. */
const outside = 254;

let networks = 0;

/** Why this machine has no such network; undefined when it has. */
export function whyNoNamespaces(): string | undefined {
  if (process.platform !== 'linux') return 'it needs Linux';
  if (process.getuid?.() !== 0) return 'it needs root, to make namespaces';
  const missing = ['ip', 'nsenter'].find(tool => spawnSync('sh', ['-c', `command -v ${tool}`]).status !== 0);
  return missing === undefined ? undefined : `it needs the command ${missing}`;
}

export class NamespaceNetwork implements Network, NodeHosts {
  /** Address of each node. */
  readonly addresses: Readonly<Record<string, string>>;
  private readonly bridge = `dy${process.pid}${String.fromCharCode(97 + (networks++ % 26))}`;
  private readonly cuts = new Map<string, readonly [string, string]>();
  private readonly atExit = () => this.close();

  /** Removes what networks of ended processes left behind, and makes this one. @throws Error with what `ip` says. */
  constructor(private readonly nodes: readonly string[]) {
    for (const left of bridges().filter(isLeftOver)) removeNetwork(left);
    const subnet = freeSubnet();
    this.addresses = Object.fromEntries(nodes.map((node, i) => [node, `${subnet}.${i + 1}`]));
    process.once('exit', this.atExit);
    try {
      this.make(subnet);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** As a process in the node's namespace; its pid stays the same. Only the network is another one. */
  within(node: string): readonly string[] {
    return ['nsenter', `--net=/run/netns/${this.nameOf(node)}`, '--'];
  }

  /** Packets from one to the other are lost from now on; nobody is told. TCP sends them again, ever more seldom. */
  cut(from: string, to: string): void {
    this.cuts.set(`${from} ${to}`, [from, to]);
    this.point(from, to, nobodysMac);
  }

  part(side: readonly string[], other: readonly string[]): void {
    for (const a of side)
      for (const b of other) {
        this.cut(a, b);
        this.cut(b, a);
      }
  }

  heal(): void {
    for (const [from, to] of this.cuts.values()) this.point(from, to, this.macOf(to));
    this.cuts.clear();
  }

  /** Removes it, and ends what still runs in it. */
  close(): void {
    process.off('exit', this.atExit);
    removeNetwork(this.bridge);
  }

  private make(subnet: string): void {
    const names = this.nodes.map(node => this.nameOf(node));
    ip([
      `link add ${this.bridge} type bridge`,
      `addr add ${subnet}.${outside}/24 dev ${this.bridge}`,
      `link set ${this.bridge} up`,
      ...names.flatMap(name => [
        `netns add ${name}`,
        `link add ${name} type veth peer name eth0 netns ${name}`,
        `link set ${name} master ${this.bridge} up`,
      ]),
    ]);
    for (const node of this.nodes)
      ip(
        [
          'link set lo up',
          `link set eth0 address ${this.macOf(node)}`,
          `addr add ${this.addresses[node]}/24 dev eth0`,
          'link set eth0 up',
        ],
        this.nameOf(node),
      );
    for (const from of this.nodes)
      for (const to of this.nodes) if (from !== to) this.point(from, to, this.macOf(to));
  }

  /** Whom `from` takes for `to` on the bridge. For good: it does not ask for addresses any more. */
  private point(from: string, to: string, mac: string): void {
    ip([`neigh replace ${this.addresses[to]} lladdr ${mac} dev eth0 nud permanent`], this.nameOf(from));
  }

  private macOf(node: string): string {
    return `02:64:79:00:00:${this.nodes.indexOf(node).toString(16).padStart(2, '0')}`;
  }

  private nameOf(node: string): string {
    return `${this.bridge}${node}`;
  }
}

function isLeftOver(bridge: string): boolean {
  return !isAlive(Number(madeBy.exec(bridge)?.[1]));
}

/** Names of bridges that such networks have made. */
function bridges(): string[] {
  const lines = spawnSync('ip', ['-o', 'link', 'show', 'type', 'bridge'], { encoding: 'utf8' }).stdout.split(
    '\n',
  );
  return lines.flatMap(line => /^\d+: ([^:@]+)/.exec(line)?.[1] ?? []).filter(name => madeBy.test(name));
}

/** Never fails: what is gone already need not be removed. */
function removeNetwork(bridge: string): void {
  const listed = spawnSync('ip', ['netns', 'list'], { encoding: 'utf8' }).stdout.split('\n');
  const names = listed.map(line => line.split(' ')[0] ?? '').filter(name => name.startsWith(`${bridge}n`));
  for (const name of names) {
    // A namespace lives on while processes run in it.
    const pids = spawnSync('ip', ['netns', 'pids', name], { encoding: 'utf8' })
      .stdout.split('\n')
      .map(Number);
    for (const pid of pids.filter(each => each > 0 && each !== process.pid)) endNow(pid);
    spawnSync('ip', ['netns', 'delete', name]);
    // With the namespace it goes by itself, later.
    spawnSync('ip', ['link', 'delete', name], { stdio: 'ignore' });
  }
  if (existsSync(`/sys/class/net/${bridge}`)) spawnSync('ip', ['link', 'delete', bridge]);
}

function endNow(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has just ended by itself.
  }
}

/** The first three numbers of addresses that no interface here has. */
function freeSubnet(): string {
  const taken = spawnSync('ip', ['-o', '-4', 'addr'], { encoding: 'utf8' }).stdout;
  for (let i = 0; i < subnetsMax; i++) {
    const place = (process.pid + i) % subnetsMax;
    const subnet = `198.${18 + Math.floor(place / 256)}.${place % 256}`;
    if (!taken.includes(` ${subnet}.`)) return subnet;
  }
  throw new Error('all networks of 198.18.0.0/15 are taken on this machine');
}

function ip(commands: readonly string[], namespace?: string): void {
  const where = namespace === undefined ? [] : ['-n', namespace];
  const { status, stderr, error } = spawnSync('ip', [...where, '-batch', '-'], {
    input: `${commands.join('\n')}\n`,
    encoding: 'utf8',
  });
  if (status === 0) return;
  throw new Error(`ip failed to ${commands.join('; ')}: ${error?.message ?? stderr.trim()}`);
}
