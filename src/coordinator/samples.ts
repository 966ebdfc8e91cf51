// Receipts of some requests, for whoever watches: what became of the owners after the answer too. While nobody has asked for
// them lately no request is sampled, and none pays.
import type { Clock } from '../ports.js';
import type { Receipt, RequestSample } from '../wire/generated/types.js';
import type { Trace } from './trace.js';

/** How long after it was last asked for samples a coordinator goes on to take them, in milliseconds. */
const WATCHED_FOR_MS = 10_000;
/** Least time between two samples, in milliseconds: 8 a second. */
const SAMPLE_PERIOD_MS = 125;
/** Samples kept; older ones are forgotten. */
const SAMPLES_MAX = 64;
/** How long after its answer a sample waits for owners that are late, in milliseconds. */
const PATIENCE_MS = 1000;

interface Sample {
  readonly sequence: number;
  readonly at: number;
  readonly answeredAtMs: number;
  /** As it was when the request was answered. */
  readonly receipt: Receipt;
  readonly trace: Trace;
}

export class Samples {
  private readonly kept: Sample[] = [];
  private sequence = 0;
  private watchedUntilMs = Number.NEGATIVE_INFINITY;
  private nextAtMs = Number.NEGATIVE_INFINITY;

  constructor(private readonly clock: Clock) {}

  /** Whether the request that begins now is to be one. */
  take(): boolean {
    if (this.watchedUntilMs === Number.NEGATIVE_INFINITY) return false;
    const now = this.clock.monotonic();
    if (now > this.watchedUntilMs || now < this.nextAtMs) return false;
    this.nextAtMs = now + SAMPLE_PERIOD_MS;
    return true;
  }

  /** @param receipt what the trace was when the request was answered. */
  keep(trace: Trace, receipt: Receipt): void {
    const { clock } = this;
    this.kept.push({
      sequence: ++this.sequence,
      at: clock.now(),
      answeredAtMs: clock.monotonic(),
      receipt,
      trace,
    });
    if (this.kept.length > SAMPLES_MAX) this.kept.shift();
  }

  /** Those behind `sequence` of which all that can be known is known, in order. */
  after(sequence: number): RequestSample[] {
    const now = this.clock.monotonic();
    this.watchedUntilMs = now + WATCHED_FOR_MS;
    const samples: RequestSample[] = [];
    for (const sample of this.kept) {
      if (sample.sequence <= sequence) continue;
      const { owners, hints } = sample.trace.now();
      const isOpen = [...owners, ...hints].some(({ state }) => state === 'waiting');
      // Whoever asks goes on behind the last one given: none may be passed over.
      if (isOpen && now - sample.answeredAtMs < PATIENCE_MS) break;
      samples.push({
        sequence: sample.sequence,
        at: sample.at,
        receipt: { ...sample.receipt, owners, hints },
      });
    }
    return samples;
  }
}
