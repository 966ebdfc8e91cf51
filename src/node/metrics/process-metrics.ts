// What the process of a node costs, under the names that Prometheus' own client libraries give it.
import { type IntervalHistogram, monitorEventLoopDelay, performance } from 'node:perf_hooks';
import type { Exposition } from './exposition.js';

/** How often the delay of the event loop is sampled, in milliseconds. */
const RESOLUTION_MS = 10;

export class ProcessMetrics {
  /** Its samples hold the time between two, so what is over the resolution is delay. */
  private readonly delay: IntervalHistogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });

  constructor() {
    this.delay.enable();
  }

  close(): void {
    this.delay.disable();
  }

  /** The delays are of the time since the last call. */
  writeTo(page: Exposition): void {
    const { user, system } = process.cpuUsage();
    const { rss, heapUsed, heapTotal, external } = process.memoryUsage();
    page.counter('process_cpu_user_seconds_total', 'User CPU time of the process.', user / 1e6);
    page.counter('process_cpu_system_seconds_total', 'System CPU time of the process.', system / 1e6);
    page.counter(
      'process_cpu_seconds_total',
      'User and system CPU time of the process.',
      (user + system) / 1e6,
    );
    page.gauge('process_resident_memory_bytes', 'Resident memory of the process.', rss);
    page.gauge(
      'process_start_time_seconds',
      'When the process started, since 1970.',
      performance.timeOrigin / 1000,
    );
    page.gauge('nodejs_heap_size_used_bytes', 'Heap in use.', heapUsed);
    page.gauge('nodejs_heap_size_total_bytes', 'Heap reserved.', heapTotal);
    page.gauge('nodejs_external_memory_bytes', 'Memory outside the heap that objects hold.', external);
    this.writeDelay(page);
  }

  private writeDelay(page: Exposition): void {
    const seconds = (ns: number) => Math.max(0, ns / 1e9 - RESOLUTION_MS / 1000);
    // Before the first sample there is no mean and no maximum.
    const isKnown = this.delay.count > 0;
    const known = (value: () => number) => (isKnown ? seconds(value()) : undefined);
    const of = 'of the delay of the event loop since the last scrape.';
    page.gauge(
      'nodejs_eventloop_lag_mean_seconds',
      `Mean ${of}`,
      known(() => this.delay.mean),
    );
    page.gauge(
      'nodejs_eventloop_lag_max_seconds',
      `Maximum ${of}`,
      known(() => this.delay.max),
    );
    page.gauge(
      'nodejs_eventloop_lag_p50_seconds',
      `Median ${of}`,
      known(() => this.delay.percentile(50)),
    );
    page.gauge(
      'nodejs_eventloop_lag_p99_seconds',
      `99th percentile ${of}`,
      known(() => this.delay.percentile(99)),
    );
    this.delay.reset();
  }
}
