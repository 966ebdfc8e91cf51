// The memory of the nodes' processes, sampled while they run: whether it grows. Linux by /proc.
import { readFileSync } from 'node:fs';
import type { Part } from '../emulator/part.js';
import type { TestCluster } from './test-cluster.js';

/** Of all processes that had one part of one node, one after the other. */
export interface MemoryOfPart {
  readonly node: string;
  readonly part: Part;
  /** Largest resident size in the second and in the last third of the run, in bytes. The first third is for filling up. */
  readonly middleBytes: number;
  readonly lastBytes: number;
}

/**
 * Flat: the last third needed at most this much more than the second third. A process that was killed begins small, so the
 * largest sizes are compared, and the allowance is for the garbage collectors, which run when they like.
 */
export const growthMax = 1.25;
const allowanceBytes = 32 * 1024 * 1024;

export function isFlat({ middleBytes, lastBytes }: MemoryOfPart): boolean {
  return lastBytes <= middleBytes * growthMax + allowanceBytes;
}

interface Sample {
  readonly atMs: number;
  readonly node: string;
  readonly part: Part;
  readonly bytes: number;
}

const everyMs = 1000;

export class MemorySampler {
  private readonly samples: Sample[] = [];
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly cluster: TestCluster) {
    this.timer = setInterval(() => void this.sample().catch(() => {}), everyMs);
  }

  /** Ends the sampling. */
  stop(): MemoryOfPart[] {
    clearInterval(this.timer);
    const [first] = this.samples;
    const last = this.samples.at(-1);
    if (first === undefined || last === undefined) return [];
    const third = (last.atMs - first.atMs) / 3;
    const largest = (of: Sample[], fromMs: number, toMs: number) =>
      Math.max(0, ...of.filter(({ atMs }) => atMs >= fromMs && atMs <= toMs).map(({ bytes }) => bytes));
    return [...grouped(this.samples).values()].flatMap(of => {
      const [any] = of;
      if (any === undefined) return [];
      const middleBytes = largest(of, first.atMs + third, first.atMs + 2 * third);
      const lastBytes = largest(of, first.atMs + 2 * third, last.atMs);
      return [{ node: any.node, part: any.part, middleBytes, lastBytes }];
    });
  }

  private async sample(): Promise<void> {
    const atMs = performance.now();
    for (const { node, part, pid } of await this.cluster.pids()) {
      const bytes = residentBytes(pid);
      if (bytes !== undefined) this.samples.push({ atMs, node, part, bytes });
    }
  }
}

function residentBytes(pid: number): number | undefined {
  try {
    const kib = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kib === undefined ? undefined : Number(kib) * 1024;
  } catch {
    return undefined; // It has just ended, or this is no Linux.
  }
}

function grouped(samples: readonly Sample[]): Map<string, Sample[]> {
  const groups = new Map<string, Sample[]>();
  for (const sample of samples) {
    const name = `${sample.node} ${sample.part}`;
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [sample]);
    else group.push(sample);
  }
  return groups;
}
