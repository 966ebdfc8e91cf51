// Tells pages that look at the cluster themselves what only this machine knows: which processes run, and which links are cut.
import { isDeepStrictEqual } from 'node:util';
import type { EmulatorReport } from '../../emulator/report.js';

const PERIOD_MS = 500;

type Listener = (report: EmulatorReport | null) => void;

export class Reports {
  private readonly listeners = new Set<Listener>();
  private last: EmulatorReport | null | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly emulator: () => Promise<EmulatorReport | undefined>) {}

  /** Tells `listener` what runs now, null for nothing, and then each time it changes, until the function returned is called. */
  watch(listener: Listener): () => void {
    this.listeners.add(listener);
    if (this.last !== undefined) listener(this.last);
    if (this.timer === undefined) this.schedule(0);
    return () => {
      this.listeners.delete(listener);
    };
  }

  close(): void {
    this.listeners.clear();
  }

  private schedule(delayMs: number): void {
    this.timer = setTimeout(() => {
      void this.lookOnce().then(() => {
        this.timer = undefined;
        if (this.listeners.size > 0) this.schedule(PERIOD_MS);
        else this.last = undefined;
      });
    }, delayMs);
  }

  private async lookOnce(): Promise<void> {
    const report = (await this.emulator().catch(() => undefined)) ?? null;
    if (this.last !== undefined && isDeepStrictEqual(report, this.last)) return;
    this.last = report;
    for (const listener of this.listeners) listener(report);
  }
}
