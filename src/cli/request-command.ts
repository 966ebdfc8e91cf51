// What put, get and del have in common: connect, send one request, explain its failure.
import type { Client } from '../client/client.js';
import { DynatsError } from '../errors.js';
import { explained } from './advice.js';
import { withClient } from './open-client.js';
import { printJson } from './output.js';
import type { RequestFlags, RequestSubject } from './request-flags.js';

/** Runs one request. With --json a failure prints its error reply too, and keeps its exit code. */
export async function runRequest<T>(
  flags: RequestFlags,
  subject: RequestSubject,
  send: (client: Client) => Promise<T>,
): Promise<T> {
  return withClient(flags, async client => {
    try {
      return await send(client);
    } catch (error) {
      if (flags.json === true && error instanceof DynatsError) {
        const { toErrorReply } = await import('../wire/error-reply.js');
        printJson(toErrorReply(error));
      }
      throw await explained(error, client, subject);
    }
  });
}
