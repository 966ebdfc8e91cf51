// What the feed asks of the cluster: the relay by a client, the page by its own connection to a broker.
import type { Client } from '../../client/client.js';
import type { View } from './view.js';

export interface Inspector extends Pick<Client, 'cluster' | 'status' | 'requests' | 'records' | 'close'> {
  readonly via: View['via'];
}

/** The relay's. */
export function relayedBy(client: Client): Inspector {
  return {
    via: { way: 'relay', broker: null },
    cluster: options => client.cluster(options),
    status: (node, options) => client.status(node, options),
    requests: (node, request, options) => client.requests(node, request, options),
    records: (node, request, options) => client.records(node, request, options),
    close: () => client.close(),
  };
}
