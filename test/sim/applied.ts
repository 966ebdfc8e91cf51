// What the simulated logs republish.
import type { AppliedFeed, StreamEntry, Subscription } from '../../src/ports.js';
import { nodeOfApplied, subjects } from '../../src/wire/subjects.js';
import type { SimProcess } from './network.js';

export class SimAppliedFeed implements AppliedFeed {
  constructor(private readonly process: SimProcess) {}

  async follow(onEntry: (node: string, entry: StreamEntry) => void): Promise<Subscription> {
    // The sequence travels where NATS has a header.
    return this.process.listen(subjects.allApplied, ({ subject, data, reply }) =>
      onEntry(nodeOfApplied(subject), { sequence: Number(reply), data }),
    );
  }
}
