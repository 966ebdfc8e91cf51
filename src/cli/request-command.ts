// What put, get and del have in common: connect, send one request, explain its failure.
import type { Client } from '../client/client.js';
import { DynatsError } from '../errors.js';
import type { Receipt } from '../wire/generated/types.js';
import { during } from './activity.js';
import { explained } from './advice.js';
import { remediesFor } from './local-remedies.js';
import { withClient } from './open-client.js';
import { note, printJson } from './output.js';
import type { RequestFlags, RequestSubject } from './request-flags.js';

/** What a reply or an error tells beside its result. */
type Told = { receipt?: Receipt | undefined; session?: string };

/** Runs one request. With --json a failure prints its error reply too, and keeps its exit code. */
export async function runRequest<T extends { reply: Told & { key: string } }>(
  flags: RequestFlags,
  subject: RequestSubject,
  send: (client: Client) => Promise<T>,
): Promise<T> {
  const zone = flags.zone === undefined ? {} : { zone: flags.zone };
  const attempt = async (client: Client): Promise<T> => {
    try {
      const answer = await send(client);
      if (flags.json !== true) await tell(flags, answer.reply);
      return answer;
    } catch (error) {
      if (flags.json === true && error instanceof DynatsError) {
        const { toErrorReply } = await import('../wire/error-reply.js');
        printJson(toErrorReply(error));
      } else if (error instanceof DynatsError) await tell(flags, error);
      throw await explained(error, subject, { client, say: await remediesFor(flags) });
    }
  };
  return during('waiting for the answer', activity => {
    if (subject.kind === 'write')
      activity.interrupted = () => 'what was under way may still be done: read the key to see';
    return withClient(flags, attempt, zone);
  });
}

/** For a person, or a program that reads stderr: stdout is for the result alone. */
async function tell({ trace }: RequestFlags, { receipt, session }: Told): Promise<void> {
  if (session !== undefined) note(`session: ${session}`);
  if (trace !== true || receipt === undefined) return;
  const { printReceipt } = await import('./receipt.js');
  await printReceipt(receipt, process.stderr);
}
