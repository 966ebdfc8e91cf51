// The AppliedFeed port: the subjects to which the brokers republish what the logs have stored.
import type { NatsConnection } from '@nats-io/transport-node';
import type { AppliedFeed, StreamEntry, Subscription } from '../ports.js';
import { nodeOfApplied, subjects } from '../wire/subjects.js';
import { storedHeader } from './stored-headers.js';

export class NatsAppliedFeed implements AppliedFeed {
  constructor(private readonly connection: NatsConnection) {}

  async follow(onEntry: (node: string, entry: StreamEntry) => void): Promise<Subscription> {
    const subscription = this.connection.subscribe(subjects.allApplied, {
      callback: (error, { subject, headers, data }) => {
        if (error !== null) return;
        onEntry(nodeOfApplied(subject), { sequence: Number(storedHeader(headers, 'Nats-Sequence')), data });
      },
    });
    await this.connection.flush();
    return subscription;
  }
}
