// Contexts of the nats CLI, one for each user: where the servers are and how he connects. `dynats` reads them too.
import { inboxPrefixOf } from '../../wire/permissions.js';
import { type Secrets, secretFiles, write } from './secrets.js';

/** @param urls of the bus. */
export function writeContexts({ dir, ca, users }: Secrets, urls: readonly string[]): void {
  for (const { name, role, seedFile } of users) {
    const context = {
      description: `Dynats: ${role}`,
      url: urls.join(','),
      nkey: seedFile,
      ca,
      inbox_prefix: inboxPrefixOf(name),
    };
    write(secretFiles(dir, name).context, `${JSON.stringify(context, null, 2)}\n`);
  }
}
