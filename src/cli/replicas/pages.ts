// Reads what one node holds, page by page, in key order.
import type { Client } from '../../client/client.js';
import { ReadTimeoutError, UnavailableError } from '../../errors.js';
import type { ClusterReply, RecordsRequest, WireRecord } from '../../wire/generated/types.js';
import { CliError, ExitCode, exitCodeOf } from '../exit.js';

/** Records asked for in one page; a node ends a page early when it would outgrow a message. */
const pageLimit = 1024;
/** Keys asked for in one request by name: the schema's limit. */
export const keysPerRequestMax = 1024;

/** All records of `node` in `bucket`, in key order, with one page in memory. */
export async function* recordsOf(
  client: Pick<Client, 'records'>,
  node: string,
  bucket: string,
): AsyncGenerator<WireRecord> {
  let after: string | undefined;
  for (;;) {
    const request: RecordsRequest = { bucket, limit: pageLimit, ...(after === undefined ? {} : { after }) };
    const page = await client.records(node, request).catch(unanswered(node));
    yield* page.records;
    const last = page.records.at(-1)?.key;
    if (!page.more) return;
    // Without a step forward the next request would bring the same page for ever.
    if (last === undefined || last === after)
      throw new CliError(ExitCode.Unexpected, `${node} announces more records but sends none: see its log`);
    after = last;
  }
}

function unanswered(node: string): (error: unknown) => never {
  return error => {
    if (!(error instanceof UnavailableError || error instanceof ReadTimeoutError)) throw error;
    const line = `${node} does not answer: see dynats status, or start it (dynats restart ${node})`;
    throw new CliError(exitCodeOf(error), line, { cause: error });
  };
}

/** The cluster as a node that answers sees it. @throws CliError when none does. */
export async function clusterView(client: Pick<Client, 'cluster'>): Promise<ClusterReply> {
  return client.cluster().catch((error: unknown) => {
    if (!(error instanceof UnavailableError || error instanceof ReadTimeoutError)) throw error;
    const line =
      'no Dynats node answers on these servers: see dynats status, or start one (dynats restart <node>)';
    throw new CliError(exitCodeOf(error), line, { cause: error });
  });
}
