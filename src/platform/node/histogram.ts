// A histogram as Node has it: 27 ns a sample.
export { createHistogram, type RecordableHistogram as Histogram } from 'node:perf_hooks';
