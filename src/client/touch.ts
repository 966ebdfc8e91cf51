// Touch of a client: one request to whichever node is free, to the one named, or, in mode `direct`, to its own coordinator.
import type { Coordinator } from '../coordinator/coordinator.js';
import type { TouchReply, TouchRequest } from '../wire/generated/types.js';
import { touchReply } from '../wire/generated/validators.js';
import { parseTouch } from '../wire/requests.js';
import { apiSubject } from '../wire/subjects.js';
import { checkNode } from './arguments.js';
import { type Ask, uncertain } from './buckets.js';

export interface TouchOptions {
  readonly ask: Ask;
  readonly coordinator: Coordinator | undefined;
  /** The only node to ask; any when undefined. */
  readonly via: string | undefined;
  /** Which of any. */
  readonly next: () => string | undefined;
}

/** @throws DynatsError */
export async function touchKey(
  request: TouchRequest & { timeoutMs: number },
  { ask, coordinator, via, next }: TouchOptions,
): Promise<TouchReply> {
  const checked = parseTouch(request);
  if (coordinator !== undefined && via === undefined) return coordinator.touch(checked, request.timeoutMs);
  const subject = apiSubject('touch', via === undefined ? next() : checkNode(via, 'via'));
  return ask(subject, request, touchReply, request.timeoutMs).catch(error => {
    throw uncertain(error);
  });
}
